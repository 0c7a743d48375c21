#include "mime/thread.h"

#include <algorithm>

#include "base/ascii.h"
#include "mime/encoded_word.h"
#include "mime/header.h"
#include "mime/msgid.h"
#include "mime/utf8.h"

namespace mime {
namespace {

constexpr std::size_t kSubjectOctetsMax = 2000;

std::string_view skip_space(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    return text;
}

//  subj-blob = "[" *BLOBCHAR "]" *WSP     BLOBCHAR = any but "[" and "]"
// Takes one off the front.
bool take_blob(std::string_view& text) {
    if (!text.starts_with('[')) {
        return false;
    }
    const std::size_t end = text.find_first_of("[]", 1);
    if (end == std::string_view::npos || text[end] != ']') {
        return false;
    }
    text = skip_space(text.substr(end + 1));
    return true;
}

//  subj-refwd  = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
bool take_refwd(std::string_view& text) {
    std::string_view rest = text;
    const std::size_t word = base::istarts_with(rest, "fwd")  ? 3
                             : base::istarts_with(rest, "fw") ? 2
                             : base::istarts_with(rest, "re") ? 2
                                                              : 0;
    if (word == 0) {
        return false;
    }
    rest = skip_space(rest.substr(word));
    static_cast<void>(take_blob(rest));
    if (!rest.starts_with(':')) {
        return false;
    }
    text = skip_space(rest.substr(1));
    return true;
}

//  subj-leader = (*subj-blob subj-refwd) / WSP
// Takes all of them off the front, and the blobs behind the last while they leave anything: (3) to (5).
// True when one was a subj-refwd. Blobs are looked at once, whether a subj-refwd follows them or not.
bool take_leaders(std::string_view& text) {
    for (bool is_reply = false;; is_reply = true) {
        std::string_view rest = text;
        while (take_blob(rest)) {
            text = rest.empty() ? text : rest;
        }
        if (!take_refwd(rest)) {
            return is_reply;
        }
        text = rest;
    }
}

//  subj-trailer = "(fwd)" / WSP
// Takes all of them off the end; true when one was "(fwd)".
bool take_trailers(std::string_view& text) {
    bool is_forward = false;
    while (true) {
        if (text.ends_with(' ')) {
            text.remove_suffix(1);
        } else if (base::iends_with(text, "(fwd)")) {
            text.remove_suffix(5);
            is_forward = true;
        } else {
            return is_forward;
        }
    }
}

// RFC 5256 2.1 (1): every run of white space is one space.
std::string one_line(std::string_view subject) {
    std::string line;
    for (const char c : utf8_octets_prefix(subject, kSubjectOctetsMax)) {
        const bool is_white = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        if (!is_white) {
            line += c;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    return line;
}

void add_reference(ThreadKeys& keys, std::string id) {
    if (std::find(keys.references.begin(), keys.references.end(), id) == keys.references.end()) {
        keys.references.push_back(std::move(id));
    }
}

}  // namespace

BaseSubject base_subject(std::string_view subject) {
    const std::string line = one_line(subject);
    BaseSubject base;
    std::string_view text = line;
    for (bool is_wrapped = true; is_wrapped;) {           // (6) leads back to (2)
        base.is_reply_or_forward |= take_trailers(text);  // (2)
        base.is_reply_or_forward |= take_leaders(text);   // (3) to (5)
        is_wrapped = base::istarts_with(text, "[fwd:") && text.ends_with(']');
        if (is_wrapped) {
            text = skip_space(text.substr(5, text.size() - 6));
            base.is_reply_or_forward = true;
        }
    }
    base.text = text;
    return base;
}

ThreadKeys thread_keys(std::string_view header) {
    ThreadKeys keys;
    if (const auto field = find_field(header, "Subject")) {
        keys.subject = base_subject(decode_unstructured(field->body));
    }
    if (const auto field = find_field(header, "Message-ID")) {
        keys.message_id = parse_message_id(field->body).value_or("");
    }
    const auto references = find_field(header, "References");
    const auto in_reply_to = find_field(header, "In-Reply-To");
    for (std::string& id : parse_message_ids(references ? references->body : "", 100)) {
        add_reference(keys, std::move(id));
    }
    // RFC 5256 2.2: In-Reply-To's first identifier counts where there are no References.
    if (keys.references.empty() && in_reply_to) {
        if (auto id = parse_message_id(in_reply_to->body)) {
            add_reference(keys, std::move(*id));
        }
    }
    return keys;
}

}  // namespace mime
