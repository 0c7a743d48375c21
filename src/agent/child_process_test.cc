#include "agent/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "agent/local_file.h"

namespace agent {
namespace {

using testing::ElementsAre;

class ChildProcess : public testing::Test {
  protected:
    ChildProcess() { std::filesystem::create_directory(folder_); }

    ~ChildProcess() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string content(const std::string& name) const {
        return read_file(folder_ / name, 1000).value_or("nothing");
    }

    const std::filesystem::path folder_ =
        std::filesystem::path(testing::TempDir()) / "staffetta-child";
};

TEST_F(ChildProcess, TellsItsStatus) {
    EXPECT_EQ(run_program({"/bin/sh", "-c", "exit 7"}).value(), 7);
    EXPECT_EQ(run_program({"/bin/sh", "-c", "kill -TERM $$"}).value(), 128 + 15);
    EXPECT_EQ(run_program({"/no/such/program"}).error().code, base::Errc::kNotFound);
}

// Names that a shell would read as commands stay names.
TEST_F(ChildProcess, GivesOddNamesToToolsAsTheyAre) {
    const std::string odd = (folder_ / "a'; touch pwned; $(touch pwned) \"`b`\n*").string();
    ASSERT_EQ(run_program(tool_words("printf hello >", odd)).value(), 0);
    EXPECT_EQ(read_file(odd, 100).value(), "hello");
    EXPECT_FALSE(std::filesystem::exists("pwned"));
    EXPECT_THAT(tool_words("less -R", "-x"),
                ElementsAre("/bin/sh", "-c", "less -R \"$@\"", "less -R", "./-x"));
    EXPECT_THAT(tool_words("less -R", ""), ElementsAre("/bin/sh", "-c", "less -R"));
}

TEST_F(ChildProcess, ReadsWhatIsWritten) {
    const auto sink =
        ProcessSink::start({"/bin/sh", "-c", "cat >\"$0\"", folder_ / "piped"}).value();
    ASSERT_TRUE(sink->write("two "));
    ASSERT_TRUE(sink->write("words"));
    EXPECT_EQ(sink->finish().value(), 0);
    EXPECT_EQ(content("piped"), "two words");
}

TEST_F(ChildProcess, MayWantNoMore) {
    const auto sink = ProcessSink::start({"/bin/sh", "-c", "exec <&-"}).value();
    base::Result<> written;
    while (written) {
        written = sink->write(std::string(65536, 'x'));
    }
    EXPECT_EQ(written.error().code, base::Errc::kReset);
    EXPECT_TRUE(sink->wants_no_more());
}

}  // namespace
}  // namespace agent
