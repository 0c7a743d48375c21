// ENABLE (RFC 5161, RFC 9051 6.3.1).
#include <array>
#include <utility>

#include "imap/grammar/arguments.h"
#include "imap/server/handlers.h"
#include "imap/server/session.h"

namespace imap {
namespace {

struct Enabling {
    std::string_view name;
    Feature feature;
};

constexpr std::array<Enabling, 5> kEnablings = {{
    {"CONDSTORE", kCondstore},
    {"IMAP4REV2", kRev2},
    {"QRESYNC", kQresync},
    {"UIDONLY", kUidOnly},
    {"UTF8=ACCEPT", kUtf8},
}};

}  // namespace

// What is not known is passed over (RFC 5161 3.1).
base::Task<Handled> on_enable(Session& session, const Request& request) {
    const auto names = parse_enable(request.arguments);
    if (!names) {
        co_return refuse(request.command, names.error());
    }
    std::string told;
    for (const std::string& name : *names) {
        for (const Enabling& known : kEnablings) {
            const bool misused = known.feature == kUidOnly &&
                                 session.services().uidonly_misuse.was_seen(session.user());
            if (name != known.name || session.enabled(known.feature) || misused) {
                continue;
            }
            // RFC 7162 3.2.3: QRESYNC brings CONDSTORE.
            if (known.feature == kCondstore || known.feature == kQresync) {
                session.enable_condstore();
            }
            session.enable(known.feature);
            told.append(" ").append(known.feature == kRev2 ? "IMAP4rev2" : name);
        }
    }
    session.put("* ENABLED" + told + "\r\n");
    co_return ok("done");
}

}  // namespace imap
