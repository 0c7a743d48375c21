#include "app/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace app {

Progress::Progress(const base::Clock& clock)
    : clock_(clock),
      is_terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
    if (is_drawn_) {
        fmt::print(stderr, "\r\x1b[K");
    }
}

void Progress::show(const std::string& what,
                    std::uint64_t done,
                    std::uint64_t total,
                    std::uint64_t messages) {
    constexpr std::uint64_t kWidth = 30;
    const auto now = clock_.steady();
    if (!is_terminal_ || now < next_) {
        return;
    }
    next_ = now + std::chrono::milliseconds(100);
    is_drawn_ = true;
    const std::uint64_t whole = std::max<std::uint64_t>(total, 1);
    const std::uint64_t filled = std::min(kWidth, done * kWidth / whole);
    // A mailbox's name may come from a stranger's disk: no control character reaches the terminal.
    std::string name = what;
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c >= 0 && (c < ' ' || c == 0x7f); }, '?');
    fmt::print(stderr,
               "\r\x1b[K{}  [{}>{}]  {} %  {} messages",
               name,
               std::string(filled, '='),
               std::string(kWidth - filled, ' '),
               std::min<std::uint64_t>(100, done * 100 / whole),
               messages);
    static_cast<void>(std::fflush(stderr));
}

}  // namespace app
