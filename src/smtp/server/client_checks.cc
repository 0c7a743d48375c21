#include "smtp/server/client_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "account/address.h"
#include "base/ascii.h"
#include "smtp/server/trace_fields.h"

namespace smtp {
namespace {

using Refusal = std::optional<Reply>;

// An address may bear any number of names; a few are looked at.
constexpr std::size_t kNamesMax = 10;

constexpr EnhancedCode kPolicy = {5, 7, 1};
constexpr EnhancedCode kReverse = {5, 7, 25};  // RFC 7372 3.3

// "450 4.7.1" for "550 5.7.1": the DNS may say more later.
Reply for_now(EnhancedCode code, std::string text) {
    code.kind = 4;
    return {450, code, std::move(text)};
}

bool names_us(const Knock& knock) {
    return base::iequals(knock.hello, knock.hostname) ||
           base::iequals(knock.hello, address_literal(knock.local));
}

// RFC 5321 2.3.5: a name with an MX record or an address.
base::Task<Refusal> judge_name(net::Resolver& resolver, base::Loop& loop, std::string name) {
    const auto domain = account::normalize_domain(name);
    bool unsure = false;
    for (const auto type : {net::RecordType::kA, net::RecordType::kAaaa, net::RecordType::kMx}) {
        const net::Answer answer = domain ? co_await resolver.lookup(loop, *domain, type)
                                          : net::Answer{.status = net::Answer::kNoDomain};
        if (answer.found()) {
            co_return std::nullopt;
        }
        unsure |= answer.temporary();
    }
    // Replies are ASCII (RFC 5321 4.2), names need not be.
    const std::string shown = base::is_ascii(name) ? name : "you gave";
    if (unsure) {
        co_return for_now(
            kPolicy, fmt::format("the EHLO name {} cannot be looked up now, try again", shown));
    }
    co_return Reply{550,
                    kPolicy,
                    fmt::format("the EHLO name {} does not exist in the DNS; a mail server greets "
                                "with its own host name",
                                shown)};
}

base::Task<Refusal> judge_hello(net::Resolver& resolver,
                                base::Loop& loop,
                                HelloCheck check,
                                Knock knock) {
    if (check != HelloCheck::kOff && names_us(knock)) {
        co_return Reply{550,
                        kPolicy,
                        fmt::format("{} is this server's own name; greet with yours", knock.hello)};
    }
    if (check != HelloCheck::kExists) {
        co_return std::nullopt;
    }
    if (!knock.hello.starts_with('[')) {
        co_return co_await judge_name(resolver, loop, std::move(knock.hello));
    }
    const std::string literal = address_literal(knock.peer);
    if (!base::iequals(knock.hello, literal)) {
        co_return Reply{
            550, kPolicy, fmt::format("{} is not your address: that is {}", knock.hello, literal)};
    }
    co_return std::nullopt;
}

// Does one of the names have the address? `unsure`: one of them could not be looked up.
base::Task<bool> leads_back(net::Resolver& resolver,
                            base::Loop& loop,
                            std::vector<std::string> names,
                            std::string address,
                            bool& unsure) {
    const bool ipv6 = address.find(':') != std::string::npos;
    names.resize(std::min(names.size(), kNamesMax));
    for (const std::string& name : names) {
        const net::Answer answer = co_await resolver.lookup(
            loop, name, ipv6 ? net::RecordType::kAaaa : net::RecordType::kA);
        const auto& found = answer.records;
        if (std::find(found.begin(), found.end(), address) != found.end()) {
            co_return true;
        }
        unsure |= answer.temporary();
    }
    co_return false;
}

base::Task<Refusal> judge_reverse(net::Resolver& resolver,
                                  base::Loop& loop,
                                  ReverseCheck check,
                                  std::string address) {
    const net::Answer names =
        co_await resolver.lookup(loop, net::reverse_name(address), net::RecordType::kPtr);
    bool unsure = names.temporary();
    if (!names.found() && !unsure) {
        co_return Reply{
            550,
            kReverse,
            fmt::format("your address {} has no name: the DNS has no PTR record for it", address)};
    }
    if (names.found() && (check == ReverseCheck::kExists ||
                          co_await leads_back(resolver, loop, names.records, address, unsure))) {
        co_return std::nullopt;
    }
    if (unsure) {
        co_return for_now(
            kReverse,
            fmt::format("the name of your address {} cannot be looked up now, try again", address));
    }
    co_return Reply{550,
                    kReverse,
                    fmt::format("the name {} of your address {} does not lead back to it",
                                names.records.front(),
                                address)};
}

}  // namespace

base::Task<Refusal> judge_client(net::Resolver& resolver,
                                 base::Loop& loop,
                                 ClientChecks checks,
                                 Knock knock) {
    std::string address = knock.peer.address;
    if (auto refusal = co_await judge_hello(resolver, loop, checks.hello, std::move(knock))) {
        co_return refusal;
    }
    if (checks.reverse == ReverseCheck::kOff) {
        co_return std::nullopt;
    }
    co_return co_await judge_reverse(resolver, loop, checks.reverse, std::move(address));
}

}  // namespace smtp
