// The structure of a message: what one pass over its octets learns (RFC 5322, RFC 2045-2049), and its
// compact form for keeping beside the message.
//
// It holds offsets into the message and the header fields that listings need, so that IMAP's ENVELOPE,
// BODYSTRUCTURE and every section can be answered without parsing the message a second time. Parser
// (parser.h) makes it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mime/parameters.h"
#include "mime/transfer.h"

namespace mime {

// What was wrong with a message. None of these keeps it from being read.
enum class DefectKind : std::uint8_t {
    kBadHeaderLine,       // a line of a header that is no field; skipped
    kMissingBlankLine,    // a body that begins without an empty line before it
    kMboxFromLine,        // "From " in front of the first field
    kHeaderCutShort,      // a delimiter line inside a header
    kFieldTooLong,        // a field that matters was longer than the limit, and was cut
    kTooMuchHeader,       // all kept fields together passed their limit: later ones are ignored
    kDuplicateField,      // a field that may stand once stood again: the first counts
    kMissingMimeVersion,  // MIME fields without MIME-Version
    kBadContentType,      // Content-Type that cannot be read: application/octet-stream
    kBadEncoding,         // an unknown Content-Transfer-Encoding
    kEncodedContainer,    // multipart or message with base64 or quoted-printable
    kMissingBoundary,     // multipart without a usable boundary parameter: taken as a leaf
    kEmptyMultipart,      // multipart without a part
    kUnclosedMultipart,   // multipart without its closing delimiter
    kTooDeep,             // nested deeper than the limit: taken as a leaf
    kTooManyParts,        // more parts than the limit: the rest stays in the last one
    k8bitHeader,          // a header with octets above 127 (legal only under RFC 6532)
    kNul,                 // an octet of zero outside binary
    kBareLf,              // an LF without CR
    kBareCr,              // a CR without LF
    kBadMimeVersion,      // MIME-Version other than 1.0
    k8bitBody,            // octets above 127 under an encoding that promises none
};
inline constexpr int kDefectKinds = static_cast<int>(DefectKind::k8bitBody) + 1;

// "missing-blank-line" ...: the name in logs, JSON and tests.
[[nodiscard]] std::string_view defect_name(DefectKind kind);

struct Defect {
    DefectKind kind = DefectKind::kBadHeaderLine;
    std::uint64_t offset = 0;  // of the line or the part that shows it

    friend bool operator==(const Defect&, const Defect&) = default;
};

// What kinds of octets a stretch holds. A part's include those of the parts within it.
struct OctetFlags {
    bool has_8bit = false;
    bool has_nul = false;
    bool has_bare_lf = false;
    bool has_bare_cr = false;

    void add(const auto& more) {  // OctetFlags or OctetTotals
        has_8bit |= more.has_8bit;
        has_nul |= more.has_nul;
        has_bare_lf |= more.has_bare_lf;
        has_bare_cr |= more.has_bare_cr;
    }

    friend bool operator==(const OctetFlags&, const OctetFlags&) = default;
};

inline constexpr std::uint32_t kNoPart = std::numeric_limits<std::uint32_t>::max();

// One entity (RFC 2045 2.4): a message, or a part of one. All offsets count from the first octet of
// the whole message.
struct Part {
    std::uint64_t header_begin = 0;
    std::uint64_t body_begin = 0;  // the header ends here, its empty line included
    std::uint64_t body_end = 0;    // before the line end that belongs to the delimiter
    std::uint64_t lines = 0;       // line ends in the body
    OctetFlags header_octets;
    OctetFlags body_octets;

    std::uint32_t parent = kNoPart;
    std::vector<std::uint32_t> children;  // a multipart's parts, or a message/rfc822's one message
    bool is_message = false;              // the whole message, or the one inside message/rfc822

    ContentType type;       // what is there, or the default of RFC 2045 5.2
    bool has_type = false;  // a readable Content-Type stood there
    Encoding encoding = Encoding::k7bit;
    std::string encoding_name;  // as written, in lower case; empty when the field is absent
    std::optional<Disposition> disposition;
    std::string id;  // Content-ID and the others as written, unfolded
    std::string description;
    std::string location;
    std::string md5;
    std::vector<std::string> languages;
    std::string envelope;  // of a message: its fields for ENVELOPE, raw, each with CRLF

    [[nodiscard]] std::uint64_t header_octets_count() const { return body_begin - header_begin; }

    [[nodiscard]] std::uint64_t body_octets_count() const { return body_end - body_begin; }

    [[nodiscard]] bool is_multipart() const { return type.type == "multipart"; }

    // message/rfc822 or message/global whose message was looked into.
    [[nodiscard]] bool holds_message() const { return type.type == "message" && !children.empty(); }

    friend bool operator==(const Part&, const Part&) = default;
};

struct Structure {
    std::vector<Part> parts;  // parts[0] is the whole message; the others in order of appearance
    std::vector<Defect> defects;      // of each kind at most ParserLimits::defects_max
    std::uint64_t defects_count = 0;  // all of them
    std::uint64_t octets = 0;         // of the whole message
    std::uint64_t lines = 0;

    [[nodiscard]] const Part& root() const { return parts.front(); }

    [[nodiscard]] bool has(DefectKind kind) const;

    friend bool operator==(const Structure&, const Structure&) = default;
};

// The octets of a range of `message`, cut to what is there. A view into `message`.
[[nodiscard]] std::string_view slice(std::string_view message,
                                     std::uint64_t begin,
                                     std::uint64_t end);
[[nodiscard]] std::string_view header_of(std::string_view message, const Part& part);
[[nodiscard]] std::string_view body_of(std::string_view message, const Part& part);

// The structure as octets for a store: a version octet, then numbers of variable length and strings.
[[nodiscard]] std::string pack(const Structure& structure);
// kCorrupt when the octets are not what pack() made; never reads or allocates beyond what they hold.
[[nodiscard]] base::Result<Structure> unpack(std::string_view octets);

}  // namespace mime
