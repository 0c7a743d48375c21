// The file .netrc: who one is on which machine, and macros, as BSD's ftp has read them since 4.2BSD. Other programs read and
// write it too: what is theirs alone does not stop us.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace agent {

struct NetrcEntry {
    std::string machine;  // empty: default
    std::string login;
    std::string password;
    std::string account;
    std::map<std::string, std::vector<std::string>> macros;  // "init" runs after the login
};

class Netrc {
  public:
    // Words that other programs put there are passed over, with what stands behind each. kCorrupt, with the number of the
    // line.
    [[nodiscard]] static base::Result<Netrc> parse(std::string_view text);
    // Empty where there is no file. kCorrupt, as parse() has it.
    [[nodiscard]] static base::Result<Netrc> load(const std::string& path);

    // Of `machine`, for `login` where that is given; else the default's; null without either. Valid as long
    // as this.
    [[nodiscard]] const NetrcEntry* find(std::string_view machine,
                                         std::optional<std::string_view> login) const;

    // kDenied: `entry` bears a password, and others may read the file that load() found it in.
    [[nodiscard]] base::Result<> expect_private(const NetrcEntry& entry) const;

    // Each word that was passed over, with its line; the first few.
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    std::string path_;
    bool is_open_to_others_ = false;
    std::vector<NetrcEntry> entries_;
    std::vector<std::string> warnings_;
};

}  // namespace agent
