#include "app/sniff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace app {
namespace {

using namespace std::string_view_literals;

struct Row {
    std::string_view name;
    std::string_view octets;
    std::string_view type;
};

constexpr Row kRows[] = {
    {"", "", "application/octet-stream"},
    {"empty.txt", "", "text/plain"},
    {"letter", "Dear Bob\n", "text/plain"},
    {"photo.txt", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\6\0\0\0"sv, "image/png"},
    {"list.txt", "BZh91AY&SY", "application/x-bzip2"},  // the table does not know it: libmagic does
    {"report.docx",
     "PK\x03\x04"sv,
     "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"page", "<!DOCTYPE html><html><script>alert(1)</script></html>", "text/plain"},
    {"page.html", "<!DOCTYPE html><html></html>", "text/html"},
    {"letter.txt", "Received: from a by b\nFrom: alice@crepes.example\n\nHello\n", "text/plain"},
};

TEST(Sniffer, TellsTypesByOctetsThenByName) {
    const Sniffer sniffer;
    for (const Row& row : kRows) {
        EXPECT_EQ(sniffer.media_type(row.name, row.octets), row.type) << row.name;
    }
}

}  // namespace
}  // namespace app
