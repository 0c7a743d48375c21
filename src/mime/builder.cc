#include "mime/builder.h"

#include <algorithm>
#include <cstdint>

#include "base/ascii.h"
#include "mime/flowed.h"
#include "mime/header_writer.h"
#include "mime/html_text.h"
#include "mime/lexer.h"
#include "mime/line_scan.h"
#include "mime/media_type.h"

namespace mime {
namespace {

constexpr std::size_t kLineOctetsMax = 998;  // RFC 5322 2.1.1

// What decides about an encoding.
struct Content {
    bool has_8bit = false;
    bool is_lines = true;  // CRLF line ends only, no NUL, no line of more than 998 octets
};

Content look_at(std::string_view octets) {
    OctetTotals totals;
    Content content;
    std::size_t line_begin = 0;
    for (std::size_t at = octets.find('\n'); at != std::string_view::npos;
         at = octets.find('\n', at + 1)) {
        content.is_lines = content.is_lines && at - line_begin <= kLineOctetsMax + 1;
        line_begin = at + 1;
    }
    content.is_lines = content.is_lines && octets.size() - line_begin <= kLineOctetsMax;
    char before = '\0';
    for (std::string_view left = octets; !left.empty();) {
        const std::size_t taken = scan_to_dash_line(left, before, totals);
        before = left[taken - 1];
        left.remove_prefix(taken);
    }
    content.has_8bit = totals.has_8bit;
    content.is_lines = content.is_lines && !totals.has_nul && !totals.has_bare_lf &&
                       !totals.has_bare_cr && before != '\r';
    return content;
}

// Octets of `content` in quoted-printable, without soft line breaks.
std::size_t quoted_printable_octets(std::string_view content) {
    std::size_t octets = 0;
    for (std::size_t i = 0; i < content.size(); ++i) {
        const char c = content[i];
        const bool ends_line = content.substr(i).starts_with("\r\n");
        const bool is_plain = (c >= ' ' && c <= '~' && c != '=') || c == '\t';
        octets += ends_line ? 2 : is_plain ? 1 : 3;
        i += ends_line ? 1 : 0;
    }
    return octets + octets / 75 * 3;
}

bool is_message(const ContentType& type) {
    return type.type == "message" && type.subtype != "external-body";
}

bool is_token(std::string_view text) {
    return !text.empty() && base::is_ascii(text) &&
           std::all_of(text.begin(), text.end(), is_token_char);
}

// Writes a tree of entities; its depth is checked on the way down.
class EntityWriter {
  public:
    EntityWriter(base::Random& random, const BuildOptions& options)
        : random_(random),
          options_(options) {}

    // Appends the entity to `out`; `first_fields` stand before its own.
    base::Result<void> write(const Entity& entity, std::string& out, std::size_t depth) {
        if (depth > options_.depth_max) {
            return base::fail(base::Errc::kTooLong, "a message nested too deep to be written");
        }
        if (!is_token(entity.type.type) || !is_token(entity.type.subtype)) {
            return base::fail(base::Errc::kInvalid, "a media type that is not two tokens");
        }
        const bool is_multipart = entity.type.type == "multipart";
        if (is_multipart && entity.children.empty()) {
            return base::fail(base::Errc::kInvalid, "a multipart without parts");
        }
        return is_multipart ? write_multipart(entity, out, depth) : write_leaf(entity, out);
    }

    // Whether something written so far needs an 8-bit transport.
    [[nodiscard]] Encoding needs() const { return needs_; }

  private:
    base::Result<void> write_multipart(const Entity& entity, std::string& out, std::size_t depth) {
        ContentType type = entity.type;
        const std::string boundary = "=_" + random_.token(24);  // "=_" is in no encoded text
        type.parameters.set("boundary", boundary);
        std::string body;
        const Encoding before = needs_;
        needs_ = Encoding::k7bit;
        for (const Entity& child : entity.children) {
            body.append("--").append(boundary).append("\r\n");
            TRY_VOID(write(child, body, depth + 1));
            body += "\r\n";
        }
        body.append("--").append(boundary).append("--\r\n");
        write_fields(entity, type, needs_, out);
        needs_ = std::max(needs_, before);
        out += body;
        return {};
    }

    base::Result<void> write_leaf(const Entity& entity, std::string& out) {
        const bool is_text = entity.type.type == "text" && !entity.keep_octets;
        const std::string text = is_text ? to_crlf(entity.content) : std::string{};
        const std::string_view content = is_text ? text : std::string_view(entity.content);
        Encoding encoding = choose_encoding(content, options_.allow_8bit);
        if (is_message(entity.type)) {  // RFC 2046 5.2.1: no encoding but 7bit, 8bit and binary
            const Content seen = look_at(content);
            encoding = !seen.is_lines  ? Encoding::kBinary
                       : seen.has_8bit ? Encoding::k8bit
                                       : Encoding::k7bit;
        }
        const bool is_identity = encoding <= Encoding::kBinary;
        needs_ = std::max(needs_, is_identity ? encoding : Encoding::k7bit);
        write_fields(entity, entity.type, encoding, out);
        out += is_identity ? std::string(content) : encode(encoding, content);
        return {};
    }

    void write_fields(const Entity& entity,
                      const ContentType& type,
                      Encoding encoding,
                      std::string& out) {
        HeaderWriter writer(options_.form);
        for (const auto& [name, text] : entity.fields) {
            writer.unstructured(name, text);
        }
        writer.with_parameters("Content-Type", type.type + "/" + type.subtype, type.parameters);
        if (encoding != Encoding::k7bit) {
            writer.structured("Content-Transfer-Encoding", encoding_name(encoding));
        }
        if (entity.disposition) {
            writer.with_parameters(
                "Content-Disposition",
                is_token(entity.disposition->type) ? entity.disposition->type : "attachment",
                entity.disposition->parameters);
        }
        writer.message_ids("Content-ID", {entity.id});
        if (!entity.description.empty()) {
            writer.unstructured("Content-Description", entity.description);
        }
        out.append(writer.text()).append("\r\n");
    }

    base::Random& random_;
    const BuildOptions& options_;
    Encoding needs_ = Encoding::k7bit;
};

}  // namespace

Encoding choose_encoding(std::string_view content, bool allow_8bit) {
    const Content seen = look_at(content);
    if (seen.is_lines && !seen.has_8bit) {
        return Encoding::k7bit;
    }
    if (seen.is_lines && allow_8bit) {
        return Encoding::k8bit;
    }
    const std::size_t base64 = (content.size() + 2) / 3 * 4 + content.size() / 57 * 2;
    return quoted_printable_octets(content) <= base64 ? Encoding::kQuotedPrintable
                                                      : Encoding::kBase64;
}

base::Result<std::string> build_entity(const Entity& entity,
                                       base::Random& random,
                                       const BuildOptions& options) {
    std::string out;
    TRY_VOID(EntityWriter(random, options).write(entity, out, 0));
    return out;
}

std::string make_message_id(base::Random& random, std::string_view domain) {
    return random.token(32) + "@" + std::string(domain);
}

std::string to_crlf(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 32);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r' && text[i] != '\n') {
            out += text[i];
            continue;
        }
        i += text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n' ? 1 : 0;
        out += "\r\n";
    }
    return out;
}

}  // namespace mime
