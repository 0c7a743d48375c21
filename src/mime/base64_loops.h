// base64 many characters a step, by the processor's vector instructions: sixty-four with AVX-512 VBMI,
// thirty-two with AVX2, sixteen with SSSE3 (x86-64) or NEON (AArch64). base64_codec.cc chooses; each is called only where has_loop() says
// that this machine can run it.
//
// After Wojciech Mula and Daniel Lemire, "Faster Base64 Encoding and Decoding using AVX2
// Instructions" (ACM Transactions on the Web 12, 2018): the alphabet's six ranges are told apart by
// the two halves of a character, and six-bit values are packed without looking at them one by one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mime/base64_codec.h"

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
// up to the first group that holds any other character or to the last characters that fill no step.
// Returns how many characters are done, and the end of the octets written.
Progress decode_octets16(const char* text, std::size_t size, char* to);
Progress decode_avx2(const char* text, std::size_t size, char* to);

// Encodes whole lines of 57 octets, each 76 characters and CRLF. `size` is a multiple of 57.
// Returns the end of what was written.
char* encode_lines_octets16(const char* octets, std::size_t size, char* to);
char* encode_lines_avx2(const char* octets, std::size_t size, char* to);
char* encode_lines_avx512(const char* octets, std::size_t size, char* to);

// The octets of the line end at the beginning of `text`: 2, 1, or 0 when there is none.
inline std::size_t line_end_octets(const char* text, std::size_t size) {
    if (size != 0 && *text == '\n') {
        return 1;
    }
    return size >= 2 && text[0] == '\r' && text[1] == '\n' ? 2 : 0;
}

// Whether a line of the usual length may begin here: CRLF stands where it would end.
inline bool is_line(const char* text, std::size_t size) {
    return size >= kLineCharacters + 2 && text[kLineCharacters] == '\r' &&
           text[kLineCharacters + 1] == '\n';
}

// By a character's high half, which of few ranges it may be of; by its low half, which of them it is
// outside of. A character that both name is not of the alphabet.
inline constexpr std::uint8_t kRangeOfHigh[16] = {
    0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10};
inline constexpr std::uint8_t kOutsideByLow[16] = {
    0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a};
// What makes a character its value, by its high half and one less for '/'.
inline constexpr std::uint8_t kToValue[16] = {0, 16, 19, 4, 191, 191, 185, 185};
// What makes a value its character: by how far it is above 51, and from 1 for those from 26 to 51.
inline constexpr std::uint8_t kToCharacter[16] = {
    65, 71, 252, 252, 252, 252, 252, 252, 252, 252, 252, 252, 237, 240};

}  // namespace mime::base64
