#include "mail/special_use.h"

#include <array>
#include <utility>

#include "base/ascii.h"

namespace mail {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 8> kRoles = {{
    {Role::kAll, "\\All"},
    {Role::kArchive, "\\Archive"},
    {Role::kDrafts, "\\Drafts"},
    {Role::kFlagged, "\\Flagged"},
    {Role::kJunk, "\\Junk"},
    {Role::kSent, "\\Sent"},
    {Role::kTrash, "\\Trash"},
    {Role::kImportant, "\\Important"},
}};

}  // namespace

std::string_view special_use_name(Role role) {
    for (const auto& [known, name] : kRoles) {
        if (known == role) {
            return name;
        }
    }
    return {};
}

std::optional<Role> find_special_use(std::string_view name) {
    for (const auto& [role, known] : kRoles) {
        const bool is_view = role == Role::kAll || role == Role::kFlagged;
        if (!is_view && base::iequals(name, known)) {
            return role;
        }
    }
    return std::nullopt;
}

}  // namespace mail
