#include "base/check.h"

#include <fmt/format.h>

namespace base {

void check_failed(const char* file, int line, const char* condition) {
    throw CheckFailed(fmt::format("{}:{}: CHECK({}) failed", file, line, condition));
}

}  // namespace base
