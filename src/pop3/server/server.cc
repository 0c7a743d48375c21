#include "pop3/server/server.h"

#include "base/check.h"
#include "net/counted_connection.h"
#include "pop3/server/session.h"

namespace pop3 {

base::Task<> serve(std::unique_ptr<net::Stream> stream,
                   std::shared_ptr<const ServerOptions> options,
                   Services& services) {
    const net::CountedConnection counted(services.metrics, "pop3", stream->tls() != nullptr);
    Session session(*stream, *options, services);
    try {
        co_await session.run();
    } catch (const base::CheckFailed& bug) {
        services.log.error("bug in a pop3 session",
                           {{"what", bug.what()}, {"where", session.describe()}});
    }
    stream->close();
}

}  // namespace pop3
