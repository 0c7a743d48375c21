// base64 thirty-two characters a step, for x86-64 with AVX2. Called only where base64::is_fast().
//
// After Wojciech Mula and Daniel Lemire, "Faster Base64 Encoding and Decoding using AVX2
// Instructions" (ACM Transactions on the Web 12, 2018): the alphabet's six ranges are told apart by
// the two halves of a character, and six-bit values are packed by two multiply-and-add
// instructions.
#pragma once

#include <cstddef>

namespace mime::base64 {

// How many octets the functions below may write behind what they produce.
inline constexpr std::size_t kSlack = 32;

// How far a function came, in its input and in its output. By value: a pointer to octets that is
// reached through a reference might point to itself, for all the compiler knows.
struct Progress {
    std::size_t at;
    char* to;
};

// Decodes groups of four from the beginning of `text`, over line ends (CRLF or LF) between groups,
// up to the first group that holds any other character or to the last 31 characters. Returns how
// many characters are done, and the end of the octets written.
Progress decode_avx2(const char* text, std::size_t size, char* to);

// Encodes whole lines of 57 octets, each 76 characters and CRLF. `size` is a multiple of 57.
// Returns the end of what was written.
char* encode_lines_avx2(const char* octets, std::size_t size, char* to);

}  // namespace mime::base64
