#include "agent/name_map.h"

#include <gtest/gtest.h>

namespace agent {
namespace {

struct Row {
    std::string_view name;
    std::string_view in;
    std::string_view out;
    std::string_view mapped;
};

TEST(NameMap, TakesApartAndPutsTogether) {
    for (const Row& row : {Row{"mydata.data", "$1.$2", "$2-$1", "data-mydata"},
                           // The examples of BSD's manual page.
                           Row{"myfile.data", "$1.$2.$3", "[$1,$2].[$2,file]", "myfile.data"},
                           Row{"myfile", "$1.$2.$3", "[$1,$2].[$2,file]", "myfile.file"},
                           Row{".myfile", "$1.$2.$3", "[$1,$2].[$2,file]", "myfile.myfile"},
                           Row{"a", "$1", "$0.$0", "a.a"},
                           Row{"a.b", "x$1", "[$1,none]", "none"},
                           Row{"$1", "\\$$1", "cost-$1", "cost-1"},
                           Row{"a", "$1", "\\$1\\[", "$1["},
                           Row{"a", "$1", "[$1", "a"},
                           Row{"a", "", "b$9", "b"},
                           Row{"", "$1", "[$1,empty]", "empty"}}) {
        EXPECT_EQ(map_name(row.name, row.in, row.out), row.mapped) << row.name << " " << row.in;
    }
}

TEST(NameMap, ChangesCharacters) {
    EXPECT_EQ(translate_name("a b:c", " :", "_"), "a_bc");
    EXPECT_EQ(translate_name("abc", "", "x"), "abc");
}

TEST(NameMap, GoesFromCaseToPattern) {
    const NameMap map{.lower_case = true,
                      .characters_in = "_",
                      .characters_out = ".",
                      .pattern_in = "$1.$2",
                      .pattern_out = "$2.$1"};
    EXPECT_EQ(rename_by(map, "READ_ME"), "me.read");
    EXPECT_EQ(rename_by(map, "Read_Me"), "Me.Read");
    EXPECT_EQ(rename_by({}, "READ_ME"), "READ_ME");
}

TEST(NameMap, LeadsNowhereThatTheUserDidNotName) {
    NameMap map;
    map.pattern_in = "$1:$2";
    map.pattern_out = "$1/$2";
    EXPECT_EQ(rename_by(map, "a:b"), "a/b");
    EXPECT_EQ(rename_by(map, "..:b"), "..:b");
    EXPECT_EQ(rename_by(map, "a:.."), "a:..");
    map.pattern_out = "../$1-$2";
    EXPECT_EQ(rename_by(map, "a:b"), "../a-b");
}

}  // namespace
}  // namespace agent
