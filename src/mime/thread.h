// What threads are made of: the base subject (RFC 5256 2.1), Message-ID and References (RFC 5256 2.2,
// RFC 5322 3.6.4).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mime {

struct BaseSubject {
    std::string text;
    bool is_reply_or_forward = false;  // something was taken off that says so

    friend bool operator==(const BaseSubject&, const BaseSubject&) = default;
};

// `subject` is decoded (encoded_word.h). Only its first 2000 octets count.
[[nodiscard]] BaseSubject base_subject(std::string_view subject);

struct ThreadKeys {
    std::string message_id;               // without angle brackets; may be empty
    std::vector<std::string> references;  // oldest first, the message answered last, none twice
    BaseSubject subject;
};

// From a header block, or from Part::envelope.
[[nodiscard]] ThreadKeys thread_keys(std::string_view header);

}  // namespace mime
