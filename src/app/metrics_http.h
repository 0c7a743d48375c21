// The metrics over HTTP/1.1 (RFC 9112), for Prometheus: GET /metrics, one request a connection, nothing
// else. Everything a stranger can send is bounded.
//
// BUGS: no TLS and no authentication, so listen on loopback or behind something that has both.
#pragma once

#include <memory>

#include "base/metrics.h"
#include "base/task.h"
#include "net/stream.h"

namespace app {

// Called for each answer, to set the gauges that somebody has to ask for.
using RefreshMetrics = std::function<void()>;

// Serves one connection, from its first octet to its end.
[[nodiscard]] base::Task<> serve_metrics(std::unique_ptr<net::Stream> stream,
                                         const base::Metrics& metrics,
                                         const RefreshMetrics& refresh);

}  // namespace app
