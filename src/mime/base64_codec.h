// The inner loops of base64, RFC 2045 section 6.8: a simple one that defines what is right and fast
// ones, chosen when the program runs. transfer.h is what others use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mime::base64 {

// A group of four characters that is not yet complete.
struct Group {
    std::uint32_t bits = 0;
    unsigned characters = 0;
    std::uint64_t damage = 0;  // characters met that belong to nothing

    friend bool operator==(const Group&, const Group&) = default;
};

// The fast loops, by what they take a step.
enum class Loop : std::uint8_t {
    kGroups,    // four characters: any processor
    kOctets16,  // sixteen: x86-64 with SSSE3, AArch64
    kAvx2,      // thirty-two: x86-64 with AVX2
    kAvx512,    // sixty-four to encode, thirty-two to decode: x86-64 with AVX-512 VBMI
};
[[nodiscard]] std::string_view loop_name(Loop loop);
// Whether this machine can run a loop, and the fastest that it can.
[[nodiscard]] bool has_loop(Loop loop);
[[nodiscard]] Loop best_loop();

// Appends what `text` encodes to `out`. White space is passed over, other characters outside of the
// alphabet too, and counted. "=" ends a group: what follows begins a new one, since programs do
// join encoded pieces.
void decode(std::string_view text, Group& group, std::string& out, Loop loop = best_loop());
void decode_simple(std::string_view text, Group& group, std::string& out);
// The octets of an incomplete group, at the end of the text.
void finish(Group& group, std::string& out);

inline constexpr std::size_t kLineOctets = 57;      // that make a line of
inline constexpr std::size_t kLineCharacters = 76;  // RFC 2045 6.8's greatest length

// Appends `octets` as lines of 76 characters, each ended by CRLF; a shorter last line, padded, too.
void encode_lines(std::string_view octets, std::string& out, Loop loop = best_loop());
void encode_lines_simple(std::string_view octets, std::string& out);

}  // namespace mime::base64
