// What a transfer looks like while it runs: a bar with octets, rate and time left.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace agent {

// "512", "3.4 KiB", "1.2 GiB"
[[nodiscard]] std::string format_octets(std::uint64_t octets);
// "0:07", "12:34", "3:00:07"
[[nodiscard]] std::string format_span(base::Duration span);

// "letter.txt  42% [======>      ]  1.2 MiB of 3.0 MiB  512 KiB/s  0:03 left", in at most `columns` characters.
// Without a total there is no bar; a finished one shows the time it took.
struct ProgressLine {
    std::string_view name;
    std::uint64_t done = 0;  // what was there before included
    std::optional<std::uint64_t> total;
    std::uint64_t moved = 0;  // in `elapsed`
    base::Duration elapsed{0};
    bool finished = false;
};

[[nodiscard]] std::string format_progress(const ProgressLine& line, std::size_t columns);

// Draws on standard error, in place, at most five times a second. One for all transfers of a program that run
// together: they share the line.
class Meter {
  public:
    // `shown` false: nothing is drawn.
    Meter(const base::Clock& clock, bool shown);
    Meter(const Meter&) = delete;
    Meter& operator=(const Meter&) = delete;
    ~Meter();

    void begin(std::string name, std::optional<std::uint64_t> total, std::uint64_t already = 0);
    void add(std::uint64_t octets);
    // Adds to what is to come, as when one more file of a tree begins.
    void expect(std::uint64_t octets);

    void rename(std::string name) { name_ = std::move(name); }

    // The last state stays on the screen, on a line of its own.
    void end();

    [[nodiscard]] std::uint64_t moved() const { return moved_; }

    [[nodiscard]] base::Duration elapsed() const { return clock_.steady() - start_; }

  private:
    void draw(bool finished);

    const base::Clock& clock_;
    const bool shown_;
    bool running_ = false;
    std::string name_;
    std::optional<std::uint64_t> total_;
    std::uint64_t already_ = 0;
    std::uint64_t moved_ = 0;
    base::SteadyTime start_{};
    base::SteadyTime drawn_{};
};

}  // namespace agent
