// How fast mime's transfer encodings are, in MB/s of decoded octets, with memcpy beside them.
//
//     build/release/bench/mime_codec [MEBIBYTES]
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>

#include "base/ascii.h"
#include "mime/base64_codec.h"
#include "mime/encoded_word.h"
#include "mime/transfer.h"

namespace {

constexpr int kRounds = 15;
constexpr std::size_t kPieceOctets = 64UL * 1024;

// The best of several rounds: what the code can do when nobody else takes the processor.
template <class Function>
void measure(std::string_view name, std::size_t octets, Function function) {
    double best = 0;
    for (int round = 0; round < kRounds; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        function();
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        best = std::max(best, static_cast<double>(octets) / took.count() / 1e6);
    }
    fmt::print("{:<44} {:>8.0f} MB/s\n", name, best);
}

std::string random_octets(std::size_t size) {
    std::string octets(size, '\0');
    std::uint64_t state = 88172645463325252ULL;
    for (char& octet : octets) {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        octet = static_cast<char>(state);
    }
    return octets;
}

// Lines of words of seven letters; every `rare`th letter is outside US-ASCII, two octets of UTF-8.
std::string text_of(std::size_t size, unsigned rare) {
    std::string text;
    const std::string noise = random_octets(size);
    for (std::size_t i = 0; text.size() < size; ++i) {
        const unsigned pick = static_cast<unsigned char>(noise[i % noise.size()]) % 26U;
        if (i % 8 == 7) {
            text += i % 64 == 63 ? "\r\n" : " ";
        } else if (rare != 0 && i % rare == 0) {
            text += '\xd0';
            text += static_cast<char>(0x90U + pick);
        } else {
            text += static_cast<char>('a' + pick);
        }
    }
    return text;
}

// In pieces of 64 KiB to a buffer that stays in the cache, as a session reads from its store.
template <class Coder>
void run_pieces(mime::Encoding encoding, std::string_view in, std::string& out) {
    Coder coder(encoding);
    for (std::size_t at = 0; at < in.size(); at += kPieceOctets) {
        out.clear();
        coder.feed(in.substr(at, kPieceOctets), out);
    }
    coder.finish(out);
}

void measure_both_ways(std::string_view name, mime::Encoding encoding, const std::string& octets) {
    const std::string text = mime::encode(encoding, octets);
    std::string out;
    out.reserve(2 * text.size());
    measure(fmt::format("{} decode, pieces", name), octets.size(), [&] {
        run_pieces<mime::TransferDecoder>(encoding, text, out);
    });
    measure(fmt::format("{} decode, whole", name), octets.size(), [&] {
        out.clear();
        mime::TransferDecoder decoder(encoding);
        decoder.feed(text, out);
        decoder.finish(out);
    });
    measure(fmt::format("{} encode, pieces", name), octets.size(), [&] {
        run_pieces<mime::TransferEncoder>(encoding, octets, out);
    });
    measure(fmt::format("{} encode, whole", name), octets.size(), [&] {
        out.clear();
        mime::TransferEncoder encoder(encoding);
        encoder.feed(octets, out);
        encoder.finish(out);
    });
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t mebibytes = argc > 1 ? base::parse_u64(argv[1], 4096).value_or(16) : 16;
    const std::size_t size = mebibytes * 1024 * 1024;
    const std::string octets = random_octets(size);
    std::string out(2 * size, '\0');
    fmt::print("{} MiB, {}\n", mebibytes, mime::base64::loop_name(mime::base64::best_loop()));
    measure("memcpy", size, [&] { std::memcpy(out.data(), octets.data(), size); });

    measure_both_ways("base64", mime::Encoding::kBase64, octets);
    const std::string lines = mime::encode(mime::Encoding::kBase64, octets);
    using mime::base64::Loop;
    for (const Loop loop : {Loop::kGroups, Loop::kOctets16, Loop::kAvx2, Loop::kAvx512}) {
        if (!mime::base64::has_loop(loop)) {
            continue;
        }
        const std::string_view name = mime::base64::loop_name(loop);
        measure(fmt::format("base64 decode, {} a step", name), size, [&] {
            out.clear();
            mime::base64::Group group;
            mime::base64::decode(lines, group, out, loop);
        });
        measure(fmt::format("base64 encode, {} a step", name), size, [&] {
            out.clear();
            mime::base64::encode_lines(octets, out, loop);
        });
    }
    measure_both_ways(
        "quoted-printable, English", mime::Encoding::kQuotedPrintable, text_of(size, 0));
    measure_both_ways(
        "quoted-printable, French", mime::Encoding::kQuotedPrintable, text_of(size, 20));
    measure_both_ways(
        "quoted-printable, Russian", mime::Encoding::kQuotedPrintable, text_of(size, 1));
    return 0;
}
