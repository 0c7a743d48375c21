// Who may do what with which path of a share: grants, and how they are judged. No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "account/directory.h"
#include "base/result.h"
#include "files/ledger.h"

namespace files {

// A set of the bits below.
using Rights = std::uint32_t;

enum Right : Rights {
    kList = 1,       // see what stands in a folder
    kRead = 2,       // fetch a file
    kCreate = 4,     // store a file under a new name
    kOverwrite = 8,  // replace a file, or change its date and mode
    kAppend = 16,    // add to the end of a file
    kRename = 32,    // give a file or folder another name
    kDelete = 64,    // remove a file or an empty folder
    kMakeDirectory = 128,
};

inline constexpr Rights kAllRights = 255;

// "list,read" for both, "none", "all": as the command line has them.
[[nodiscard]] std::string format_rights(Rights rights);
// The same words, and "view" (list and read) and "drop" (create: what is stored cannot be seen again).
// kInvalid names the word that is none.
[[nodiscard]] base::Result<Rights> parse_rights(std::string_view text);

// Whom a grant is for. The numbers are those of the stored records.
struct Principal {
    enum class Kind : std::uint8_t {
        kAnonymous = 1,  // users without an account
        kEveryone = 2,   // all that have one
        kDomain = 3,     // all of one domain
        kAccount = 4,
    };

    Kind kind = Kind::kEveryone;
    account::AccountId account = 0;
    std::string domain;  // in key form

    friend bool operator==(const Principal&, const Principal&) = default;
};

struct Grant {
    std::string path = "/";  // within the share; speaks of all beneath it, too
    Principal who;
    Rights rights = 0;
};

struct Share {
    std::string name;  // as it is mounted: one name at the top of everybody's tree
    Limits limits;
    std::vector<Grant> grants;
};

// Who asks.
struct Viewer {
    account::AccountId account = 0;  // 0: an anonymous user
    std::string domain;              // the account's, in key form
};

// Of the grants that are for the viewer and whose path holds `path`, the deepest decides, and among
// grants of one path the most particular: an account's before its domain's before everyone's. So rights
// can be taken away again further down. Without any: none.
[[nodiscard]] Rights rights_at(const Share& share, const Viewer& viewer, std::string_view path);
// Whether any grant speaks of a path beneath `path`: what lies there may have other rights.
[[nodiscard]] bool has_grants_beneath(const Share& share, std::string_view path);
// The same of `path` or what lies beneath: with another name it would be out of their reach.
[[nodiscard]] bool has_grants_within(const Share& share, std::string_view path);
// Whether the viewer has any right anywhere in it.
[[nodiscard]] bool is_visible(const Share& share, const Viewer& viewer);

}  // namespace files
