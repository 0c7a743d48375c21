#include "imap/server/roles.h"

#include <array>
#include <utility>

#include "base/ascii.h"

namespace imap {
namespace {

constexpr std::array<std::pair<mail::Role, std::string_view>, 8> kRoles = {{
    {mail::Role::kAll, "\\All"},
    {mail::Role::kArchive, "\\Archive"},
    {mail::Role::kDrafts, "\\Drafts"},
    {mail::Role::kFlagged, "\\Flagged"},
    {mail::Role::kJunk, "\\Junk"},
    {mail::Role::kSent, "\\Sent"},
    {mail::Role::kTrash, "\\Trash"},
    {mail::Role::kImportant, "\\Important"},
}};

}  // namespace

std::string_view role_name(mail::Role role) {
    for (const auto& [known, name] : kRoles) {
        if (known == role) {
            return name;
        }
    }
    return {};
}

std::optional<mail::Role> find_role(std::string_view name) {
    for (const auto& [role, known] : kRoles) {
        if (base::iequals(name, known)) {
            return role;
        }
    }
    return std::nullopt;
}

}  // namespace imap
