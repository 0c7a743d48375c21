#include "agent/netrc.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "agent/local_file.h"
#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

constexpr std::size_t kOctetsMax = std::size_t{1} << 20;

// Words, with quotes and backslashes for spaces in passwords.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : whole_(text), rest_(text) {}

    // Where word() has come to; the first one is 1.
    [[nodiscard]] std::size_t line() const {
        const auto done = whole_.substr(0, whole_.size() - rest_.size());
        return 1 + static_cast<std::size_t>(std::count(done.begin(), done.end(), '\n'));
    }

    [[nodiscard]] std::optional<std::string> word() {
        skip_space();
        if (rest_.empty()) {
            return std::nullopt;
        }
        std::string out;
        const bool quoted = rest_[0] == '"';
        rest_.remove_prefix(quoted ? 1 : 0);
        while (!rest_.empty() && (quoted ? rest_[0] != '"' : !is_blank(rest_[0]))) {
            if (rest_[0] == '\\' && rest_.size() > 1) {
                rest_.remove_prefix(1);
            }
            out += rest_[0];
            rest_.remove_prefix(1);
        }
        rest_.remove_prefix(quoted && !rest_.empty() ? 1 : 0);
        return out;
    }

    // A macro's lines, up to an empty one.
    [[nodiscard]] std::vector<std::string> body() {
        static_cast<void>(base::split_front(rest_, '\n'));
        std::vector<std::string> lines;
        while (!rest_.empty()) {
            const std::string_view line = base::trim(base::split_front(rest_, '\n'));
            if (line.empty()) {
                break;
            }
            lines.emplace_back(line);
        }
        return lines;
    }

  private:
    static bool is_blank(char c) { return base::is_space(c) || c == '\n' || c == '\r' || c == ','; }

    void skip_space() {
        while (!rest_.empty() && (is_blank(rest_[0]) || rest_[0] == '#')) {
            if (rest_[0] == '#') {
                static_cast<void>(base::split_front(rest_, '\n'));
            } else {
                rest_.remove_prefix(1);
            }
        }
    }

    const std::string_view whole_;
    std::string_view rest_;
};

std::string* field_of(NetrcEntry& entry, std::string_view key) {
    if (key == "login" || key == "user") {
        return &entry.login;
    }
    if (key == "password" || key == "passwd") {
        return &entry.password;
    }
    return key == "account" ? &entry.account : nullptr;
}

}  // namespace

base::Result<Netrc> Netrc::parse(std::string_view text) {
    Netrc netrc;
    Scanner scanner(text);
    while (const auto key = scanner.word()) {
        const auto fault = [&key, line = scanner.line()](std::string_view what) {
            return fail(Errc::kCorrupt, fmt::format("line {}: {} {}", line, *key, what));
        };
        if (*key == "default") {
            netrc.entries_.emplace_back();
            continue;
        }
        const auto value = scanner.word();
        if (!value) {
            return fault("stands without a value");
        }
        if (*key == "machine") {
            netrc.entries_.emplace_back().machine = *value;
            continue;
        }
        if (netrc.entries_.empty()) {
            return fault("stands before any machine");
        }
        NetrcEntry& entry = netrc.entries_.back();
        if (std::string* field = field_of(entry, *key)) {
            *field = *value;
        } else if (*key == "macdef") {
            entry.macros[*value] = scanner.body();
        } else {
            return fault("is no word of this file");
        }
    }
    return netrc;
}

base::Result<Netrc> Netrc::load(const std::string& path) {
    struct stat status {};

    if (::stat(path.c_str(), &status) != 0) {
        return Netrc();
    }
    auto text = read_file(path, kOctetsMax);
    if (!text) {
        return fail(text.error().code, text.error().text);
    }
    auto netrc = parse(*text);
    if (!netrc) {
        return fail(netrc.error().code, fmt::format("{}: {}", path, netrc.error().text));
    }
    const bool has_secret =
        std::any_of(netrc->entries_.begin(), netrc->entries_.end(), [](const NetrcEntry& entry) {
            return !entry.password.empty() && entry.login != "anonymous";
        });
    if (has_secret && (status.st_mode & (S_IRGRP | S_IROTH)) != 0) {
        return fail(Errc::kDenied,
                    fmt::format("{} holds a password and others may read it: chmod 600", path));
    }
    return netrc;
}

const NetrcEntry* Netrc::find(std::string_view machine,
                              std::optional<std::string_view> login) const {
    for (const NetrcEntry& entry : entries_) {
        const bool here = entry.machine.empty() || base::iequals(entry.machine, machine);
        if (here && (!login || entry.login.empty() || entry.login == *login)) {
            return &entry;
        }
    }
    return nullptr;
}

}  // namespace agent
