#include "mime/downgrade.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "base/check.h"
#include "mime/header.h"
#include "mime/raw_header.h"
#include "mime/survey.h"
#include "mime/transfer.h"
#include "mime/utf8.h"

namespace mime {
namespace {

// How the body of a leaf changes.
struct Recoding {
    Encoding from = Encoding::k7bit;
    Encoding to = Encoding::k7bit;
    bool drops_8bit = false;  // what cannot be encoded loses its octets above 127 instead
};

class Downgrader {
  public:
    Downgrader(OctetSource& message, const Structure& structure, const DowngradeOptions& options)
        : message_(message),
          structure_(structure),
          options_(options) {}

    [[nodiscard]] base::Result<bool> is_needed() {
        for (const Part& part : structure_.parts) {
            TRY(const auto recoding, recoding_of(part));
            if (recoding || changes_header(part)) {
                return true;
            }
        }
        return false;
    }

    // Parts come in order of appearance, and only leaves have octets of their own: so it is enough to go
    // along the list; what lies between a part's end and the next one's begin is delimiters.
    base::Result<> run(OctetSink& sink) {
        std::uint64_t at = 0;
        for (const Part& part : structure_.parts) {
            TRY_VOID(copy_gap(at, part.header_begin, sink));
            TRY(const auto recoding, recoding_of(part));
            TRY_VOID(write_header(part, recoding, sink));
            at = part.body_begin;
            if (part.children.empty()) {
                TRY_VOID(write_body(part, recoding, sink));
                at = part.body_end;
            }
        }
        return copy_gap(at, structure_.octets, sink);
    }

  private:
    [[nodiscard]] bool bears(Encoding encoding) const {
        return encoding == Encoding::k7bit || options_.transport == Transport::kBinary ||
               (encoding == Encoding::k8bit && options_.transport == Transport::k8bit);
    }

    // Nothing for what is no leaf, and for a body that can stay.
    base::Result<std::optional<Recoding>> recoding_of(const Part& part) {
        std::optional<Recoding> recoding;
        if (!part.children.empty() || options_.transport == Transport::kBinary ||
            changes_report(part)) {
            return recoding;
        }
        Survey seen;
        TRY_VOID(read_body(part, [&seen](std::string_view octets) -> base::Result<> {
            seen.feed(octets);
            return {};
        }));
        if (bears(seen.smallest(options_.transport == Transport::k8bit))) {
            return recoding;
        }
        const bool can_be_encoded = part.type.type != "message" &&
                                    part.encoding != Encoding::kOther &&
                                    part.encoding != Encoding::kUuencode && !part.is_multipart();
        const bool is_encoded =
            part.encoding == Encoding::kQuotedPrintable || part.encoding == Encoding::kBase64;
        if (!can_be_encoded) {
            recoding = Recoding{part.encoding, part.encoding, true};
        } else if (is_encoded) {
            recoding = Recoding{part.encoding, part.encoding, false};
        } else {
            recoding = Recoding{Encoding::kBinary, seen.smallest(false), false};
        }
        return recoding;
    }

    // A label that promises more than the transport bears would be refused, even where it is not needed.
    [[nodiscard]] bool changes_label(const Part& part) const {
        return (part.encoding == Encoding::k8bit || part.encoding == Encoding::kBinary) &&
               !bears(part.encoding);
    }

    [[nodiscard]] bool changes_header(const Part& part) const {
        return changes_label(part) || range_of(part).has_value();
    }

    [[nodiscard]] std::optional<OctetRange> range_of(const Part& part) const {
        return options_.headers != HeaderDowngrade::kKeep ? downgraded_range(part) : std::nullopt;
    }

    [[nodiscard]] std::string_view charset_of(const Part& part) const {
        return declared_charset_of_part(
            structure_, static_cast<std::uint32_t>(&part - structure_.parts.data()));
    }

    // Its body changes together with its header, and is US-ASCII then.
    [[nodiscard]] bool changes_report(const Part& part) const {
        const auto range = range_of(part);
        return range && range->end > part.body_begin;
    }

    base::Result<> write_header(const Part& part,
                                const std::optional<Recoding>& recoding,
                                OctetSink& sink) {
        const bool new_label = changes_label(part) || (recoding && recoding->to != part.encoding);
        if (!changes_header(part) && !new_label) {
            return copy(part.header_begin, part.body_begin, sink);
        }
        const auto range = range_of(part);
        TRY(std::string fields,
            read(part.header_begin, std::max(part.body_begin, range ? range->end : 0)));
        if (range) {
            fields = downgrade_range(
                part, fields, options_.headers, options_.to_a_labels, charset_of(part));
        }
        if (new_label) {
            const Encoding encoding = recoding                                 ? recoding->to
                                      : options_.transport == Transport::k8bit ? Encoding::k8bit
                                                                               : Encoding::k7bit;
            TRY(fields, relabelled(part, fields, encoding));
        }
        return sink.write(fields);
    }

    // The header at the front of `header`, and what follows it.
    base::Result<std::string> relabelled(const Part& part,
                                         std::string_view header,
                                         Encoding encoding) {
        std::string out;
        bool has_version = false;
        FieldIterator fields(header);
        while (const auto field = fields.next()) {
            has_version = has_version || base::iequals(field->name, "MIME-Version");
            if (!base::iequals(field->name, "Content-Transfer-Encoding")) {
                const char* const end = field->body.data() + field->body.size();
                out.append(field->name.data(), end).append("\r\n");
            }
        }
        if (part.is_message && !has_version) {
            out += "MIME-Version: 1.0\r\n";
        }
        if (!part.has_type && part.type.is("text", "plain")) {  // RFC 1428 3
            TRY(const bool is_utf8, holds_utf8(part));
            out.append("Content-Type: text/plain; charset=")
                .append(is_utf8 ? "utf-8" : "unknown-8bit")
                .append("\r\n");
        }
        if (encoding != Encoding::k7bit) {
            out.append("Content-Transfer-Encoding: ")
                .append(encoding_name(encoding))
                .append("\r\n");
        }
        return out.append("\r\n").append(header.substr(fields.position()));
    }

    base::Result<std::string> read(std::uint64_t begin, std::uint64_t end) {
        std::string octets;
        TRY_VOID(
            read_through(message_, begin, end, [&octets](std::string_view piece) -> base::Result<> {
                octets += piece;
                return {};
            }));
        return octets;
    }

    base::Result<bool> holds_utf8(const Part& part) {
        Utf8Check check;
        TRY_VOID(read_body(part, [&check](std::string_view octets) -> base::Result<> {
            check.feed(octets);
            return {};
        }));
        return check.holds();
    }

    template <class Take>
    base::Result<> read_body(const Part& part, Take take) {
        return read_through(message_, part.body_begin, part.body_end, take);
    }

    base::Result<> write_body(const Part& part,
                              const std::optional<Recoding>& recoding,
                              OctetSink& sink) {
        if (changes_report(part)) {  // it came with the header
            return {};
        }
        if (!recoding) {
            return copy(part.body_begin, part.body_end, sink);
        }
        if (recoding->drops_8bit) {
            return copy_7bit(part.body_begin, part.body_end, sink);
        }
        TransferDecoder decoder(recoding->from);
        TransferEncoder encoder(recoding->to);
        std::string content;
        std::string out;
        TRY_VOID(read_body(part, [&](std::string_view octets) -> base::Result<> {
            content.clear();
            out.clear();
            decoder.feed(octets, content);
            encoder.feed(content, out);
            return sink.write(out);
        }));
        content.clear();
        out.clear();
        decoder.finish(content);
        encoder.feed(content, out);
        encoder.finish(out);
        return sink.write(out);
    }

    base::Result<> copy_gap(std::uint64_t begin, std::uint64_t end, OctetSink& sink) {
        return options_.transport == Transport::k7bit ? copy_7bit(begin, end, sink)
                                                      : copy(begin, end, sink);
    }

    base::Result<> copy(std::uint64_t begin, std::uint64_t end, OctetSink& sink) {
        return read_through(
            message_, begin, end, [&sink](std::string_view octets) { return sink.write(octets); });
    }

    base::Result<> copy_7bit(std::uint64_t begin, std::uint64_t end, OctetSink& sink) {
        return read_through(message_, begin, end, [&sink](std::string_view octets) {
            std::string ascii(octets);
            std::replace_if(ascii.begin(), ascii.end(), base::is_8bit, '?');
            return sink.write(ascii);
        });
    }

    OctetSource& message_;
    const Structure& structure_;
    const DowngradeOptions& options_;
};

}  // namespace

base::Result<bool> needs_downgrade(OctetSource& message,
                                   const Structure& structure,
                                   const DowngradeOptions& options) {
    return Downgrader(message, structure, options).is_needed();
}

base::Result<> downgrade(OctetSource& message,
                         const Structure& structure,
                         const DowngradeOptions& options,
                         OctetSink& sink) {
    return Downgrader(message, structure, options).run(sink);
}

bool needs_downgrade(std::string_view message,
                     const Structure& structure,
                     const DowngradeOptions& options) {
    StringSource source(message);
    return needs_downgrade(source, structure, options).value();
}

std::string downgrade(std::string_view message,
                      const Structure& structure,
                      const DowngradeOptions& options) {
    StringSource source(message);
    StringSink sink;
    CHECK(downgrade(source, structure, options, sink));  // neither of both can fail
    return sink.take();
}

}  // namespace mime
