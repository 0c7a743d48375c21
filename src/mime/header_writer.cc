#include "mime/header_writer.h"

#include <algorithm>

#include "base/ascii.h"
#include "mime/date.h"
#include "mime/header.h"

namespace mime {
namespace {

// A line without a break for so long is broken inside a quoted string, which is legal too (RFC 5322
// 3.2.4), before it reaches the 998 characters of RFC 5322 2.1.1.
constexpr std::size_t kLineOctetsBorne = 900;

// Where `body` may be broken: before the white space in front of a word.
class Folder {
  public:
    Folder(std::string& out, std::string_view body, FoldAt at) : out_(out), body_(body), at_(at) {}

    // `column` octets stand on the line already, and `may_break_first` allows a break before the body.
    void run(std::size_t column, bool may_break_first) {
        std::size_t line_begin = 0;
        std::size_t word_begin = 0;  // the white space before the last word that may begin a line
        bool have_break = may_break_first;
        for (std::size_t end = next_break(0);; end = next_break(end)) {
            const std::size_t octets = column + end - line_begin;
            if (octets > kLineOctetsWanted && have_break) {
                out_.append(body_.substr(line_begin, word_begin - line_begin)).append("\r\n");
                line_begin = word_begin;
                column = 0;
            }
            if (end == body_.size()) {
                break;
            }
            const std::size_t since = column + end - line_begin;
            have_break = !quoted_ || at_ == FoldAt::kSpaces || since > kLineOctetsBorne;
            word_begin = have_break ? end : word_begin;
        }
        out_.append(body_.substr(line_begin));
    }

  private:
    // The next white space behind a word, or the end.
    std::size_t next_break(std::size_t from) {
        std::size_t at = from;
        while (at < body_.size() && base::is_space(body_[at])) {
            ++at;
        }
        for (; at < body_.size() && !base::is_space(body_[at]); ++at) {
            if (body_[at] == '\\' && quoted_) {
                at += at + 1 < body_.size() ? 1 : 0;
            } else if (body_[at] == '"') {
                quoted_ = !quoted_;
            }
        }
        return body_.find_first_not_of(" \t", at) == std::string_view::npos ? body_.size() : at;
    }

    std::string& out_;
    std::string_view body_;
    FoldAt at_;
    bool quoted_ = false;
};

// A field's or a parameter's name: visible US-ASCII without `forbidden`.
bool is_name(std::string_view name, std::string_view forbidden) {
    return !name.empty() && name.find_first_of(forbidden) == std::string_view::npos &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_message_id(std::string_view id) {
    return !id.empty() && std::none_of(id.begin(), id.end(), [](char c) {
        return base::is_control(c) || c == ' ' || c == '<' || c == '>';
    });
}

}  // namespace

std::string fold_field(std::string_view name, std::string_view body, FoldAt at) {
    std::string tidy(base::trim(body));
    std::replace_if(
        tidy.begin(), tidy.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
    std::string out(name);
    out += ':';
    // "Subject:" alone on its line is legal, but only an encoded word, which must fit its 76
    // characters, is worth it.
    const std::string with_space = " " + tidy;
    Folder(out, with_space, at).run(out.size(), tidy.starts_with("=?"));
    return out.append("\r\n");
}

void HeaderWriter::unstructured(std::string_view name, std::string_view text) {
    put(name, encode_unstructured(text, form_), FoldAt::kSpaces);
}

void HeaderWriter::addresses(std::string_view name, const std::vector<Address>& addresses) {
    if (!addresses.empty()) {
        structured(name, format_address_list(addresses, form_));
    }
}

void HeaderWriter::date(std::string_view name, base::WallTime time, int offset_minutes) {
    structured(name, format_date(time, offset_minutes));
}

void HeaderWriter::message_ids(std::string_view name, const std::vector<std::string>& ids) {
    std::string body;
    for (const std::string& id : ids) {
        if (is_message_id(id)) {
            body.append(body.empty() ? "<" : " <").append(id).append(">");
        }
    }
    if (!body.empty()) {
        structured(name, body);
    }
}

void HeaderWriter::with_parameters(std::string_view name,
                                   std::string_view value,
                                   const Parameters& parameters) {
    std::string body(value);
    for (const Parameter& parameter : parameters.list) {
        if (!is_name(parameter.name, "()<>@,;:\\\"/[]?=*'%")) {
            continue;
        }
        for (const std::string& piece : format_parameter(parameter.name, parameter.value, form_)) {
            body.append("; ").append(piece);
        }
    }
    structured(name, body);
}

void HeaderWriter::structured(std::string_view name, std::string_view body) {
    put(name, body, FoldAt::kSpacesUnquoted);
}

void HeaderWriter::put(std::string_view name, std::string_view body, FoldAt at) {
    if (is_name(name, ":")) {
        out_ += fold_field(name, body, at);
    }
}

}  // namespace mime
