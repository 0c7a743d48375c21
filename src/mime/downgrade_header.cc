// Internationalized header fields in US-ASCII: RFC 6857 3 and RFC 6858 2. Addresses and phrases are in
// downgrade_address.cc, comments in downgrade_comment.cc.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/ascii.h"
#include "mime/downgrade.h"
#include "mime/downgrade_address.h"
#include "mime/downgrade_comment.h"
#include "mime/encoded_word.h"
#include "mime/header.h"
#include "mime/header_writer.h"
#include "mime/lexer.h"
#include "mime/parameters.h"
#include "mime/utf8.h"

namespace mime {
namespace {

// RFC 6857 3.2.1. The last two are none of RFC 6858 2.1.
constexpr std::array<std::string_view, 14> kAddressFields = {"From",
                                                             "Sender",
                                                             "Reply-To",
                                                             "To",
                                                             "Cc",
                                                             "Bcc",
                                                             "Resent-From",
                                                             "Resent-Sender",
                                                             "Resent-To",
                                                             "Resent-Cc",
                                                             "Resent-Bcc",
                                                             "Return-Path",
                                                             "Resent-Reply-To",
                                                             "Disposition-Notification-To"};
constexpr std::size_t kAddressFields6858 = 12;
// RFC 6857 3.2.3: only their comments can be other than US-ASCII.
constexpr std::array<std::string_view, 7> kCommentedFields = {"Date",
                                                              "Resent-Date",
                                                              "MIME-Version",
                                                              "Content-Transfer-Encoding",
                                                              "Content-Language",
                                                              "Accept-Language",
                                                              "Auto-Submitted"};
// RFC 6857 3.2.4; Content-ID has no other form either.
constexpr std::array<std::string_view, 5> kIdFields = {
    "Message-ID", "Resent-Message-ID", "In-Reply-To", "References", "Content-ID"};
// RFC 6857 3.2.2: those of RFC 3464 2.3 and RFC 8098 3.2, which also stand in headers (RFC 8098 2.3).
constexpr std::array<std::string_view, 2> kTypedAddressFields = {"Original-Recipient",
                                                                 "Final-Recipient"};
// RFC 3464 2.2, 2.3 and RFC 8098 3.2: "dns; mx.hamburger.example"
constexpr std::array<std::string_view, 5> kHostFields = {
    "Reporting-MTA", "DSN-Gateway", "Received-From-MTA", "Remote-MTA", "MDN-Gateway"};

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
    return std::any_of(names.begin(), names.end(), [name](std::string_view other) {
        return base::iequals(name, other);
    });
}

std::string in_ascii(std::string_view text) {
    std::string ascii(text);
    std::replace_if(ascii.begin(), ascii.end(), base::is_8bit, '?');
    return ascii;
}

// A word of Received with the domain in it as A-labels: "bücher.example", "<a@bücher.example>;".
std::string with_a_labels(std::string_view word, ToALabels to_a_labels) {
    constexpr std::string_view kAround = "<>();,";
    std::string out(word);
    const std::size_t first = word.find_first_not_of(kAround);
    if (to_a_labels == nullptr || base::is_ascii(word) || first == std::string_view::npos) {
        return out;
    }
    const std::size_t end = word.find_last_not_of(kAround) + 1;
    const std::size_t at = word.rfind('@', end - 1);
    const std::size_t begin = at == std::string_view::npos ? first : at + 1;
    if (const auto domain = to_a_labels(word.substr(begin, end - begin))) {
        out.replace(begin, end - begin, *domain);
    }
    return out;
}

// "(bücher.example [192.0.2.1])": what looks like a host is one, and the rest is said in encoded words.
std::string downgrade_host_comment(std::string_view comment, ToALabels to_a_labels) {
    std::string out;
    while (true) {
        const std::size_t end = comment.find(' ');
        const std::string_view word = comment.substr(0, end);
        const bool is_host = word.find('.') != std::string_view::npos;
        out += is_host ? with_a_labels(word, to_a_labels) : std::string(word);
        if (end == std::string_view::npos) {
            return encode_comments(out);
        }
        out += ' ';
        comment.remove_prefix(end + 1);
    }
}

// A comment with its parentheses, or what stands up to white space or a comment.
std::string_view received_token(Lexer& lexer) {
    lexer.skip_fws();
    const std::size_t begin = lexer.position();
    if (!lexer.comment() && lexer.take_until(" \t(").empty()) {
        lexer.take_until(" \t");  // a parenthesis without its end
    }
    return lexer.text().substr(begin, lexer.position() - begin);
}

// RFC 6857 3.2.5: domains as A-labels and comments in encoded words; then a "for" or "id" that is not
// US-ASCII is taken out, and what else is not becomes "?".
std::string downgrade_received(std::string_view body, ToALabels to_a_labels) {
    const std::string text = unfold(body);
    std::string out;
    const auto put = [&out](std::string_view token) {
        out.append(out.empty() ? "" : " ").append(token);
    };
    Lexer lexer(text);
    for (std::string_view token = received_token(lexer); !token.empty();
         token = received_token(lexer)) {
        if (!base::iequals(token, "for") && !base::iequals(token, "id")) {
            put(token.starts_with('(') ? downgrade_host_comment(token, to_a_labels)
                                       : with_a_labels(token, to_a_labels));
            continue;
        }
        const std::string_view clause = token;
        const std::string value = with_a_labels(received_token(lexer), to_a_labels);
        if (base::is_ascii(value)) {
            put(clause);
            put(value);
        } else {
            out.append(value.ends_with(';') ? ";" : "");  // which ends all clauses
        }
    }
    return in_ascii(out);
}

// The octets of the EmbeddedUnicodeChar that `text` begins with; 0: none.
std::size_t embedded_length(std::string_view text) {
    constexpr std::string_view kHexDigits = "0123456789ABCDEF";
    if (!text.starts_with("\\x{")) {
        return 0;
    }
    const std::size_t end = text.find_first_not_of(kHexDigits, 3);
    const bool is_whole =
        end != std::string_view::npos && text[end] == '}' && end >= 3 + 2 && end <= 3 + 6;
    return is_whole ? end + 1 : 0;
}

}  // namespace

// utf-8-addr-xtext = 1*(QCHAR / EmbeddedUnicodeChar); EmbeddedUnicodeChar = "\x{" HEXPOINT "}"
//                                                                                    RFC 6533 3
// In utf-8-addr-unitext some characters are embedded so already.
std::string utf8_address_xtext(std::string_view address) {
    std::string out;
    while (!address.empty()) {
        if (const std::size_t embedded = embedded_length(address); embedded > 0) {
            out += address.substr(0, embedded);
            address.remove_prefix(embedded);
            continue;
        }
        const char32_t c = take_utf8(address);
        const bool is_qchar = c > U' ' && c < U'\x7f' && c != U'+' && c != U'=' && c != U'\\';
        if (is_qchar) {
            out += static_cast<char>(c);
        } else {
            out += fmt::format("\\x{{{:02X}}}", static_cast<std::uint32_t>(c));
        }
    }
    return out;
}

namespace {

class HeaderDowngrader {
  public:
    HeaderDowngrader(HeaderDowngrade style, ToALabels to_a_labels)
        : style_(style),
          to_a_labels_(to_a_labels) {}

    // The field's form in US-ASCII; nothing when it has none.
    std::string run(const Field& field) {
        if (is_address_field(field.name)) {
            put_addresses(field);
        } else if (base::iequals(field.name, "Content-Type")) {
            if (const auto type = parse_content_type(field.body)) {
                put(field, type->type + "/" + type->subtype, type->parameters);
            }
        } else if (base::iequals(field.name, "Content-Disposition")) {
            const Disposition disposition = parse_disposition(field.body);
            put(field, disposition.type, disposition.parameters);
        } else if (style_ == HeaderDowngrade::kRfc6857) {
            put_other_6857(field);
        } else if (base::iequals(field.name, "Subject")) {  // RFC 6858 2.3; all others go, 2.4
            writer_.unstructured(field.name, decode_unstructured(field.body));
        }
        return writer_.text();
    }

  private:
    [[nodiscard]] bool is_address_field(std::string_view name) const {
        const std::span<const std::string_view> fields(kAddressFields);
        return is_one_of(
            name, style_ == HeaderDowngrade::kRfc6857 ? fields : fields.first(kAddressFields6858));
    }

    void put_addresses(const Field& field) {
        const std::string body = downgrade_addresses(field.body, style_, to_a_labels_);
        if (!body.empty()) {
            writer_.structured(field.name, body);
        }
    }

    // The field is done once its comments are.
    bool put_if_ascii(const Field& field, std::string_view body) {
        if (base::is_ascii(body)) {
            writer_.structured(field.name, body);
        }
        return base::is_ascii(body);
    }

    // RFC 6857 3.1.4 by RFC 2231; RFC 6858 2.2 leaves out what is not US-ASCII.
    void put(const Field& field, const std::string& value, Parameters parameters) {
        const std::string body = encode_comments(unfold(field.body));
        if (put_if_ascii(field, body)) {
            return;
        }
        if (style_ == HeaderDowngrade::kRfc6858) {
            std::erase_if(parameters.list, [](const Parameter& parameter) {
                return !base::is_ascii(parameter.value);
            });
        }
        std::string commented = in_ascii(value);
        for (const std::string_view comment : comments_of(body)) {
            commented.append(" ").append(encode_comments(comment));
        }
        writer_.with_parameters(field.name, commented, parameters);
    }

    void put_other_6857(const Field& field) {
        const bool is_id = is_one_of(field.name, kIdFields);
        const bool is_typed_address = is_one_of(field.name, kTypedAddressFields);
        const bool may_be_commented =
            is_id || is_typed_address || is_one_of(field.name, kCommentedFields);
        if (may_be_commented && put_if_ascii(field, encode_comments(unfold(field.body)))) {
            return;
        }
        if (is_id) {
            encapsulate(field);
        } else if (is_typed_address) {
            put_typed_address(field);
        } else if (base::iequals(field.name, "Received")) {
            writer_.structured(field.name, downgrade_received(field.body, to_a_labels_));
        } else if (base::iequals(field.name, "Keywords")) {
            writer_.structured(field.name, downgrade_phrases(field.body));
        } else if (is_one_of(field.name, kHostFields)) {
            put_host(field);
        } else {
            writer_.unstructured(in_ascii(field.name), decode_unstructured(field.body));
        }
    }

    // RFC 6857 3.1.9
    void put_typed_address(const Field& field) {
        const std::string text = unfold(field.body);
        std::string_view address = text;
        const std::string_view type = base::trim(base::split_front(address, ';'));
        if (!base::iequals(type, "utf-8")) {
            encapsulate(field);
            return;
        }
        std::string behind;
        const auto comments = comments_of(address);
        for (const std::string_view comment : comments) {
            behind.append(" ").append(encode_comments(comment));
        }
        if (!comments.empty()) {
            address = address.substr(
                0, static_cast<std::size_t>(comments.front().data() - address.data()));
        }
        writer_.structured(field.name,
                           "utf-8; " + utf8_address_xtext(base::trim(address)) + behind);
    }

    void put_host(const Field& field) {
        const std::string text = unfold(field.body);
        std::string_view host = text;
        const std::string_view type = base::split_front(host, ';');
        const std::string body =
            std::string(type) + "; " + with_a_labels(base::trim(host), to_a_labels_);
        if (!put_if_ascii(field, body)) {
            writer_.unstructured(field.name, text);
        }
    }

    // RFC 6857 3.1.10
    void encapsulate(const Field& field) {
        writer_.unstructured("Downgraded-" + std::string(field.name), unfold(field.body));
    }

    HeaderDowngrade style_;
    ToALabels to_a_labels_;
    HeaderWriter writer_;
};

}  // namespace

std::string downgrade_header(std::string_view header,
                             HeaderDowngrade style,
                             ToALabels to_a_labels) {
    std::string out;
    FieldIterator fields(header);
    while (const auto field = fields.next()) {
        const char* const end = field->body.data() + field->body.size();
        const std::string_view raw(field->name.data(),
                                   static_cast<std::size_t>(end - field->name.data()));
        if (style == HeaderDowngrade::kKeep || base::is_ascii(raw)) {
            out.append(raw).append("\r\n");
            continue;
        }
        out += HeaderDowngrader(style, to_a_labels).run(*field);
    }
    return out.append("\r\n");
}

}  // namespace mime
