#include "agent/trust_prompt.h"

#include <fmt/format.h>

#include <cstdio>

#include "agent/terminal.h"
#include "base/ascii.h"

namespace agent {
namespace {

constexpr std::size_t kOctetsInLine = 16;

// By the length of its hash.
std::string_view algorithm_of(std::string_view fingerprint) {
    const std::size_t octets = (fingerprint.size() + 1) / 3;
    return octets == 32 ? "SHA-256" : octets == 48 ? "SHA-384" : octets == 64 ? "SHA-512" : "";
}

}  // namespace

void ask_whether_to_trust(KnownServers& known, const Stranger& stranger) {
    fmt::print(
        stderr,
        "{}\nIts {} fingerprint is\n",
        wrapped(without_controls(fmt::format("The certificate of {} does not prove its name: {}.",
                                             stranger.server,
                                             stranger.distrust))),
        algorithm_of(stranger.fingerprint));
    for (std::string_view rest = stranger.fingerprint; !rest.empty();) {
        const std::string_view line = rest.substr(0, kOctetsInLine * 3);
        fmt::print(stderr, "    {}\n", line);
        rest.remove_prefix(line.size());
    }
    while (true) {
        const auto answer = ask("Trust it: (o)nce, (a)lways, or (n)ot? ");
        const std::string word = base::to_lower(answer.value_or("n"));
        if (word == "n" || word == "not" || word == "no") {
            return;
        }
        if (word == "o" || word == "once") {
            known.accept(stranger.server, stranger.fingerprint);
            return;
        }
        if (word == "a" || word == "always") {
            if (const auto kept = known.remember(stranger.server, stranger.fingerprint); !kept) {
                fmt::print(stderr, "Trusted for now only: {}\n", kept.error().text);
            }
            return;
        }
    }
}

}  // namespace agent
