// The dot reader: each row read whole, octet by octet, and cut once at every place.
#include "smtp/grammar/dot_reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace smtp {
namespace {

struct Outcome {
    std::string output;
    std::size_t rest = 0;  // octets behind the final dot
    bool done = false;
    bool bare = false;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

void PrintTo(const Outcome& outcome, std::ostream* out) {
    *out << fmt::format("\"{}\" rest {} done {} bare {}",
                        testing::PrintToString(outcome.output),
                        outcome.rest,
                        outcome.done,
                        outcome.bare);
}

Outcome read(DotReader reader, std::initializer_list<std::string_view> pieces, bool finish) {
    Outcome outcome;
    for (const std::string_view piece : pieces) {
        const std::size_t taken = reader.feed(piece, outcome.output);
        outcome.rest += piece.size() - taken;
    }
    if (finish) {
        reader.finish(outcome.output);
    }
    outcome.done = reader.done();
    outcome.bare = reader.saw_bare_newline();
    return outcome;
}

struct Row {
    std::string input;
    Outcome outcome;
    BareNewlines bare = BareNewlines::kReport;
    Framing framing = Framing::kDot;
};

class Reads : public testing::TestWithParam<Row> {};

TEST_P(Reads, however_it_is_cut) {
    const Row& row = GetParam();
    const DotReader reader(row.framing, row.bare);
    const bool finish = row.framing == Framing::kCounted;
    EXPECT_EQ(read(reader, {row.input}, finish), row.outcome);
    const std::string_view input = row.input;
    for (std::size_t cut = 1; cut < input.size(); ++cut) {
        EXPECT_EQ(read(reader, {input.substr(0, cut), input.substr(cut)}, finish), row.outcome)
            << cut;
    }
    DotReader slow = reader;
    std::string output;
    for (const char c : input) {
        slow.feed({&c, 1}, output);
    }
    if (finish) {
        slow.finish(output);
    }
    EXPECT_EQ(output, row.outcome.output);
}

constexpr auto kMend = BareNewlines::kMend;
constexpr auto kKeep = BareNewlines::kKeep;
constexpr auto kReport = BareNewlines::kReport;
constexpr auto kCounted = Framing::kCounted;

INSTANTIATE_TEST_SUITE_P(dot,
                         Reads,
                         testing::Values(Row{".\r\n", {"", 0, true, false}},
                                         Row{"a\r\n.\r\n", {"a\r\n", 0, true, false}},
                                         Row{"a\r\nb\r\n\r\nc\r\n.\r\nQUIT\r\n",
                                             {"a\r\nb\r\n\r\nc\r\n", 6, true, false}},
                                         Row{"..\r\n..foo\r\n..\r\n.\r\n",
                                             {".\r\n.foo\r\n.\r\n", 0, true, false}},
                                         Row{".foo\r\n.\r\n", {"foo\r\n", 0, true, false}},
                                         Row{"a.\r\n.\r\n", {"a.\r\n", 0, true, false}},
                                         Row{"a\r\n.", {"a\r\n", 0, false, false}},
                                         Row{"a\r\n.\r", {"a\r\n", 0, false, false}},
                                         Row{"unfinished", {"unfinished", 0, false, false}}));

// What has been used to smuggle a second message into the first one.
INSTANTIATE_TEST_SUITE_P(
    smuggling,
    Reads,
    testing::Values(Row{"a\n.\nQUIT\r\n.\r\n", {"a\n.\nQUIT\r\n", 0, true, true}},
                    Row{"a\n.\r\nQUIT\r\n.\r\n", {"a\n.\r\nQUIT\r\n", 0, true, true}},
                    Row{"a\r\n.\nQUIT\r\n.\r\n", {"a\r\n\nQUIT\r\n", 0, true, true}},
                    Row{"a\r\n.\rQUIT\r\n.\r\n", {"a\r\n\rQUIT\r\n", 0, true, true}},
                    Row{"a\r.\r\nb\r\n.\r\n", {"a\r.\r\nb\r\n", 0, true, true}},
                    Row{"a\r.\rb\r\n.\r\n", {"a\r.\rb\r\n", 0, true, true}},
                    Row{"a\r\r\n.\r\n", {"a\r\r\n", 0, true, true}},
                    Row{"\r\r\n\r\n.\r\n", {"\r\r\n\r\n", 0, true, true}},
                    Row{"\n\n\n\r\n.\r\n", {"\n\n\n\r\n", 0, true, true}}));

INSTANTIATE_TEST_SUITE_P(
    mended,
    Reads,
    testing::Values(
        Row{"a\n.\nb\n.\r\nc\r\n.\r\n", {"a\r\n.\r\nb\r\n.\r\nc\r\n", 0, true, true}, kMend},
        Row{"a\rb\r\r\n.\r\n", {"a b \r\n", 0, true, true}, kMend}));

INSTANTIATE_TEST_SUITE_P(
    counted,
    Reads,
    testing::Values(
        Row{".\r\n..\r\nQUIT", {".\r\n..\r\nQUIT\r\n", 0, false, false}, kReport, kCounted},
        Row{"a\r\n", {"a\r\n", 0, false, false}, kReport, kCounted},
        Row{"a\r", {"a\r\r\n", 0, false, true}, kReport, kCounted},
        Row{"a\nb", {"a\r\nb\r\n", 0, false, true}, kMend, kCounted},
        Row{"a\n", {"a\r\n", 0, false, true}, kMend, kCounted},
        Row{std::string("\0\r\n.\r\n\n\r", 8),
            {std::string("\0\r\n.\r\n\n\r", 8), 0, false, false},
            kKeep,
            kCounted},
        Row{"", {"", 0, false, false}, kReport, kCounted}));

TEST(DotReader, measures_the_longest_line) {
    DotReader reader(Framing::kDot, BareNewlines::kReport);
    std::string output;
    reader.feed("ab\r\nabc", output);
    reader.feed("de\r\na\r\n", output);
    EXPECT_EQ(reader.longest_line(), 5U);
    reader.feed("..abcdef\r\n.\r\n", output);
    EXPECT_EQ(reader.longest_line(), 7U);
    EXPECT_TRUE(reader.done());
}

}  // namespace
}  // namespace smtp
