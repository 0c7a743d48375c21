// The file .netrc: who one is on which machine, and macros, as BSD's ftp has read them since 4.2BSD.
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
    // kCorrupt, with the number of the line.
    [[nodiscard]] static base::Result<Netrc> parse(std::string_view text);
    // Empty where there is no file. kDenied: others may read its passwords. kCorrupt, as parse() has it.
    [[nodiscard]] static base::Result<Netrc> load(const std::string& path);

    // Of `machine`, for `login` where that is given; else the default's; null without either. Valid as long
    // as this.
    [[nodiscard]] const NetrcEntry* find(std::string_view machine,
                                         std::optional<std::string_view> login) const;

  private:
    std::vector<NetrcEntry> entries_;
};

}  // namespace agent
