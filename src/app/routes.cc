#include "app/routes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"

namespace app {
namespace {

constexpr std::string_view kMx = "mx:";

struct Scheme {
    std::string_view prefix;
    Place::Kind kind;
    std::uint16_t port;
};

constexpr Scheme kSchemes[] = {
    {"smtp:", Place::Kind::kSmtp, 25},
    {"smtps:", Place::Kind::kSmtps, 465},
    {"lmtp:", Place::Kind::kLmtp, 24},
};

std::string_view prefix_of(Place::Kind kind) {
    for (const Scheme& scheme : kSchemes) {
        if (scheme.kind == kind) {
            return scheme.prefix;
        }
    }
    return kMx;
}

bool domain_fits(std::string_view pattern, std::string_view domain) {
    return pattern.empty() || pattern == "*" || base::iequals(pattern, domain) ||
           (pattern.starts_with('.') && base::iends_with(domain, pattern));
}

bool sender_fits(std::string_view pattern, std::string_view sender) {
    return pattern.empty() || base::iequals(pattern, sender) ||
           (pattern.starts_with('@') && base::iends_with(sender, pattern));
}

std::string name_of(const Place& place) {
    if (!place.path.empty()) {
        return fmt::format("{}unix:{}", prefix_of(place.kind), place.path);
    }
    const bool brackets = place.host.find(':') != std::string::npos;
    return fmt::format("{}{}{}{}:{}",
                       prefix_of(place.kind),
                       brackets ? "[" : "",
                       place.host,
                       brackets ? "]" : "",
                       place.port);
}

std::string name_of(const RouteConfig& route, const Place& place) {
    return name_of(place) + (route.username.empty() ? "" : " as " + route.username);
}

}  // namespace

base::Result<Place> parse_place(std::string_view text) {
    Place place{.kind = Place::Kind::kSmtp, .host = {}, .port = 25, .path = {}};
    for (const Scheme& scheme : kSchemes) {
        if (text.starts_with(scheme.prefix)) {
            text.remove_prefix(scheme.prefix.size());
            place.kind = scheme.kind;
            place.port = scheme.port;
            break;
        }
    }
    if (text.starts_with("unix:")) {
        place.path = text.substr(5);
        place.port = 0;
        return place.path.starts_with('/')
                   ? base::Result<Place>(place)
                   : base::fail(base::Errc::kSyntax, "a unix socket's path begins with /");
    }
    std::size_t colon = text.rfind(':');
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) {
            return base::fail(base::Errc::kSyntax, "] is missing");
        }
        place.host = text.substr(1, end - 1);
        colon = end + 1 == text.size() ? std::string_view::npos : end + 1;
    } else {
        place.host = text.substr(0, colon);
    }
    if (colon != std::string_view::npos) {
        const auto port = base::parse_number<std::uint16_t>(text.substr(colon + 1));
        if (text[colon] != ':' || !port || *port == 0) {
            return base::fail(base::Errc::kSyntax, "the port is a number from 1 to 65535");
        }
        place.port = *port;
    }
    if (place.host.empty() || place.host.find_first_of(" @[]") != std::string::npos) {
        return base::fail(base::Errc::kSyntax, "the host is missing");
    }
    place.host = base::to_lower(place.host);
    return place;
}

const RouteConfig* Routes::match(std::string_view domain, std::string_view sender) const {
    const auto found = std::find_if(routes_.begin(), routes_.end(), [&](const RouteConfig& route) {
        return domain_fits(route.domain, domain) && sender_fits(route.sender, sender);
    });
    return found == routes_.end() ? nullptr : &*found;
}

std::string Routes::destination(const account::Address& recipient, std::string_view sender) const {
    const RouteConfig* route = match(recipient.domain, sender);
    const auto place = route == nullptr || route->to == "mx"
                           ? base::Result<Place>(Place{.host = recipient.domain})
                           : parse_place(route->to);
    if (!place || place->kind == Place::Kind::kMx) {
        return fmt::format("{}{}", kMx, recipient.domain);
    }
    return name_of(*route, *place);
}

std::optional<Routes::Way> Routes::find(std::string_view destination) const {
    if (destination.starts_with(kMx)) {
        const std::string_view domain = destination.substr(kMx.size());
        const auto found =
            std::find_if(routes_.begin(), routes_.end(), [&](const RouteConfig& route) {
                return route.to == "mx" && domain_fits(route.domain, domain);
            });
        return Way{Place{.host = std::string(domain)},
                   found == routes_.end() ? RouteConfig{} : *found};
    }
    for (const RouteConfig& route : routes_) {
        const auto place = parse_place(route.to);
        if (place && route.to != "mx" && name_of(route, *place) == destination) {
            return Way{*place, route};
        }
    }
    return std::nullopt;
}

bool Routes::is_route(std::string_view destination) {
    return destination.starts_with(kMx) ||
           std::any_of(std::begin(kSchemes), std::end(kSchemes), [&](const Scheme& scheme) {
               return destination.starts_with(scheme.prefix);
           });
}

std::string Routes::fingerprint() const {
    std::string text;
    for (const RouteConfig& route : routes_) {
        text +=
            fmt::format("{}\n{}\n{}\n{}\n\n", route.domain, route.sender, route.to, route.username);
    }
    return text;
}

}  // namespace app
