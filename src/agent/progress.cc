#include "agent/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include "agent/terminal.h"

namespace agent {
namespace {

constexpr base::Duration kRedraw = std::chrono::milliseconds(200);
constexpr base::Duration kLately = std::chrono::seconds(5);   // what a rate is about
constexpr base::Duration kStalled = std::chrono::seconds(3);  // without an octet
constexpr std::size_t kBarMin = 8;
constexpr std::size_t kBarMax = 40;
constexpr std::size_t kInterruptColumns = 2;  // "^C", which the terminal writes behind the line

double seconds_of(base::Duration span) {
    return std::chrono::duration<double>(span).count();
}

std::string format_bar(std::uint64_t done, std::uint64_t total, std::size_t width) {
    const double share =
        total == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(width));
    std::string bar(filled, '=');
    if (filled < width) {
        bar += '>';
    }
    bar.resize(width, ' ');
    return "[" + bar + "]";
}

// Names are cut at the left: their ends tell them apart.
std::string shorten(std::string_view name, std::size_t columns) {
    std::string_view end = last_columns(name, columns);
    if (end.size() < name.size() && end.starts_with('/')) {
        end.remove_prefix(1);
    }
    return std::string(end);
}

}  // namespace

std::string format_octets(std::uint64_t octets) {
    constexpr std::array<std::string_view, 6> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (octets < 1024) {
        return fmt::format("{}", octets);
    }
    double value = static_cast<double>(octets) / 1024;
    std::size_t unit = 0;
    while (value >= 1023.95 && unit + 1 < kUnits.size()) {
        value /= 1024;
        ++unit;
    }
    return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string format_span(base::Duration span) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(span).count();
    if (seconds < 3600) {
        return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
    }
    return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

namespace {

// What stands behind the bar, the most telling last: the less there is room for, the more goes from the front.
std::vector<std::string> details_of(const ProgressLine& line) {
    const double elapsed = seconds_of(line.elapsed);
    const double average = elapsed > 0 ? static_cast<double>(line.moved) / elapsed : 0;
    const double rate = line.rate && !line.finished ? static_cast<double>(*line.rate) : average;
    std::vector<std::string> details{format_octets(line.done)};
    if (line.total) {
        details[0] += fmt::format(" of {}", format_octets(*line.total));
    }
    if (line.silence >= kStalled && !line.finished) {
        details.push_back("stalled " + format_span(line.silence));
        return details;
    }
    details.push_back(fmt::format("{}/s", format_octets(static_cast<std::uint64_t>(rate))));
    if (line.finished) {
        details.push_back(format_span(line.elapsed));
    } else if (line.total && rate > 0 && *line.total >= line.done) {
        const double left = static_cast<double>(*line.total - line.done) / rate;
        if (left < 360000) {
            details.push_back(format_span(std::chrono::seconds(static_cast<std::int64_t>(left))) +
                              " left");
        }
    }
    return details;
}

std::uint64_t percent_of(std::uint64_t done, std::uint64_t total) {
    const double share = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
    return static_cast<std::uint64_t>(100.0 * std::min(1.0, share));
}

}  // namespace

std::string format_progress(const ProgressLine& line, std::size_t columns) {
    constexpr std::size_t kNameMin = 12;
    const std::size_t share = line.total ? 8 : 0;  // " 100% " and brackets
    std::string tail;
    std::size_t room = 0;
    for (auto details = details_of(line);; details.erase(details.begin())) {
        tail.clear();
        for (const std::string& detail : details) {
            tail += "  " + detail;
        }
        room = columns - std::min(columns, tail.size() + share);
        if (details.empty() || room >= std::min(kNameMin, text_columns(line.name))) {
            break;
        }
    }
    if (!line.total) {
        return shorten(line.name, room) + tail;
    }
    std::string name =
        shorten(line.name, std::min(room, std::max(room / 2, room - std::min(room, kBarMax))));
    const std::size_t bar = std::min(kBarMax, room - std::min(room, text_columns(name)));
    const bool has_bar = bar >= kBarMin;
    if (!has_bar) {
        name = shorten(line.name, room);
    }
    return fmt::format("{} {:>3}%{}{}",
                       name,
                       percent_of(line.done, *line.total),
                       has_bar ? " " + format_bar(line.done, *line.total, bar) : "",
                       tail);
}

Meter::Meter(base::Loop& loop, MeterStyle style) : loop_(loop), style_(style) {}

Meter::Meter(Meter* whole) : loop_(whole->loop_), whole_(whole) {}

Meter::~Meter() {
    end(false);
}

void Meter::begin(std::string_view name,
                  std::optional<std::uint64_t> total,
                  std::uint64_t already) {
    if (whole_ != nullptr) {
        whole_->part_ = on_one_line(name);
        return;
    }
    name_ = on_one_line(name);
    part_.clear();
    total_ = total;
    already_ = already;
    moved_ = 0;
    marks_ = 0;
    start_ = now();
    drawn_ = start_;
    last_octets_ = start_;
    samples_.clear();
    running_ = true;
    if (style_.kind == MeterStyle::Kind::kBar && timer_ == 0) {
        watch();
    }
}

// Draws while nothing comes as well: a server that is silent shall not look like one that is fast.
void Meter::watch() {
    timer_ = loop_.call_at(now() + kRedraw, [this] {
        draw(false);
        watch();
    });
}

void Meter::add(std::uint64_t octets) {
    moved_ += octets;
    last_octets_ = octets > 0 ? now() : last_octets_;
    if (style_.counter != nullptr) {
        *style_.counter += octets;
    }
    if (whole_ != nullptr) {
        whole_->add(octets);
    } else if (running_ && style_.kind == MeterStyle::Kind::kMarks) {
        draw_marks(false);
    } else if (running_ && now() - drawn_ >= kRedraw) {
        draw(false);
    }
}

void Meter::end(bool done) {
    if (!std::exchange(running_, false)) {
        return;
    }
    loop_.cancel(std::exchange(timer_, 0));
    if (style_.kind == MeterStyle::Kind::kMarks) {
        draw_marks(true);
    } else if (done) {
        draw(true);
    } else if (style_.kind == MeterStyle::Kind::kBar) {
        clear_status_line();
    }
}

void Meter::draw_marks(bool finished) {
    const std::uint64_t due = moved_ / style_.mark_octets;
    show_marks(due - marks_);
    marks_ = due;
    if (finished) {
        clear_status_line();
    }
}

std::optional<std::uint64_t> Meter::recent_rate() {
    samples_.push_back({now(), moved_});
    while (samples_.size() > 2 && now() - samples_[1].time >= kLately) {
        samples_.pop_front();
    }
    const base::Duration span = now() - samples_.front().time;
    if (span < std::chrono::seconds(1)) {
        return std::nullopt;
    }
    const auto moved = static_cast<double>(moved_ - samples_.front().moved);
    return static_cast<std::uint64_t>(moved / seconds_of(span));
}

void Meter::draw(bool finished) {
    if (style_.kind != MeterStyle::Kind::kBar) {
        return;
    }
    drawn_ = now();
    const std::string line = format_progress({.name = finished || part_.empty() ? name_ : part_,
                                              .done = already_ + moved_,
                                              .total = total_,
                                              .moved = moved_,
                                              .elapsed = elapsed(),
                                              .rate = recent_rate(),
                                              .silence = now() - last_octets_,
                                              .finished = finished},
                                             terminal_columns() - kInterruptColumns);
    show_status_line(line, finished);
}

}  // namespace agent
