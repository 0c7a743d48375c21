#include "ftp/server/server.h"

#include "base/check.h"
#include "ftp/server/session.h"

namespace ftp {
namespace {

// One connection in the gauge, while it lives.
class CountedConnection {
  public:
    CountedConnection(base::Metrics& metrics, bool tls)
        : open_(metrics.gauge("staffetta_connections", "Open connections", {{"protocol", "ftp"}})) {
        metrics
            .counter("staffetta_connections_total",
                     "Connections",
                     {{"protocol", "ftp"}, {"tls", tls ? "yes" : "no"}})
            .add();
        open_.add(1);
    }

    CountedConnection(const CountedConnection&) = delete;
    CountedConnection& operator=(const CountedConnection&) = delete;

    ~CountedConnection() { open_.add(-1); }

  private:
    base::Gauge& open_;
};

}  // namespace

base::Task<> serve(std::unique_ptr<net::Stream> stream,
                   std::shared_ptr<const ServerOptions> options,
                   Services& services) {
    const CountedConnection counted(services.metrics, stream->tls() != nullptr);
    Session session(*stream, *options, services);
    try {
        co_await session.run();
    } catch (const base::CheckFailed& bug) {
        services.log.error("bug in an ftp session",
                           {{"what", bug.what()}, {"where", session.describe()}});
    }
    stream->close();
}

}  // namespace ftp
