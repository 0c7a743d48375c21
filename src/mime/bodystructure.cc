#include "mime/bodystructure.h"

#include <utility>
#include <vector>

#include "base/ascii.h"
#include "mime/envelope.h"
#include "mime/nstring.h"
#include "mime/raw_header.h"

namespace mime {
namespace {

// Writes parts one after the other; a stack of its own stands for the nesting.
class Formatter {
  public:
    Formatter(const Structure& structure, BodyForm form, HeaderForm text)
        : structure_(structure),
          form_(form),
          text_(text) {}

    std::string run() {
        enter(0);
        while (!open_.empty()) {
            Frame& frame = open_.back();
            const Part& part = structure_.parts[frame.part];
            if (frame.next < part.children.size()) {
                enter(part.children[frame.next++]);
            } else {
                open_.pop_back();
                leave(part);
            }
        }
        return std::move(out_);
    }

  private:
    struct Frame {
        std::uint32_t part;
        std::size_t next;
    };

    void enter(std::uint32_t index) {
        const Part& part = structure_.parts[index];
        out_ += '(';
        if (!part.is_multipart() || part.children.empty()) {
            basic_fields(index);
        }
        if (part.holds_message()) {
            const std::string fields = envelope_as_utf8(structure_, part.children.front());
            out_.append(" ").append(format_envelope(fields, text_)).append(" ");
        }
        open_.push_back({index, 0});
    }

    // As it is written, but for raw octets: a client can read these no better than in a subject.
    [[nodiscard]] std::string description(std::uint32_t index) const {
        const std::string& written = structure_.parts[index].description;
        if (text_ == HeaderForm::kUtf8 ? base::is_utf8(written) : base::is_ascii(written)) {
            return written;
        }
        const std::string text = description_of(structure_, index);
        return text_ == HeaderForm::kUtf8 ? text : encode_unstructured(text);
    }

    void leave(const Part& part) {
        if (part.is_multipart() && !part.children.empty()) {
            out_ += ' ';
            upper(part.type.subtype);
            if (form_ == BodyForm::kBodyStructure) {
                out_ += ' ';
                parameters(part.type.parameters);
            }
        } else {
            if (part.holds_message() || shown_type(part) == "text") {
                out_.append(" ").append(std::to_string(part.lines));
            }
            if (form_ == BodyForm::kBodyStructure) {
                out_ += ' ';
                append_nstring(out_, part.md5, text_);
            }
        }
        if (form_ == BodyForm::kBodyStructure) {
            extension(part);
        }
        out_ += ')';
    }

    static bool is_shown_otherwise(const Part& part) {
        const bool is_message = part.type.type == "message" &&
                                (part.type.subtype == "rfc822" || part.type.subtype == "global");
        return part.children.empty() && (part.is_multipart() || is_message);
    }

    static std::string_view shown_type(const Part& part) {
        if (!is_shown_otherwise(part)) {
            return part.type.type;
        }
        return part.is_multipart() ? "text" : "application";
    }

    //  body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets
    void basic_fields(std::uint32_t index) {
        const Part& part = structure_.parts[index];
        const bool is_default = !part.has_type && part.type.is("text", "plain");
        upper(shown_type(part));
        out_ += ' ';
        if (is_shown_otherwise(part)) {
            out_ += part.is_multipart() ? "\"PLAIN\" NIL" : "\"OCTET-STREAM\" NIL";
        } else {
            upper(part.type.subtype);
            out_ += ' ';
            if (is_default) {  // RFC 2045 5.2
                out_ += "(\"CHARSET\" \"US-ASCII\")";
            } else {
                parameters(part.type.parameters);
            }
        }
        out_ += ' ';
        append_nstring(out_, part.id, text_);
        out_ += ' ';
        append_nstring(out_, description(index), text_);
        out_ += ' ';
        upper(part.encoding_name.empty() ? "7BIT" : part.encoding_name);
        out_.append(" ").append(std::to_string(part.body_octets_count()));
    }

    //  body-ext = ... SP body-fld-dsp SP body-fld-lang SP body-fld-loc
    void extension(const Part& part) {
        out_ += ' ';
        // An empty field says nothing; one with parameters alone is most often that of a file.
        if (part.disposition &&
            !(part.disposition->type.empty() && part.disposition->parameters.list.empty())) {
            out_ += '(';
            upper(part.disposition->type.empty() ? "ATTACHMENT" : part.disposition->type);
            out_ += ' ';
            parameters(part.disposition->parameters);
            out_ += ')';
        } else {
            out_ += "NIL";
        }
        out_ += ' ';
        languages(part.languages);
        out_ += ' ';
        append_nstring(out_, part.location, text_);
    }

    void languages(const std::vector<std::string>& languages) {
        if (languages.empty()) {
            out_ += "NIL";
            return;
        }
        for (std::size_t i = 0; i < languages.size(); ++i) {
            out_ += i == 0 ? '(' : ' ';
            append_string(out_, languages[i], text_);
        }
        out_ += ')';
    }

    //  body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
    void parameters(const Parameters& parameters) {
        if (parameters.list.empty()) {
            out_ += "NIL";
            return;
        }
        char before = '(';
        for (const Parameter& parameter : parameters.list) {
            out_ += before;
            before = ' ';
            if (text_ == HeaderForm::kUtf8 || base::is_ascii(parameter.value)) {
                upper(parameter.name);
                out_ += ' ';
                append_string(out_, parameter.value, text_);
            } else {
                upper(parameter.name + "*");
                out_ += ' ';
                append_string(out_, extended_value(parameter), text_);
            }
        }
        out_ += ')';
    }

    void upper(std::string_view text) { append_string(out_, base::to_upper(text), text_); }

    const Structure& structure_;
    const BodyForm form_;
    const HeaderForm text_;
    std::string out_;
    std::vector<Frame> open_;
};

}  // namespace

std::string format_body(const Structure& structure, BodyForm form, HeaderForm text) {
    return Formatter(structure, form, text).run();
}

}  // namespace mime
