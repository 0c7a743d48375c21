// The MIME parser: one pass over a message in pieces of any size gives its Structure (RFC 5322 2.1,
// RFC 2045-2046).
//
// It keeps no body octets, looks at each octet once, and holds no more memory than its limits allow,
// whatever the message says. A line that does not begin with "--" costs only the search for its end.
// What is wrong with a message becomes a defect in the structure; parsing never fails.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/line_scan.h"
#include "mime/structure.h"

namespace mime {

struct ParserLimits {
    std::size_t depth_max = 100;  // entities within entities
    std::size_t parts_max = 10'000;
    std::size_t field_octets_max = std::size_t{256} * 1024;  // of one kept field
    std::size_t kept_octets_max = std::size_t{4} << 20;      // of all kept fields together
    std::uint8_t defects_max = 8;  // recorded of one kind: none hides another
};

class Parser {
  public:
    explicit Parser(const ParserLimits& limits = {});

    // The next octets of the message. Nothing of `piece` is referred to afterwards.
    void feed(std::string_view piece);
    // The message has ended. Call once.
    [[nodiscard]] Structure finish();

  private:
    enum class Mode : std::uint8_t { kHeader, kBody };
    enum class FieldId : std::uint8_t;

    // An entity whose end has not been seen, the whole message first.
    struct Open {
        std::uint32_t part = 0;
        std::uint64_t lines_before_body = 0;
        bool closed = false;   // the closing delimiter was seen: what follows is the epilogue
        std::string boundary;  // empty unless a multipart
    };

    struct Delimiter {
        std::size_t level = 0;  // index into open_
        bool closes = false;
    };

    // A header line that is no field: the body's first line, or rubbish, as the next line will show.
    struct Suspect {
        std::uint64_t begin = 0;
        std::uint64_t lines_before = 0;
        OctetTotals totals;
    };

    [[nodiscard]] Part& current() { return structure_.parts[open_.back().part]; }

    [[nodiscard]] std::uint64_t offset() const { return piece_offset_ + at_; }

    [[nodiscard]] std::string_view rest() const { return piece_.substr(at_); }

    [[nodiscard]] std::uint32_t line_end_octets() const;

    // The line machine (parser.cc).
    void take_header_line();
    void take_dash_line();
    void leave_dash_line();
    void take_body();
    void note_up_to(std::size_t end);
    void settle();

    // Entities (parser.cc).
    [[nodiscard]] std::optional<Delimiter> match_delimiter(std::string_view line) const;
    [[nodiscard]] bool on_delimiter(std::string_view line, bool has_line_end);
    void begin_part(std::uint32_t parent, bool is_message, std::uint64_t begin);
    void end_parts(std::size_t level, std::uint64_t lines);
    void end_part(std::uint64_t end, std::uint64_t lines);
    void body_begins(std::uint64_t at, std::uint64_t lines_before);
    void look_into();
    [[nodiscard]] bool may_hold_more(std::uint64_t at);

    // Header lines and the fields that matter (parser_header.cc).
    void on_header_line(std::string_view line, bool has_line_end);
    void on_field_line(std::string_view line, std::size_t name_octets);
    void on_rubbish_line(std::string_view line, bool has_line_end);
    void cut_header(std::uint64_t at, std::uint64_t lines_before);
    void finish_headers(std::uint64_t at, std::uint64_t lines_before);
    void end_header(std::uint64_t at, std::uint64_t lines_before);
    [[nodiscard]] std::optional<FieldId> field_id(std::string_view name) const;

    [[nodiscard]] static constexpr std::uint32_t bit(FieldId id) {
        return 1U << static_cast<unsigned>(id);
    }

    void end_field();
    void keep_field(FieldId id, std::string_view body);
    void check_version(std::string_view body);
    void keep_type(std::string_view body);
    [[nodiscard]] std::string_view charset_so_far(std::string_view body,
                                                  const ContentType* type) const;
    void keep_encoding(std::string_view body);
    void keep_languages(std::string_view body);
    void add_defect(DefectKind kind, std::uint64_t at);
    void add_octet_defects();

    ParserLimits limits_;
    Structure structure_;
    std::vector<Open> open_;
    Mode mode_ = Mode::kHeader;

    // The piece at hand. Octets before noted_ are in totals_ already.
    std::string_view piece_;
    std::size_t at_ = 0;
    std::size_t noted_ = 0;
    std::uint64_t piece_offset_ = 0;
    char before_piece_ = '\0';  // the octet before the piece
    OctetTotals totals_;        // since the last settle()
    std::uint64_t lines_ = 0;   // settled

    // The line at hand, as far as it came in earlier pieces.
    std::string carry_;
    std::uint64_t line_begin_ = 0;
    std::uint32_t last_line_end_octets_ = 0;  // of the line before: 2 after CRLF, 1 after LF
    bool may_be_dash_line_ = false;  // in a body: at a line's begin, or carry_ begins with '-'

    // The header at hand.
    std::optional<Suspect> suspect_;
    std::optional<FieldId> field_id_;  // of the field in field_, when it is one that matters
    bool in_field_ = false;            // a continuation line would belong to a field
    std::string field_;
    std::uint64_t field_begin_ = 0;
    std::uint32_t fields_seen_ = 0;  // bits by FieldId
    std::size_t kept_octets_ = 0;
    std::array<std::uint8_t, kDefectKinds> defects_of_kind_{};
};

// The structure of a message that is all there.
[[nodiscard]] Structure parse(std::string_view message, const ParserLimits& limits = {});

}  // namespace mime
