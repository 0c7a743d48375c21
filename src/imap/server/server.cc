#include "imap/server/server.h"

#include "base/check.h"
#include "imap/server/session.h"
#include "net/counted_connection.h"

namespace imap {

base::Task<> serve(std::unique_ptr<net::Stream> stream,
                   std::shared_ptr<const ServerOptions> options,
                   Services& services) {
    const net::CountedConnection counted(services.metrics, "imap", stream->tls() != nullptr);
    Session session(*stream, *options, services);
    try {
        co_await session.run();
    } catch (const base::CheckFailed& bug) {
        services.log.error("bug in an imap session",
                           {{"what", bug.what()}, {"where", session.describe()}});
    }
    stream->close();
}

}  // namespace imap
