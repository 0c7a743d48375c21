#include "account/rewriting.h"

namespace account {
namespace {

base::Result<Address> parse_pattern(std::string_view text) {
    if (!text.starts_with('@')) {
        return parse_address(text);
    }
    Address address;
    TRY(address.domain, normalize_domain(text.substr(1)));
    return address;
}

}  // namespace

base::Result<Rewriting> Rewriting::make(const std::vector<RewriteRule>& rules) {
    Rewriting rewriting;
    for (const RewriteRule& rule : rules) {
        Rule made{.from = {}, .to = {}, .places = rule.places};
        TRY(made.from, parse_pattern(rule.from));
        TRY(made.to, parse_pattern(rule.to));
        rewriting.rules_.push_back(std::move(made));
    }
    return rewriting;
}

std::optional<Address> Rewriting::apply(const Address& address, Place place) const {
    for (const Rule& rule : rules_) {
        const bool fits = (rule.places & place) != 0 && rule.from.domain == address.domain &&
                          (rule.from.local.empty() ||
                           normalize_local(rule.from.local) == normalize_local(address.local));
        if (fits) {
            return Address{rule.to.local.empty() ? address.local : rule.to.local, rule.to.domain};
        }
    }
    return std::nullopt;
}

}  // namespace account
