#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "app/commands.h"

namespace app {
namespace {

constexpr std::size_t kPasswordOctetsMax = 1024;

// The terminal without echo, as long as this lives.
class Silence {
  public:
    Silence() {
        ::tcgetattr(STDIN_FILENO, &before_);
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }

    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;

    ~Silence() { ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }

  private:
    termios before_{};
};

base::Result<std::string> read_line() {
    std::array<char, kPasswordOctetsMax + 2> buffer{};
    if (std::fgets(buffer.data(), buffer.size(), stdin) == nullptr) {
        return base::fail(base::Errc::kInvalid, "no password on standard input");
    }
    std::string line(buffer.data());
    if (!line.ends_with('\n') && line.size() > kPasswordOctetsMax) {
        return base::fail(base::Errc::kTooLong, "the password is longer than 1,024 octets");
    }
    while (line.ends_with('\n') || line.ends_with('\r')) {
        line.pop_back();
    }
    if (line.empty()) {
        return base::fail(base::Errc::kInvalid, "the password is empty");
    }
    return line;
}

base::Result<std::string> ask(const char* prompt) {
    fmt::print(stderr, "{}: ", prompt);
    const Silence silence;
    auto line = read_line();
    fmt::print(stderr, "\n");
    return line;
}

}  // namespace

base::Result<std::string> read_password(bool from_stdin) {
    if (from_stdin) {
        return read_line();
    }
    if (::isatty(STDIN_FILENO) == 0) {
        return base::fail(base::Errc::kInvalid,
                          "standard input is no terminal to ask for the password; use "
                          "--password-stdin");
    }
    TRY(std::string first, ask("Password"));
    TRY(const std::string second, ask("Once more"));
    if (first != second) {
        return base::fail(base::Errc::kInvalid, "the two passwords differ");
    }
    return first;
}

}  // namespace app
