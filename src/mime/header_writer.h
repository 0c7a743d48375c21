// Writes header fields: folded at legal places (RFC 5322 2.2.3), encoded only where needed (RFC 2047),
// or in UTF-8 (RFC 6532).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "mime/address.h"
#include "mime/encoded_word.h"
#include "mime/parameters.h"

namespace mime {

// RFC 5322 2.1.1 asks for 78 characters a line, and RFC 2047 2 for 76 where encoded words stand.
inline constexpr std::size_t kLineOctetsWanted = 76;

enum class FoldAt {
    kSpaces,          // at any white space: unstructured text
    kSpacesUnquoted,  // not inside quoted strings, unless the line would grow beyond all measure
};

// "Name: body" with CRLF at its end. Folding adds only line ends before white space that is there, so
// unfolding gives `body` back. Line ends and NULs in `body` become spaces: nobody smuggles in a field.
[[nodiscard]] std::string fold_field(std::string_view name, std::string_view body, FoldAt at);

class HeaderWriter {
  public:
    explicit HeaderWriter(HeaderForm form = HeaderForm::kAscii) : form_(form) {}

    // Fields are written in the order of the calls. Texts and names are UTF-8. An empty list writes
    // nothing, nor does a field whose name is none (RFC 5322 3.6.8), or a parameter.
    void unstructured(std::string_view name, std::string_view text);
    void addresses(std::string_view name, const std::vector<Address>& addresses);
    void date(std::string_view name, base::WallTime time, int offset_minutes);
    // Identifiers without angle brackets. Those that could not be read back are left out.
    void message_ids(std::string_view name, const std::vector<std::string>& ids);
    // "value; name=value ...": Content-Type and its like. `value` is a token or type/subtype.
    void with_parameters(std::string_view name,
                         std::string_view value,
                         const Parameters& parameters);
    // A structured body that is right as it stands.
    void structured(std::string_view name, std::string_view body);

    // The fields so far, without the empty line.
    [[nodiscard]] const std::string& text() const { return out_; }

  private:
    void put(std::string_view name, std::string_view body, FoldAt at);

    HeaderForm form_;
    std::string out_;
};

}  // namespace mime
