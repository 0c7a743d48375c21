// Tables of what goes over the control connection, valid and not.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ftp/grammar/command.h"
#include "ftp/grammar/data_port.h"
#include "ftp/grammar/listing.h"
#include "ftp/grammar/names.h"
#include "ftp/grammar/representation.h"
#include "ftp/grammar/time_val.h"
#include "ftp/grammar/xferlog.h"

namespace ftp {
namespace {

using std::string_literals::operator""s;

struct Row {
    std::string input;
    std::string dump;  // "-" for a refusal, "?" for something that is not offered
};

template <class Dump>
void expect_rows(const std::vector<Row>& rows, Dump dump) {
    for (const Row& row : rows) {
        EXPECT_EQ(dump(row.input), row.dump) << "input: " << row.input;
    }
}

std::string refusal(const base::Error& error) {
    return error.code == base::Errc::kUnsupported ? "?" : "-";
}

TEST(CommandTest, Lines) {
    expect_rows(
        {
            {"NOOP", "NOOP|"},
            {"noop", "NOOP|"},
            {"Retr a b ", "RETR|a b "},
            {"STOR  x", "STOR| x"},
            {"XSHA256 a", "XSHA256|a"},
            {"P@SW", "P@SW|"},
            {"CWD caff\xc3\xa8", "CWD|caff\xc3\xa8"},
            {"", "-"},
            {" NOOP", "-"},
            {"LONGERTHAN8", "-"},
            {"RE-R 1", "-"},
            {"CWD a\0b"s, "-"},
            {"CWD a\rb", "-"},
        },
        [](const std::string& input) {
            const auto line = parse_command(input);
            return line ? line->verb + "|" + std::string(line->arguments) : refusal(line.error());
        });
}

TEST(CommandTest, TelnetIsTakenOut) {
    expect_rows(
        {
            {"NOOP", "NOOP"},
            {"\xff\xf4\xff\xf2"s + "ABOR", "ABOR!"},
            {"\xff\xf4\xff"s + "ABOR", "ABOR!"},  // the kernel kept the urgent octet
            {"\xf2"s + "ABOR", "ABOR!"},          // so did the one before it
            {"\xf4\xff"s + "abor", "abor!"},      // sent the wrong way round
            {"A\xf2"s + "BOR", "A\xf2"s + "BOR"},
            {"\xff\xfd\x01NOOP", "NOOP\xff\xfc\x01"},
            {"\xff\xfb\x03NOOP", "NOOP\xff\xfe\x03"},
            {"\xff\xfc\x03\xff\xfe\x04NOOP", "NOOP"},
            {"CWD \xff\xff", "CWD \xff"},
            {"CWD a\r\0b"s, "CWD a\rb"},
            {"NOOP\xff", "NOOP"},
            {"NOOP\xff\xfd", "NOOP"},
        },
        [](const std::string& input) {
            const TelnetLine line = take_telnet(input);
            return line.text + (line.interrupted ? "!" : "") + line.answers;
        });
}

TEST(CommandTest, SecretsAreRedacted) {
    expect_rows({{"PASS secret word", "PASS ***"},
                 {"pass x", "pass ***"},
                 {"ACCT x", "ACCT ***"},
                 {"USER bob", "USER bob"},
                 {"PASS", "PASS"},
                 {"\xff\xf4PASS x", "\xff\xf4PASS ***"}},
                redact);
}

TEST(CommandTest, OtherProtocols) {
    for (const char* line : {"GET / HTTP/1.1",
                             "post /x HTTP/1.0",
                             "Host: a",
                             "EHLO x",
                             "SSH-2.0-x",
                             "MAIL FROM:<a@b>",
                             "\x16\x03\x01"}) {
        EXPECT_TRUE(is_foreign(line)) << line;
    }
    for (const char* line : {"HOST a", "DELE x", "OPTS UTF8 ON", "NOOP", ""}) {
        EXPECT_FALSE(is_foreign(line)) << line;
    }
}

TEST(ReplyTest, WrittenAndRead) {
    EXPECT_EQ(format_reply(200, "ok"), "200 ok\r\n");
    EXPECT_EQ(format_reply(211, "a\nb\n200 c\nd"), "211-a\r\n b\r\n 200 c\r\n211 d\r\n");
    ReplyParser parser;
    EXPECT_FALSE(parser.feed("211-a").value());
    EXPECT_FALSE(parser.feed("212 no end").value());
    EXPECT_FALSE(parser.feed("211-still none").value());
    EXPECT_TRUE(parser.feed("211 d").value());
    EXPECT_EQ(parser.code(), 211);
    EXPECT_THAT(parser.lines(), testing::ElementsAre("a", "212 no end", "still none", "d"));
    EXPECT_FALSE(ReplyParser().feed("hello").has_value());
    EXPECT_FALSE(
        ReplyParser().feed("").value());  // some servers begin their greeting with an empty line
    EXPECT_FALSE(ReplyParser().feed("99 x").has_value());
    EXPECT_TRUE(ReplyParser().feed("200").value());
}

// STAT of a folder of many files is one reply.
TEST(ReplyTest, IsAsLongAsAListing) {
    ReplyParser parser;
    EXPECT_FALSE(parser.feed("213-Status").value());
    for (int i = 0; i < 20'000; ++i) {
        ASSERT_FALSE(parser.feed(" -rw-r--r-- 1 alice users 1 Jan  1  2024 a name").value());
    }
    EXPECT_TRUE(parser.feed("213 End").value());
    EXPECT_EQ(parser.lines().size(), 20'002U);
    // Yet there is an end to it, however little a line holds.
    ReplyParser endless;
    base::Result<bool> fed = endless.feed("213-");
    int lines = 0;
    for (; fed && lines < 10'000'000; ++lines) {
        fed = endless.feed("");
    }
    EXPECT_LT(lines, 1'000'000);
    EXPECT_EQ(fed.error().code, base::Errc::kTooLong);
}

TEST(ReplyTest, PathsStandInQuotes) {
    EXPECT_EQ(quote_path("/a\"b"), "\"/a\"\"b\"");
    EXPECT_EQ(parse_quoted_path("\"/a\"\"b\" is the folder").value(), "/a\"b");
    EXPECT_FALSE(parse_quoted_path("nothing").has_value());
}

std::string dump(const base::Result<DataPort>& where) {
    return where ? where->address + " " + std::to_string(where->port) : refusal(where.error());
}

TEST(DataPortTest, Port) {
    expect_rows(
        {
            {"130,251,61,19,158,15", "130.251.61.19 40463"},  // F2 of the course
            {"10,0,0,1,0,21", "10.0.0.1 21"},
            {"65667", "-"},  // F1
            {"1,2,3,4,5", "-"},
            {"1,2,3,4,5,6,7", "-"},
            {"1,2,3,4,5,256", "-"},
            {"1,2,3,4,5,", "-"},
            {"1,2,3,4,5,+6", "-"},
            {"1,2,3,4,5,0006", "-"},
            {"", "-"},
        },
        [](const std::string& input) { return dump(parse_port(input)); });
    EXPECT_EQ(format_port({"130.251.61.19", 40463}), "130,251,61,19,158,15");
    EXPECT_EQ(format_port({"::1", 40463}), "");
}

TEST(DataPortTest, Eprt) {
    expect_rows(
        {
            {"|1|132.235.1.2|6275|", "132.235.1.2 6275"},
            {"|2|1080::8:800:200C:417A|5282|", "1080::8:800:200c:417a 5282"},
            {"!1!127.0.0.1!80!", "127.0.0.1 80"},
            {"|3|x|1|", "?"},
            {"|1|::1|1|", "-"},
            {"|2|127.0.0.1|1|", "-"},
            {"|1|127.0.0.1|65536|", "-"},
            {"|1|127.0.0.1|1", "-"},
            {"111127.0.0.1111", "-"},
            {"|", "-"},
            {"||||", "-"},
            {"", "-"},
        },
        [](const std::string& input) { return dump(parse_eprt(input)); });
    EXPECT_EQ(format_eprt({"::1", 80}), "|2|::1|80|");
    EXPECT_EQ(format_eprt({"127.0.0.1", 80}), "|1|127.0.0.1|80|");
}

TEST(DataPortTest, Epsv) {
    expect_rows({{"", "0"}, {"1", "1"}, {"2", "2"}, {"all", "3"}, {"3", "?"}, {"x", "-"}},
                [](const std::string& input) {
                    const auto request = parse_epsv(input);
                    return request ? std::to_string(static_cast<int>(*request))
                                   : refusal(request.error());
                });
}

TEST(DataPortTest, Replies) {
    expect_rows({{"Entering Passive Mode (10,0,0,1,200,1).", "10.0.0.1 51201"},
                 {"=10,0,0,1,200,1", "10.0.0.1 51201"},
                 {"2 ways, 10,0,0,1,200,1,", "10.0.0.1 51201"},
                 {"none here", "-"}},
                [](const std::string& input) { return dump(parse_227(input)); });
    expect_rows({{"Entering Extended Passive Mode (|||6446|)", " 6446"},
                 {"(!!!1!)", " 1"},
                 {"(|||0|)", "-"},
                 {"(|||65536|)", "-"},
                 {"(||6446||)", "-"},
                 {"|||6446|", "-"}},
                [](const std::string& input) { return dump(parse_229(input)); });
}

TEST(RepresentationTest, Type) {
    expect_rows({{"A", "A N"},
                 {"a n", "A N"},
                 {"A T", "A T"},
                 {"E C", "E C"},
                 {"I", "I"},
                 {"L 8", "L 8"},
                 {"L8", "L 8"},
                 {"L 7", "?"},
                 {"L 0", "-"},
                 {"L", "-"},
                 {"I N", "-"},
                 {"A X", "-"},
                 {"EBCDIC", "-"},
                 {"", "-"}},
                [](const std::string& input) {
                    Representation to;
                    const auto parsed = parse_type(input, to);
                    return parsed ? type_name(to) : refusal(parsed.error());
                });
}

TEST(RepresentationTest, StructureAndMode) {
    EXPECT_EQ(parse_structure("r"), Structure::kRecord);
    EXPECT_EQ(parse_mode("Z"), Mode::kDeflate);
    EXPECT_FALSE(parse_structure("X").has_value());
    EXPECT_FALSE(parse_mode("").has_value());
    EXPECT_FALSE(parse_mode("SS").has_value());
    EXPECT_EQ(structure_letter(Structure::kPage), 'P');
    EXPECT_EQ(mode_letter(Mode::kCompressed), 'C');
}

TEST(TimeValTest, ReadAndWritten) {
    expect_rows({{"19990929003355.237", "19990929003355.237"},
                 {"19990929003355", "19990929003355"},
                 {"20240229120000.5", "20240229120000.500"},
                 {"20230229120000", "-"},
                 {"19991301000000", "-"},
                 {"19990929243355", "-"},
                 {"19990929003360", "19990929003359"},
                 {"1999092900335", "-"},
                 {"19990929003355.", "-"},
                 {"19990929003355x", "-"},
                 {"00000101000000", "00000101000000"}},
                [](const std::string& input) {
                    const auto time = parse_time_val(input);
                    return time ? format_time_val(*time) : "-";
                });
}

ListEntry sample() {
    ListEntry entry;
    entry.name = "a file";
    entry.size = 1234;
    entry.modified = parse_time_val("20260101101112.345").value();
    entry.mode = 0640;
    entry.owner = "bob";
    entry.group = "staff";
    entry.device = 0x11;
    entry.inode = 0xabc;
    entry.perm = "adfrw";
    return entry;
}

TEST(NamesTest, PartedAtSpacesUnlessInQuotes) {
    expect_rows({{"", ""},
                 {"  ", ""},
                 {"a b", "a|b"},
                 {"  a   b  ", "a|b"},
                 {R"("a b" c)", "a b|c"},
                 {R"("" c)", "|c"},
                 {R"(" ")", " "},
                 {R"(5"disk "a""b" "a\"b")", R"(5"disk|a"b|a"b)"},
                 {R"("a\" b)", "-"},
                 {R"("C:\menu" C:\menu)", R"(C:\menu|C:\menu)"},
                 {R"("a\\b")", R"(a\b)"},
                 {R"("a b)", "-"},
                 {R"("a b" ")", "-"},
                 {R"("a"b)", "-"}},
                [](const std::string& input) {
                    const auto names = parse_names(input);
                    return names ? fmt::format("{}", fmt::join(*names, "|")) : "-";
                });
}

TEST(NamesTest, WrittenAsTheyAreRead) {
    EXPECT_EQ(quote_name("a"), "a");
    EXPECT_EQ(quote_name("5\"disk\\"), "5\"disk\\");
    EXPECT_EQ(quote_name("a \"b\" \\"), R"("a \"b\" \\")");
    const std::vector<std::string> names{
        "", " ", "a", "\"", "\\", "a \"b\" c\\", "\"\"", "\\\"", "é è", "a\tb"};
    std::string line;
    for (const std::string& name : names) {
        line += quote_name(name) + " ";
    }
    EXPECT_EQ(parse_names(line).value(), names);
}

TEST(ListingTest, Facts) {
    std::string line;
    append_facts(line, sample(), kAllFacts);
    EXPECT_EQ(line,
              "type=file;size=1234;modify=20260101101112.345;perm=adfrw;unique=11gabc;"
              "UNIX.mode=0640;UNIX.ownername=bob;UNIX.groupname=staff; a file");
    EXPECT_EQ(parse_facts("Size;type;nonsense;"), kFactSize | kFactType);
    EXPECT_EQ(name_facts(kFactType | kFactSize), "type;size;");
    EXPECT_TRUE(list_facts(kFactSize).starts_with("type;size*;modify;"));
    const auto back = parse_fact_line(line);
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(back->name, "a file");
    EXPECT_EQ(back->size, 1234);
    EXPECT_EQ(back->modified, sample().modified);
    EXPECT_EQ(back->facts.at("unix.mode"), "0640");
    EXPECT_EQ(parse_fact_line(" x").value().name, "x");
    EXPECT_EQ(parse_fact_line("type=OS.unix=slink:/x; l").value().type, EntryType::kLink);
    EXPECT_EQ(parse_fact_line("Type=cdir; .").value().type, EntryType::kCurrent);
    EXPECT_FALSE(parse_fact_line("type=file;").has_value());
    EXPECT_FALSE(parse_fact_line("type=file; ").has_value());
    EXPECT_FALSE(parse_fact_line("type; x").has_value());
}

// Local time, in which the day may be another one.
TEST(XferlogTest, Lines) {
    using namespace std::chrono_literals;
    TransferRecord record{
        .ended = base::WallTime(std::chrono::sys_days(2026y / 11 / 30) + 23h + 5min),
        .utc_offset = 1h,
        .took_s = 2,
        .peer = "192.0.2.1",
        .octets = 1234,
        .path = "/a file",
        .text = true,
        .incoming = true,
        .anonymous = false,
        .user = "bob@hamburger.example",
        .complete = true};
    EXPECT_EQ(format_xferlog(record),
              "Tue Dec  1 00:05:00 2026 2 192.0.2.1 1234 /a_file a _ i r bob@hamburger.example ftp "
              "0 * c\n");
    record.utc_offset = -24h;
    record.text = record.incoming = record.complete = false;
    record.anonymous = true;
    record.user = "";
    EXPECT_EQ(format_xferlog(record),
              "Sun Nov 29 23:05:00 2026 2 192.0.2.1 1234 /a_file b _ o a ? ftp 0 * i\n");
}

TEST(ListingTest, Lines) {
    std::string line;
    append_list_line(line, sample(), sample().modified + std::chrono::hours(1));
    EXPECT_EQ(line, "-rw-r-----   1 bob      staff            1234 Jan  1 10:11 a file");
    line.clear();
    ListEntry link = sample();
    link.type = EntryType::kLink;
    link.mode = 0777;
    link.target = "/b";
    append_list_line(line, link, sample().modified + std::chrono::days(200));
    EXPECT_EQ(line, "lrwxrwxrwx   1 bob      staff            1234 Jan  1  2026 a file -> /b");
}

TEST(ListingTest, WhatIsNoFile) {
    struct Row {
        EntryType type;
        char letter;
        std::string_view name;
    };

    for (const Row& row : {Row{EntryType::kFifo, 'p', "fifo"},
                           Row{EntryType::kSocket, 's', "socket"},
                           Row{EntryType::kCharacterDevice, 'c', "chr"},
                           Row{EntryType::kBlockDevice, 'b', "blk"}}) {
        ListEntry entry = sample();
        entry.type = row.type;
        std::string line;
        append_list_line(line, entry, entry.modified);
        EXPECT_EQ(line.front(), row.letter);
        line.clear();
        append_facts(line, entry, kFactType | kFactSize);
        EXPECT_EQ(line, fmt::format("type=OS.unix={}; a file", row.name));
        EXPECT_EQ(parse_fact_line(line).value().type, EntryType::kOther);
    }
}

}  // namespace
}  // namespace ftp
