// The counters of the SMTP server, looked up once: a session only adds.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "base/metrics.h"

namespace smtp {

class Meters {
  public:
    explicit Meters(base::Metrics& metrics);

    // `row` is a place in the command table, or its size for a verb that is not in it.
    void count_command(std::size_t row, int reply_code) const;
    void count_message(int reply_code, std::uint64_t octets) const;

    void count_login(bool success) const { (success ? logins_good_ : logins_bad_)->add(); }

    void count_connection(bool tls) const { (tls ? connections_tls_ : connections_clear_)->add(); }

    [[nodiscard]] base::Gauge& open_connections() const { return *open_connections_; }

    [[nodiscard]] base::LatencyHistogram& commit_seconds() const { return *commit_seconds_; }

  private:
    static constexpr std::size_t kResults = 4;  // 2yz, 3yz, 4yz, 5yz
    using ByResult = std::array<base::Counter*, kResults>;

    std::vector<ByResult> commands_;  // by row of the table, then "unknown"
    ByResult messages_{};
    base::Counter* message_octets_;
    base::Counter* logins_good_;
    base::Counter* logins_bad_;
    base::Counter* connections_clear_;
    base::Counter* connections_tls_;
    base::Gauge* open_connections_;
    base::LatencyHistogram* commit_seconds_;
};

}  // namespace smtp
