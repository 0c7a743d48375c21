// What a transfer looks like while it runs: a bar with octets, rate and time left.
#pragma once

#include <atomic>
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

// How a transfer is shown: not at all, as a bar with rate and time left, or as BSD's marks, a # each so many octets.
struct MeterStyle {
    enum class Kind : std::uint8_t { kNone, kBar, kMarks };

    Kind kind = Kind::kNone;
    std::uint64_t mark_octets = 1024;
    std::atomic<std::uint64_t>* counter =
        nullptr;  // counts with it; for somebody on another thread
};

// Draws on standard error, in place, at most five times a second.
class Meter {
  public:
    Meter(const base::Clock& clock, MeterStyle style);
    // Of one file among several that are transferred together: shows itself in `whole`, which must outlive it.
    explicit Meter(Meter* whole);
    Meter(const Meter&) = delete;
    Meter& operator=(const Meter&) = delete;
    ~Meter();

    void begin(std::string_view name,
               std::optional<std::uint64_t> total,
               std::uint64_t already = 0);
    void add(std::uint64_t octets);
    // The last state stays on the screen, on a line of its own; with `done` false nothing does.
    void end(bool done = true);

    [[nodiscard]] std::uint64_t moved() const { return moved_; }

    [[nodiscard]] base::Duration elapsed() const { return clock_.steady() - start_; }

  private:
    void draw(bool finished);
    void draw_marks(bool finished);

    const base::Clock& clock_;
    const MeterStyle style_;
    Meter* const whole_ = nullptr;
    bool running_ = false;
    std::string name_;
    std::string part_;  // what of it is on its way
    std::optional<std::uint64_t> total_;
    std::uint64_t already_ = 0;
    std::uint64_t moved_ = 0;
    std::uint64_t marks_ = 0;
    base::SteadyTime start_{};
    base::SteadyTime drawn_{};
};

}  // namespace agent
