// CHECK: an invariant of our own code. A broken one throws, is caught at the session's root only,
// logged there with the end of the dialogue, and costs that one session. Inside the store a broken
// invariant stops the program instead: never write doubtful octets.
#pragma once

#include <stdexcept>

namespace base {

class CheckFailed : public std::logic_error {
  public:
    using std::logic_error::logic_error;
};

[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace base

#define CHECK(condition) \
    ((condition) ? static_cast<void>(0) : base::check_failed(__FILE__, __LINE__, #condition))
