// What a session without UTF8 gets of an internationalized message (RFC 6856 2.1): a surrogate whose header
// is US-ASCII, made as RFC 6857 says. The body goes out as it is: 8bit is allowed in POP3.
//
// BUGS: the header must lie whole in the octets handed in, and headers of a message's parts stay as they
// are. LIST and STAT tell the size of the original (RFC 6856 2.1: SHOULD match).
#pragma once

#include <string>

#include "mime/downgrade.h"

namespace pop3 {

// Replaces the header at the front of `head`, a message's first octets, if it is whole and holds UTF-8
// outside US-ASCII. What is no UTF-8 came in an older charset, was never internationalized mail, and
// stays as it is. `to_a_labels` makes addresses plain whose domain alone is not.
void make_surrogate(std::string& head, mime::ToALabels to_a_labels);

}  // namespace pop3
