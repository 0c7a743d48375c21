#include "mail/thread_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mail {
namespace {

using testing::ElementsAre;

TEST(ThreadKeys, OwnThenFirstThenNearest) {
    const auto hash = message_id_hash;
    EXPECT_THAT(thread_keys("Message-ID: <d@x>\r\nReferences: <a@x> <b@x> <c@x>\r\n\r\n"),
                ElementsAre(hash("d@x"), hash("a@x"), hash("c@x"), hash("b@x")));
    EXPECT_THAT(thread_keys("Message-ID: <d@x>\r\nIn-Reply-To: <a@x>\r\n\r\n"),
                ElementsAre(hash("d@x"), hash("a@x")));
    EXPECT_THAT(thread_keys("References: <a@x> <a@x>\r\n\r\n"), ElementsAre(0, hash("a@x")));
    EXPECT_THAT(thread_keys("Message-ID: <a@x>\r\nReferences: <a@x>\r\n\r\n"),
                ElementsAre(hash("a@x")));
    EXPECT_THAT(thread_keys(""), ElementsAre(0));
}

TEST(ThreadKeys, AreFew) {
    std::string header = "Message-ID: <own@x>\r\nReferences:";
    for (int i = 0; i < 1000; ++i) {
        header += "\r\n <" + std::to_string(i) + "@x>";
    }
    const auto keys = thread_keys(header + "\r\n\r\n");
    ASSERT_EQ(keys.size(), 9U);
    EXPECT_EQ(keys[1], message_id_hash("0@x"));
    EXPECT_EQ(keys[2], message_id_hash("999@x"));
}

// It stands in stores: it must never change.
TEST(ThreadKeys, HashIsStable) {
    EXPECT_EQ(message_id_hash(""), 17280346270528514342ULL);
    EXPECT_EQ(message_id_hash("1@crepes.example"), 12151371100530815496ULL);
}

}  // namespace
}  // namespace mail
