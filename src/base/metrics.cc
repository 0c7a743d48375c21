#include "base/metrics.h"

#include <fmt/format.h>

#include <iterator>

namespace base {
namespace {

constexpr std::uint64_t kFirstBoundNs = 50'000;

std::string label_text(const Labels& labels) {
    std::string text;
    for (const auto& [key, value] : labels) {
        text += text.empty() ? "" : ",";
        text += key + "=\"";
        for (const char c : value) {
            if (c == '"' || c == '\\') {
                text += '\\';
            }
            text += c == '\n' ? ' ' : c;
        }
        text += '"';
    }
    return text;
}

std::string braces(std::string_view labels) {
    return labels.empty() ? std::string() : fmt::format("{{{}}}", labels);
}

void render_histogram(std::string& out,
                      std::string_view name,
                      std::string_view labels,
                      const LatencyHistogram& histogram) {
    const std::string_view comma = labels.empty() ? "" : ",";
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= LatencyHistogram::kBuckets; ++i) {
        total += histogram.count(i);
        const std::string bound = i == LatencyHistogram::kBuckets
                                      ? "+Inf"
                                      : fmt::format("{:g}", LatencyHistogram::bound_s(i));
        fmt::format_to(std::back_inserter(out),
                       "{}_bucket{{{}{}le=\"{}\"}} {}\n",
                       name,
                       labels,
                       comma,
                       bound,
                       total);
    }
    fmt::format_to(std::back_inserter(out),
                   "{0}_sum{1} {2}\n{0}_count{1} {3}\n",
                   name,
                   braces(labels),
                   histogram.sum_s(),
                   total);
}

}  // namespace

void LatencyHistogram::observe(Duration duration) {
    const auto ns = static_cast<std::uint64_t>(duration.count() < 0 ? 0 : duration.count());
    std::size_t bucket = 0;
    while (bucket < kBuckets && ns > kFirstBoundNs << bucket) {
        ++bucket;
    }
    buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_ns_.fetch_add(ns, std::memory_order_relaxed);
}

double LatencyHistogram::bound_s(std::size_t bucket) {
    return static_cast<double>(kFirstBoundNs << bucket) / 1e9;
}

std::uint64_t LatencyHistogram::count(std::size_t bucket) const {
    return buckets_[bucket].load(std::memory_order_relaxed);
}

double LatencyHistogram::sum_s() const {
    return static_cast<double>(sum_ns_.load(std::memory_order_relaxed)) / 1e9;
}

Metrics::Series& Metrics::series(std::string_view name,
                                 std::string_view help,
                                 std::string_view type,
                                 const Labels& labels) {
    auto family = families_.find(name);
    if (family == families_.end()) {
        family = families_.emplace(std::string(name), Family{std::string(help), type, {}}).first;
    }
    return family->second.series[label_text(labels)];
}

Counter& Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
    const std::scoped_lock lock(mutex_);
    Series& found = series(name, help, "counter", labels);
    if (!found.counter) {
        found.counter = std::make_unique<Counter>();
    }
    return *found.counter;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
    const std::scoped_lock lock(mutex_);
    Series& found = series(name, help, "gauge", labels);
    if (!found.gauge) {
        found.gauge = std::make_unique<Gauge>();
    }
    return *found.gauge;
}

LatencyHistogram& Metrics::histogram(std::string_view name,
                                     std::string_view help,
                                     const Labels& labels) {
    const std::scoped_lock lock(mutex_);
    Series& found = series(name, help, "histogram", labels);
    if (!found.histogram) {
        found.histogram = std::make_unique<LatencyHistogram>();
    }
    return *found.histogram;
}

std::string Metrics::prometheus_text() const {
    const std::scoped_lock lock(mutex_);
    std::string out;
    for (const auto& [name, family] : families_) {
        fmt::format_to(std::back_inserter(out),
                       "# HELP {0} {1}\n# TYPE {0} {2}\n",
                       name,
                       family.help,
                       family.type);
        for (const auto& [labels, series] : family.series) {
            if (series.counter) {
                fmt::format_to(std::back_inserter(out),
                               "{}{} {}\n",
                               name,
                               braces(labels),
                               series.counter->value());
            } else if (series.gauge) {
                fmt::format_to(std::back_inserter(out),
                               "{}{} {}\n",
                               name,
                               braces(labels),
                               series.gauge->value());
            } else if (series.histogram) {
                render_histogram(out, name, labels, *series.histogram);
            }
        }
    }
    return out;
}

}  // namespace base
