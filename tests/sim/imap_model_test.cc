// Runs the IMAP model with many seeds: STAFFETTA_IMAP_SEEDS of them, the first being STAFFETTA_IMAP_FIRST. A
// failure prints its seed, and the same seed fails the same way.
#include "sim/imap_model.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/ascii.h"

namespace sim {
namespace {

constexpr std::size_t kSteps = 120;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
    return text == nullptr ? otherwise : base::parse_u64(text).value_or(otherwise);
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
