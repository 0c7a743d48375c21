// What people are shown; and the corpus: every tests/corpus/NAME.eml has the structure in NAME.json.
#include "mime/describe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "mime/json_writer.h"
#include "mime/parser.h"
#include "mime_invariants.h"

namespace mime {
namespace {

TEST(DescribeTest, ShowsHowBase64ComesAbout) {
    // The course's M3.
    EXPECT_EQ(describe_base64_groups("\xcc\x81\x39"),
              "11001100 10000001 00111001 -> 110011 001000 000100 111001 -> zIE5\n");
    EXPECT_EQ(describe_base64_groups("\xcc\x81"),
              "11001100 10000001 -> 110011 001000 000100 -> zIE=\n");
    EXPECT_EQ(describe_base64_groups("\xcc"), "11001100 -> 110011 000000 -> zA==\n");
    EXPECT_EQ(describe_base64_groups(""), "");
    EXPECT_EQ(describe_base64_groups("abcdef", 1),
              "01100001 01100010 01100011 -> 011000 010110 001001 100011 -> YWJj\n...\n");
}

TEST(DescribeTest, ShowsTheTree) {
    // The course's M5 and M2.
    const std::string message =
        "From: =?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>\r\n"
        "Subject: =?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n"
        " =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; Boundary=StartOfNextPart\r\n\r\n"
        "--StartOfNextPart\r\n\r\nDear Bob\x1b[2J\r\n--StartOfNextPart\r\n"
        "Content-Type: image/jpeg; name=\"a\x1b[2J.jpg\"\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment\r\n\r\nzIE5\r\n--StartOfNextPart--\r\n";
    EXPECT_EQ(
        describe_tree(message, parse(message)),
        "From:       Keith Moore <moore@cs.utk.edu>\n"
        "  written   =?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>\n"
        "Subject:    If you can read this you understand the example.\n"
        "  written   =?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= "
        "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=\n"
        "multipart/mixed (7bit, 195 octets, 10 lines)\n"
        "  1  text/plain (7bit, 12 octets, 0 lines)\n"
        "  2  image/jpeg; name=a?[2J.jpg (base64, 4 octets, 0 lines) attachment \"a?[2J.jpg\"\n"
        "442 octets, 16 lines in all\n");
}

TEST(DescribeTest, MarksTheRootOfRelatedParts) {
    const std::string message =
        "Content-Type: multipart/related; start=b; boundary=x\r\n\r\n--x\r\nContent-ID: <a>\r\n\r\n"
        "--x\r\nContent-ID: <b>\r\n\r\n--x--\r\n";
    const std::string tree = describe_tree(message, parse(message));
    EXPECT_NE(tree.find("\n  1  text/plain (7bit, 0 octets, 0 lines)\n"
                        "  2  text/plain (7bit, 0 octets, 0 lines) [root]\n"),
              std::string::npos)
        << tree;
}

TEST(DescribeTest, WritesJson) {
    JsonWriter json;
    json.open_object();
    json.member("text", "a\"\\\n\x01\xff");
    json.key("list");
    json.open_array(true);
    json.number(1);
    json.boolean(true);
    json.open_object();
    json.member("x", 2);
    json.close();
    json.close();
    json.key("none");
    json.open_array();
    json.close();
    json.close();
    EXPECT_EQ(json.take(),
              "{\n  \"text\": \"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\",\n  \"list\": [1, true, {\"x\": "
              "2}],\n  \"none\": []\n}\n");
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// With CORPUS_UPDATE set in the environment the expectations are written instead; look at the difference
// before you believe it.
TEST(CorpusTest, EveryMessageHasItsExpectedStructure) {
    std::size_t messages = 0;
    for (const auto& entry : std::filesystem::directory_iterator("tests/corpus")) {
        std::filesystem::path path = entry.path();
        if (path.extension() != ".eml") {
            continue;
        }
        ++messages;
        const std::string message = read_file(path);
        const std::string described = describe_json(message, parse(message));
        EXPECT_EQ(broken_property(message), "") << path;
        path.replace_extension(".json");
        if (std::getenv("CORPUS_UPDATE") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
            std::ofstream(path, std::ios::binary) << described;
        }
        EXPECT_EQ(described, read_file(path)) << path;
    }
    EXPECT_GE(messages, 40U);
}

}  // namespace
}  // namespace mime
