// What a transfer looks like while it runs: a bar with octets, rate and time left.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/loop.h"

namespace agent {

// "512", "3.4 KiB", "1.2 GiB"
[[nodiscard]] std::string format_octets(std::uint64_t octets);
// "0:07", "12:34", "3:00:07"
[[nodiscard]] std::string format_span(base::Duration span);

// "letter.txt  42% [======>      ]  1.2 MiB of 3.0 MiB  512 KiB/s  0:03 left", in at most `columns` columns.
// Without a total there is no bar; a finished one shows the time it took. Where nothing has come for a while, that stands in
// place of rate and time.
struct ProgressLine {
    std::string_view name;
    std::uint64_t done = 0;  // what was there before included
    std::optional<std::uint64_t> total;
    std::uint64_t moved = 0;  // in `elapsed`
    base::Duration elapsed{0};
    std::optional<std::uint64_t> rate = {};  // octets a second of late; else that of all of it
    base::Duration silence{0};               // since the last octets
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

// Draws on standard error, in place, five times a second, while the loop runs.
class Meter {
  public:
    // The loop outlives it.
    Meter(base::Loop& loop, MeterStyle style);
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

    [[nodiscard]] base::Duration elapsed() const { return now() - start_; }

  private:
    // How much had moved when.
    struct Sample {
        base::SteadyTime time{};
        std::uint64_t moved = 0;
    };

    [[nodiscard]] base::SteadyTime now() const { return loop_.clock().steady(); }

    [[nodiscard]] std::optional<std::uint64_t> recent_rate();
    void watch();
    void draw(bool finished);
    void draw_marks(bool finished);

    base::Loop& loop_;
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
    base::SteadyTime last_octets_{};
    std::deque<Sample> samples_;  // of the last seconds
    base::Loop::TimerId timer_ = 0;
};

}  // namespace agent
