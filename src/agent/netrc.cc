#include "agent/netrc.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "agent/local_file.h"
#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

constexpr std::size_t kOctetsMax = std::size_t{1} << 20;

// Words, with quotes and backslashes for spaces in passwords. A quote ends on its line.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : whole_(text), rest_(text) {}

    // Where it has come to; the first one is 1.
    [[nodiscard]] std::size_t line() {
        const std::string_view done = whole_.substr(0, whole_.size() - rest_.size());
        line_ += static_cast<std::size_t>(std::count(done.begin() + counted_, done.end(), '\n'));
        counted_ = static_cast<std::ptrdiff_t>(done.size());
        return line_;
    }

    // The next word, where a comment may stand before it; nothing at the end.
    [[nodiscard]] std::optional<std::string> key() {
        skip_space(true);
        return word();
    }

    // What belongs to a key: a password may begin as a comment does.
    [[nodiscard]] std::optional<std::string> value() {
        skip_space(false);
        return word();
    }

    // The line ended in a quote.
    [[nodiscard]] bool is_torn() const { return torn_; }

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

    void skip_space(bool comments) {
        while (!rest_.empty() && (is_blank(rest_[0]) || (comments && rest_[0] == '#'))) {
            if (rest_[0] == '#') {
                static_cast<void>(base::split_front(rest_, '\n'));
            } else {
                rest_.remove_prefix(1);
            }
        }
    }

    [[nodiscard]] std::optional<std::string> word() {
        if (rest_.empty()) {
            return std::nullopt;
        }
        std::string out;
        const bool quoted = rest_[0] == '"';
        rest_.remove_prefix(quoted ? 1 : 0);
        while (!rest_.empty() && (quoted ? !ends_quote(rest_[0]) : !is_blank(rest_[0]))) {
            if (rest_[0] == '\\' && rest_.size() > 1) {
                rest_.remove_prefix(1);
            }
            out += rest_[0];
            rest_.remove_prefix(1);
        }
        torn_ = torn_ || (quoted && !rest_.starts_with('"'));
        rest_.remove_prefix(quoted && !torn_ ? 1 : 0);
        return out;
    }

    static bool ends_quote(char c) { return c == '"' || c == '\n'; }

    std::string_view whole_;
    std::string_view rest_;
    std::size_t line_ = 1;
    std::ptrdiff_t counted_ = 0;  // octets whose lines are in it
    bool torn_ = false;
};

constexpr std::size_t kWarningsMax = 10;

bool is_key(std::string_view word) {
    constexpr std::array<std::string_view, 8> kKeys{
        "machine", "default", "login", "user", "password", "passwd", "account", "macdef"};
    return std::find(kKeys.begin(), kKeys.end(), word) != kKeys.end();
}

std::string* field_of(NetrcEntry& entry, std::string_view key) {
    if (key == "login" || key == "user") {
        return &entry.login;
    }
    if (key == "password" || key == "passwd") {
        return &entry.password;
    }
    return key == "account" ? &entry.account : nullptr;
}

// One file, word by word.
class Reader {
  public:
    Reader(std::string_view text,
           std::vector<NetrcEntry>& entries,
           std::vector<std::string>& warnings)
        : scanner_(text),
          entries_(entries),
          warnings_(warnings) {}

    base::Result<> read() {
        while (auto key = scanner_.key()) {
            key_ = std::move(*key);
            line_ = scanner_.line();
            TRY_VOID(is_key(key_) ? take_pair() : pass_over());
        }
        return {};
    }

  private:
    base::Result<> take_pair() {
        if (key_ == "default") {
            entries_.emplace_back();
            return {};
        }
        const auto value = scanner_.value();
        if (scanner_.is_torn()) {
            return fault(fmt::format("the quote behind {} has no end", key_));
        }
        if (!value) {
            return fault(key_ + " stands without a value");
        }
        if (key_ == "machine") {
            entries_.emplace_back().machine = *value;
            return {};
        }
        if (key_ == "macdef") {
            auto body = scanner_.body();
            if (!entries_.empty()) {  // else it is of no machine
                entries_.back().macros[*value] = std::move(body);
            }
            return {};
        }
        if (entries_.empty()) {
            return fault(key_ + " stands before any machine");
        }
        *field_of(entries_.back(), key_) = *value;
        return {};
    }

    // With what belongs to it: "port 21". A word that we know is no value.
    base::Result<> pass_over() {
        if (warnings_.size() < kWarningsMax) {
            warnings_.push_back(fmt::format("line {}: {} is no word of this file", line_, key_));
        }
        Scanner ahead = scanner_;
        if (const auto value = ahead.key(); value && !is_key(*value)) {
            scanner_ = ahead;
        }
        return scanner_.is_torn() ? fault(fmt::format("the quote behind {} has no end", key_))
                                  : base::Result<>();
    }

    [[nodiscard]] base::Result<> fault(const std::string& what) const {
        return fail(Errc::kCorrupt, fmt::format("line {}: {}", line_, what));
    }

    Scanner scanner_;
    std::string key_;
    std::size_t line_ = 0;
    std::vector<NetrcEntry>& entries_;
    std::vector<std::string>& warnings_;
};

}  // namespace

base::Result<Netrc> Netrc::parse(std::string_view text) {
    Netrc netrc;
    Reader reader(text, netrc.entries_, netrc.warnings_);
    TRY_VOID(reader.read());
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
    netrc->path_ = path;
    netrc->is_open_to_others_ = (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
    return netrc;
}

base::Result<> Netrc::expect_private(const NetrcEntry& entry) const {
    const bool has_secret = !entry.password.empty() && entry.login != "anonymous";
    if (has_secret && is_open_to_others_) {
        return fail(Errc::kDenied,
                    fmt::format("{} holds a password and others may read it: chmod 600", path_));
    }
    return {};
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
