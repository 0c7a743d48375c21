#include "agent/segment_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

using namespace std::chrono_literals;

TEST(SegmentStatus, IsReadAsItWasWritten) {
    SegmentStatus status;
    status.size = 1000;
    status.modified = base::WallTime(1'700'000'000s);
    status.missing = {{.offset = 0, .octets = 10}, {.offset = 500, .octets = 500}};
    EXPECT_EQ(parse_segment_status(format_segment_status(status)).value(), status);
    status.modified.reset();
    status.missing.clear();
    EXPECT_EQ(parse_segment_status(format_segment_status(status)).value(), status);
}

TEST(SegmentStatus, RefusesWhatMakesNoSense) {
    const std::string head = "staffetta-pget 1\nsize 100\nmodified -\n";
    EXPECT_TRUE(parse_segment_status(head + "part 0 100\n"));
    for (const std::string& bad : {std::string(),
                                   std::string("staffetta-pget 2\n"),
                                   head + "part 1 100\n",
                                   head + "part 101 0\n",
                                   head + "part 0\n",
                                   head + "part 18446744073709551615 2\n",
                                   head + "segment 0 1\n",
                                   std::string("staffetta-pget 1\nsize x\n"),
                                   std::string("staffetta-pget 1\nmodified yesterday\n")}) {
        EXPECT_FALSE(parse_segment_status(bad)) << bad;
    }
}

}  // namespace
}  // namespace agent
