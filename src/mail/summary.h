// What is kept of a message beside its octets, made while it comes in: so that ENVELOPE, BODY,
// BODYSTRUCTURE, PREVIEW and the header fields that clients list (RFC 9051 7.5.2, RFC 8970) are answered,
// and messages sorted, threaded and searched by header, without opening the body.
//
//     Summarizer summarizer;                       (mail/summarizer.h)
//     summarizer.feed(octets); ...
//     Summary summary = summarizer.finish();      record.summary = summary.packed();
//     auto summary = Summary::unpack(record.summary);
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mime/bodystructure.h"
#include "mime/date.h"
#include "mime/encoded_word.h"
#include "mime/structure.h"

namespace mail {

// A summary lives as its packed octets and is read in place, each part only when it is asked for.
class Summary {
  public:
    // What a summary is made of (mail/summarizer.h); views need live for the call alone.
    struct Parts {
        std::string_view fields;  // the kept ones, each with its line end
        bool has_all_fields = true;
        std::uint64_t other_names = 0;  // filter_bit() of the fields not kept
        std::uint64_t header_octets = 0;
        std::optional<mime::Date> sent;
        std::optional<std::string_view> preview;
        std::string_view structure;  // mime::pack() without the root's envelope
        std::string_view envelope;   // the two answers; empty: not kept
        std::string_view body_structure;
    };

    // Nothing is known: the record is older than summaries, or bears none.
    Summary() = default;
    [[nodiscard]] static Summary pack(const Parts& parts);
    // kCorrupt for octets that packed() did not give; an empty string is the empty summary.
    [[nodiscard]] static base::Result<Summary> unpack(std::string packed);
    // The same where it lies, without a copy: `packed` must live as long as the summary and its copies.
    [[nodiscard]] static base::Result<Summary> borrow(std::string_view packed);

    [[nodiscard]] bool empty() const { return octets().empty(); }

    // About 150 octets, the kept fields and the answers; views of the others point into it. Of a borrowed
    // summary it is empty.
    [[nodiscard]] const std::string& packed() const { return packed_; }

    // The kept fields (is_kept_field) as they stand in the header and in their order, each with its line
    // end, without the empty line.
    [[nodiscard]] std::string_view fields() const;

    // False: the kept fields passed kSummaryFieldsOctetsMax, and fields() lacks some.
    [[nodiscard]] bool has_all_fields() const { return has_all_fields_; }

    // False only when no field of that name stands in the header, kept or not. Of a field that is not
    // kept it is a guess with few false alarms.
    [[nodiscard]] bool may_have_field(std::string_view name) const;

    // The message's header, or fields(), with raw octets read as far as the message says what they are (mime/raw_header.h).
    [[nodiscard]] std::string as_utf8(std::string_view header) const;

    // Octets up to and including the empty line: what BODY[HEADER] is, counted from the first octet.
    [[nodiscard]] std::uint64_t header_octets() const { return header_octets_; }

    // The Date field's instant and zone; nothing when it is absent or unreadable.
    [[nodiscard]] const std::optional<mime::Date>& sent() const { return sent_; }

    // RFC 8970's preview in UTF-8. Nothing: the text stands too far behind the message's begin to have
    // been seen; mime::make_preview of the whole message tells.
    [[nodiscard]] std::optional<std::string_view> preview() const;
    [[nodiscard]] base::Result<mime::Structure> structure() const;
    // Whether all of the message is US-ASCII; false where it is not known.
    [[nodiscard]] bool is_ascii() const;

    // The answers that were formatted when the summary was made: the envelope, and BODYSTRUCTURE. Nothing
    // when they are longer than kSummaryAnswerOctetsMax, or others in this form, or not known.
    [[nodiscard]] std::optional<std::string_view> envelope(mime::HeaderForm form) const;
    [[nodiscard]] std::optional<std::string_view> body_structure(mime::HeaderForm form) const;

  private:
    friend class FieldChoice;

    // One of the two: where it lies in octets(), and whether it is the same in UTF-8.
    struct Answer {
        std::size_t begin = 0;
        std::size_t octets = 0;
        bool is_plain = false;
    };

    [[nodiscard]] std::string_view octets() const { return packed_.empty() ? borrowed_ : packed_; }

    void forget_by_version(std::uint8_t version);
    [[nodiscard]] std::string_view packed_structure() const;
    [[nodiscard]] std::optional<std::string_view> text_of(const Answer& answer,
                                                          mime::HeaderForm form) const;

    std::string packed_;
    std::string_view borrowed_;
    bool has_all_fields_ = false;
    bool has_preview_ = false;
    std::uint64_t other_names_ = 0;  // a filter of 64 bits over the names of the fields not kept
    std::uint64_t header_octets_ = 0;
    std::optional<mime::Date> sent_;
    // Where the parts lie in octets().
    std::size_t fields_begin_ = 0;
    std::size_t fields_octets_ = 0;
    std::size_t preview_octets_ = 0;
    std::size_t structure_octets_ = 0;
    Answer envelope_;
    Answer body_structure_;
};

// IMAP's answers out of a summary that is not empty.
//
// The envelope as mime::format_envelope gives it. Nothing when fields are missing from the summary: read
// the message's first header_octets() and call mime::parse_envelope.
[[nodiscard]] std::optional<std::string> format_envelope(
    const Summary& summary, mime::HeaderForm form = mime::HeaderForm::kAscii);
// BODY or BODYSTRUCTURE; kCorrupt when the structure in it is damaged.
[[nodiscard]] base::Result<std::string> format_body(
    const Summary& summary, mime::BodyForm form, mime::HeaderForm text = mime::HeaderForm::kAscii);

}  // namespace mail
