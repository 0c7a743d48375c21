// Listings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/played_ftp_server.h"
#include "ftp/client/client.h"

namespace ftp {
namespace {

using base::Errc;

class ClientListsTest : public PlayedServerTest {};

// RFC 959 5.4: LIST and NLST have no 550.
TEST_F(ClientListsTest, ATransientRefusalOfAListIsAFolderThatIsNotThere) {
    connect();
    auto listing = client_.names("nowhere");
    listing.start();
    const auto data = serve_passive();
    EXPECT_EQ(heard(), "NLST nowhere\r\n");
    say("450 no such folder\r\n");
    ASSERT_TRUE(ended(listing));
    EXPECT_EQ(listing.result().error().code, Errc::kNotFound);
}

TEST_F(ClientListsTest, ListsOnlyNamesThatMayBeFiles) {
    connect();
    auto task = client_.list("");
    task.start();
    auto data = serve_passive();
    EXPECT_EQ(heard(), "LIST\r\n");
    say("150 here\r\n");
    data->push(
        "total 3\r\n"
        "-rw-r--r-- 1 a b 5 Jan 1 2025 a\r\n"
        "-rw-r--r-- 1 a b 5 Jan 1 2025 ../../etc/passwd\r\n"
        "drwxr-xr-x 1 a b 5 Jan 1 2025 ..\r\n");
    data->close();
    say("226 done\r\n");
    ASSERT_TRUE(task.done());
    const auto entries = task.result();
    ASSERT_TRUE(entries);
    ASSERT_EQ(entries->size(), 1U);
    EXPECT_EQ(entries->front().name, "a");
    EXPECT_THAT(client_.left_out(), testing::ElementsAre("../../etc/passwd"));
}

// What a client hears of a folder, however it is cut.
class FolderTest : public ClientListsTest {
  protected:
    // A server that knows MLSD, or one that does not.
    base::Result<std::vector<RemoteEntry>> list(std::string_view command,
                                                const std::vector<std::string>& pieces) {
        if (command == "MLSD") {
            log_in();
        } else {
            connect();
        }
        auto task = client_.list("");
        task.start();
        auto data = serve_passive();
        EXPECT_EQ(heard(), std::string(command) + "\r\n");
        send_all(*data, pieces);
        EXPECT_TRUE(task.done());
        return task.result();
    }
};

TEST_F(FolderTest, OfFactsIsTheSameHoweverItIsCut) {
    const auto entries =
        list("MLSD",
             {"type=cdir; .\r\ntype=fi", "le;size=5; a\r", "\ntype=file; ../b\r\n", "type=dir; c"});
    ASSERT_TRUE(entries);
    ASSERT_EQ(entries->size(), 2U);
    EXPECT_EQ(entries->at(0).name, "a");
    EXPECT_EQ(entries->at(0).size, 5U);
    EXPECT_EQ(entries->at(1).name, "c");
}

TEST_F(FolderTest, OfLinesIsTheSameHoweverItIsCut) {
    const auto entries = list("LIST",
                              {"total 2\r\n-rw-r--r-- 1 a b 5 Jan 1 20",
                               "25 a\r",
                               "\nA_NAME_THAT_IS_LONG.TXT;12\r\n     3/3  ",
                               "   21-NOV-2024 13:40:05\r\ndrwxr-xr-x 1 a b 5 Jan 1 2025 c"});
    ASSERT_TRUE(entries);
    ASSERT_EQ(entries->size(), 3U);
    EXPECT_EQ(entries->at(0).name, "a");
    EXPECT_EQ(entries->at(1).name, "a_name_that_is_long.txt");
    EXPECT_EQ(entries->at(2).name, "c");
}

// Its text is never whole in memory, so no line may be without end.
TEST_F(FolderTest, OfFactsEndsAtALineWithoutEnd) {
    const auto entries = list("MLSD", std::vector<std::string>(100, std::string(1000, 'x')));
    ASSERT_FALSE(entries);
    EXPECT_EQ(entries.error().code, Errc::kTooLong);
}

TEST_F(FolderTest, OfLinesEndsAtALineWithoutEnd) {
    const auto entries = list("LIST", std::vector<std::string>(100, std::string(1000, 'x')));
    ASSERT_FALSE(entries);
    EXPECT_EQ(entries.error().code, Errc::kTooLong);
}

// Neither the number of lines nor their length tells how much memory they take.
TEST_F(FolderTest, OfFactsEndsAtMoreOctetsThanAFolderHas) {
    client_.options().listing_octets_max = 100;
    const std::string line = "type=file; " + std::string(40, 'x') + "\r\n";
    const auto entries = list("MLSD", {line, line});
    ASSERT_FALSE(entries);
    EXPECT_EQ(entries.error().code, Errc::kTooLong);
}

TEST_F(FolderTest, OfLinesEndsAtMoreOctetsThanAFolderHas) {
    client_.options().listing_octets_max = 100;
    const std::string line = "-rw-r--r-- 1 a b 5 Jan 1 2025 " + std::string(30, 'x') + "\r\n";
    const auto entries = list("LIST", {line, line});
    ASSERT_FALSE(entries);
    EXPECT_EQ(entries.error().code, Errc::kTooLong);
}

// What a line hides that nobody can read may be a file.
TEST_F(FolderTest, OfLinesTellsWhatItCouldNotRead) {
    ASSERT_TRUE(list("LIST", {"total 1\r\n-rw-r--r-- 1 a b 5 Jan 1 2025 a\r\n\r\n"}));
    EXPECT_EQ(client_.unread_line(), "");
}

TEST_F(FolderTest, OfLinesTellsTheFirstThatItCouldNotRead) {
    ASSERT_TRUE(list("LIST", {"total 1\r\nls: b: denied\r\nls: c: denied\r\n"}));
    EXPECT_EQ(client_.unread_line(), "ls: b: denied");
}

TEST_F(FolderTest, OfLinesTellsThatTheLastIsCut) {
    const auto entries = list("LIST", {"-rw-r--r-- 1 a b 5 Jan 1 2025 al"});
    ASSERT_TRUE(entries);
    EXPECT_EQ(entries->size(), 1U);
    EXPECT_EQ(client_.unread_line(), "-rw-r--r-- 1 a b 5 Jan 1 2025 al");
}

TEST_F(FolderTest, OfFactsTellsWhatItCouldNotRead) {
    ASSERT_TRUE(list("MLSD", {"type=file; a\r\n\r\ntype=file; b\r\n"}));
    EXPECT_EQ(client_.unread_line(), "");
}

TEST_F(FolderTest, OfFactsTellsThatALineHasNone) {
    ASSERT_TRUE(list("MLSD", {"type=file; a\r\nnonsense\r\ntype=file; b\r\n"}));
    EXPECT_EQ(client_.unread_line(), "nonsense");
}

TEST_F(FolderTest, OfFactsTellsWhatMayBeAFolder) {
    const auto entries = list("MLSD", {"size=5; a\r\n"});
    ASSERT_TRUE(entries);
    EXPECT_EQ(entries->size(), 1U);
    EXPECT_EQ(client_.unread_line(), "size=5; a");
}

TEST_F(FolderTest, OfFactsTellsThatTheLastIsCut) {
    ASSERT_TRUE(list("MLSD", {"type=file; a\r\ntype=file; bo"}));
    EXPECT_EQ(client_.unread_line(), "type=file; bo");
}

class HiddenTest : public ClientListsTest {
  protected:
    HiddenTest() {
        connect();
        client_.options().list_hidden = true;
    }

    // A listing, or nothing of that name.
    void answer(std::string_view command, std::string_view listing) {
        auto data = serve_passive();
        EXPECT_EQ(heard(), command);
        say(listing.empty() ? "550 no such file\r\n" : "150 here\r\n");
        if (!listing.empty()) {
            data->push(listing);
            data->close();
            say("226 done\r\n");
        }
    }
};

TEST_F(HiddenTest, IsListedWhereTheServerUnderstands) {
    // A folder that is not there tells nothing.
    auto absent = client_.list("x");
    absent.start();
    answer("LIST -a x\r\n", "");
    answer("LIST x\r\n", "");
    ASSERT_TRUE(ended(absent));
    EXPECT_EQ(absent.result().error().code, Errc::kNotFound);
    for (int i = 0; i < 2; ++i) {
        auto task = client_.list("-x");
        task.start();
        answer("LIST -a ./-x\r\n",
               "drwxr-xr-x 1 a b 5 Jan 1 2025 .\r\n"
               "-rw-r--r-- 1 a b 5 Jan 1 2025 .a\r\n");
        ASSERT_TRUE(ended(task));
        const auto entries = task.result();
        ASSERT_EQ(entries->size(), 1U);
        EXPECT_EQ(entries->at(0).name, ".a");
    }
}

// pure-ftpd parts "b c" at the space, and takes "*" for a pattern.
TEST_F(HiddenTest, IsListedFromInsideWhereLsWouldMisread) {
    auto task = client_.list("b c");
    task.start();
    EXPECT_EQ(heard(), "PWD\r\n");
    say("257 \"/a\" is here\r\n");
    EXPECT_EQ(heard(), "CWD b c\r\n");
    say("250 there\r\n");
    answer("LIST -a\r\n", "total 0\r\n");
    answer("LIST\r\n", "-rw-r--r-- 1 a b 5 Jan 1 2025 d\r\n");
    EXPECT_EQ(heard(), "CWD /a\r\n");
    say("250 back\r\n");
    ASSERT_TRUE(ended(task));
    EXPECT_EQ(task.result()->size(), 1U);
}

// A server that showed "." of one folder shows it of each that it can read.
TEST_F(HiddenTest, TellsAFolderThatIsNotShownFromAnEmptyOne) {
    auto known = client_.list("a");
    known.start();
    answer("LIST -a a\r\n", "drwxr-xr-x 1 a b 5 Jan 1 2025 .\r\n");
    ASSERT_TRUE(ended(known));
    EXPECT_TRUE(known.result());
    EXPECT_TRUE(known.result()->empty());
    auto hidden = client_.list("b");
    hidden.start();
    answer("LIST -a b\r\n", "drwxr-xr-x 1 a b 5 Jan 1 2025 b\r\n");
    ASSERT_TRUE(ended(hidden));
    EXPECT_EQ(hidden.result().error().code, Errc::kNotFound);
}

class EmptyTest : public ClientListsTest {
  protected:
    // The folder "b", of which nothing comes but `reply`.
    void ask(base::Task<base::Result<std::vector<RemoteEntry>>>& task, std::string_view reply) {
        task.start();
        auto data = serve_passive();
        EXPECT_EQ(heard(), "LIST b\r\n");
        say("150 here\r\n");
        data->close();
        say(reply);
    }
};

// vsftpd's word for what others answer with 550.
TEST_F(EmptyTest, IsNoFolderThatTheServerFailedToOpen) {
    connect();
    auto task = client_.list("b");
    ask(task, "226 Transfer done (but failed to open directory).\r\n");
    ASSERT_TRUE(ended(task));
    EXPECT_EQ(task.result().error().code, Errc::kNotFound);
}

TEST_F(EmptyTest, IsNoFolderThatCannotBeEntered) {
    connect();
    for (const bool there : {true, false}) {
        auto task = client_.list("b");
        ask(task, "226 done\r\n");
        if (there) {
            EXPECT_EQ(heard(), "PWD\r\n");
            say("257 \"/a\" is here\r\n");
        }
        EXPECT_EQ(heard(), "CWD b\r\n");
        say(there ? "250 there\r\n" : "550 no such folder\r\n");
        if (there) {
            EXPECT_EQ(heard(), "CWD /a\r\n");
            say("250 back\r\n");
        }
        ASSERT_TRUE(ended(task));
        const auto entries = task.result();
        EXPECT_EQ(entries.has_value(), there);
    }
}

TEST_F(HiddenTest, IsNotAskedForTwiceWhereMinusAIsAName) {
    for (const bool first : {true, false}) {
        auto task = client_.list("");
        task.start();
        if (first) {
            answer("LIST -a\r\n", "");
        }
        answer("LIST\r\n", "-rw-r--r-- 1 a b 5 Jan 1 2025 a\r\n");
        ASSERT_TRUE(ended(task));
        const auto entries = task.result();
        ASSERT_EQ(entries->size(), 1U);
        EXPECT_EQ(entries->at(0).name, "a");
    }
}

}  // namespace
}  // namespace ftp
