#include "mail/summary.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "base/ascii.h"
#include "base/check.h"
#include "mime/envelope.h"
#include "mime/packed_structure.h"
#include "mime/preview.h"
#include "mime/raw_header.h"
#include "mime/section.h"
#include "mime/text.h"
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

// What a listing needs of a header, and what the common clients ask for by name. In lower case, by length.
constexpr std::array kKeptFields = std::to_array<std::string_view>({
    "to",
    "cc",
    "bcc",
    "date",
    "from",
    "lines",
    "x-spam",
    "x-tuid",
    "list-id",
    "subject",
    "sender",
    "x-label",
    "keywords",
    "priority",
    "reply-to",
    "comments",
    "list-post",
    "list-help",
    "references",
    "importance",
    "message-id",
    "newsgroups",
    "precedence",
    "return-path",
    "in-reply-to",
    "resent-to",
    "resent-from",
    "resent-date",
    "sensitivity",
    "x-priority",
    "x-spam-flag",
    "content-type",
    "mime-version",
    "delivered-to",
    "mail-reply-to",
    "x-original-to",
    "x-spam-status",
    "auto-submitted",
    "list-subscribe",
    "mail-followup-to",
    "resent-message-id",
    "list-unsubscribe",
    "x-msmail-priority",
    "content-language",
    "x-offlineimap",
    "content-disposition",
    "content-description",
    "list-unsubscribe-post",
    "content-transfer-encoding",
    "disposition-notification-to",
    "x-uniform-type-identifier",
    "x-universally-unique-identifier",
    "user-agent",
    "x-mailer",
    "organization",
    "list-archive",
    "list-owner",
    "archived-at",
});

constexpr std::size_t kNameOctetsMax = 32;

// Indexes into kKeptFields by a name's length, so that most names are compared with two or three.
struct NamesByLength {
    std::array<std::array<std::uint8_t, 12>, kNameOctetsMax> indexes{};
    std::array<std::uint8_t, kNameOctetsMax> counts{};
};

constexpr NamesByLength names_by_length() {
    NamesByLength names;
    for (std::size_t i = 0; i < kKeptFields.size(); ++i) {
        const std::size_t length = kKeptFields[i].size();
        names.indexes[length][names.counts[length]++] = static_cast<std::uint8_t>(i);
    }
    return names;
}

constexpr NamesByLength kNames = names_by_length();

// The bit of a name in Summary's filter: FNV-1a over it in lower case.
std::uint64_t filter_bit(std::string_view name) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : name) {
        hash = (hash ^ static_cast<unsigned char>(base::to_lower(c))) * 1099511628211ULL;
    }
    return std::uint64_t{1} << (hash >> 58U);
}

std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

struct Header {
    std::string kept;
    bool has_all = true;
    std::uint64_t other_names = 0;
    std::optional<mime::Date> sent;
};

Header read_header(std::string_view block) {
    Header header;
    mime::FieldIterator fields(block);
    while (const auto field = fields.next()) {
        if (!is_kept_field(field->name)) {
            header.other_names |= filter_bit(field->name);
            continue;
        }
        const char* const begin = field->name.data();
        const std::string_view raw(
            begin, static_cast<std::size_t>(field->body.data() + field->body.size() - begin));
        if (header.kept.size() + raw.size() + 2 > kSummaryFieldsOctetsMax) {
            header.has_all = false;
            continue;
        }
        header.kept.append(raw).append("\r\n");
        if (!header.sent && field->name.size() == 4 && base::iequals(field->name, "Date")) {
            header.sent = mime::parse_date(field->body);
        }
    }
    return header;
}

std::size_t characters(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

// The preview of a message whose beginning is at hand; nothing when more of it is needed.
std::optional<std::string> preview_of(std::string_view held, const mime::Structure& structure) {
    constexpr std::size_t kFirstLook = 1024;  // most often enough, and decoding costs time
    if (mime::is_encrypted(structure)) {
        return std::string();
    }
    std::string preview;
    for (const std::size_t octets_max : {kFirstLook, kSummaryHeldOctetsMax}) {
        preview = mime::preview_of_text(mime::body_text(held, structure, octets_max));
        if (characters(preview) >= mime::kPreviewCharactersWanted) {
            return preview;
        }
    }
    const std::vector<std::uint32_t> parts = mime::read_parts(structure);
    const bool is_whole = std::all_of(parts.begin(), parts.end(), [&](std::uint32_t index) {
        return structure.parts[index].body_end <= held.size();
    });
    if (!is_whole) {
        return std::nullopt;
    }
    return preview.empty() ? mime::preview_without_text(structure) : std::move(preview);
}

// The root's envelope is made of kept fields: they are not kept twice.
std::string pack_without_envelope(mime::Structure structure) {
    structure.parts.front().envelope.clear();
    return mime::pack(structure);
}

// An answer in ASCII is the same in UTF-8 unless something in it had to be encoded (RFC 2047 words, RFC 2231
// parameters with "*" behind their names), or was sent as it is against the rules.
bool is_plain(std::string_view answer) {
    return base::is_ascii(answer) && answer.find("=?") == std::string_view::npos &&
           answer.find('*') == std::string_view::npos;
}

// Empty for one that is too long to be kept.
std::string keepable(std::string answer) {
    return answer.size() <= kSummaryAnswerOctetsMax ? std::move(answer) : std::string();
}

// Where the first of the kept fields ends, behind its line end: at a line that is no continuation.
std::size_t field_end(std::string_view fields) {
    std::size_t end = fields.find('\n');
    while (end != std::string_view::npos && end + 1 < fields.size() &&
           base::is_space(fields[end + 1])) {
        end = fields.find('\n', end + 1);
    }
    return end == std::string_view::npos ? fields.size() : end + 1;
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

bool is_kept_field(std::string_view name) {
    if (name.size() >= kNameOctetsMax) {
        return false;
    }
    const auto& indexes = kNames.indexes[name.size()];
    const auto* const end = indexes.begin() + kNames.counts[name.size()];
    return std::any_of(indexes.begin(), end, [name](std::uint8_t index) {
        return base::iequals(name, kKeptFields[index]);
    });
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

Summarizer::Summarizer() = default;

void Summarizer::feed(std::string_view octets) {
    if (!is_parsing_ && octets.size() > kSummaryHeldOctetsMax - held_.size()) {
        parser_.feed(held_);
        is_parsing_ = true;
    }
    if (is_parsing_) {
        parser_.feed(octets);
    }
    held_.append(octets.substr(0, kSummaryHeldOctetsMax - held_.size()));
}

Summary Summarizer::finish() {
    if (!is_parsing_) {
        parser_.feed(held_);
    }
    mime::Structure structure = parser_.finish();
    const std::uint64_t header_octets = structure.root().header_octets_count();
    Header header = read_header(std::string_view(held_).substr(0, header_octets));
    header.has_all = header.has_all && header_octets <= held_.size();
    if (!header.has_all) {
        header.other_names = ~std::uint64_t{0};
    }
    const std::optional<std::string> preview = preview_of(held_, structure);
    // These two are asked for again and again, and copying them takes a tenth of making them.
    const std::string envelope =
        header.has_all ? keepable(mime::format_envelope(
                             mime::header_as_utf8(header.kept, mime::declared_charset(structure)),
                             mime::HeaderForm::kAscii))
                       : std::string();
    const std::string body = keepable(
        mime::format_body(structure, mime::BodyForm::kBodyStructure, mime::HeaderForm::kAscii));
    const std::string packed = pack_without_envelope(std::move(structure));

    store::RecordWriter writer(kVersion);
    writer.u8(static_cast<std::uint8_t>(
        (header.has_all ? kHasAllFields : 0) | (preview ? kHasPreview : 0) |
        (header.sent ? kHasSent : 0) |
        (header.sent && header.sent->offset_known ? kSentOffsetKnown : 0) | kHasAnswers |
        (is_plain(envelope) ? kEnvelopeIsPlain : 0) |
        (is_plain(body) ? kBodyStructureIsPlain : 0)));
    writer.varint(header_octets).u64(header.other_names);
    if (header.sent) {
        const auto sent = std::chrono::floor<std::chrono::seconds>(header.sent->time);
        writer.varint(zigzag(sent.time_since_epoch().count()))
            .varint(zigzag(header.sent->offset_minutes));
    }
    writer.varint(header.kept.size()).varint(preview ? preview->size() : 0).varint(packed.size());
    writer.varint(envelope.size()).varint(body.size());
    writer.raw(header.kept).raw(preview ? *preview : "").raw(packed).raw(envelope).raw(body);
    auto summary = Summary::unpack(std::move(writer).record());
    CHECK(summary.has_value());
    return std::move(*summary);
}

Summary summarize(std::string_view message) {
    Summarizer summarizer;
    summarizer.feed(message);
    return summarizer.finish();
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

FieldChoice::FieldChoice(std::span<const std::string> names) {
    for (const std::string& name : names) {
        if (is_kept_field(name)) {
            const bool is_new = std::none_of(names_.begin(), names_.end(), [&](const auto& known) {
                return base::iequals(known, name);
            });
            if (is_new) {  // so that there are no more than fields that are kept
                names_.push_back(name);
            }
        } else {
            others_ |= filter_bit(name);
        }
    }
}

std::optional<std::string> FieldChoice::of(const Summary& summary) const {
    if (!summary.has_all_fields() || (summary.other_names_ & others_) != 0) {
        return std::nullopt;
    }
    std::string_view left = summary.fields();
    std::string chosen;
    chosen.reserve(left.size() + 2);
    while (!left.empty()) {
        const std::string_view field = left.substr(0, field_end(left));
        left.remove_prefix(field.size());
        if (has(field)) {
            chosen += field;
        }
    }
    chosen += "\r\n";
    return chosen;
}

// Kept fields need no mime::FieldIterator, which looks for what may be wrong with a field as well: that is
// half of what an answer cost.
bool FieldChoice::has(std::string_view field) const {
    return std::any_of(names_.begin(), names_.end(), [field](std::string_view name) {
        if (!base::istarts_with(field, name)) {
            return false;
        }
        const std::size_t colon = field.find_first_not_of(" \t", name.size());
        return colon != std::string_view::npos && field[colon] == ':';
    });
}

}  // namespace mail
