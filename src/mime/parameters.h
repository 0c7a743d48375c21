// Content-Type and Content-Disposition: RFC 2045 section 5, RFC 2183, and the parameters of RFC
// 2231 with continuations, charsets and languages.
//
// Reading never fails: parameters without semicolons between them, unquoted values with spaces and
// encoded words in values are read as they were meant. Both bodies may be folded. At most
// kParametersMax parameters and kSectionsMax continuation sections are kept; the rest is passed
// over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/encoded_word.h"

namespace mime {

inline constexpr std::size_t kParametersMax = 256;
inline constexpr std::size_t kSectionsMax = 4096;

struct Parameter {
    std::string name;      // lower case, without the stars of RFC 2231
    std::string value;     // decoded, UTF-8
    std::string charset;   // as RFC 2231 named it; else empty
    std::string language;  // the same
    // The extended-value that it stood in, where extended_value() would write another; no part of what it says.
    std::string written = {};

    friend bool operator==(const Parameter& left, const Parameter& right) {
        return left.name == right.name && left.value == right.value &&
               left.charset == right.charset && left.language == right.language;
    }
};

// The value in RFC 2231's form and one piece, "utf-8''%C3%A9": as it was written, else made of its UTF-8.
[[nodiscard]] std::string extended_value(const Parameter& parameter);

// In the order in which they first turned up; of two with one name the first counts, and one in RFC
// 2231's form before a plain one (RFC 6266 4.3's choice, which mail programs share).
struct Parameters {
    std::vector<Parameter> list;

    // The value of the parameter of that name (in lower case); nothing when there is none. The
    // pointer lives as long as the list is not changed.
    [[nodiscard]] const std::string* find(std::string_view name) const;
    // The same, as a view, with a value for its absence.
    [[nodiscard]] std::string_view get(std::string_view name, std::string_view absent = {}) const;
    // Sets or adds.
    void set(std::string_view name, std::string_view value);

    friend bool operator==(const Parameters&, const Parameters&) = default;
};

struct ContentType {
    std::string type = "text";      // lower case
    std::string subtype = "plain";  // lower case
    Parameters parameters;

    [[nodiscard]] bool is(std::string_view wanted_type, std::string_view wanted_subtype) const {
        return type == wanted_type && subtype == wanted_subtype;
    }

    friend bool operator==(const ContentType&, const ContentType&) = default;
};

// Nothing when no type and subtype can be read: RFC 2045 5.2 then says text/plain (in a digest
// message/rfc822, RFC 2046 5.1.5), which is the caller's to know. "text" alone is text/plain and
// "multipart" alone multipart/mixed.
[[nodiscard]] std::optional<ContentType> parse_content_type(std::string_view body);

struct Disposition {
    std::string type;  // "inline", "attachment" ..., lower case; empty when none was written
    Parameters parameters;

    friend bool operator==(const Disposition&, const Disposition&) = default;
};

// RFC 2183 2: a type that is unknown, or missing, means an attachment; the caller decides.
[[nodiscard]] Disposition parse_disposition(std::string_view body);

// The parameters alone: `body` begins behind the type, at the first semicolon or before it.
[[nodiscard]] Parameters parse_parameters(std::string_view body);

// One parameter as a piece of a header field, "name=value", quoted where needed; with `form` kAscii
// and a value outside US-ASCII by RFC 2231, in as many sections as keep each within 75 characters.
// One element a section: the writer joins them with ";" and folds between them.
[[nodiscard]] std::vector<std::string> format_parameter(std::string_view name,
                                                        std::string_view value,
                                                        HeaderForm form = HeaderForm::kAscii);
// All of them, each after ";" and a fold: ";\r\n charset=utf-8".
[[nodiscard]] std::string format_parameters(const Parameters& parameters,
                                            HeaderForm form = HeaderForm::kAscii);

}  // namespace mime
