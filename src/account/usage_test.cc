// What an account keeps outside of its mail, as mail reads it.
#include "account/usage.h"

#include <gtest/gtest.h>

#include "store/memory_store.h"

namespace account {
namespace {

TEST(OutsideOctets, AreKeptForEachAccountAndClearedForAll) {
    store::MemoryStore store;
    EXPECT_EQ(outside_octets(*store.snapshot(), 7).value(), 0U);
    ASSERT_TRUE(store.change_and_wait([](store::Transaction& change) -> base::Result<> {
        set_outside_octets(change, 7, 100);
        set_outside_octets(change, 8, 1);
        set_outside_octets(change, 8, 0);
        return {};
    }));
    EXPECT_EQ(outside_octets(*store.snapshot(), 7).value(), 100U);
    EXPECT_EQ(outside_octets(*store.snapshot(), 8).value(), 0U);
    ASSERT_TRUE(store.change_and_wait(clear_outside_octets));
    EXPECT_EQ(outside_octets(*store.snapshot(), 7).value(), 0U);
}

}  // namespace
}  // namespace account
