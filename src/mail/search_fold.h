// Text as searches compare it: mapped by i;unicode-casemap (RFC 5051), and every run of white space as one
// space.
//
// RFC 9051 asks for substrings without regard to case. White space is evened out besides, since where a
// line ends is chance: flowed text, HTML and folded headers have lost it already, and whoever looks for two
// words means them however they were wrapped.
#pragma once

#include <string>
#include <string_view>

namespace mail {

// Appends the folded form of `utf8` to `out`; the last octet of `out` counts as what stands before. Folding
// twice changes nothing. Octets that are not UTF-8 stay as they are.
void append_folded(std::string& out, std::string_view utf8);
[[nodiscard]] std::string search_fold(std::string_view utf8);
// The same mapping without the care for white space: the key that RFC 5256 3 sorts texts by.
[[nodiscard]] std::string unicode_casemap(std::string_view utf8);

}  // namespace mail
