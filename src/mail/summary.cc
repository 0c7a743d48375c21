#include "mail/summary.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "base/ascii.h"
#include "base/check.h"
#include "mail/kept_fields.h"
#include "mime/envelope.h"
#include "mime/header.h"
#include "mime/packed_structure.h"
#include "mime/raw_header.h"
#include "store/key.h"

namespace mail {
namespace {

// The layout in docs/architecture/storage-format.md ("Summaries"). In version 1 the answers held encoded words
// written anew, where they are not plain; in version 2 raw octets guessed, and no preview of what is one file. Those are
// made again when somebody asks.
constexpr std::uint8_t kVersion = 3;

enum Bit : std::uint8_t {
    kHasAllFields = 1U << 0U,
    kHasPreview = 1U << 1U,
    kHasSent = 1U << 2U,
    kSentOffsetKnown = 1U << 3U,
    kHasAnswers = 1U << 4U,  // formatted answers follow the structure
    kEnvelopeIsPlain = 1U << 5U,
    kBodyStructureIsPlain = 1U << 6U,
};

constexpr std::uint8_t kBitsMax = (1U << 7U) - 1;

// A day has no more minutes: mime::parse_date gives no other zone.
constexpr std::int64_t kOffsetMinutesMax = std::int64_t{24} * 60 * 100;

std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

// An answer in ASCII is the same in UTF-8 unless something in it had to be encoded (RFC 2047 words, RFC 2231
// parameters with "*" behind their names), or was sent as it is against the rules.
bool is_plain(std::string_view answer) {
    return base::is_ascii(answer) && answer.find("=?") == std::string_view::npos &&
           answer.find('*') == std::string_view::npos;
}

bool is_envelope_field(std::string_view name) {
    static constexpr std::array<std::string_view, 11> kFields = {"Date",
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
    return std::any_of(kFields.begin(), kFields.end(), [name](std::string_view field) {
        return base::iequals(name, field);
    });
}

}  // namespace

Summary Summary::pack(const Parts& parts) {
    store::RecordWriter writer(kVersion);
    writer.u8(
        static_cast<std::uint8_t>((parts.has_all_fields ? kHasAllFields : 0) |
                                  (parts.preview ? kHasPreview : 0) | (parts.sent ? kHasSent : 0) |
                                  (parts.sent && parts.sent->offset_known ? kSentOffsetKnown : 0) |
                                  kHasAnswers | (is_plain(parts.envelope) ? kEnvelopeIsPlain : 0) |
                                  (is_plain(parts.body_structure) ? kBodyStructureIsPlain : 0)));
    writer.varint(parts.header_octets).u64(parts.other_names);
    if (parts.sent) {
        const auto sent = std::chrono::floor<std::chrono::seconds>(parts.sent->time);
        writer.varint(zigzag(sent.time_since_epoch().count()))
            .varint(zigzag(parts.sent->offset_minutes));
    }
    const std::string_view preview = parts.preview.value_or("");
    writer.varint(parts.fields.size()).varint(preview.size()).varint(parts.structure.size());
    writer.varint(parts.envelope.size()).varint(parts.body_structure.size());
    writer.raw(parts.fields).raw(preview).raw(parts.structure);
    writer.raw(parts.envelope).raw(parts.body_structure);
    auto summary = unpack(std::move(writer).record());
    CHECK(summary.has_value());
    return std::move(*summary);
}

base::Result<Summary> Summary::unpack(std::string packed) {
    TRY(Summary summary, borrow(packed));
    summary.borrowed_ = {};
    summary.packed_ = std::move(packed);
    return summary;
}

base::Result<Summary> Summary::borrow(std::string_view packed) {
    Summary summary;
    if (packed.empty()) {
        return summary;
    }
    store::RecordReader reader(packed, kVersion);
    const std::uint8_t bits = reader.u8();
    summary.has_all_fields_ = (bits & kHasAllFields) != 0;
    summary.has_preview_ = (bits & kHasPreview) != 0;
    summary.header_octets_ = reader.varint();
    summary.other_names_ = reader.u64();
    if ((bits & kHasSent) != 0) {
        const std::int64_t seconds = unzigzag(reader.varint());
        const std::int64_t offset = unzigzag(reader.varint());
        constexpr std::int64_t kSecondsMax = std::int64_t{1} << 50;
        if (std::abs(seconds) > kSecondsMax || std::abs(offset) > kOffsetMinutesMax) {
            return base::fail(base::Errc::kCorrupt, "a message's summary has an impossible date");
        }
        summary.sent_ = mime::Date{.time = base::WallTime(std::chrono::seconds(seconds)),
                                   .offset_minutes = static_cast<int>(offset),
                                   .offset_known = (bits & kSentOffsetKnown) != 0};
    }
    summary.fields_octets_ = reader.count();
    summary.preview_octets_ = reader.count();
    summary.structure_octets_ = reader.count();
    const bool has_answers = (bits & kHasAnswers) != 0;
    summary.envelope_ = {0, has_answers ? reader.count() : 0, (bits & kEnvelopeIsPlain) != 0};
    summary.body_structure_ = {
        0, has_answers ? reader.count() : 0, (bits & kBodyStructureIsPlain) != 0};
    const std::string_view fields = reader.raw(summary.fields_octets_);
    static_cast<void>(reader.raw(summary.preview_octets_));
    static_cast<void>(reader.raw(summary.structure_octets_));
    static_cast<void>(reader.raw(summary.envelope_.octets));
    static_cast<void>(reader.raw(summary.body_structure_.octets));
    TRY_VOID(reader.finish());
    if (bits > kBitsMax || !reader.at_end()) {
        return base::fail(base::Errc::kCorrupt, "a message's summary is damaged");
    }
    summary.fields_begin_ = static_cast<std::size_t>(fields.data() - packed.data());
    summary.envelope_.begin = summary.fields_begin_ + summary.fields_octets_ +
                              summary.preview_octets_ + summary.structure_octets_;
    summary.body_structure_.begin = summary.envelope_.begin + summary.envelope_.octets;
    summary.borrowed_ = packed;
    summary.forget_by_version(reader.version());
    return summary;
}

void Summary::forget_by_version(std::uint8_t version) {
    if (version >= kVersion) {
        return;
    }
    // A plain answer holds nothing that was encoded, nor was to be.
    const bool keeps_envelope =
        envelope_.is_plain ||
        (version == 2 && base::is_utf8(octets().substr(fields_begin_, fields_octets_)));
    envelope_.octets = keeps_envelope ? envelope_.octets : 0;
    body_structure_.octets = body_structure_.is_plain ? body_structure_.octets : 0;
    has_preview_ = has_preview_ && preview_octets_ > 0;
}

std::string_view Summary::fields() const {
    return octets().substr(fields_begin_, fields_octets_);
}

bool Summary::may_have_field(std::string_view name) const {
    if (!is_kept_field(name)) {
        return empty() || (other_names_ & filter_bit(name)) != 0;
    }
    return !has_all_fields_ || mime::find_field(fields(), name).has_value();
}

std::optional<std::string_view> Summary::preview() const {
    if (!has_preview_) {
        return std::nullopt;
    }
    return octets().substr(fields_begin_ + fields_octets_, preview_octets_);
}

std::string_view Summary::packed_structure() const {
    const std::size_t begin = fields_begin_ + fields_octets_ + preview_octets_;
    return octets().substr(begin, structure_octets_);
}

std::string Summary::as_utf8(std::string_view header) const {
    if (base::is_utf8(header)) {
        return std::string(header);
    }
    const auto known = mime::unpack(packed_structure());
    return mime::header_as_utf8(header, known ? mime::declared_charset(*known) : "");
}

bool Summary::is_ascii() const {
    return mime::packed_is_ascii(packed_structure());
}

base::Result<mime::Structure> Summary::structure() const {
    TRY(mime::Structure structure, mime::unpack(packed_structure()));
    mime::FieldIterator iterator(fields());
    while (const auto field = iterator.next()) {
        if (is_envelope_field(field->name)) {
            structure.parts.front()
                .envelope.append(field->name.data(), field->body.data() + field->body.size())
                .append("\r\n");
        }
    }
    return structure;
}

std::optional<std::string_view> Summary::text_of(const Answer& answer,
                                                 mime::HeaderForm form) const {
    if (answer.octets == 0 || (form == mime::HeaderForm::kUtf8 && !answer.is_plain)) {
        return std::nullopt;
    }
    return octets().substr(answer.begin, answer.octets);
}

std::optional<std::string_view> Summary::envelope(mime::HeaderForm form) const {
    return text_of(envelope_, form);
}

std::optional<std::string_view> Summary::body_structure(mime::HeaderForm form) const {
    return text_of(body_structure_, form);
}

std::optional<std::string> format_envelope(const Summary& summary, mime::HeaderForm form) {
    if (const auto kept = summary.envelope(form)) {
        return std::string(*kept);
    }
    if (!summary.has_all_fields()) {
        return std::nullopt;
    }
    return mime::format_envelope(summary.as_utf8(summary.fields()), form);
}

base::Result<std::string> format_body(const Summary& summary,
                                      mime::BodyForm form,
                                      mime::HeaderForm text) {
    const auto kept =
        form == mime::BodyForm::kBodyStructure ? summary.body_structure(text) : std::nullopt;
    if (kept) {
        return std::string(*kept);
    }
    TRY(const mime::Structure structure, summary.structure());
    return mime::format_body(structure, form, text);
}

}  // namespace mail
