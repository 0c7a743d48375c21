// Who is named behind an alias or a list in a request.
#pragma once

#include <vector>

#include "account/address.h"
#include "app/administration.h"

namespace app {

// The addresses behind the first argument; the error names the one that is none.
[[nodiscard]] base::Result<std::vector<account::Address>> members_of(const AdminRequest& request);

}  // namespace app
