#include "smtp/server/relay_domains.h"

#include <fmt/format.h>

#include "base/ascii.h"

namespace smtp {
namespace {

using base::Errc;
using base::Result;

std::string key_of(std::string_view local, std::string_view domain) {
    return fmt::format("{}@{}", account::normalize_local(local), domain);
}

Result<std::string> read_domain(std::string_view text) {
    const bool below = text.starts_with('.');
    auto domain = account::normalize_domain(text.substr(below ? 1 : 0));
    if (!domain) {
        return base::fail(Errc::kSyntax, fmt::format("\"{}\": {}", text, domain.error().text));
    }
    return (below ? "." : "") + *domain;
}

// recipient = address / "@" domain
Result<std::string> read_recipient(std::string_view text) {
    if (text.starts_with('@')) {
        TRY(const std::string domain, account::normalize_domain(text.substr(1)));
        return "@" + domain;
    }
    TRY(const account::Address address, account::parse_address(text));
    return key_of(address.local, address.domain);
}

}  // namespace

Result<RelayDomains> RelayDomains::make(const std::vector<std::string>& domains,
                                        std::optional<std::string_view> recipients) {
    RelayDomains made;
    for (const std::string& text : domains) {
        TRY(std::string domain, read_domain(text));
        made.domains_.insert(std::move(domain));
    }
    made.everybody_ = !recipients;
    std::string_view rest = recipients.value_or("");
    for (std::size_t number = 1; !rest.empty(); ++number) {
        std::string_view line = base::split_front(rest, '\n');
        line = base::trim(line.substr(0, line.find('#')));
        if (line.empty()) {
            continue;
        }
        auto recipient = read_recipient(line);
        if (!recipient) {
            return base::fail(
                Errc::kSyntax,
                fmt::format("line {}: \"{}\": {}", number, line, recipient.error().text));
        }
        made.recipients_.insert(std::move(*recipient));
    }
    return made;
}

bool RelayDomains::cover(std::string_view domain) const {
    if (domains_.empty()) {
        return false;
    }
    if (domains_.contains(domain)) {
        return true;
    }
    for (std::size_t dot = domain.find('.'); dot != std::string_view::npos;
         dot = domain.find('.', dot + 1)) {
        if (domains_.contains(domain.substr(dot))) {
            return true;
        }
    }
    return false;
}

bool RelayDomains::has(const account::Address& address) const {
    const auto knows = [this, &address](std::string_view local) {
        return recipients_.contains(key_of(local, address.domain));
    };
    const std::string_view local = address.local;
    return everybody_ || base::iequals(local, "postmaster") ||
           recipients_.contains("@" + address.domain) || knows(local) ||
           knows(local.substr(0, local.find('+', 1)));
}

}  // namespace smtp
