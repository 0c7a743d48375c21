// RFC 4217: AUTH TLS, PBSZ, PROT, CCC.
#include "base/ascii.h"
#include "ftp/server/session.h"

namespace ftp {

// RFC 4217 4.2 and 17: "TLS"; "TLS-C", "TLS-P" and "SSL" of older drafts mean the same handshake, and the
// latter two a protected data channel with it.
Session::Answer Session::on_auth(std::string arguments) {
    const bool implies_private =
        base::iequals(arguments, "SSL") || base::iequals(arguments, "TLS-P");
    if (!implies_private && !base::iequals(arguments, "TLS") &&
        !base::iequals(arguments, "TLS-C")) {
        co_return reply(504, "AUTH TLS is what there is");
    }
    if (lines_.stream().tls() != nullptr) {
        co_return reply(503, "TLS is active already");
    }
    if (!lines_.stream().can_start_tls()) {
        co_return reply(431, "TLS is not available here");
    }
    channel_.reset();
    protects_data_ = implies_private;
    co_return reply(234, "Begin the TLS handshake", Reply::Then::kStartTls);
}

// RFC 4217 8: TLS has no buffer of its own, so the size is 0, whatever was asked for.
Session::Answer Session::on_pbsz(std::string arguments) {
    if (lines_.stream().tls() == nullptr) {
        co_return ask_for_tls();
    }
    if (!base::parse_number<std::uint32_t>(arguments)) {
        co_return reply(501, "Usage: PBSZ 0");
    }
    buffer_size_given_ = true;
    co_return reply(200, "PBSZ=0");
}

// RFC 4217 5: behind CCC neither PBSZ nor PROT is accepted any more, and data goes on as it was last agreed on. There is no
// code for it; to both of them RFC 2228 3 gives 503 for what comes out of turn.
Reply Session::ask_for_tls() const {
    return reply(
        503,
        is_cleared_ ? "Behind CCC the protection of data stays as it is" : "Send AUTH TLS first");
}

Session::Answer Session::on_prot(std::string arguments) {
    if (lines_.stream().tls() == nullptr) {
        co_return ask_for_tls();
    }
    if (!buffer_size_given_) {
        co_return reply(503, "Send PBSZ first");
    }
    if (base::iequals(arguments, "P")) {
        channel_.protect(true);
        co_return reply(200, "Data connections are protected");
    }
    if (base::iequals(arguments, "C")) {
        if (options_.require_data_tls) {
            co_return reply(534, "Data connections must be protected here");
        }
        channel_.protect(false);
        co_return reply(200, "Data connections are in clear");
    }
    // RFC 2228 3: S and E are levels that TLS does not have.
    const bool level = base::iequals(arguments, "S") || base::iequals(arguments, "E");
    co_return level ? reply(536, "TLS protects all or nothing") : reply(504, "PROT C or PROT P");
}

Session::Answer Session::on_ccc(std::string /*arguments*/) {
    if (lines_.stream().tls() == nullptr) {
        co_return reply(533, "The control connection is in clear already");
    }
    if (!options_.allow_ccc || options_.implicit_tls) {
        co_return reply(534, "The control connection stays protected here");
    }
    is_cleared_ = true;
    co_return reply(200, "The control connection goes on in clear", Reply::Then::kStopTls);
}

}  // namespace ftp
