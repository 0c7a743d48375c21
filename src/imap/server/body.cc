#include "imap/server/body.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "mime/envelope.h"
#include "mime/nstring.h"
#include "mime/preview.h"
#include "mime/section.h"
#include "mime/transfer.h"

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

namespace {

constexpr std::uint64_t kPieceOctets = std::uint64_t{64} * 1024;
constexpr std::uint64_t kHeaderOctetsMax = std::uint64_t{4} * 1024 * 1024;
constexpr std::uint64_t kPreviewedOctetsMax = std::uint64_t{1} * 1024 * 1024;

mime::OctetRange cut(mime::OctetRange range, const std::optional<Partial>& partial) {
    if (partial) {
        const std::uint64_t size = range.end - range.begin;
        const std::uint64_t offset = std::min(partial->offset, size);
        range.begin += offset;
        range.end = range.begin + std::min(partial->octets, size - offset);
    }
    return range;
}

// Hands on the octets of `text` that lie in the partial; `offset` counts those that came before.
std::string_view window(std::string_view text,
                        std::uint64_t offset,
                        const std::optional<Partial>& partial) {
    if (!partial) {
        return text;
    }
    const std::uint64_t end = offset + text.size();
    const std::uint64_t last =
        partial->octets > std::numeric_limits<std::uint64_t>::max() - partial->offset
            ? std::numeric_limits<std::uint64_t>::max()
            : partial->offset + partial->octets;
    const std::uint64_t from = std::clamp(partial->offset, offset, end);
    const std::uint64_t to = std::clamp(last, from, end);
    return text.substr(from - offset, to - from);
}

}  // namespace

Task<Result<std::string>> Body::read(std::uint64_t offset, std::uint64_t end) {
    if (share_.is_used_up()) {
        co_await share_.give_way();
    }
    std::string piece(static_cast<std::size_t>(std::min(end - offset, kPieceOctets)), '\0');
    CO_TRY(const std::size_t got, co_await octets_->read(session_.loop(), offset, piece));
    if (got == 0 && !piece.empty()) {
        co_return base::fail(Errc::kCorrupt, "a message is shorter than its structure says");
    }
    piece.resize(got);
    co_return piece;
}

const mime::Structure* Body::structure() {
    if (!structure_) {
        auto unpacked = email_.summary.structure();
        if (!unpacked) {
            return nullptr;
        }
        structure_ = std::move(*unpacked);
    }
    return &*structure_;
}

// The whole message and its own header need no structure.
std::optional<mime::OctetRange> Body::range_of(const SectionSpec& section) {
    const std::uint64_t header = std::min(email_.summary.header_octets(), octets_->size());
    if (section.part.path.empty()) {
        switch (section.part.text) {
            case mime::SectionText::kAll:
                return mime::OctetRange{0, octets_->size()};
            case mime::SectionText::kHeader:
                return mime::OctetRange{0, header};
            case mime::SectionText::kText:
                return mime::OctetRange{header, octets_->size()};
            case mime::SectionText::kMime:
                return std::nullopt;
        }
    }
    const mime::Structure* const known = structure();
    return known == nullptr ? std::nullopt : mime::find_section(*known, section.part);
}

void Body::put_nil(const AskedItem& asked) {
    session_.put(asked.item.kind == FetchKind::kPreview ? "PREVIEW" : asked.name);
    session_.put(asked.item.kind == FetchKind::kBinarySize ? " 0" : " NIL");
}

Task<Result<>> Body::put_item(const AskedItem& asked) {
    const FetchItem& item = asked.item;
    if (octets_ == nullptr && item.kind == FetchKind::kEnvelope) {
        session_.put("ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
        co_return Result<>();
    }
    if (octets_ == nullptr) {
        put_nil(asked);
        co_return Result<>();
    }
    if (item.kind == FetchKind::kPreview) {
        co_return co_await put_preview();
    }
    if (item.kind == FetchKind::kEnvelope) {
        co_return co_await put_envelope();
    }
    if (item.kind == FetchKind::kBinary || item.kind == FetchKind::kBinarySize) {
        co_return co_await put_binary(asked);
    }
    const auto range = range_of(item.section);
    if (!range) {
        put_nil(asked);
        co_return Result<>();
    }
    if (item.section.choice != SectionSpec::Names::kNone) {
        co_return co_await put_fields(asked, *range);
    }
    session_.put(asked.name);
    session_.put(" ");
    co_return co_await put_range(cut(*range, item.partial));
}

// NUL may not stand in a literal (RFC 9051 4.3): it goes out as 0x80, as other servers have it, so that
// the count stays.
Task<Result<>> Body::put_range(mime::OctetRange range) {
    session_.put(fmt::format("{{{}}}\r\n", range.end - range.begin));
    for (std::uint64_t at = range.begin; at < range.end;) {
        CO_TRY(std::string piece, co_await read(at, range.end));
        at += piece.size();
        if (piece.find('\0') != std::string::npos) {
            std::replace(piece.begin(), piece.end(), '\0', '\x80');
        }
        session_.put(piece);
        if (session_.is_full()) {
            CO_TRY_VOID(co_await session_.flush_if_full());
        }
    }
    co_return Result<>();
}

Task<Result<std::string_view>> Body::read_header(mime::OctetRange header) {
    header.end = std::min(header.end, header.begin + kHeaderOctetsMax);
    if (header_ == header) {
        co_return header_text_;
    }
    header_.reset();
    header_text_.clear();
    while (header.begin + header_text_.size() < header.end) {
        CO_TRY(const std::string piece,
               co_await read(header.begin + header_text_.size(), header.end));
        header_text_ += piece;
    }
    header_ = header;
    co_return header_text_;
}

// HEADER.FIELDS and HEADER.FIELDS.NOT of any header.
Task<Result<>> Body::put_fields(const AskedItem& asked, mime::OctetRange header) {
    const FetchItem& item = asked.item;
    CO_TRY(const std::string_view text, co_await read_header(header));
    // A long header has many fields, and a command asks many times for fields of one header.
    const bool others = item.section.choice == SectionSpec::Names::kFieldsNot;
    mime::FieldSelection selection(text, item.section.names, others);
    while (selection.advance()) {
        if (share_.is_used_up()) {
            co_await share_.give_way();
        }
    }
    std::string fields = selection.take();
    std::replace(fields.begin(), fields.end(), '\0', '\x80');
    const std::string_view shown = window(fields, 0, item.partial);
    session_.put(fmt::format("{} {{{}}}\r\n", asked.name, shown.size()));
    session_.put(shown);
    co_return co_await session_.flush_if_full();
}

bool Body::is_undecodable(const AskedItem& asked) {
    const FetchItem& item = asked.item;
    const bool is_binary = item.kind == FetchKind::kBinary || item.kind == FetchKind::kBinarySize;
    const mime::Structure* const known = is_binary && octets_ != nullptr ? structure() : nullptr;
    const auto part =
        known == nullptr ? std::nullopt : mime::find_part(*known, item.section.part.path);
    return part && encoding_of(asked, *part) == mime::Encoding::kOther;
}

// The whole message is as it is, and so is a multipart, whatever encoding it is labelled with against RFC 2045 6.4: its
// parts were found in its octets as they stand.
mime::Encoding Body::encoding_of(const AskedItem& asked, std::uint32_t index) {
    if (asked.item.section.part.path.empty()) {
        return mime::Encoding::kBinary;
    }
    const mime::Part& part = structure()->parts[index];
    return part.is_multipart() ? mime::Encoding::kBinary : part.encoding;
}

// RFC 3516 4.2: a part decoded; the whole message is as it is.
Task<Result<>> Body::put_binary(const AskedItem& asked) {
    const FetchItem& item = asked.item;
    const mime::Structure* const known = structure();
    const auto range = range_of(item.section);
    const auto part =
        known == nullptr ? std::nullopt : mime::find_part(*known, item.section.part.path);
    if (!range || !part) {
        put_nil(asked);
        co_return Result<>();
    }
    co_return co_await put_decoded(*range, *part, asked);
}

Task<Result<std::uint64_t>> Body::count_decoded(mime::OctetRange range,
                                                std::uint32_t part,
                                                mime::Encoding encoding) {
    if (encoding == mime::Encoding::kBinary) {
        co_return range.end - range.begin;
    }
    if (const auto known = decoded_octets_.find(part); known != decoded_octets_.end()) {
        co_return known->second;
    }
    mime::TransferDecoder decoder(encoding);
    std::uint64_t octets = 0;
    std::string decoded;
    for (std::uint64_t at = range.begin; at < range.end;) {
        CO_TRY(const std::string piece, co_await read(at, range.end));
        at += piece.size();
        decoder.feed(piece, decoded);
        octets += std::exchange(decoded, {}).size();
    }
    decoder.finish(decoded);
    octets += decoded.size();
    decoded_octets_[part] = octets;
    co_return octets;
}

// Twice through the part, but what is behind a partial: a literal begins with its size, and nothing is kept in memory.
Task<Result<>> Body::put_decoded(mime::OctetRange range,
                                 std::uint32_t part,
                                 const AskedItem& asked) {
    const FetchItem& item = asked.item;
    const mime::Encoding encoding = encoding_of(asked, part);
    CO_TRY(const std::uint64_t size, co_await count_decoded(range, part, encoding));
    if (item.kind == FetchKind::kBinarySize) {
        session_.put(fmt::format("{} {}", asked.name, size));
        co_return Result<>();
    }
    const mime::OctetRange shown = cut({0, size}, item.partial);
    session_.put(fmt::format("{} ~{{{}}}\r\n", asked.name, shown.end - shown.begin));
    mime::TransferDecoder decoder(encoding);
    std::uint64_t offset = 0;
    std::string decoded;
    for (std::uint64_t at = range.begin; at < range.end && offset < shown.end;) {
        CO_TRY(const std::string piece, co_await read(at, range.end));
        at += piece.size();
        decoder.feed(piece, decoded);
        if (at >= range.end) {
            decoder.finish(decoded);
        }
        session_.put(window(decoded, offset, item.partial));
        offset += std::exchange(decoded, {}).size();
        CO_TRY_VOID(co_await session_.flush_if_full());
    }
    co_return Result<>();
}

// The summary has not kept all of a very long header.
Task<Result<>> Body::put_envelope() {
    const std::uint64_t end = std::min(email_.summary.header_octets(), octets_->size());
    CO_TRY(const std::string_view header, co_await read_header({0, end}));
    session_.put("ENVELOPE ");
    session_.put(mime::format_envelope(email_.summary.as_utf8(header), session_.header_form()));
    co_return Result<>();
}

// The text stands too far behind the message's begin for the summary: read on.
Task<Result<>> Body::put_preview() {
    const std::uint64_t end = std::min(octets_->size(), kPreviewedOctetsMax);
    std::string text;
    while (text.size() < end) {
        CO_TRY(const std::string piece, co_await read(text.size(), end));
        text += piece;
    }
    const mime::Structure* const known = structure();
    std::string out = "PREVIEW ";
    mime::append_string(out,
                        known == nullptr ? std::string() : mime::make_preview(text, *known),
                        mime::HeaderForm::kUtf8);
    session_.put(out);
    co_return Result<>();
}

}  // namespace imap
