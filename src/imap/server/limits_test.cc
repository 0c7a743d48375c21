// What nobody writes: nesting, sets, programs and lists without end. Each has its bound and its BAD or NO, or
// costs what a short one costs (RFC 9051 9 sets no limits; RFC 2683 3.2.1.5 asks for lines of 8,000 octets).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "fakes/world.h"
#include "imap/server/server.h"
#include "net/pipe.h"

namespace imap {
namespace {

std::string repeat(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) {
        all += text;
    }
    return all;
}

// The same set `times` over, and one message's number.
std::string sets(std::string_view set, std::size_t times) {
    return repeat(std::string(set) + ",", times) + "1";
}

std::string numbered(std::string_view prefix, std::size_t count, std::string_view suffix = "") {
    std::string all;
    for (std::size_t i = 1; i <= count; ++i) {
        all += fmt::format("{}{}{}{}", i == 1 ? "" : " ", prefix, i, suffix);
    }
    return all;
}

class LimitsTest : public testing::Test {
  protected:
    LimitsTest() {
        world_.add_domain("crepes.example");
        world_.add_user("alice@crepes.example", "secret");
        world_.add_message("alice@crepes.example", "Subject: 1\r\n\r\n");
        services_.reset(new Services(world_.services<Services>()));
        client_ = connect();
        static_cast<void>(say("LOGIN alice@crepes.example secret"));
        static_cast<void>(say("SELECT INBOX"));
    }

    ~LimitsTest() override {
        client_->close();
        world_.loop.run_for(std::chrono::hours(1));
        EXPECT_EQ(sessions_, 0);
        EXPECT_EQ(world_.log_text.find("bug in an imap session"), std::string::npos);
    }

    std::unique_ptr<net::PipeStream> connect() {
        net::PipeOptions pipe;
        pipe.client.address = "127.0.0.1";
        pipe.buffer_octets = std::size_t{4} << 20U;
        auto options = std::make_shared<ServerOptions>();
        options->errors_max = 1000;
        auto [server, client] = net::make_pipe(world_.loop, pipe);
        ++sessions_;
        base::spawn(serve(std::move(server), options, *services_),
                    [this](std::exception_ptr thrown) {
                        CHECK(!thrown);
                        --sessions_;
                    });
        return std::move(client);
    }

    // The answer, from the last line's tag on.
    std::string say(const std::string& command) {
        client_->push("t " + command + "\r\n");
        world_.loop.run_for(std::chrono::milliseconds(1));
        const std::string heard = client_->take();
        const std::size_t tagged = heard.rfind("\r\n", heard.size() - 3);
        return heard.substr(tagged == std::string::npos ? 0 : tagged + 2);
    }

    // Of commands with literals, and `too_long` behind those.
    void expect_too_long(const std::string& too_long) {
        EXPECT_EQ(say("SEARCH TEXT {3+}\r\nabc TEXT " + too_long), kTooLong);
        EXPECT_EQ(say("APPEND {5+}\r\nINBOX " + too_long), kTooLong);
        EXPECT_EQ(say("APPEND INBOX {3+}\r\nabc " + too_long), kTooLong);
        EXPECT_EQ(say("APPEND INBOX CATENATE (URL {12+}\r\nINBOX/;UID=1 " + too_long), kTooLong);
        EXPECT_EQ(say("APPEND INBOX CATENATE (TEXT {3+}\r\nabc " + too_long), kTooLong);
        EXPECT_EQ(say("APPEND Nowhere {3+}\r\nabc " + too_long).substr(0, 16), "t NO [TRYCREATE]");
        EXPECT_EQ(say("STATUS INBOX (MESSAGES)").substr(0, 5), "t OK ");
    }

    static constexpr std::string_view kTooLong = "t BAD the line is too long\r\n";

    fakes::World world_;
    std::unique_ptr<Services> services_;
    std::unique_ptr<net::PipeStream> client_;
    int sessions_ = 0;
};

// RFC 2971 3.3
TEST_F(LimitsTest, TheLongestIdBeforeALogin) {
    EXPECT_EQ(say("UNAUTHENTICATE").substr(0, 5), "t OK ");
    const auto id = [](std::size_t fields) {
        const std::string value = " \"" + std::string(1024, 'v') + "\"";
        std::string all;
        for (std::size_t i = 0; i < fields; ++i) {
            all += fmt::format("{}\"{:030}\"{}", all.empty() ? "ID (" : " ", i, value);
        }
        return all + ")";
    };
    EXPECT_EQ(say(id(30)).substr(0, 5), "t OK ");
    EXPECT_EQ(say(id(31)).substr(0, 6), "t BAD ");
}

TEST_F(LimitsTest, EveryListHasItsEnd) {
    const std::string everything = "1:4294967295";

    struct Row {
        const char* what;
        std::string command;
        const char* answer;
    };

    const Row rows[] = {
        {"parentheses", "SEARCH " + repeat("(", 200) + "SEEN" + repeat(")", 200), "t NO [LIMIT]"},
        {"open ones", "SEARCH " + repeat("(", 60'000), "t NO [LIMIT]"},
        {"NOT", "SEARCH " + repeat("NOT ", 200) + "SEEN", "t NO [LIMIT]"},
        {"OR", "SEARCH " + repeat("OR SEEN ", 200) + "SEEN", "t NO [LIMIT]"},
        {"keys", "SEARCH " + repeat("SEEN ", 12'000) + "SEEN", "t NO [LIMIT]"},
        {"threaded", "THREAD REFS UTF-8 " + repeat("(", 200) + "SEEN", "t NO [LIMIT]"},
        {"sort keys", "SORT (" + repeat("DATE ", 1000) + "DATE) UTF-8 ALL", "t NO [LIMIT]"},
        {"items in items", "FETCH 1 " + repeat("(", 300) + "UID" + repeat(")", 300), "t BAD"},
        {"part numbers", "FETCH 1 BODY.PEEK[" + repeat("1.", 4000) + "1]", "t NO [LIMIT]"},
        {"items", "FETCH 1 (" + numbered("BODY.PEEK[", 2000, "]") + ")", "t NO [LIMIT]"},
        {"header fields",
         "FETCH 1 (BODY[HEADER.FIELDS (" + numbered("X", 1200) + ")])",
         "t NO [LIMIT]"},
        {"numbers", "FETCH " + sets(everything, 4500) + " (UID)", "t BAD"},
        {"UIDs", "UID FETCH " + sets(everything, 4500) + " (UID)", "t OK"},
        {"reversed", "UID SEARCH UID " + sets("4294967295:1,*", 4000), "t OK"},
        {"to the end", "UID STORE " + sets("1:*", 10'000) + " +FLAGS.SILENT (\\Seen)", "t OK"},
        {"copied", "UID COPY " + sets(everything, 4500) + " Archive", "t OK [COPYUID"},
        {"expunged", "UID EXPUNGE " + sets(everything, 4500), "t OK"},
        {"keywords", "STORE 1 +FLAGS.SILENT (" + numbered("k", 70) + ")", "t NO [LIMIT]"},
        {"flags", "STORE 1 +FLAGS.SILENT (" + numbered("k", 5000) + ")", "t NO [LIMIT]"},
        {"one keyword", "STORE 1 +FLAGS.SILENT (" + repeat("k", 5000) + ")", "t NO [LIMIT]"},
        {"patterns", "LIST \"\" (" + repeat("a* ", 5000) + "a)", "t NO [LIMIT]"},
        {"stars", "LIST \"\" " + repeat("*a", 490), "t OK"},
        {"stars and percents", "LIST \"\" \"" + repeat("*%a", 330) + "\"", "t OK"},
        {"fields with wildcards", "FETCH 1 BODY[HEADER.FIELDS (S* %)]", "t BAD"},
        {"beyond the end", "FETCH 1 BODY[]<4294967295.4294967295>", "t OK"},
        {"beyond every end", "FETCH 1 BODY[]<18446744073709551615.1>", "t BAD"},
        {"parts in parts", "FETCH 1 BODY.PEEK[" + repeat("1.", 90) + "1]", "t OK"},
        {"no such number", "FETCH 4294967295:* UID", "t BAD"},
        {"beyond all numbers", "FETCH 4294967296 UID", "t BAD"},
        {"beyond all modseqs", "SEARCH MODSEQ 9223372036854775808", "t BAD"},
        {"mailbox name", "CREATE " + repeat("a", 5000), "t NO [LIMIT]"},
        {"levels", "CREATE " + repeat("a/", 400) + "a", "t NO"},
        {"ENABLE", "ENABLE " + repeat("X ", 5000) + "X", "t NO [LIMIT]"},
        {"SELECT", "EXAMINE Nowhere (" + repeat("CONDSTORE ", 5000) + "X)", "t BAD"},
        {"ID", "ID (" + repeat("\"a\" \"b\" ", 5000) + "\"a\" NIL)", "t BAD"},
        {"entries",
         "GETMETADATA INBOX (" + repeat("/private/a ", 5000) + "/private/b)",
         "t NO [LIMIT]"},
        {"a line of a megabyte", "SEARCH " + repeat("SEEN ", 200'000), "t BAD"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(say(row.command).substr(0, std::string_view(row.answer).size()), row.answer)
            << row.what;
    }
    EXPECT_EQ(say("NOOP").substr(0, 4), "t OK");
}

// RFC 7162 3.2.5.2: as many numbers as UIDs, and as many of both as there can be.
TEST_F(LimitsTest, PairsOfQresyncWithoutEnd) {
    EXPECT_EQ(say("ENABLE QRESYNC").substr(0, 4), "t OK");
    EXPECT_EQ(say("UNSELECT").substr(0, 4), "t OK");
    const std::clock_t before = std::clock();
    EXPECT_EQ(say("SELECT INBOX (QRESYNC (1767225600 0 1:4294967295 (1:4294967295 "
                  "1:4294967295)))")
                  .substr(0, 4),
              "t OK");
    EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC);
}

// RFC 5465 5.8: more happens while the client is busy than can be told.
TEST_F(LimitsTest, NotifyOverflowsAndIsNone) {
    EXPECT_EQ(say("NOTIFY SET (personal (MailboxName MessageNew MessageExpunge))").substr(0, 4),
              "t OK");
    client_->push("t APPEND INBOX {14}\r\n");
    world_.loop.run_for(std::chrono::milliseconds(1));
    EXPECT_EQ(client_->take().substr(0, 2), "+ ");
    const auto other = connect();
    other->push("o LOGIN alice@crepes.example secret\r\n");
    for (int i = 0; i < 1001; ++i) {
        other->push(fmt::format("o CREATE box{}\r\n", i));
        world_.loop.run_for(std::chrono::milliseconds(1));
    }
    other->push("o LOGOUT\r\n");
    client_->push("Subject: 1\r\n\r\n\r\n");
    world_.loop.run_for(std::chrono::seconds(1));
    const std::string heard = client_->take();
    EXPECT_NE(heard.find("* OK [NOTIFICATIONOVERFLOW] "), std::string::npos) << heard;
    EXPECT_EQ(heard.find("* LIST"), std::string::npos) << heard;
    // As behind NOTIFY NONE: not even the selected mailbox has news, until they are wanted again.
    world_.add_message("alice@crepes.example", "Subject: 2\r\n\r\n");
    client_->push("t NOOP\r\n");
    world_.loop.run_for(std::chrono::milliseconds(1));
    EXPECT_EQ(client_->take().substr(0, 5), "t OK ");
    EXPECT_EQ(say("NOTIFY SET (personal (MailboxName))").substr(0, 4), "t OK");
}

// RFC 4422 leaves the size of responses open.
TEST_F(LimitsTest, ResponsesAndTagsWithoutEnd) {
    EXPECT_EQ(say("UNAUTHENTICATE").substr(0, 4), "t OK");
    EXPECT_EQ(say("AUTHENTICATE PLAIN").substr(0, 4), "+ \r\n");
    client_->push(repeat("QUFB", 100'000) + "\r\n");
    world_.loop.run_for(std::chrono::milliseconds(1));
    EXPECT_EQ(client_->take(), "t BAD the line is too long\r\n");
    EXPECT_EQ(say("AUTHENTICATE PLAIN " + repeat("QUFB", 2000)).substr(0, 5), "t BAD");
    for (const std::size_t octets : {9000U, 100'000U}) {
        client_->push(repeat("t", octets) + " NOOP\r\n");
        world_.loop.run_for(std::chrono::milliseconds(1));
        EXPECT_EQ(client_->take().substr(0, 6), "* BAD ");
    }
    EXPECT_EQ(say("NOOP").substr(0, 4), "t OK");
}

// Behind a literal as before one: it costs the command, not the session.
TEST_F(LimitsTest, LinesWithoutEndBehindALiteral) {
    expect_too_long(std::string(70'000, 'a'));
    EXPECT_EQ(say("FETCH 2 (UID)").substr(0, 5), "t BAD");
}

// What a line announced that was too long itself is a literal still, and none of it a command.
TEST_F(LimitsTest, LiteralsBehindLinesWithoutEnd) {
    const std::string announced = std::string(70'000, 'a') + " {9+}\r\nb NOOP\r\n\n";
    expect_too_long(announced);
    EXPECT_EQ(say("SEARCH TEXT " + announced), kTooLong);
}

// RFC 7888 4: what comes without asking is read to its end, and refused.
TEST_F(LimitsTest, AProgramOfAMegabyteInLiterals) {
    const std::string piece = repeat("a", 50'000);
    std::string command = "SEARCH";
    for (int i = 0; i < 20; ++i) {
        command += fmt::format(" TEXT {{{}+}}\r\n{}", piece.size(), piece);
    }
    EXPECT_EQ(say(command).substr(0, 14), "t BAD [TOOBIG]");
    EXPECT_EQ(say("NOOP").substr(0, 4), "t OK");
    EXPECT_EQ(say("SEARCH TEXT {1000000+}\r\n" + repeat("a", 1'000'000)).substr(0, 14),
              "t BAD [TOOBIG]");
    EXPECT_EQ(say("NOOP").substr(0, 4), "t OK");
}

}  // namespace
}  // namespace imap
