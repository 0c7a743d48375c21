// Where `mirror` puts a tree: as lftp 4.9 does, apart from what has no name.
#include "agent/mirror_target.h"

#include <gtest/gtest.h>

namespace agent {
namespace {

struct Row {
    const char* from;
    const char* to;      // null: not given
    const char* target;  // null: refused
};

class MirrorTarget : public testing::TestWithParam<Row> {};

TEST_P(MirrorTarget, IsWhatLftpMakesOfIt) {
    const Row& row = GetParam();
    const auto target = mirror_target(
        row.from, row.to == nullptr ? std::nullopt : std::optional<std::string_view>(row.to));
    EXPECT_EQ(target ? *target : "-", row.target == nullptr ? "-" : row.target);
}

INSTANTIATE_TEST_SUITE_P(Named,
                         MirrorTarget,
                         testing::Values(Row{"pub", "backup", "backup"},
                                         Row{"pub", "backup/", "backup/pub"},
                                         Row{"/a/pub", "backup/", "backup/pub"},
                                         Row{"pub/", "backup/", "backup/"},
                                         Row{"pub", "b/pub/", "b/pub/pub"},
                                         Row{"pub", "./", "./pub"},
                                         Row{"pub", ".", "."},
                                         Row{".", "backup/", "backup/"},
                                         Row{"pub", "/", "/"},
                                         Row{"pub", "//", "//"},
                                         Row{"/", "backup/", "backup/"},
                                         Row{"", "backup/", "backup/"},
                                         Row{"pub", "", ""},
                                         Row{"..", "backup/", nullptr},
                                         Row{"a/..", "backup/", nullptr},
                                         Row{"../", "backup/", "backup/"},
                                         Row{"..", "backup", "backup"}));

INSTANTIATE_TEST_SUITE_P(Nameless,
                         MirrorTarget,
                         testing::Values(Row{"pub", nullptr, "pub"},
                                         Row{"/www/site//", nullptr, "site"},
                                         Row{".", nullptr, "."},
                                         Row{"..", nullptr, nullptr},
                                         Row{"a/../", nullptr, nullptr},
                                         Row{"/", nullptr, nullptr},
                                         Row{"", nullptr, nullptr}));

}  // namespace
}  // namespace agent
