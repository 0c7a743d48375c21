// A header block cut into fields: RFC 5322 sections 2.2, 3.6.8 and 4.5, and what the world sends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mime {

// One field of a header block; both views point into the block.
struct Field {
    std::string_view name;  // as written, without white space before the colon
    std::string_view body;  // raw and still folded: all behind the colon, without the last line end
    std::uint32_t offset = 0;  // of the first octet of the name within the block
};

// A field body on one line: without its line ends (RFC 5322 2.2.3) and white space at both ends.
[[nodiscard]] std::string unfold(std::string_view body);

// What was wrong with a block; a set of bits.
enum HeaderDefect : std::uint32_t {
    kHeaderBareLf = 1U << 0U,   // a line ends with LF alone
    kHeaderNoColon = 1U << 1U,  // a line that is neither field nor continuation; it is skipped
    kHeaderBadName = 1U << 2U,  // a field name with a space or a control character; it is skipped
    kHeaderOrphanFold = 1U << 3U,   // the block begins with a continuation line; it is skipped
    kHeaderSpaceInName = 1U << 4U,  // white space before the colon (obs-optional)
    kHeaderNul = 1U << 5U,          // a NUL octet
};

// Walks over the fields of a header block: of the text up to and including the empty line, or all
// of it when there is none. Lines end with CRLF or LF. The block must outlive the iterator and its
// fields.
//
//     for (FieldIterator it(block); const auto field = it.next();) { ... field->name ... }
class FieldIterator {
  public:
    explicit FieldIterator(std::string_view block) : block_(block) {}

    // The next field; nothing at the end of the header.
    std::optional<Field> next();

    // Where reading goes on: behind the empty line once next() has returned nothing.
    [[nodiscard]] std::size_t position() const { return at_; }

    // HeaderDefect bits of what was read so far.
    [[nodiscard]] std::uint32_t defects() const { return defects_; }

  private:
    // The end of the line at `begin`, behind its LF; `length` is of what stands before CRLF.
    std::size_t line_end(std::size_t begin, std::size_t& length);

    std::string_view block_;
    std::size_t at_ = 0;
    std::uint32_t defects_ = 0;
    bool done_ = false;
};

// The first field of that name, without regard to case.
[[nodiscard]] std::optional<Field> find_field(std::string_view block, std::string_view name);

}  // namespace mime
