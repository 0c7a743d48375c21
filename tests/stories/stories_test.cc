// Every story of tests/stories/*.txt.
#include <gtest/gtest.h>

#include <filesystem>

#include "fakes/test_files.h"
#include "stories/story.h"

namespace stories {
namespace {

class StoryFile : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(StoryFile, IsSo) {
    Story story;
    const auto fault = story.play(fakes::read_whole(GetParam()));
    EXPECT_FALSE(fault.has_value()) << fault.value_or("");
}

INSTANTIATE_TEST_SUITE_P(All,
                         StoryFile,
                         testing::ValuesIn(fakes::files_below("tests/stories")),
                         [](const auto& tested) { return fakes::test_name(tested.param.stem()); });

TEST(StoryTest, NoticesWhatIsWrong) {
    const std::string begin =
        "zone: foo.com MX 10 mx.foo.com\nnew-host: mx.foo.com 192.0.2.7\n"
        "send: m1 from alice@crepes.example to jones@foo.com\nwait: 1s\n";
    EXPECT_EQ(Story().play(begin + "then: mx.foo.com took m1; waiting 0; told 0\n"), std::nullopt);
    for (const char* wrong : {"then: mx.foo.com took 2",
                              "then: mx.foo.com took m2",
                              "then: mx.foo.com never m1",
                              "then: waiting 1",
                              "then: waiting jones@foo.com",
                              "then: told 1",
                              "then: told alice@crepes.example failed jones@foo.com",
                              "then: logged nonsense",
                              "then: mx.bar.com took m1",
                              "queue: hold m1",
                              "wait: long",
                              "dance: now"}) {
        EXPECT_NE(Story().play(begin + wrong + "\n"), std::nullopt) << wrong;
    }
}

}  // namespace
}  // namespace stories
