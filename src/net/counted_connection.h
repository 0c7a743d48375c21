// One connection of a protocol in the metrics: counted once, and in the gauge of open ones while it lives.
#pragma once

#include <string>
#include <string_view>

#include "base/metrics.h"

namespace net {

class CountedConnection {
  public:
    // `protocol` is the label: "imap". `tls`: the first octet was already inside it. `metrics` outlives this.
    CountedConnection(base::Metrics& metrics, std::string_view protocol, bool tls)
        : open_(metrics.gauge(
              "staffetta_connections", "Open connections", {{"protocol", std::string(protocol)}})) {
        metrics
            .counter("staffetta_connections_total",
                     "Connections",
                     {{"protocol", std::string(protocol)}, {"tls", tls ? "yes" : "no"}})
            .add();
        open_.add(1);
    }

    CountedConnection(const CountedConnection&) = delete;
    CountedConnection& operator=(const CountedConnection&) = delete;

    ~CountedConnection() { open_.add(-1); }

  private:
    base::Gauge& open_;
};

}  // namespace net
