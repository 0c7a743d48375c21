// Counters and histograms, and their text for Prometheus (exposition format 0.0.4). Cheap enough for
// every command: a counter is one relaxed atomic addition.
//     Counter& commands = metrics.counter("staffetta_commands_total", "Commands by verb and result",
//                                         {{"protocol", "smtp"}, {"verb", "MAIL"}, {"result", "2xx"}});
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace base {

class Counter {
  public:
    void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }

    [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

// Something that goes up and down: open connections, work that waits.
class Gauge {
  public:
    void add(std::int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }

    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }

    [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::int64_t> value_{0};
};

// Durations in buckets that double, from 50 microseconds to 26 seconds.
class LatencyHistogram {
  public:
    static constexpr std::size_t kBuckets = 20;
    void observe(Duration duration);
    // The upper bound of a bucket in seconds.
    [[nodiscard]] static double bound_s(std::size_t bucket);
    [[nodiscard]] std::uint64_t count(
        std::size_t bucket) const;  // the last one is beyond all bounds
    [[nodiscard]] double sum_s() const;

  private:
    std::array<std::atomic<std::uint64_t>, kBuckets + 1> buckets_{};
    std::atomic<std::uint64_t> sum_ns_{0};
};

using Labels = std::vector<std::pair<std::string, std::string>>;

// Owns the metrics; asking twice for one name and labels gives the same object, valid for ever.
// Thread-safe.
class Metrics {
  public:
    Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
    Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
    LatencyHistogram& histogram(std::string_view name,
                                std::string_view help,
                                const Labels& labels = {});
    [[nodiscard]] std::string prometheus_text() const;

  private:
    struct Series {
        std::unique_ptr<Counter> counter;
        std::unique_ptr<Gauge> gauge;
        std::unique_ptr<LatencyHistogram> histogram;
    };

    struct Family {
        std::string help;
        std::string_view type;
        std::map<std::string, Series> series;  // by the text of their labels
    };

    Series& series(std::string_view name,
                   std::string_view help,
                   std::string_view type,
                   const Labels& labels);

    mutable std::mutex mutex_;
    std::map<std::string, Family, std::less<>> families_;
};

}  // namespace base
