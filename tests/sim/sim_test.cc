// Runs many seeds of the simulator: STAFFETTA_SIM_SEEDS of them (2,000 unless told), the first being
// STAFFETTA_SIM_FIRST. A failure prints its seed, and the same seed fails the same way.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "base/ascii.h"
#include "sim/simulation.h"

namespace sim {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
    return text == nullptr ? otherwise : base::parse_u64(text).value_or(otherwise);
}

TEST(SimulationTest, KeepsThePromiseOnEverySeed) {
    const std::uint64_t first = from_environment("STAFFETTA_SIM_FIRST", 1);
    const std::uint64_t seeds = from_environment("STAFFETTA_SIM_SEEDS", 2000);
    RunStatistics total;
    for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
        Simulation simulation({.seed = seed});
        const auto broken = simulation.run();
        ASSERT_FALSE(broken.has_value()) << "seed " << seed << ": " << *broken;
        const RunStatistics& run = simulation.statistics();
        total.acknowledged += run.acknowledged;
        total.lost_answers += run.lost_answers;
        total.refused += run.refused;
        total.removed += run.removed;
        total.crashes += run.crashes;
    }
    std::printf(
        "acknowledged %llu, refused %llu, without answer %llu, removed %llu, crashes %llu\n",
        static_cast<unsigned long long>(total.acknowledged),
        static_cast<unsigned long long>(total.refused),
        static_cast<unsigned long long>(total.lost_answers),
        static_cast<unsigned long long>(total.removed),
        static_cast<unsigned long long>(total.crashes));
    if (seeds >= 100) {
        EXPECT_GT(total.acknowledged, seeds);  // the runs do something
        EXPECT_GT(total.refused, 0U);
        EXPECT_GT(total.lost_answers, 0U);
        EXPECT_GT(total.removed, 0U);
    }
}

TEST(SimulationTest, IsTheSameForTheSameSeed) {
    Simulation one({.seed = 42});
    Simulation two({.seed = 42});
    EXPECT_EQ(one.run(), two.run());
    EXPECT_EQ(one.statistics().acknowledged, two.statistics().acknowledged);
    EXPECT_EQ(one.statistics().lost_answers, two.statistics().lost_answers);
}

TEST(SimulationTest, FindsAPlantedBug) {
    std::uint64_t seed = 1;
    while (seed < 500) {
        Simulation simulation({.seed = seed, .bug_acknowledge_before_commit = true});
        const auto broken = simulation.run();
        if (broken.has_value()) {
            EXPECT_NE(broken->find("acknowledged and is lost"), std::string::npos) << *broken;
            return;
        }
        ++seed;
    }
    FAIL() << "a 250 before the commit went unnoticed";
}

}  // namespace
}  // namespace sim
