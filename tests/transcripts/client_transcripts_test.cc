// Every transcript of tests/transcripts/smtp-client/*.txt: as written, an octet a read, and with the server gone
// behind each of its lines.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "fakes/test_files.h"
#include "transcripts/client_player.h"

namespace transcripts {
namespace {

Transcript read_transcript(const std::filesystem::path& path) {
    auto parsed = parse_transcript(fakes::read_whole(path));
    EXPECT_TRUE(parsed.has_value()) << parsed.error().text;
    return parsed.value_or(Transcript());
}

class ClientTranscript : public testing::TestWithParam<std::filesystem::path> {
  protected:
    static void play(const Transcript& transcript, ClientPlayOptions options) {
        ClientPlayer player(transcript, options);
        const auto fault = player.play();
        EXPECT_FALSE(fault.has_value()) << fault.value_or("");
    }
};

TEST_P(ClientTranscript, AsWritten) {
    const Transcript transcript = read_transcript(GetParam());
    EXPECT_FALSE(transcript.title.empty()) << "no '# title' line";
    play(transcript, {});
}

TEST_P(ClientTranscript, OctetByOctet) {
    play(read_transcript(GetParam()), {.receive_octets_max = 1});
}

TEST_P(ClientTranscript, CutAfterEachLine) {
    const Transcript transcript = read_transcript(GetParam());
    const auto lines =
        std::count_if(transcript.steps.begin(), transcript.steps.end(), [](const Step& step) {
            return step.kind == Step::Kind::kServer;
        });
    for (std::size_t cut = 0; std::cmp_less(cut, lines) && !HasFailure(); ++cut) {
        SCOPED_TRACE(cut);
        play(transcript, {.cut_after = cut});
    }
}

INSTANTIATE_TEST_SUITE_P(All,
                         ClientTranscript,
                         testing::ValuesIn(fakes::files_below("tests/transcripts/smtp-client")),
                         [](const auto& tested) { return fakes::test_name(tested.param.stem()); });

std::optional<std::string> play_text(std::string_view text) {
    const auto transcript = parse_transcript(text);
    if (!transcript) {
        return transcript.error().text;
    }
    ClientPlayer player(*transcript, {});
    return player.play();
}

TEST(ClientPlayerTest, NoticesWhatIsWrong) {
    const std::string start = "given: from a@b.c; to d@e.f; message \"x\\r\\n\"\nS: 554 no\n";
    EXPECT_EQ(play_text(start + "C: QUIT\nS: 221 x\nthen: open permanent 554 no *\n"),
              std::nullopt);
    EXPECT_NE(play_text(start + "C: NOOP\n"), std::nullopt);
    EXPECT_NE(play_text(start + "C: QUIT\nC: more\n"), std::nullopt);
    EXPECT_NE(play_text(start + "C: QUIT\nthen: open temporary *\n"), std::nullopt);
    EXPECT_NE(play_text(start + "C: QUIT\nthen: d@e.f accepted *\n"), std::nullopt);
    EXPECT_NE(play_text(start + "S! x\n"), std::nullopt);
}

}  // namespace
}  // namespace transcripts
