#include "base/release.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Release, HoldsNoMemory) {
    std::string text(100'000, 'x');
    release(text);
    EXPECT_TRUE(text.empty());
    EXPECT_LE(text.capacity(), std::string().capacity());
}

}  // namespace
}  // namespace base
