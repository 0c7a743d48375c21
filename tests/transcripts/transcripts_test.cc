// Every transcript of tests/transcripts/PROTOCOL/*.txt, each in every mode that is legal for it; and
// tests of the runner itself, which must be able to fail.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "fakes/test_files.h"
#include "transcripts/player.h"

namespace transcripts {
namespace {

std::vector<std::filesystem::path> all_transcripts() {
    auto paths = fakes::files_below("tests/transcripts");
    std::erase_if(paths, [](const std::filesystem::path& path) {
        return path.parent_path().filename() == "smtp-client";
    });
    return paths;
}

class TranscriptFile : public testing::TestWithParam<std::filesystem::path> {
  protected:
    void SetUp() override {
        auto parsed = parse_transcript(fakes::read_whole(GetParam()));
        ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
        transcript_ = std::move(*parsed);
        ASSERT_FALSE(transcript_.title.empty()) << "no '# title' line";
        ASSERT_FALSE(transcript_.steps.empty());
    }

    [[nodiscard]] bool has_mode(std::string_view mode) const {
        return transcript_.modes.empty() ||
               std::find(transcript_.modes.begin(), transcript_.modes.end(), mode) !=
                   transcript_.modes.end();
    }

    void play(PlayOptions options) {
        Player player(transcript_, GetParam().parent_path().filename(), options);
        const auto fault = player.play();
        EXPECT_FALSE(fault.has_value()) << fault.value_or("");
    }

    Transcript transcript_;
};

TEST_P(TranscriptFile, AsWritten) {
    play({});
}

TEST_P(TranscriptFile, OctetByOctet) {
    if (!has_mode("bytes")) {
        return SUCCEED();
    }
    play({.mode = Mode::kBytes});
}

TEST_P(TranscriptFile, InOneBurst) {
    if (!has_mode("burst")) {
        return SUCCEED();
    }
    play({.mode = Mode::kBurst});
}

TEST_P(TranscriptFile, CutAfterEachLine) {
    if (!has_mode("cut")) {
        return SUCCEED();
    }
    const auto client_steps = static_cast<std::size_t>(
        std::count_if(transcript_.steps.begin(), transcript_.steps.end(), [](const Step& step) {
            return step.kind == Step::Kind::kClient || step.kind == Step::Kind::kClientRaw;
        }));
    for (std::size_t cut = 0; cut <= client_steps && !HasFailure(); ++cut) {
        SCOPED_TRACE(cut);
        play({.mode = Mode::kCut, .cut_after = cut});
    }
}

INSTANTIATE_TEST_SUITE_P(All,
                         TranscriptFile,
                         testing::ValuesIn(all_transcripts()),
                         [](const auto& tested) {
                             const std::filesystem::path& path = tested.param;
                             return fakes::test_name(path.parent_path().filename().string() + "_" +
                                                     path.stem().string());
                         });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TranscriptFile);

std::optional<std::string> play_text(std::string_view text, PlayOptions options = {}) {
    const auto transcript = parse_transcript(text);
    if (!transcript) {
        return transcript.error().text;
    }
    Player player(*transcript, "smtp", options);
    return player.play();
}

TEST(PlayerTest, NoticesWhatIsWrong) {
    const std::string start = "given: domain foo.com; users Smith\nS: 220 *\n";
    EXPECT_EQ(play_text(start + "C: NOOP\nS: 250 *\n"), std::nullopt);
    EXPECT_NE(play_text(start + "C: NOOP\nS: 251 *\n"), std::nullopt);
    EXPECT_NE(play_text(start + "S: 220 again\n"), std::nullopt);
    EXPECT_NE(play_text(start + "S! 250*\nC: NOOP\nS: 2*\n"), std::nullopt);
    EXPECT_NE(play_text(start + "S: <closed>\n"), std::nullopt);
    EXPECT_NE(play_text(start + "then: mailbox Smith has 1\n"), std::nullopt);
    EXPECT_NE(play_text(start + "nonsense\n"), std::nullopt);
    EXPECT_NE(play_text("modes: written bytes\n" + start), std::nullopt);
}

TEST(PlayerTest, ABurstHoldsBackBehindWhatEndsAGroup) {
    // Of a peer that pipelines no address is taken without its brackets, so the answer tells.
    const std::string start =
        "given: domain foo.com; users Smith\nS: 220 *\nC: HELO bar.com\nS: 250 *\n";
    const std::string bare = "C: MAIL FROM:a@bar.com\n";
    const PlayOptions burst{.mode = Mode::kBurst};
    EXPECT_EQ(play_text(start + bare + "S: 501 *\nC: RSET\nS: 250 *\n", burst), std::nullopt);
    EXPECT_EQ(play_text(start + bare + "S: 250 *\nthen: queue empty\nC: RSET\nS: 250 *\n", burst),
              std::nullopt);
}

TEST(TranscriptTest, Matches) {
    EXPECT_TRUE(matches("250 *", "250 ok"));
    EXPECT_TRUE(matches("250 * <*> sent", "250 to <a@b> sent"));
    EXPECT_FALSE(matches("250 * sent", "250 lost"));
    EXPECT_FALSE(matches("250", "250 "));
    EXPECT_EQ(unescape(R"(a\r\n\x00\\)").value(), std::string("a\r\n\0\\", 5));
    EXPECT_FALSE(unescape(R"(\q)").has_value());
}

}  // namespace
}  // namespace transcripts
