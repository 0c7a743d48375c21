#include "agent/ftp_url.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/base64.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

// pct-encoded = "%" HEXDIG HEXDIG    ; RFC 3986 2.1
base::Result<std::string> decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const auto octet = base::hex_decode(text.substr(i + 1, 2));
        if (!octet || octet->size() != 1) {
            return fail(Errc::kSyntax, fmt::format("{}: % without two hexadecimal digits", text));
        }
        out += *octet;
        i += 2;
    }
    // RFC 1738 3.2.2 leaves it open; a line end would be a command of its own.
    if (std::any_of(out.begin(), out.end(), [](char c) { return base::is_control(c); })) {
        return fail(Errc::kSyntax, fmt::format("{}: a control character", text));
    }
    return out;
}

base::Result<std::uint16_t> parse_port(std::string_view text) {
    const auto number = base::parse_number<std::uint16_t>(text);
    if (!number || *number == 0) {
        return fail(Errc::kSyntax, fmt::format("{} is no port", text));
    }
    return *number;
}

// authority = [ user [ ":" password ] "@" ] host [ ":" port ]
base::Result<> take_authority(std::string_view authority, FtpUrl& url) {
    const std::size_t at = authority.rfind('@');
    if (at != std::string_view::npos) {
        std::string_view password = authority.substr(0, at);
        const bool has_password = password.find(':') != std::string_view::npos;
        TRY(url.user, decode(base::split_front(password, ':')));
        if (has_password) {
            TRY(url.password, decode(password));
        }
        authority.remove_prefix(at + 1);
    }
    std::string_view port;
    if (authority.starts_with('[')) {
        const std::size_t end = authority.find(']');
        if (end == std::string_view::npos) {
            return fail(Errc::kSyntax, "an IPv6 address without its closing bracket");
        }
        url.host = authority.substr(1, end - 1);
        port = authority.substr(end + 1);
        if (!port.empty() && port[0] != ':') {
            return fail(Errc::kSyntax, "something else than a port behind the bracket");
        }
        port.remove_prefix(std::min<std::size_t>(1, port.size()));
    } else {
        port = authority;
        TRY(url.host, decode(base::split_front(port, ':')));
    }
    if (!port.empty()) {
        TRY(url.port, parse_port(port));
    }
    return {};
}

base::Result<> take_path(std::string_view path, FtpUrl& url) {
    const std::size_t type = path.rfind(";type=");
    if (type != std::string_view::npos) {
        url.ascii = base::iequals(path.substr(type + 6), "a");
        url.names = base::iequals(path.substr(type + 6), "d");
        path = path.substr(0, type);
    }
    TRY(url.path, decode(path));
    return {};
}

// Of a name (RFC 1123 2.1, with the underscores that are in use, or UTF-8) or an address with its zone.
bool is_host(std::string_view host) {
    return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
        return base::is_alnum(c) || base::is_8bit(c) ||
               std::string_view("-._:%").find(c) != std::string_view::npos;
    });
}

std::optional<ftp::ClientTls> tls_of(std::string_view scheme) {
    if (base::iequals(scheme, "ftps")) {
        return ftp::ClientTls::kImplicit;
    }
    if (base::iequals(scheme, "ftpes")) {
        return ftp::ClientTls::kRequired;
    }
    return std::nullopt;
}

// SCHEME://[USER[:PASSWORD]@]HOST[:PORT][/PATH]; `colon` is where the scheme ends.
base::Result<FtpUrl> parse_url(std::string_view text, std::size_t colon) {
    FtpUrl url;
    const std::string_view scheme = text.substr(0, colon);
    url.tls = tls_of(scheme);
    if (!url.tls && !base::iequals(scheme, "ftp")) {
        return fail(Errc::kSyntax, fmt::format("{}: the scheme is not ftp, ftps or ftpes", text));
    }
    std::string_view rest = text.substr(colon + 3);
    const bool has_path = rest.find('/') != std::string_view::npos;
    TRY_VOID(take_authority(base::split_front(rest, '/'), url));
    if (has_path) {
        TRY_VOID(take_path(rest, url));
    }
    return url;
}

// [USER@]HOST[:PATH], as scp has it, or [USER@]HOST[:PORT]: digits alone are a port, as curl and lftp take them.
base::Result<FtpUrl> parse_place(std::string_view host) {
    FtpUrl url;
    const std::size_t at = host.find('@');
    if (at != std::string_view::npos) {
        url.user = host.substr(0, at);
        host.remove_prefix(at + 1);
    }
    url.host = host.starts_with('[') ? base::split_front(host, ']').substr(1)
                                     : base::split_front(host, ':');
    const std::string_view rest = host.starts_with(':') ? host.substr(1) : host;
    if (!rest.empty() && std::all_of(rest.begin(), rest.end(), base::is_digit)) {
        TRY(url.port, parse_port(rest));
    } else {
        url.path = rest;
    }
    return url;
}

}  // namespace

bool looks_like_url(std::string_view text) {
    return text.find("://") != std::string_view::npos;
}

base::Result<FtpUrl> parse_ftp_url(std::string_view text) {
    const std::size_t colon = text.find("://");
    TRY(FtpUrl url, colon == std::string_view::npos ? parse_place(text) : parse_url(text, colon));
    if (!is_host(url.host)) {
        return fail(Errc::kSyntax, fmt::format("{}: no name of a host in it", text));
    }
    return url;
}

}  // namespace agent
