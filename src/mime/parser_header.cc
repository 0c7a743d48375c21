// The parser's header lines: where a header ends, and the fields that a Structure keeps.
#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "mime/header.h"
#include "mime/lexer.h"
#include "mime/parser.h"
#include "mime/raw_header.h"

namespace mime {

enum class Parser::FieldId : std::uint8_t {
    kContentType,
    kContentTransferEncoding,
    kContentDisposition,
    kContentId,
    kContentDescription,
    kContentLanguage,
    kContentLocation,
    kContentMd5,
    kMimeVersion,
    kEnvelope,  // one of the fields of IMAP's ENVELOPE, or References
};

namespace {

using base::iequals;

//  field-name = 1*ftext     ftext = %d33-57 / %d59-126     RFC 5322 3.6.8; obs: WSP before the colon
// Octets above 127 are let in, as FieldIterator does. The octets of the name that `line` begins with,
// or 0 when it begins with none.
std::size_t field_name_octets(std::string_view line) {
    std::size_t end = 0;
    while (end < line.size() && line[end] != ':' && line[end] != ' ' &&
           !base::is_control(line[end])) {
        ++end;
    }
    std::size_t colon = end;
    while (colon < line.size() && base::is_space(line[colon])) {
        ++colon;
    }
    return colon < line.size() && line[colon] == ':' ? end : 0;
}

bool is_mbox_from(std::string_view line) {
    return line.starts_with("From ") || line.starts_with(">From ");
}

// The beginning of `text` that fits behind `place` within `octets_max`.
std::string_view fitting(std::string_view text, const std::string& place, std::size_t octets_max) {
    return text.substr(0, octets_max - std::min(place.size(), octets_max));
}

constexpr std::array<std::string_view, 11> kEnvelopeFields = {"Date",
                                                              "From",
                                                              "Sender",
                                                              "Reply-To",
                                                              "To",
                                                              "Cc",
                                                              "Bcc",
                                                              "Subject",
                                                              "In-Reply-To",
                                                              "Message-ID",
                                                              "References"};

}  // namespace

// The fields whose names need more than a look at their first letter end here.
std::optional<Parser::FieldId> Parser::field_id(std::string_view name) const {
    static constexpr std::array<std::string_view, 8> kContentFields = {"Type",
                                                                       "Transfer-Encoding",
                                                                       "Disposition",
                                                                       "ID",
                                                                       "Description",
                                                                       "Language",
                                                                       "Location",
                                                                       "MD5"};
    if (base::istarts_with(name, "Content-")) {
        const std::string_view kind = name.substr(8);
        for (std::size_t i = 0; i < kContentFields.size(); ++i) {
            if (iequals(kind, kContentFields[i])) {
                return static_cast<FieldId>(i);
            }
        }
        return std::nullopt;
    }
    if (!structure_.parts[open_.back().part].is_message) {
        return std::nullopt;
    }
    if (iequals(name, "MIME-Version")) {
        return FieldId::kMimeVersion;
    }
    const bool in_envelope =
        std::any_of(kEnvelopeFields.begin(), kEnvelopeFields.end(), [&](std::string_view field) {
            return iequals(name, field);
        });
    return in_envelope ? std::optional(FieldId::kEnvelope) : std::nullopt;
}

// `line` has its line end, when it has one at all; of a line beyond the limit only the beginning is
// there.
void Parser::on_header_line(std::string_view line, bool has_line_end) {
    if (line.starts_with("--") && on_delimiter(line, has_line_end)) {
        return;
    }
    last_line_end_octets_ = line_end_octets();
    const std::size_t name_octets = field_name_octets(line);
    const bool is_blank = line == "\r\n" || line == "\n";
    if (is_blank && !suspect_) {
        settle();
        end_header(offset(), lines_);
    } else if (name_octets != 0 && !is_blank) {
        on_field_line(line, name_octets);
    } else if (!is_blank && base::is_space(line.front()) && in_field_ && !suspect_) {
        field_ += field_id_ ? fitting(line, field_, limits_.field_octets_max) : std::string_view{};
    } else if (line_begin_ == current().header_begin && is_mbox_from(line)) {
        add_defect(DefectKind::kMboxFromLine, line_begin_);
    } else {
        on_rubbish_line(line, has_line_end);
    }
    line_begin_ = offset();
}

void Parser::on_field_line(std::string_view line, std::size_t name_octets) {
    if (suspect_) {
        add_defect(DefectKind::kBadHeaderLine, suspect_->begin);
        suspect_.reset();
    }
    end_field();
    in_field_ = true;
    field_id_ = field_id(line.substr(0, name_octets));
    if (field_id_) {
        field_begin_ = line_begin_;
        field_ = fitting(line, {}, limits_.field_octets_max);
    }
}

// A line that is no field. One such line before a field is rubbish (most often the rest of a line that
// was folded without white space); before anything else it begins a body whose empty line is missing.
void Parser::on_rubbish_line(std::string_view line, bool has_line_end) {
    settle();
    OctetTotals totals;
    for (std::string_view left = line; !left.empty();) {
        left.remove_prefix(
            scan_to_dash_line(left, left.data() == line.data() ? '\0' : '\n', totals));
    }
    if (!suspect_) {
        suspect_ = Suspect{line_begin_, lines_ - (has_line_end ? 1 : 0), totals};
        return;
    }
    const Suspect suspect = *suspect_;
    add_defect(DefectKind::kMissingBlankLine, suspect.begin);
    finish_headers(suspect.begin, suspect.lines_before);
    current().body_octets.add(suspect.totals);
    current().body_octets.add(totals);
}

// Ends the header at hand although its empty line has not come.
void Parser::cut_header(std::uint64_t at, std::uint64_t lines_before) {
    if (suspect_) {
        on_rubbish_line({}, false);
    } else {
        finish_headers(at, lines_before);
    }
}

// The header at hand ends at `at`, and so do those of the messages that begin there.
void Parser::finish_headers(std::uint64_t at, std::uint64_t lines_before) {
    while (mode_ == Mode::kHeader) {
        end_header(at, lines_before);
    }
}

void Parser::end_header(std::uint64_t at, std::uint64_t lines_before) {
    end_field();
    suspect_.reset();
    Part& part = current();
    constexpr std::uint32_t kMimeFields =
        bit(FieldId::kContentType) | bit(FieldId::kContentTransferEncoding);
    if (part.is_message && (fields_seen_ & kMimeFields) != 0 &&
        (fields_seen_ & bit(FieldId::kMimeVersion)) == 0) {
        add_defect(DefectKind::kMissingMimeVersion, part.header_begin);
    }
    if (!part.has_type) {  // RFC 2045 5.2, RFC 2046 5.1.5
        const bool in_digest = part.parent != kNoPart &&
                               structure_.parts[part.parent].type.type == "multipart" &&
                               structure_.parts[part.parent].type.subtype == "digest";
        const bool is_unreadable = (fields_seen_ & bit(FieldId::kContentType)) != 0;
        part.type.type = is_unreadable ? "application" : in_digest ? "message" : "text";
        part.type.subtype = is_unreadable ? "octet-stream" : in_digest ? "rfc822" : "plain";
    }
    body_begins(at, lines_before);
}

// The field in field_ is whole.
void Parser::end_field() {
    if (!field_id_) {
        return;
    }
    const FieldId id = *std::exchange(field_id_, std::nullopt);
    if (field_.size() >= limits_.field_octets_max) {
        add_defect(DefectKind::kFieldTooLong, field_begin_);
    }
    if (id != FieldId::kEnvelope && (fields_seen_ & bit(id)) != 0) {
        add_defect(DefectKind::kDuplicateField, field_begin_);
        return;
    }
    fields_seen_ |= bit(id);
    while (field_.ends_with('\n') || field_.ends_with('\r')) {
        field_.pop_back();
    }
    if (id == FieldId::kMimeVersion) {
        check_version(std::string_view(field_).substr(field_.find(':') + 1));
        return;
    }
    if (kept_octets_ + field_.size() > limits_.kept_octets_max) {
        add_defect(DefectKind::kTooMuchHeader, field_begin_);
        return;
    }
    kept_octets_ += field_.size();
    keep_field(id, std::string_view(field_).substr(field_.find(':') + 1));
}

void Parser::keep_field(FieldId id, std::string_view body) {
    Part& part = current();
    switch (id) {
        case FieldId::kContentType:
            return keep_type(body);
        case FieldId::kContentTransferEncoding:
            return keep_encoding(body);
        case FieldId::kContentDisposition:
            part.disposition = parse_disposition(body_as_utf8(body, charset_so_far(body, nullptr)));
            return;
        case FieldId::kContentId:
            part.id = unfold(body);
            return;
        case FieldId::kContentDescription:
            part.description = unfold(body);
            return;
        case FieldId::kContentLanguage:
            return keep_languages(body);
        case FieldId::kContentLocation:
            part.location = unfold(body);
            return;
        case FieldId::kContentMd5:
            part.md5 = unfold(body);
            return;
        case FieldId::kEnvelope:
            part.envelope.append(field_).append("\r\n");
            return;
        case FieldId::kMimeVersion:
            return;
    }
}

//  version := "MIME-Version" ":" 1*DIGIT "." 1*DIGIT, with comments anywhere     RFC 2045 4
void Parser::check_version(std::string_view body) {
    std::string version;
    for (Lexer lexer(body); !lexer.at_end();) {
        if (!lexer.skip_cfws()) {
            version += lexer.peek();
            lexer.advance();
        }
    }
    if (version != "1.0") {
        add_defect(DefectKind::kBadMimeVersion, field_begin_);
    }
}

void Parser::keep_type(std::string_view body) {
    Part& part = current();
    auto type = parse_content_type(body);
    if (const auto charset = charset_so_far(body, type ? &*type : nullptr); !charset.empty()) {
        type = parse_content_type(body_as_utf8(body, charset));
    }
    if (!type) {
        add_defect(DefectKind::kBadContentType, field_begin_);
        return;
    }
    part.type = std::move(*type);
    part.has_type = true;
}

// What raw octets of a field's parameters are in, names of files most often: by the Content-Type that they stand in, or
// by what the message said before. Empty when there are none, or nothing was said.
std::string_view Parser::charset_so_far(std::string_view body, const ContentType* type) const {
    if (base::is_utf8(body)) {
        return {};
    }
    const auto own = type == nullptr ? std::string_view{} : declared_charset(*type);
    return own.empty() ? declared_charset_of_part(structure_, open_.back().part) : own;
}

void Parser::keep_encoding(std::string_view body) {
    Part& part = current();
    Lexer lexer(body);
    lexer.skip_cfws();
    part.encoding_name = base::to_lower(lexer.token());
    part.encoding = parse_encoding(body);
    if (part.encoding == Encoding::kOther) {
        add_defect(DefectKind::kBadEncoding, field_begin_);
    }
}

//  Content-Language := 1#Language-tag      RFC 3282 2
void Parser::keep_languages(std::string_view body) {
    Lexer lexer(body);
    while (!lexer.at_end()) {
        lexer.skip_cfws();
        const std::string_view tag = lexer.token();
        if (!tag.empty()) {
            current().languages.emplace_back(tag);
        } else {
            lexer.advance();
        }
    }
}

}  // namespace mime
