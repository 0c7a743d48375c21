// Every story of tests/stories/*.txt.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/ascii.h"
#include "stories/story.h"

namespace stories {
namespace {

std::vector<std::filesystem::path> story_files() {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator("tests/stories")) {
        if (entry.path().extension() == ".txt") {
            paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::string test_name(const std::filesystem::path& path) {
    std::string name = path.stem().string();
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !base::is_alnum(c); }, '_');
    return name;
}

class StoryFile : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(StoryFile, IsSo) {
    std::ifstream in(GetParam(), std::ios::binary);
    Story story;
    const auto fault = story.play(std::string(std::istreambuf_iterator<char>(in), {}));
    EXPECT_FALSE(fault.has_value()) << fault.value_or("");
}

INSTANTIATE_TEST_SUITE_P(All, StoryFile, testing::ValuesIn(story_files()), [](const auto& tested) {
    return test_name(tested.param);
});

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
