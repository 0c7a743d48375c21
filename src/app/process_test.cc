// The data folder of a first start, on a disk whose power fails behind it.
#include "app/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "fakes/power_cut_file_system.h"
#include "fakes/temp_folder.h"

namespace app {
namespace {

TEST(DataDirectory, AndThoseAboveItOutliveAPowerCut) {
    const fakes::TempFolder folder;
    const std::string data = folder.path() + "/var/lib/staffetta/";
    fakes::PowerCutFileSystem power;
    ASSERT_TRUE(make_data_directory(data, "", power));
    EXPECT_THAT(power.cut(), testing::IsEmpty());
    EXPECT_EQ(std::filesystem::status(data).permissions(), std::filesystem::perms::owner_all);
    EXPECT_TRUE(make_data_directory(data, "", power));
}

}  // namespace
}  // namespace app
