#include "files/rights.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "files/path.h"

namespace files {
namespace {

struct Word {
    std::string_view text;
    Rights rights;
};

// Those that format_rights() uses come first, a bit each.
constexpr std::array kWords = {
    Word{"list", kList},
    Word{"read", kRead},
    Word{"create", kCreate},
    Word{"overwrite", kOverwrite},
    Word{"append", kAppend},
    Word{"rename", kRename},
    Word{"delete", kDelete},
    Word{"mkdir", kMakeDirectory},
    Word{"none", 0},
    Word{"all", kAllRights},
    Word{"view", kList | kRead},
    Word{"drop", kCreate},
};
constexpr std::size_t kBitWords = 8;

bool is_for(const Principal& who, const Viewer& viewer) {
    switch (who.kind) {
        case Principal::Kind::kAnonymous:
            return viewer.account == 0;
        case Principal::Kind::kEveryone:
            return viewer.account != 0;
        case Principal::Kind::kDomain:
            return viewer.account != 0 && viewer.domain == who.domain;
        case Principal::Kind::kAccount:
            return viewer.account == who.account;
    }
    return false;
}

}  // namespace

std::string format_rights(Rights rights) {
    if (rights == 0 || rights == kAllRights) {
        return rights == 0 ? "none" : "all";
    }
    std::string text;
    for (std::size_t i = 0; i < kBitWords; ++i) {
        if ((rights & kWords[i].rights) != 0) {
            text += text.empty() ? "" : ",";
            text += kWords[i].text;
        }
    }
    return text;
}

base::Result<Rights> parse_rights(std::string_view text) {
    Rights rights = 0;
    while (true) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const std::string_view name = text.substr(0, comma);
        const auto* const word = std::find_if(kWords.begin(), kWords.end(), [&](const Word& known) {
            return base::iequals(known.text, name);
        });
        if (word == kWords.end()) {
            return base::fail(base::Errc::kInvalid,
                              "\"" + std::string(name) +
                                  "\" is no right; there are list, read, create, overwrite, "
                                  "append, rename, delete, mkdir, and view, drop, all, none");
        }
        rights |= word->rights;
        if (comma == text.size()) {
            return rights;
        }
        text.remove_prefix(comma + 1);
    }
}

Rights rights_at(const Share& share, const Viewer& viewer, std::string_view path) {
    const Grant* best = nullptr;
    for (const Grant& grant : share.grants) {
        if (!is_for(grant.who, viewer) || !is_within(path, grant.path)) {
            continue;
        }
        const auto rank = [](const Grant& of) { return std::pair(of.path.size(), of.who.kind); };
        if (best == nullptr || rank(*best) < rank(grant)) {
            best = &grant;
        }
    }
    return best == nullptr ? 0 : best->rights;
}

bool has_grants_beneath(const Share& share, std::string_view path) {
    return std::any_of(share.grants.begin(), share.grants.end(), [&](const Grant& grant) {
        return grant.path != path && is_within(grant.path, path);
    });
}

bool has_grants_within(const Share& share, std::string_view path) {
    return std::any_of(share.grants.begin(), share.grants.end(), [&](const Grant& grant) {
        return is_within(grant.path, path);
    });
}

bool is_visible(const Share& share, const Viewer& viewer) {
    return std::any_of(share.grants.begin(), share.grants.end(), [&](const Grant& grant) {
        return grant.rights != 0 && is_for(grant.who, viewer);
    });
}

}  // namespace files
