#include "app/own_addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace app {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(OwnAddressesTest, AreThoseWhereOthersLook) {
    EXPECT_THAT(own_addresses({"192.0.2.1:25", "[2001:db8::1]:25", "192.0.2.2:2525"}, 25),
                ElementsAre("192.0.2.1", "2001:db8::1"));
    EXPECT_THAT(own_addresses({"unix:/run/x", "systemd:smtp", "192.0.2.1:26"}, 25), IsEmpty());
    // Every machine that runs tests has this one.
    EXPECT_THAT(own_addresses({"0.0.0.0:25"}, 25), Contains("127.0.0.1"));
}

}  // namespace
}  // namespace app
