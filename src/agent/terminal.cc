#include "agent/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace agent {
namespace {

// What the cursor stands behind. Only the thread at the terminal draws.
enum class Drawn : std::uint8_t { kNothing, kStatusLine, kMarks };

Drawn g_drawn = Drawn::kNothing;

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
            return "";  // SIGINT: the line is given up
        }
    }
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
    std::string clean(text);
    for (std::size_t i = 0; i < clean.size(); ++i) {
        const auto octet = static_cast<unsigned char>(clean[i]);
        const auto next = static_cast<unsigned char>(i + 1 < clean.size() ? clean[i + 1] : 0);
        if ((octet < 0x20 && octet != '\n' && octet != '\t') || octet == 0x7f) {
            clean[i] = '?';
        } else if (octet == 0xc2 && next >= 0x80 && next < 0xa0) {
            clean.replace(i, 2, "?");
        }
    }
    return clean;
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
