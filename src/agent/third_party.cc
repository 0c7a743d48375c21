#include "agent/third_party.h"

#include "ftp/grammar/data_port.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

// The address that a server waits at. In IPv6 it does not say it: there it is where we reach it.
base::Result<ftp::DataPort> ask_to_wait(FtpSite& site) {
    ftp::Client& client = site.client();
    if (ftp::is_ipv4(client.server().address)) {
        TRY(const ftp::ServerReply reply, site.run(client.perform("PASV")));
        return ftp::parse_227(reply.lines.back());
    }
    TRY(const ftp::ServerReply reply, site.run(client.perform("EPSV 2")));
    TRY(ftp::DataPort where, ftp::parse_229(reply.lines.back()));
    where.address = client.server().address;
    return where;
}

base::Result<> tell_where(FtpSite& site, const ftp::DataPort& where) {
    const std::string line = ftp::is_ipv4(where.address) ? "PORT " + ftp::format_port(where)
                                                         : "EPRT " + ftp::format_eprt(where);
    TRY_VOID(site.run(site.client().perform(line)));
    return {};
}

// The command, up to its 1yz.
base::Result<> begin(FtpSite& site, const std::string& line) {
    TRY(const ftp::ServerReply reply, site.run(site.client().command(line)));
    return reply.is_preliminary() ? base::Result<>()
                                  : base::Result<>(tl::unexpected(ftp::error_of(reply)));
}

base::Result<> move(FtpSite& from, FtpSite& to, const ThirdPartyCopy& copy) {
    TRY(const ftp::DataPort where, ask_to_wait(from));
    TRY_VOID(tell_where(to, where));
    TRY_VOID(begin(to, copy.verb + " " + copy.target));
    if (auto begun = begin(from, "RETR " + copy.source); !begun) {
        // The other waits for data that will not come.
        static_cast<void>(to.run(to.client().cancel()));
        return begun;
    }
    const auto sent = from.run(from.client().conclude());
    const auto received = to.run(to.client().conclude());
    TRY_VOID(sent);
    TRY_VOID(received);
    return {};
}

}  // namespace

base::Result<> copy_between(FtpSite& from, FtpSite& to, const ThirdPartyCopy& copy) {
    TRY_VOID(from.run(from.client().set_type(copy.type)));
    TRY_VOID(to.run(to.client().set_type(copy.type)));
    if (!from.client().protects_data() && !to.client().protects_data()) {
        return move(from, to, copy);
    }
    FtpSite& shaking = from.client().has("SSCN") ? from : to;
    if (!shaking.client().has("SSCN")) {
        return fail(Errc::kUnsupported,
                    "neither server can protect data between the two (SSCN); --clear-data lets it "
                    "go in clear");
    }
    TRY_VOID(shaking.run(shaking.client().perform("SSCN ON")));
    auto moved = move(from, to, copy);
    static_cast<void>(shaking.run(shaking.client().command("SSCN OFF")));
    return moved;
}

}  // namespace agent
