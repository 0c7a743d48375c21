#include "agent/known_servers.h"

#include <fmt/format.h>

#include "agent/local_file.h"
#include "base/ascii.h"

namespace agent {
namespace {

constexpr std::size_t kOctetsMax = std::size_t{1} << 20;

}  // namespace

std::string format_fingerprint(std::string_view hash) {
    std::string text;
    for (const char c : hash) {
        text += fmt::format("{}{:02X}",
                            text.empty() ? "" : ":",
                            static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return text;
}

std::map<std::string, std::string> KnownServers::read() const {
    std::map<std::string, std::string> known;
    const auto text = path_.empty() ? base::Result<std::string>("") : read_file(path_, kOctetsMax);
    std::string_view rest = text ? std::string_view(*text) : std::string_view();
    while (!rest.empty()) {
        std::string_view line = base::trim(base::split_front(rest, '\n'));
        const std::string server(base::split_front(line, ' '));
        if (!server.empty() && !server.starts_with('#')) {
            known[server] = base::trim(line);
        }
    }
    return known;
}

KnownServers::Standing KnownServers::judge(const std::string& server,
                                           const std::string& fingerprint) const {
    const std::lock_guard lock(mutex_);
    const auto remembered = read();
    bool is_another = false;
    for (const auto* const known : {&accepted_, &remembered}) {
        const auto found = known->find(server);
        if (found != known->end() && found->second == fingerprint) {
            return Standing::kKnown;
        }
        is_another = is_another || found != known->end();
    }
    return is_another ? Standing::kChanged : Standing::kStranger;
}

void KnownServers::accept(const std::string& server, const std::string& fingerprint) {
    const std::lock_guard lock(mutex_);
    accepted_[server] = fingerprint;
}

base::Result<> KnownServers::remember(const std::string& server, const std::string& fingerprint) {
    accept(server, fingerprint);
    const std::lock_guard lock(mutex_);
    auto known = read();
    known[server] = fingerprint;
    std::string text;
    for (const auto& [name, print] : known) {
        text += fmt::format("{} {}\n", name, print);
    }
    return path_.empty() ? base::Result<>() : replace_file(path_, text);
}

}  // namespace agent
