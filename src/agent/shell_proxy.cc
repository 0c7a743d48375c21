// The interactive client's second server: `proxy VERB` talks to it, and files go from one to the other.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "agent/shell.h"
#include "agent/third_party.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

// BSD's directions: get is from the first server to the second, put from the second to the first.
struct Direction {
    std::string_view verb;
    bool to_second;
    std::string_view command;
};

constexpr std::array kDirections{Direction{"append", false, "APPE"},
                                 Direction{"get", true, "STOR"},
                                 Direction{"mget", true, "STOR"},
                                 Direction{"mput", false, "STOR"},
                                 Direction{"msend", false, "STOR"},
                                 Direction{"put", false, "STOR"},
                                 Direction{"recv", true, "STOR"},
                                 Direction{"send", false, "STOR"}};

const Direction* direction_of(std::string_view verb) {
    for (const Direction& direction : kDirections) {
        if (direction.verb == verb) {
            return &direction;
        }
    }
    return nullptr;
}

}  // namespace

base::Result<> Shell::on_proxy(const Words& words) {
    TRY(const Command* command, find(words[1]));
    Words inner(words.begin() + 1, words.end());
    inner[0] = command->name;
    if (const Direction* direction = direction_of(command->name)) {
        return copy_to_proxy(inner, direction->to_second, std::string(direction->command));
    }
    if ((command->flags & kBackground) != 0) {
        return fail(Errc::kInvalid, fmt::format("{} does not go between two servers", inner[0]));
    }
    if (!there_) {
        there_.emplace(site().settings());
    }
    const auto macros = macros_;  // are the first server's
    std::swap(here_, *there_);
    auto done = call(*command, inner);
    // What went wrong is judged by the server it went wrong at.
    if (!done) {
        show_error(done.error());
    }
    std::swap(here_, *there_);
    macros_ = macros;
    return {};
}

// The words behind get and put are FROM and TO, behind mget and mput many.
base::Result<> Shell::copy_to_proxy(const Words& words, bool to_second, const std::string& verb) {
    if (!there_ || !there_->site->is_open() || !site().is_open()) {
        return fail(Errc::kUnavailable, "two servers must be open: `open`, then `proxy open`");
    }
    if (words.size() < 2) {
        return fail(Errc::kSyntax, fmt::format("usage: proxy {} REMOTE [REMOTE]", words[0]));
    }
    if (!to_second) {
        std::swap(here_, *there_);  // the source is here: globs and questions are about it
    }
    const bool many = words[0].starts_with('m');
    const auto copy = [&](const std::string& path) {
        return copy_between(site(),
                            *there_->site,
                            {.source = path,
                             .target = !many && words.size() > 2 ? words[2] : remote_name(path),
                             .verb = verb,
                             .type = type_});
    };
    auto done = many ? for_each_remote(words, copy) : copy(words[1]);
    if (!to_second) {
        std::swap(here_, *there_);
    }
    return done;
}

}  // namespace agent
