#include "ftp/server/server.h"

#include "base/check.h"
#include "ftp/server/session.h"
#include "net/counted_connection.h"

namespace ftp {

base::Task<> serve(std::unique_ptr<net::Stream> stream,
                   std::shared_ptr<const ServerOptions> options,
                   Services& services) {
    const net::CountedConnection counted(services.metrics, "ftp", stream->tls() != nullptr);
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
