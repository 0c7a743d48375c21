#include "agent/known_servers.h"

#include <gtest/gtest.h>

#include "agent/local_file.h"
#include "fakes/temp_folder.h"

namespace agent {
namespace {

using Standing = KnownServers::Standing;

TEST(KnownServers, WritesFingerprintsAsOpensslDoes) {
    EXPECT_EQ(format_fingerprint(std::string_view("\x00\xab\x7f", 3)), "00:AB:7F");
    EXPECT_EQ(format_fingerprint(""), "");
}

TEST(KnownServers, AreRemembered) {
    const fakes::TempFolder folder;
    const std::string path = folder.path() + "/known";
    KnownServers known(path);
    EXPECT_EQ(known.judge("a.example:21", "AB"), Standing::kStranger);
    ASSERT_TRUE(known.remember("a.example:21", "AB"));
    ASSERT_TRUE(known.remember("b.example:21", "CD"));
    EXPECT_EQ(read_file(path, 1000).value_or("fault"), "a.example:21 AB\nb.example:21 CD\n");
    const KnownServers later(path);
    EXPECT_EQ(later.judge("a.example:21", "AB"), Standing::kKnown);
    EXPECT_EQ(later.judge("b.example:21", "AB"), Standing::kChanged);
    EXPECT_EQ(later.judge("a.example:2121", "AB"), Standing::kStranger);
}

TEST(KnownServers, AreAcceptedForATime) {
    const fakes::TempFolder folder;
    KnownServers known(folder.path() + "/known");
    known.accept("a.example:21", "AB");
    EXPECT_EQ(known.judge("a.example:21", "AB"), Standing::kKnown);
    // Who was trusted once is not somebody else on the next connection.
    EXPECT_EQ(known.judge("a.example:21", "CD"), Standing::kChanged);
    ASSERT_TRUE(KnownServers(known.path()).remember("a.example:21", "CD"));
    EXPECT_EQ(known.judge("a.example:21", "CD"), Standing::kKnown);
    EXPECT_EQ(known.judge("a.example:21", "AB"), Standing::kKnown);
    EXPECT_EQ(KnownServers(known.path()).judge("a.example:21", "AB"), Standing::kChanged);
}

}  // namespace
}  // namespace agent
