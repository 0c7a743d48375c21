#include "agent/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <utility>

#include "base/ascii.h"

namespace agent {
namespace {

// What the cursor stands behind. Only the thread at the terminal draws.
enum class Drawn : std::uint8_t { kNothing, kStatusLine, kMarks };

Drawn g_drawn = Drawn::kNothing;  // NOLINT(*-non-const-global-variables): one screen

std::optional<std::string> read_plain_line() {
    std::string line;
    char c = 0;
    while (true) {
        const ssize_t count = ::read(STDIN_FILENO, &c, 1);
        if (count == 1 && c != '\n') {
            line += c;
        } else if (count == 1) {
            return line;
        } else if (count == 0 || errno != EINTR) {
            return line.empty() ? std::nullopt : std::optional(line);
        } else {
            return std::nullopt;  // SIGINT: the line is given up
        }
    }
}

// How many octets the first character has in UTF-8; 1 for an octet that begins none.
std::size_t character_octets(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t octets = lead >= 0xf0 ? 4 : (lead >= 0xe0 ? 3 : (lead >= 0xc2 ? 2 : 1));
    const std::string_view character = text.substr(0, octets);
    return character.size() == octets && base::is_utf8(character) ? octets : 1;
}

// C0 and DEL; C1, as characters of UTF-8 and as the octets of ISO 8859 that they are to other terminals; and what turns
// the direction of text round, so that "exe.txt" is read where "txt.exe" is written (Unicode 9, bidirectional formatting).
bool commands_terminal(std::string_view character) {
    const auto first = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) {
        const bool plain = character == "\n" || character == "\t";
        return (first < 0x20 && !plain) || (first >= 0x7f && first < 0xa0);
    }
    return (character >= "\u0080" && character <= "\u009f") ||
           (character >= "\u202a" && character <= "\u202e") ||
           (character >= "\u2066" && character <= "\u2069");
}

// 0 to 2. What is no character is shown by one.
std::size_t character_columns(std::string_view character) {
    wchar_t wide = 0;
    std::mbstate_t state{};
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the state is its own
    const std::size_t read = std::mbrtowc(&wide, character.data(), character.size(), &state);
    const int columns = read == character.size() ? ::wcwidth(wide) : 1;
    return columns < 0 ? 1 : static_cast<std::size_t>(columns);
}

void show_prompt(std::string_view prompt) {
    if (is_interactive()) {
        fmt::print(stderr, "{}", prompt);
        std::fflush(stderr);
    }
}

}  // namespace

bool is_interactive() {
    return ::isatty(STDIN_FILENO) == 1;
}

bool is_shown(int fd) {
    return ::isatty(fd) == 1;
}

std::size_t terminal_columns() {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) {
        return 79;
    }
    return size.ws_col - 1U;
}

std::string without_controls(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const std::size_t octets = character_octets(text);
        const std::string_view character = text.substr(0, octets);
        clean += commands_terminal(character) ? "?" : character;
        text.remove_prefix(octets);
    }
    return clean;
}

std::string on_one_line(std::string_view text) {
    std::string line = without_controls(text);
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t'; }, '?');
    return line;
}

void speak_utf8() {
    // NOLINTBEGIN(concurrency-mt-unsafe): there are no threads yet
    static_cast<void>(std::setlocale(LC_CTYPE, ""));
    if (MB_CUR_MAX == 1) {
        static_cast<void>(std::setlocale(LC_CTYPE, "C.UTF-8"));
    }
    // NOLINTEND(concurrency-mt-unsafe)
}

std::size_t text_columns(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const std::size_t octets = character_octets(text);
        columns += character_columns(text.substr(0, octets));
        text.remove_prefix(octets);
    }
    return columns;
}

std::string_view last_columns(std::string_view text, std::size_t columns) {
    for (std::size_t all = text_columns(text); all > columns && !text.empty();) {
        const std::size_t octets = character_octets(text);
        all -= character_columns(text.substr(0, octets));
        text.remove_prefix(octets);
        // An accent belongs to the character that went.
        while (!text.empty() && character_columns(text.substr(0, character_octets(text))) == 0) {
            text.remove_prefix(character_octets(text));
        }
    }
    return text;
}

std::string in_columns(const std::vector<std::string>& words, std::size_t columns) {
    std::size_t widest = 0;
    for (const std::string& word : words) {
        widest = std::max(widest, text_columns(word));
    }
    const std::size_t in_a_line = std::max<std::size_t>(1, (columns + 2) / (widest + 2));
    const std::size_t lines = (words.size() + in_a_line - 1) / in_a_line;
    std::string text;
    for (std::size_t line = 0; line < lines; ++line) {
        for (std::size_t i = line; i < words.size(); i += lines) {
            const bool last = i + lines >= words.size();
            const std::size_t room = last ? 0 : widest + 2 - text_columns(words[i]);
            text += words[i] + std::string(room, ' ');
        }
        text += '\n';
    }
    return text;
}

std::string wrapped(std::string text) {
    const std::size_t columns = terminal_columns();
    if (!is_shown(STDERR_FILENO)) {
        return text;
    }
    for (std::size_t begin = 0; text.size() - begin > columns;) {
        const std::size_t space = text.rfind(' ', begin + columns);
        if (space == std::string::npos || space <= begin) {
            break;  // a word that is wider than the terminal
        }
        text[space] = '\n';
        begin = space + 1;
    }
    return text;
}

void show_status_line(std::string_view line, bool stays) {
    // Back to the first column, and away with what is left of the line before.
    fmt::print(stderr, "\r{}\x1b[K{}", line, stays ? "\n" : "");
    std::fflush(stderr);
    g_drawn = stays ? Drawn::kNothing : Drawn::kStatusLine;
}

void show_marks(std::uint64_t count) {
    if (count > 0) {
        fmt::print(stderr, "{}", std::string(static_cast<std::size_t>(count), '#'));
        std::fflush(stderr);
        g_drawn = Drawn::kMarks;
    }
}

void clear_status_line() {
    switch (std::exchange(g_drawn, Drawn::kNothing)) {
        case Drawn::kNothing:
            break;
        case Drawn::kStatusLine:
            fmt::print(stderr, "\r\x1b[K");
            break;
        case Drawn::kMarks:
            fmt::print(stderr, "\n");
            break;
    }
}

std::optional<std::string> ask(std::string_view prompt) {
    show_prompt(prompt);
    return read_plain_line();
}

std::optional<std::string> ask_secret(std::string_view prompt) {
    termios before{};
    const bool terminal = ::tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        termios silent = before;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    show_prompt(prompt);
    auto secret = read_plain_line();
    if (terminal) {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fmt::print(stderr, "\n");
    }
    return secret;
}

}  // namespace agent
