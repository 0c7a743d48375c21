// EBCDIC for TYPE E (RFC 959 3.1.1.2): IBM code page 037, octet by octet, both ways without loss. Its NL,
// X'15', is the end of a line.
#pragma once

#include <cstddef>
#include <string>

namespace ftp {

// In place, from octet `from` on.
void to_ebcdic(std::string& octets, std::size_t from = 0);
void from_ebcdic(std::string& octets, std::size_t from = 0);

}  // namespace ftp
