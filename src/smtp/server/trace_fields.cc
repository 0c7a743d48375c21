#include "smtp/server/trace_fields.h"

#include <fmt/format.h>

#include "mime/date.h"

namespace smtp {
namespace {

std::string tls_comment(const net::TlsInfo& tls) {
    return fmt::format("({} {} {} bits)", tls.version, tls.cipher, tls.bits);
}

// Extended-Domain = Domain / ( Domain FWS "(" TCP-info ")" ) / ( address-literal FWS "(" TCP-info ")" )
// A name that is neither is not repeated: the field must stay one that parses.
std::string from_clause(const TraceFacts& facts) {
    const std::string literal = address_literal(*facts.peer);
    std::string clause = "from ";
    if (is_domain(facts.client_name) || is_address_literal(facts.client_name)) {
        clause += facts.client_name;
    } else {
        clause += literal.empty() ? "localhost" : literal;
    }
    if (!literal.empty()) {
        clause += " (" + literal + ")";
    }
    return clause;
}

}  // namespace

std::string address_literal(const net::Endpoint& endpoint) {
    if (endpoint.is_unix()) {
        return {};
    }
    const bool ipv6 = endpoint.address.find(':') != std::string::npos;
    return fmt::format("[{}{}]", ipv6 ? "IPv6:" : "", endpoint.address);
}

// RFC 3848: S for TLS, A for AUTH behind ESMTP and LMTP. RFC 6531 4.3: UTF8 in front, without the E.
std::string protocol_name(Greeting greeting, bool tls, bool authenticated, bool utf8) {
    if (greeting == Greeting::kHelo) {
        return "SMTP";
    }
    std::string name = greeting == Greeting::kLhlo ? "LMTP" : "SMTP";
    if (utf8) {
        name = "UTF8" + name;
    } else if (greeting == Greeting::kEhlo) {
        name = "E" + name;
    }
    name += tls ? "S" : "";
    name += authenticated ? "A" : "";
    return name;
}

// Return-path-line = "Return-Path:" FWS Reverse-path <CRLF>
std::string return_path_field(const Path& sender) {
    return fmt::format("Return-Path: <{}>\r\n", sender.to_string());
}

// Time-stamp-line = "Received:" FWS Stamp <CRLF>
// Stamp = From-domain By-domain Opt-info [CFWS] ";" FWS date-time
std::string received_field(const TraceFacts& facts) {
    std::string field = fmt::format("Received: {}\r\n\tby {} (staffetta) with {}",
                                    from_clause(facts),
                                    facts.hostname,
                                    facts.protocol);
    if (facts.tls != nullptr) {
        field += "\r\n\t" + tls_comment(*facts.tls);
    }
    field += fmt::format(" id {}\r\n\t", facts.queue_id);
    if (facts.only_recipient != nullptr) {
        field += fmt::format("for <{}>", facts.only_recipient->to_string());
    }
    field += fmt::format("; {}\r\n", mime::format_date(facts.now, 0));
    return field;
}

std::string describe_origin(const TraceFacts& facts) {
    std::string literal = address_literal(*facts.peer);
    if (literal.empty()) {
        literal = facts.peer->to_string();
    }
    std::string text = fmt::format("from {} {} by {}", facts.client_name, literal, facts.protocol);
    if (facts.tls != nullptr) {
        text += ' ' + tls_comment(*facts.tls);
    }
    return text;
}

}  // namespace smtp
