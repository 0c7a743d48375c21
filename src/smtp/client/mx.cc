#include "smtp/client/mx.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "account/address.h"
#include "base/ascii.h"

namespace smtp {
namespace {

using Hosts = base::Result<std::vector<MailHost>, Verdict>;
using Kind = Verdict::Kind;

constexpr std::string_view kLookup = "DNS lookup";

tl::unexpected<Verdict> cannot(Kind kind, EnhancedCode code, std::string text) {
    return tl::unexpected<Verdict>(refuse(kind, code, std::move(text), kLookup));
}

tl::unexpected<Verdict> not_now(const std::string& domain, const std::string& why) {
    return cannot(Kind::kTemporary,
                  {4, 4, 3},
                  fmt::format("the mail hosts of {} cannot be looked up: {}", domain, why));
}

template <class T>
void shuffle(std::vector<T>& items, std::size_t first, std::size_t last, base::Random& random) {
    for (std::size_t i = last; i > first + 1; --i) {
        std::swap(items[i - 1], items[first + random.below(i - first)]);
    }
}

// RFC 5321 5.1: lowest first, equals in random order.
void put_in_order(std::vector<net::MxRecord>& records, base::Random& random) {
    std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
        return a.preference < b.preference;
    });
    for (std::size_t first = 0; first < records.size();) {
        std::size_t last = first;
        while (last < records.size() && records[last].preference == records[first].preference) {
            ++last;
        }
        shuffle(records, first, last, random);
        first = last;
    }
}

bool names_us(const std::string& name, const MxOptions& options) {
    return std::any_of(options.own_names.begin(), options.own_names.end(), [&](const auto& own) {
        return base::iequals(own, name);
    });
}

bool reaches_us(const std::vector<std::string>& addresses, const MxOptions& options) {
    return std::find_first_of(addresses.begin(),
                              addresses.end(),
                              options.own_addresses.begin(),
                              options.own_addresses.end()) != addresses.end();
}

// Where the DNS sends the domain's mail, in order.
struct Exchanges {
    std::vector<net::MxRecord> records;
    bool secure = false;
};

base::Task<base::Result<Exchanges, Verdict>> look_up_exchanges(net::Resolver& resolver,
                                                               base::Loop& loop,
                                                               std::string domain) {
    const net::Answer answer = co_await resolver.lookup(loop, domain, net::RecordType::kMx);
    if (answer.status == net::Answer::kNoDomain) {
        co_return cannot(
            Kind::kPermanent, {5, 1, 2}, fmt::format("the domain {} does not exist", domain));
    }
    if (answer.temporary()) {
        co_return not_now(domain, answer.why);
    }
    Exchanges found{.records = answer.mx, .secure = answer.secure};
    if (found.records.empty()) {
        found.records.push_back({.preference = 0, .host = domain});  // the implicit MX
    }
    std::erase_if(found.records, [](const net::MxRecord& mx) { return mx.host.empty(); });
    if (found.records.empty()) {  // RFC 7505 3
        co_return cannot(
            Kind::kPermanent, {5, 1, 10}, fmt::format("the domain {} takes no mail", domain));
    }
    co_return found;
}

struct Addresses {
    std::vector<std::string> found;
    bool secure = true;
    std::string unsure;  // why a look-up came to nothing for now
};

using Families = std::array<std::vector<std::string>, 2>;

// RFC 8305 4: one of each family in turn.
std::vector<std::string> in_turns(const Families& families) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < families[0].size() || i < families[1].size(); ++i) {
        for (const auto& family : families) {
            if (i < family.size()) {
                all.push_back(family[i]);
            }
        }
    }
    return all;
}

// `options` outlives the task.
base::Task<Addresses> look_up_addresses(net::Resolver& resolver,
                                        base::Loop& loop,
                                        base::Random& random,
                                        std::string host,
                                        const MxOptions& options) {
    Addresses all;
    Families families;
    for (const std::size_t family : {0U, 1U}) {
        if (!(family == 0 ? options.ipv6 : options.ipv4)) {
            continue;
        }
        const auto type = family == 0 ? net::RecordType::kAaaa : net::RecordType::kA;
        const net::Answer answer = co_await resolver.lookup(loop, host, type);
        all.secure &= answer.secure;
        if (answer.temporary()) {
            all.unsure = answer.why;
        }
        families[family] = answer.records;
        shuffle(families[family], 0, families[family].size(), random);
    }
    all.found = in_turns(families);
    co_return all;
}

// "[192.0.2.1]", "[IPv6:2001:db8::1]"
Hosts literal_host(const std::string& literal, const MxOptions& options) {
    std::string_view address = std::string_view(literal).substr(1, literal.size() - 2);
    if (base::iequals(address.substr(0, 5), "IPv6:")) {
        address.remove_prefix(5);
    }
    MailHost host{.name = literal, .preference = 0, .addresses = {std::string(address)}};
    if (reaches_us(host.addresses, options)) {
        return cannot(Kind::kPermanent, {5, 4, 6}, fmt::format("{} is this server", literal));
    }
    return std::vector<MailHost>{std::move(host)};
}

// RFC 5321 5.1: hosts that are not preferred to `ours` are no use.
void cut_off(std::vector<net::MxRecord>& records, std::uint16_t ours) {
    std::erase_if(records, [ours](const net::MxRecord& mx) { return mx.preference >= ours; });
}

struct Gathered {
    std::vector<MailHost> hosts;
    bool ours = false;  // this server was among them
    std::string unsure;
};

// The hosts with an address, by themselves in order. `exchanges` is sorted.
base::Task<Gathered> gather_hosts(net::Resolver& resolver,
                                  base::Loop& loop,
                                  base::Random& random,
                                  Exchanges exchanges,
                                  MxOptions options) {
    Gathered all;
    std::vector<net::MxRecord>& records = exchanges.records;
    const auto own = std::find_if(records.begin(), records.end(), [&](const net::MxRecord& mx) {
        return names_us(mx.host, options);
    });
    if (own != records.end()) {
        all.ours = true;
        cut_off(records, own->preference);
    }
    for (std::size_t i = 0; i < std::min(records.size(), options.hosts_max); ++i) {
        const net::MxRecord mx = records[i];
        Addresses addresses = co_await look_up_addresses(resolver, loop, random, mx.host, options);
        all.unsure = addresses.unsure.empty() ? all.unsure : addresses.unsure;
        if (reaches_us(addresses.found, options)) {
            all.ours = true;
            cut_off(records, mx.preference);
            std::erase_if(all.hosts,
                          [&](const MailHost& host) { return host.preference >= mx.preference; });
        } else if (!addresses.found.empty()) {
            addresses.found.resize(std::min(addresses.found.size(), options.addresses_max));
            all.hosts.push_back({.name = mx.host,
                                 .preference = mx.preference,
                                 .addresses = std::move(addresses.found),
                                 .secure = exchanges.secure && addresses.secure});
        }
    }
    co_return all;
}

}  // namespace

base::Task<Hosts> find_mail_hosts(net::Resolver& resolver,
                                  base::Loop& loop,
                                  base::Random& random,
                                  std::string domain,
                                  MxOptions options) {
    const auto normal = account::normalize_domain(domain);
    if (!normal) {
        co_return cannot(Kind::kPermanent, {5, 1, 2}, normal.error().text);
    }
    if (normal->starts_with('[')) {
        co_return literal_host(*normal, options);
    }
    Exchanges exchanges{.records = {{.preference = 0, .host = *normal}}};
    if (options.follow_mx) {
        auto found = co_await look_up_exchanges(resolver, loop, *normal);
        if (!found) {
            co_return base::forward_error(found);
        }
        exchanges = std::move(*found);
    }
    put_in_order(exchanges.records, random);
    Gathered all =
        co_await gather_hosts(resolver, loop, random, std::move(exchanges), std::move(options));
    if (!all.hosts.empty()) {
        co_return std::move(all.hosts);
    }
    if (!all.unsure.empty()) {
        co_return not_now(*normal, all.unsure);
    }
    if (all.ours) {
        co_return cannot(Kind::kPermanent,
                         {5, 4, 6},
                         fmt::format("the mail of {} would come back to this server", *normal));
    }
    co_return cannot(
        Kind::kPermanent, {5, 4, 4}, fmt::format("no mail host of {} has an address", *normal));
}

base::Task<std::optional<Reply>> judge_passing_on(net::Resolver& resolver,
                                                  base::Loop& loop,
                                                  base::Random& random,
                                                  std::string domain,
                                                  MxOptions options) {
    const auto hosts =
        co_await find_mail_hosts(resolver, loop, random, std::move(domain), std::move(options));
    if (hosts) {
        co_return std::nullopt;
    }
    Reply reply = hosts.error().reply;
    reply.code = hosts.error().kind == Kind::kPermanent ? 550 : 450;
    co_return reply;
}

}  // namespace smtp
