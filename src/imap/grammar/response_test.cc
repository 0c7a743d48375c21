// Answers of servers, most of them from RFC 9051 and the extensions, as trees; and what no server may say.
#include "imap/grammar/response.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace imap {
namespace {

// "a 'b' - (c (d))"
std::string dump(const std::vector<ResponseItem>& items) {
    std::string text;
    std::uint32_t depth = 0;
    for (const ResponseItem& item : items) {
        for (; depth > item.depth; --depth) {
            text += ')';
        }
        text += text.empty() || text.back() == '(' ? "" : " ";
        switch (item.kind) {
            case ResponseItem::Kind::kAtom:
                text += item.text;
                break;
            case ResponseItem::Kind::kNil:
                text += '-';
                break;
            case ResponseItem::Kind::kString:
                text += "'" + item.text + "'";
                break;
            case ResponseItem::Kind::kList:
                text += '(';
                ++depth;
                break;
        }
    }
    return text.append(depth, ')');
}

std::string read(std::string_view octets) {
    const auto response = parse_response(octets);
    if (!response) {
        return "!" + std::string(base::errc_name(response.error().code));
    }
    switch (response->kind) {
        case Response::Kind::kContinue:
            return fmt::format("+[{}]{}", dump(response->code), response->text);
        case Response::Kind::kTagged:
            return fmt::format(
                "{}:{}[{}]{}", response->tag, response->name, dump(response->code), response->text);
        case Response::Kind::kStatus:
            return fmt::format("{}[{}]{}", response->name, dump(response->code), response->text);
        case Response::Kind::kData:
            break;
    }
    return fmt::format("{}{}: {}",
                       response->number ? fmt::format("{} ", *response->number) : "",
                       response->name,
                       dump(response->items));
}

struct Row {
    std::string_view octets;
    std::string_view read;
};

TEST(ResponseTest, Reads) {
    const Row rows[] = {
        {"+ ", "+[]"},
        {"+ idling", "+[]idling"},
        {"+ dGVzdA==", "+[]dGVzdA=="},
        {"a001 OK LOGIN completed", "a001:OK[]LOGIN completed"},
        {"a OK [READ-WRITE] done", "a:OK[READ-WRITE]done"},
        {"a no [BADCHARSET (UTF-8 \"x y\")] {5}", "a:NO[BADCHARSET (UTF-8 'x y')]{5}"},
        {"* OK [PERMANENTFLAGS (\\Deleted \\*)] x", "OK[PERMANENTFLAGS (\\Deleted \\*)]x"},
        {"* OK [COPYUID 38505 304,319:320 3956:3958] ", "OK[COPYUID 38505 304,319:320 3956:3958]"},
        {"* OK [INPROGRESS (\"a]b\" 1 NIL)] x", "OK[INPROGRESS ('a]b' 1 -)]x"},
        {"* BYE", "!syntax"},
        {"* BYE see you", "BYE[]see you"},
        {"* SEARCH", "SEARCH: "},
        {"* SEARCH 2 84 882", "SEARCH: 2 84 882"},
        {"* ESEARCH (TAG \"A283\") UID ALL 2,10:11", "ESEARCH: (TAG 'A283') UID ALL 2,10:11"},
        {"* VANISHED (EARLIER) 300:310,405", "VANISHED: (EARLIER) 300:310,405"},
        {"* THREAD (2)(3 6 (4 23)(44 7 96))", "THREAD: (2) (3 6 (4 23) (44 7 96))"},
        {"* LIST (\\NoSelect) \"/\" ~/Mail/foo", "LIST: (\\NoSelect) '/' ~/Mail/foo"},
        {"* LIST () NIL {3}\r\na\"b", "LIST: () - 'a\"b'"},
        {"* NAMESPACE ((\"\" \"/\")(\"#a\" NIL)) NIL NIL", "NAMESPACE: (('' '/') ('#a' -)) - -"},
        {"* 23 EXISTS", "23 EXISTS: "},
        {"* 0 RECENT", "0 RECENT: "},
        {"* 44 expunge", "44 EXPUNGE: "},
        {"* 2 FETCH (FLAGS (\\Seen) UID 4)", "2 FETCH: (FLAGS (\\Seen) UID 4)"},
        {"* 25996 UIDFETCH (FLAGS ())", "25996 UIDFETCH: (FLAGS ())"},
        {"* 1 FETCH (BODY[] {3}\r\n)\r\n)", "1 FETCH: (BODY[] ')\r\n')"},
        {"* 1 FETCH (BODY[HEADER.FIELDS (Date \"a)]\")]<0> NIL)",
         "1 FETCH: (BODY[HEADER.FIELDS (Date \"a)]\")]<0> -)"},
        {"* 1 FETCH (BODY ((\"A\" \"B\")(\"C\" NIL) \"MIXED\"))",
         "1 FETCH: (BODY (('A' 'B') ('C' -) 'MIXED'))"},
        {std::string_view("* 1 FETCH (BINARY[1] ~{1}\r\n\0)", 29),
         std::string_view("1 FETCH: (BINARY[1] '\0')", 24)},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(read(row.octets), row.read) << row.octets;
    }
}

TEST(ResponseTest, RefusesWhatNoServerMaySay) {
    for (const std::string_view octets : {"",
                                          "+",
                                          "+go on",
                                          "*",
                                          "* ",
                                          "a OK",
                                          "a BYE now",
                                          "a+b OK x",
                                          " OK x",
                                          "a OK [X]x",
                                          "a OK [] x",
                                          "a OK [(X)] x",
                                          "a OK [X x",
                                          "a OK x\ry",
                                          "a OK \xff",
                                          "* SEARCH ",
                                          "* SEARCH  1",
                                          "* EXISTS",
                                          "* 1 EXISTS 2",
                                          "* 0 EXPUNGE",
                                          "* 1 SEARCH 2",
                                          "* 4294967296 EXISTS",
                                          "* FETCH (UID 1)",
                                          "* 0 FETCH (UID 1)",
                                          "* 1 FETCH ()",
                                          "* 1 FETCH (UID)",
                                          "* 1 FETCH (UID 1) 2",
                                          "* 1 FETCH (UID 1 (FLAGS) 2)",
                                          "* 1 FETCH UID 1",
                                          "* FLAGS (a",
                                          "* FLAGS (a ",
                                          "* FLAGS (a )",
                                          "* FLAGS ( a)",
                                          "* FLAGS (a))",
                                          "* FLAGS (a)b",
                                          "* FLAGS a(b)",
                                          "* FLAGS \"a",
                                          "* FLAGS {4}\r\nabc",
                                          "* 1 FETCH (BODY[HEADER.FIELDS () NIL)",
                                          "* 1 FETCH (BODY[HEADER.FIELDS (a) NIL)"}) {
        EXPECT_EQ(read(octets), "!syntax") << octets;
    }
}

TEST(ResponseTest, NestsWithoutEnd) {
    const std::string deep = "* X " + std::string(100'000, '(') + "a" + std::string(100'000, ')');
    const auto response = parse_response(deep);
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->items.back().depth, 100'000U);
}

TEST(ResponseTest, FindsItsEnd) {
    struct Stream {
        std::string_view octets;
        std::optional<std::size_t> first;
    };

    const Stream streams[] = {
        {"", std::nullopt},
        {"* OK x\r", std::nullopt},
        {"* OK x\r\n* ", 8},
        {"* OK {9}\r\n", 10},
        {"a OK {9}\r\n", 10},
        {"+ {9}\r\n", 7},
        {"* 1 FETCH (BODY[] {2}\r\n\r\n)\r\n* ", 28},
        {"* 1 FETCH (BODY[] {2}\r\n\r\n)\r", std::nullopt},
        {"* 1 FETCH (BODY[] {2}\r\n\r", std::nullopt},
        {"* 1 FETCH (BODY[] {9223372036854775807}\r\n", std::nullopt},
        {"* LIST () NIL {0}\r\n\r\n", 21},
    };
    for (const Stream& stream : streams) {
        EXPECT_EQ(first_response(stream.octets), stream.first) << stream.octets;
    }
}

}  // namespace
}  // namespace imap
