// Which files of a tree are wanted: globs and regular expressions, against what they are called and where they are.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace agent {

// Included wins over excluded; with includes alone everything else is left out.
//
// A glob stands for a whole name, or for a whole path below the top. A regular expression of RE2's syntax is looked for
// anywhere in that path, in which a folder ends in '/'; ^ and $ are its ends. Neither takes more than linear time for
// any name that a server thinks of.
class PathFilter {
  public:
    void include_glob(std::string pattern) { included_.globs.push_back(std::move(pattern)); }

    void exclude_glob(std::string pattern) { excluded_.globs.push_back(std::move(pattern)); }

    // kSyntax: it is no regular expression, or needs more than 1 MiB.
    [[nodiscard]] base::Result<> include_expression(std::string_view expression);
    [[nodiscard]] base::Result<> exclude_expression(std::string_view expression);

    // `path` is below the top. A folder passes for what may be included in it.
    [[nodiscard]] bool passes(std::string_view path, bool folder) const;

  private:
    struct Patterns {
        std::vector<std::string> globs;
        std::vector<std::shared_ptr<const re2::RE2>>
            expressions;  // shared: filters are copied with options

        [[nodiscard]] bool are_none() const { return globs.empty() && expressions.empty(); }

        [[nodiscard]] base::Result<> add(std::string_view expression);
        [[nodiscard]] bool match(std::string_view path, bool folder) const;
    };

    Patterns included_;
    Patterns excluded_;
};

}  // namespace agent
