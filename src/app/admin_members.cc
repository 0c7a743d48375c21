#include "app/admin_members.h"

#include <fmt/format.h>

#include <utility>

namespace app {

base::Result<std::vector<account::Address>> members_of(const AdminRequest& request) {
    std::vector<account::Address> members;
    for (std::size_t i = 1; i < request.arguments.size(); ++i) {
        auto member = account::parse_address(request.arguments[i]);
        if (!member) {
            return base::fail(member.error().code,
                              fmt::format("{}: {}", request.arguments[i], member.error().text));
        }
        members.push_back(std::move(*member));
    }
    return members;
}

}  // namespace app
