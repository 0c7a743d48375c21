#include "agent/transfer_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

using testing::ElementsAre;

TEST(TransferWords, AreRead) {
    const auto read = read_transfer_words({"get", "-c", "a", "-E", "-O", "into", "-o", "b"});
    ASSERT_TRUE(read);
    EXPECT_THAT(read->words, ElementsAre("get", "a", "b"));
    EXPECT_EQ(read->folder, "into");
    EXPECT_TRUE(read->resume);
    EXPECT_TRUE(read->remove_source);
    const auto plain = read_transfer_words({"get", "-", "./-c"});
    ASSERT_TRUE(plain);
    EXPECT_THAT(plain->words, ElementsAre("get", "-", "./-c"));
    EXPECT_FALSE(plain->resume || plain->remove_source);
    EXPECT_FALSE(read_transfer_words({"get", "a", "-o"}));
    EXPECT_FALSE(read_transfer_words({"get", "a", "-O", "x", "-O", "y"}));
}

}  // namespace
}  // namespace agent
