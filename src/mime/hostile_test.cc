// What strangers send to wear a server out: the work grows no faster than the octets, and memory stays
// within what the limits allow, whatever the machine.
//
// Work is compared with itself: four times as much of an input may take about four times the processor
// time of this thread (a quadratic reader takes sixteen), the shortest of several runs of each. Memory is
// counted by this program's own operator new.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "mime/address.h"
#include "mime/bodystructure.h"
#include "mime/encoded_word.h"
#include "mime/flowed.h"
#include "mime/html_text.h"
#include "mime/msgid.h"
#include "mime/parameters.h"
#include "mime/parser.h"
#include "mime/preview.h"
#include "mime/received.h"
#include "mime/report.h"
#include "mime/text.h"
#include "mime/thread.h"
#include "mime/transfer.h"

namespace {

std::size_t octets_held = 0;
std::size_t octets_peak = 0;
std::size_t blocks_taken = 0;

// The sanitizers have an operator new of their own, whose blocks ours may not free.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kCountsMemory = false;
#else
constexpr bool kCountsMemory = true;
#endif

}  // namespace

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
void* operator new(std::size_t size) {
    void* const block = std::malloc(size);
    if (block == nullptr) {
        throw std::bad_alloc();
    }
    octets_held += malloc_usable_size(block);
    octets_peak = std::max(octets_peak, octets_held);
    ++blocks_taken;
    return block;
}

void operator delete(void* block) noexcept {
    octets_held -= malloc_usable_size(block);
    std::free(block);
}

void operator delete(void* block, std::size_t /*size*/) noexcept {
    operator delete(block);
}
#endif

namespace mime {
namespace {

class HostileTest : public testing::Test {
  protected:
    // Memory that malloc gave back to the kernel has to be cleared by it again: that would be counted to
    // large inputs, and not to small ones.
    static void SetUpTestSuite() {
        ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
        ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
    }
};

std::string repeated(std::string_view unit, std::size_t octets) {
    std::string text;
    text.reserve(octets + unit.size());
    while (text.size() < octets) {
        text += unit;
    }
    return text;
}

// `unit` with "#" as 0, 1, 2 ...
std::string numbered(std::string_view begin, std::string_view unit, std::size_t octets) {
    std::string text(begin);
    text.reserve(octets + unit.size() + 20);
    const std::size_t mark = unit.find('#');
    for (std::uint64_t number = 0; text.size() < octets; ++number) {
        const fmt::format_int digits(number);
        text.append(unit.substr(0, mark)).append(digits.data(), digits.size());
        text.append(unit.substr(mark + 1));
    }
    return text;
}

std::uint64_t processor_time_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
}

using Make = std::function<std::string(std::size_t)>;
using Read = std::function<void(std::string_view)>;

constexpr int kRuns = 3;

std::uint64_t time_of(const Read& read, const std::string& input) {
    const std::uint64_t begin = processor_time_ns();
    read(input);
    return processor_time_ns() - begin;
}

std::uint64_t shortest_run(const Read& read, const std::string& input) {
    std::uint64_t shortest = ~std::uint64_t{0};
    for (int run = 0; run < kRuns; ++run) {
        shortest = std::min(shortest, time_of(read, input));
    }
    return shortest;
}

// An input and four times as much of it, for any number of readers.
class Growth {
  public:
    explicit Growth(const Make& make) : small_(make(kOctets)), large_(make(4 * kOctets)) {}

    void expect_linear(std::string_view name, const Read& read) const {
        constexpr std::uint64_t kNoise = 2'000'000;
        const std::uint64_t small = shortest_run(read, small_);
        const std::uint64_t most = 9 * small + kNoise;
        // The large one is run again only where the machine may have been slow, and not the reader.
        std::uint64_t large = time_of(read, large_);
        for (int run = 1; run < kRuns && large > most; ++run) {
            large = std::min(large, time_of(read, large_));
        }
        EXPECT_LE(large, most) << name << " took " << small << " ns, four times as much " << large;
    }

  private:
    static constexpr std::size_t kOctets = 128UL * 1024;

    std::string small_;
    std::string large_;
};

// All that is made of a message when it arrives and when it is shown.
void read_message(std::string_view message) {
    const Structure structure = parse(message);
    static_cast<void>(unpack(pack(structure)));
    static_cast<void>(format_body(structure, BodyForm::kBodyStructure));
    static_cast<void>(make_preview(message, structure));
    static_cast<void>(search_text(message, structure));
    static_cast<void>(thread_keys(structure.root().envelope));
}

struct MessageRow {
    std::string_view name;
    std::string begin;
    std::string_view unit;
};

TEST_F(HostileTest, MessagesAreReadInLinearTime) {
    const std::string mixed =
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
    const std::string long_boundary =
        "Content-Type: multipart/mixed; boundary=" + std::string(900, '-');
    std::string deep;
    for (int level = 0; level < 99; ++level) {
        deep += fmt::format("Content-Type: multipart/mixed; boundary={0}\r\n\r\n--{0}\r\n",
                            std::string(static_cast<std::size_t>(level) + 1, '-'));
    }
    const std::vector<MessageRow> rows = {
        {"nesting", "", "Content-Type: multipart/mixed; boundary=b#\r\n\r\n--b#\r\n"},
        {"messages in messages", "", "Content-Type: message/rfc822\r\nX: #\r\n\r\n"},
        {"parts", mixed, "--b\r\n\r\nx#\r\n"},
        {"parts with names", mixed, "--b\r\nContent-Type: a/b; name=#\r\n\r\n"},
        {"headers cut by delimiters", mixed, "--b\r\nA: #\r\n"},
        {"a long line", "To: ", "x#"},
        {"folds", "To: ", "x#\r\n "},
        {"fields", "", "To: x#\r\n"},
        {"fields without a name", "", "x#\r\n:\r\n"},
        {"delimiters of nobody", deep, "--x#\r\n"},
        {"dashes", deep, "--#---------------------------------------------------------------\r\n"},
        {"dashes of a long boundary", long_boundary + "\r\n\r\n", "------------#\r\n"},
        {"line ends", deep, "\r\n\n\r#"},
        {"HTML", "Content-Type: text/html\r\n\r\n", "<blockquote><table><li><a href=#>"},
        {"quotes", "Content-Type: text/plain; format=flowed\r\n\r\n", ">>>>>>>>>># \r\n"},
    };
    for (const MessageRow& row : rows) {
        const Growth growth(
            [&row](std::size_t octets) { return numbered(row.begin, row.unit, octets); });
        growth.expect_linear(row.name, read_message);
    }
}

struct FieldRow {
    std::string_view begin;
    std::string_view unit;
};

constexpr FieldRow kFields[] = {
    {"=?utf-8?Q?", "#"},
    {"", "=?utf-8?Q?#?= "},
    {"", "=?utf-8?Q?#"},
    {"", "=?utf-8?Q?# "},
    {"", "=?utf-8?B?# \"(<"},
    {"", "=?iso-2022-jp?B?GyRC#?= =?utf-8?Q?=?="},
    {"", "=?#?"},
    {"", "=?"},
    {"", "(#"},
    {"", "\"#\\"},
    {"", "a#: b, "},
    {"", "<@a#,"},
    {"", "<a#@b.example>, "},
    {"", "a# b@"},
    {"", "[#"},
    {"a/b", "; n*#=x"},
    {"a/b", "; n*4294967295#*=%41"},
    {"a/b", "; n*0*=''#"},
    {"a/b", "; p#=\"v"},
    {"a/b; n=", "=?utf-8?Q?#?= "},
    {"", "<#@x.example> "},
    {"from a", " (b# [192.0.2.1]) by c;"},
};

TEST_F(HostileTest, FieldsAreReadInLinearTime) {
    for (const FieldRow& row : kFields) {
        const Growth growth(
            [&row](std::size_t octets) { return numbered(row.begin, row.unit, octets); });
        const auto expect = [&](std::string_view reader, const Read& read) {
            growth.expect_linear(fmt::format("{} of {}{}", reader, row.begin, row.unit), read);
        };
        expect("text", [](auto body) { static_cast<void>(decode_unstructured(body)); });
        expect("phrase", [](auto body) { static_cast<void>(decode_phrase(body)); });
        expect("addresses", [](auto body) { static_cast<void>(parse_address_list(body)); });
        expect("type", [](auto body) { static_cast<void>(parse_content_type(body)); });
        expect("identifiers", [](auto body) { static_cast<void>(parse_message_ids(body)); });
        expect("trace", [](auto body) { static_cast<void>(parse_received(body)); });
        expect("options", [](auto body) { static_cast<void>(parse_notification_options(body)); });
        expect("subject", [](auto body) { static_cast<void>(base_subject(body)); });
    }
}

TEST_F(HostileTest, BodiesAreReadInLinearTime) {
    const auto decoder = [](Encoding encoding) {
        return [encoding](std::string_view text) { static_cast<void>(decode(encoding, text)); };
    };
    for (const std::string_view unit : {"QUFB",
                                        "=",
                                        "A=",
                                        " ",
                                        "\r\n",
                                        "!",
                                        "=\r\n",
                                        "=4",
                                        "= \t",
                                        "begin 644 x\n",
                                        "M",
                                        ">\n"}) {
        const Growth growth([unit](std::size_t octets) { return repeated(unit, octets); });
        const std::string name = fmt::format("\"{}\" as ", unit);
        growth.expect_linear(name + "base64", decoder(Encoding::kBase64));
        growth.expect_linear(name + "quoted-printable", decoder(Encoding::kQuotedPrintable));
        growth.expect_linear(name + "uuencode", decoder(Encoding::kUuencode));
        growth.expect_linear(name + "flowed", [](std::string_view text) {
            static_cast<void>(format_flowed(parse_flowed(text, true)));
        });
        growth.expect_linear(name + "HTML",
                             [](std::string_view text) { static_cast<void>(html_to_text(text)); });
    }
}

// The most that `work` held at once beyond what was held before.
template <class Work>
std::size_t peak_of(Work work) {
    const std::size_t before = octets_held;
    octets_peak = before;
    work();
    return octets_peak - before;
}

// `begin`, then `unit` until there are `octets`, without ever holding them.
Structure parse_endless(std::string_view begin, std::string_view unit, std::uint64_t octets) {
    const std::string piece = repeated(unit, 64 * 1024);
    Parser parser;
    parser.feed(begin);
    for (std::uint64_t fed = 0; fed < octets; fed += piece.size()) {
        parser.feed(piece);
    }
    return parser.finish();
}

TEST_F(HostileTest, ParsingHoldsNoMoreThanItsLimitsSay) {
    if (!kCountsMemory) {
        GTEST_SKIP() << "this build does not count memory";
    }
    constexpr std::string_view kMixed = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";

    struct Row {
        std::string_view begin;
        std::string_view unit;
        DefectKind defect;
        std::uint64_t octets;  // that come: several times the memory
        std::size_t memory_max;
    };

    const Row rows[] = {
        {"", "Content-Type: message/rfc822\r\n\r\n", DefectKind::kTooDeep, 10 << 20, 2 << 20},
        {kMixed, "--b\r\n\r\n\r\n", DefectKind::kTooManyParts, 50 << 20, 16 << 20},
        {kMixed,
         "--b\r\nContent-Type: a/b; x=yyyyyyyyyyyyyyyyyyyyyyyyyy\r\n\r\n",
         DefectKind::kTooManyParts,
         70 << 20,
         24 << 20},
        {"To: ", "x", DefectKind::kFieldTooLong, 50 << 20, 2 << 20},
        {"",
         "To: Alice <alice@crepes.example>\r\n",
         DefectKind::kTooMuchHeader,
         50 << 20,
         16 << 20},
        {"X: ", "y", DefectKind::kUnclosedMultipart, 50 << 20, 2 << 20},
        {kMixed, "--\r\n", DefectKind::kEmptyMultipart, 10 << 20, 2 << 20},
        {"Content-Transfer-Encoding: base64\r\n\r\n",
         "QUJD",
         DefectKind::kMissingMimeVersion,
         50 << 20,
         2 << 20},
    };
    for (const Row& row : rows) {
        Structure structure;
        const std::size_t peak =
            peak_of([&] { structure = parse_endless(row.begin, row.unit, row.octets); });
        EXPECT_LE(peak, row.memory_max) << row.begin << row.unit;
        EXPECT_LE(structure.defects.size(), 8U * kDefectKinds);
        EXPECT_EQ(structure.has(row.defect), row.defect != DefectKind::kUnclosedMultipart)
            << row.begin << row.unit;
    }
}

// Not of strangers, but counted by the same operator new: no storm of small blocks for each message.
TEST_F(HostileTest, ParsingTakesFewBlocks) {
    if (!kCountsMemory) {
        GTEST_SKIP() << "this build does not count memory";
    }
    const std::string_view plain =
        "Received: from a by b; Sat, 21 Nov 2026 10:00:00 +0000\r\n"
        "From: Alice <alice@crepes.example>\r\nTo: Bob <bob@hamburger.example>\r\n"
        "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=us-ascii\r\n\r\nHow about pickles?\r\n";
    std::size_t before = blocks_taken;
    const Structure one = parse(plain);
    EXPECT_LE(blocks_taken - before, 20U);

    std::string many = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
    constexpr std::size_t kParts = 1000;
    for (std::size_t part = 0; part < kParts; ++part) {
        many +=
            "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
            "Content-Disposition: attachment; filename=a.png\r\n\r\nQUJD\r\n";
    }
    before = blocks_taken;
    const Structure structure = parse(many);
    EXPECT_EQ(structure.parts.size(), kParts + 1);
    EXPECT_LE(blocks_taken - before, 12 * kParts);
}

TEST_F(HostileTest, EndlessBodiesAreDecodedInPiecesOfTheirSize) {
    if (!kCountsMemory) {
        GTEST_SKIP() << "this build does not count memory";
    }
    for (const Encoding encoding :
         {Encoding::kBase64, Encoding::kQuotedPrintable, Encoding::kUuencode}) {
        for (const std::string_view unit : {"QUFB", " ", "=", "A", "=\r\n", "\r", "\xff"}) {
            const std::string piece = repeated(unit, 64 * 1024);
            const std::size_t peak = peak_of([&] {
                TransferDecoder decoder(encoding);
                std::string out;
                for (int i = 0; i < 100; ++i) {
                    out.clear();
                    decoder.feed(piece, out);
                }
                decoder.finish(out);
            });
            EXPECT_LE(peak, 512U * 1024) << encoding_name(encoding) << " of " << unit;
        }
    }
}

}  // namespace
}  // namespace mime
