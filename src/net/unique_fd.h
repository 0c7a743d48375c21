// base::UniqueFd under the name that this room knows it by.
#pragma once

#include "base/unique_fd.h"

namespace net {

using base::UniqueFd;

}  // namespace net
