#include "mime/downgrade.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "mime/builder.h"
#include "mime/header.h"
#include "mime/transfer.h"

namespace mime {
namespace {

// A leaf's body and how it travels, when it cannot stay as it is.
struct NewBody {
    Encoding encoding = Encoding::k7bit;
    std::string octets;
};

class Downgrader {
  public:
    Downgrader(std::string_view message,
               const Structure& structure,
               const DowngradeOptions& options)
        : message_(message),
          structure_(structure),
          options_(options) {}

    [[nodiscard]] bool is_needed() const {
        return std::any_of(
            structure_.parts.begin(), structure_.parts.end(), [this](const Part& part) {
                const bool has_body = part.children.empty();
                return changes_header(part) || (has_body && new_body(part).has_value());
            });
    }

    // Parts come in order of appearance, and only leaves have octets of their own: so it is enough to go
    // along the list; what lies between a part's end and the next one's begin is delimiters.
    std::string run() {
        std::uint64_t at = 0;
        for (const Part& part : structure_.parts) {
            copy_gap(at, part.header_begin);
            const std::optional<NewBody> body =
                part.children.empty() ? new_body(part) : std::nullopt;
            write_header(part, body);
            at = part.body_begin;
            if (part.children.empty()) {
                out_ += body ? std::string_view(body->octets) : body_of(message_, part);
                at = part.body_end;
            }
        }
        copy_gap(at, message_.size());
        return std::move(out_);
    }

  private:
    [[nodiscard]] bool bears(Encoding encoding) const {
        return encoding == Encoding::k7bit || options_.transport == Transport::kBinary ||
               (encoding == Encoding::k8bit && options_.transport == Transport::k8bit);
    }

    [[nodiscard]] std::optional<NewBody> new_body(const Part& part) const {
        const std::string_view body = body_of(message_, part);
        if (options_.transport == Transport::kBinary ||
            bears(choose_encoding(body, options_.transport == Transport::k8bit))) {
            return std::nullopt;
        }
        const bool can_be_encoded = part.type.type != "message" &&
                                    part.encoding != Encoding::kOther &&
                                    part.encoding != Encoding::kUuencode && !part.is_multipart();
        if (!can_be_encoded) {
            std::string octets(body);
            std::replace_if(octets.begin(), octets.end(), base::is_8bit, '?');
            return NewBody{part.encoding, std::move(octets)};
        }
        const bool is_encoded =
            part.encoding == Encoding::kQuotedPrintable || part.encoding == Encoding::kBase64;
        const std::string content = is_encoded ? decode(part.encoding, body) : std::string(body);
        const Encoding encoding = is_encoded ? part.encoding : choose_encoding(content, false);
        return NewBody{encoding, encode(encoding, content)};
    }

    // A label that promises more than the transport bears would be refused, even where it is not needed.
    [[nodiscard]] bool changes_label(const Part& part) const {
        return (part.encoding == Encoding::k8bit || part.encoding == Encoding::kBinary) &&
               !bears(part.encoding);
    }

    [[nodiscard]] bool changes_header(const Part& part) const {
        return changes_label(part) ||
               (options_.headers != HeaderDowngrade::kKeep && part.header_octets.has_8bit);
    }

    void write_header(const Part& part, const std::optional<NewBody>& body) {
        const std::string_view header = header_of(message_, part);
        const bool new_label = changes_label(part) || (body && body->encoding != part.encoding);
        if (!changes_header(part) && !new_label) {
            out_ += header;
            return;
        }
        std::string fields = downgrade_header(header, options_.headers);
        if (new_label) {
            const Encoding encoding = body                                     ? body->encoding
                                      : options_.transport == Transport::k8bit ? Encoding::k8bit
                                                                               : Encoding::k7bit;
            fields = relabelled(part, fields, encoding);
        }
        out_ += fields;
    }

    [[nodiscard]] std::string relabelled(const Part& part,
                                         std::string_view header,
                                         Encoding encoding) const {
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
            const bool is_utf8 = base::is_utf8(body_of(message_, part));
            out.append("Content-Type: text/plain; charset=")
                .append(is_utf8 ? "utf-8" : "unknown-8bit")
                .append("\r\n");
        }
        if (encoding != Encoding::k7bit) {
            out.append("Content-Transfer-Encoding: ")
                .append(encoding_name(encoding))
                .append("\r\n");
        }
        return out.append("\r\n");
    }

    void copy_gap(std::uint64_t begin, std::uint64_t end) {
        const std::string_view gap = slice(message_, begin, end);
        const std::size_t from = out_.size();
        out_ += gap;
        if (options_.transport == Transport::k7bit) {
            std::replace_if(
                out_.begin() + static_cast<std::ptrdiff_t>(from), out_.end(), base::is_8bit, '?');
        }
    }

    std::string_view message_;
    const Structure& structure_;
    const DowngradeOptions& options_;
    std::string out_;
};

}  // namespace

bool needs_downgrade(std::string_view message,
                     const Structure& structure,
                     const DowngradeOptions& options) {
    return Downgrader(message, structure, options).is_needed();
}

std::string downgrade(std::string_view message,
                      const Structure& structure,
                      const DowngradeOptions& options) {
    return Downgrader(message, structure, options).run();
}

}  // namespace mime
