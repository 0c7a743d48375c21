// Runs the IMAP model with many seeds: STAFFETTA_IMAP_SEEDS of them, the first being STAFFETTA_IMAP_FIRST. A
// failure prints its seed, and the same seed fails the same way. And with planted bugs, which it must find.
#include "sim/imap_model.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "base/ascii.h"

namespace sim {
namespace {

constexpr std::size_t kSteps = 120;
constexpr std::uint64_t kTamperSeeds = 1000;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
    return text == nullptr ? otherwise : base::parse_u64(text).value_or(otherwise);
}

// Each kind of answer and of command, got wrong.
constexpr std::array kTampers = {
    Tamper{false, " EXPUNGE", std::nullopt},
    Tamper{false, "* VANISHED ", std::nullopt},
    Tamper{false, "* VANISHED (EARLIER)", std::nullopt},
    Tamper{false, " EXISTS", std::nullopt},
    Tamper{false, "* STATUS", std::nullopt},
    Tamper{false, "* BYE", std::nullopt},
    Tamper{false, " UIDFETCH", std::nullopt},
    Tamper{false, "[HIGHESTMODSEQ", "[HIGHMODSEQ"},
    Tamper{false, "UNSEEN 1", "UNSEEN 2"},
    Tamper{false, "PARTIAL (2:4 2", "PARTIAL (2:4 3"},
    Tamper{false, "\\Flagged", "\\Answered"},
    Tamper{false, "UID 7", "UID 8"},
    Tamper{false, "COPYUID", "COPIED"},
    Tamper{false, "APPENDUID", "APPENDED"},
    Tamper{false, "[MODIFIED", "[CHANGED"},
    Tamper{false, "[BADURL", "[NOURL"},
    Tamper{false, "COUNT 1", "COUNT 2"},
    Tamper{false, "MAX 1", "MAX 2"},
    Tamper{false, "* THREAD (1", "* THREAD (2"},
    Tamper{true, "STORE $", "STORE 1:*"},
    Tamper{true, "+FLAGS", "-FLAGS"},
    Tamper{true, "(UNCHANGEDSINCE 1", "(UNCHANGEDSINCE 9"},
    Tamper{true, "MOVE", "COPY"},
    Tamper{true, "REPLACE 1 ", "REPLACE 2 "},
    Tamper{true, "SECTION=TEXT", "SECTION=HEADER"},
    Tamper{true, "word", "ward"},
    Tamper{true, "(REVERSE ", "("},
    Tamper{true, "(SAVE MIN", "(SAVE MAX"},
    Tamper{true, "THREAD REFERENCES", "THREAD ORDEREDSUBJECT"},
    Tamper{true, "MessageExpunge FlagChange", "MessageExpunge"},
    Tamper{true, "SETACL", "GETACL"},
    Tamper{false, "MYRIGHTS", "RIGHTS"},
};

TEST(ImapModelTest, FindsEveryPlantedBug) {
    for (const Tamper& tamper : kTampers) {
        bool found = false;
        for (std::uint64_t seed = 1; seed <= kTamperSeeds && !found; ++seed) {
            ImapModelRun run(seed);
            run.set_tamper(tamper);
            found = run.run(kSteps).has_value();
        }
        EXPECT_TRUE(found) << "nobody noticed " << tamper.text << " as "
                           << tamper.replacement.value_or("nothing");
    }
}

TEST(ImapModelTest, ClientsStayInStepOnEverySeed) {
    const std::uint64_t first = from_environment("STAFFETTA_IMAP_FIRST", 1);
    const std::uint64_t seeds = from_environment("STAFFETTA_IMAP_SEEDS", 300);
    for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
        ImapModelRun run(seed);
        const auto fault = run.run(kSteps);
        ASSERT_FALSE(fault.has_value()) << "seed " << seed << ": " << *fault;
    }
}

}  // namespace
}  // namespace sim
