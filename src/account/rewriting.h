// Addresses written as others: `[[rewrite]]` in the configuration, for domains that have a new name and
// people whose addresses changed. Postfix's canonical maps are the model.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/address.h"
#include "base/result.h"

namespace account {

// What an address stands in; a rule may be for some of these.
enum Place : unsigned {
    kInSender = 1,     // of the envelope
    kInRecipient = 2,  // of the envelope
    kInHeader = 4,     // From, To and their like, of what people submit
};

inline constexpr unsigned kEverywhere = kInSender | kInRecipient | kInHeader;

struct RewriteRule {
    std::string from;  // an address, or "@domain"
    std::string to;    // an address, or "@domain", which keeps the local part
    unsigned places = kEverywhere;
};

class Rewriting {
  public:
    Rewriting() = default;
    // kSyntax: a text is neither an address nor "@domain".
    [[nodiscard]] static base::Result<Rewriting> make(const std::vector<RewriteRule>& rules);

    // The address as it is to be; nothing when no rule is for it. The first that fits decides, and what it
    // gives is final. A pure function.
    [[nodiscard]] std::optional<Address> apply(const Address& address, Place place) const;

    [[nodiscard]] bool empty() const { return rules_.empty(); }

  private:
    // An empty local part: any, or the one that it had.
    struct Rule {
        Address from;
        Address to;
        unsigned places = kEverywhere;
    };

    std::vector<Rule> rules_;
};

}  // namespace account
