#include "imap/grammar/append.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/base64.h"
#include "imap/grammar/date.h"
#include "imap/grammar/mailbox_name.h"

namespace imap {
namespace {

using base::Result;

// "%41" as "A"; nothing for "%" with anything else behind it.
std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t plain = std::min(text.find('%'), text.size());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) {
            break;
        }
        const auto octet = base::hex_decode(text.substr(1, 2));
        if (!octet || octet->size() != 1) {
            return std::nullopt;
        }
        out += *octet;
        text.remove_prefix(3);
    }
    return out;
}

// Cuts what stands behind `mark` (";UID=", whatever its case) off the end of `text`.
std::optional<std::string_view> cut_behind(std::string_view& text, std::string_view mark) {
    for (std::size_t at = text.size(); at-- > 0;) {
        if (base::istarts_with(text.substr(at), mark)) {
            const std::string_view behind = text.substr(at + mark.size());
            text = text.substr(0, at);
            return behind;
        }
    }
    return std::nullopt;
}

tl::unexpected<base::Error> bad_url() {
    return base::fail(base::Errc::kInvalid, "no URL of a message here");
}

//  seq-number = nz-number / "*"
Result<SequenceSet> parse_seq_number(Scanner& scanner) {
    SequenceSet set;
    if (scanner.take('*')) {
        set.to_end = SequenceSet::kEnd;
        return set;
    }
    TRY(const std::uint32_t number, scanner.nz_number());
    set.plain = mail::UidSet(number, number);
    return set;
}

}  // namespace

bool literal_is_mailbox(std::string_view before, bool is_replace) {
    if (is_replace) {
        const std::string_view number = base::split_front(before, ' ');
        if (number != "*" &&
            (number.empty() || !std::all_of(number.begin(), number.end(), base::is_digit))) {
            return false;
        }
    }
    return before.empty();
}

//  append  = "APPEND" SP mailbox 1*append-message
//  replace = "REPLACE" SP seq-number SP mailbox append-message
Result<AppendHead> parse_append_head(Scanner& scanner, bool is_replace) {
    AppendHead head;
    if (is_replace) {
        TRY(head.replaced, parse_seq_number(scanner));
        TRY_VOID(scanner.space());
    }
    TRY(head.mailbox, scanner.astring());
    TRY_VOID(scanner.space());
    return head;
}

//  append-message =/ append-opts SP append-data      append-opts = [SP flag-list] [SP date-time]
//  append-data    =/ literal / literal8 / "UTF8" SP "(" literal8 ")" / "CATENATE" SP "(" cat-part *(SP cat-part) ")"
Result<AppendOptions> parse_append_options(Scanner& scanner) {
    AppendOptions options;
    if (scanner.peek() == '(') {
        TRY(options.flags, parse_flag_list(scanner));
        TRY_VOID(scanner.space());
    }
    if (scanner.peek() == '"') {
        TRY(options.received_s, parse_date_time(scanner));
        TRY_VOID(scanner.space());
    }
    const bool utf8 = scanner.take_word("UTF8");
    if (utf8 || scanner.take_word("CATENATE")) {
        options.form = utf8 ? AppendOptions::Form::kUtf8 : AppendOptions::Form::kCatenate;
        TRY_VOID(scanner.space());
        TRY_VOID(scanner.expect('('));
    }
    return options;
}

std::optional<Literal> find_url_literal(std::string_view text) {
    Scanner scanner(text);
    const bool is_url = scanner.take_word("URL") && scanner.take(' ');
    const auto literal = find_literal(scanner.rest());
    return is_url && literal && literal->begin == 0 ? literal : std::nullopt;
}

//  cat-part = ("TEXT" SP (literal / literal8)) / ("URL" SP astring)
Result<CatenatePart> parse_catenate_part(Scanner& scanner) {
    CatenatePart part;
    const bool is_url = scanner.take_word("URL");
    if (!is_url && !scanner.take_word("TEXT")) {
        return syntax_error("no such part of CATENATE");
    }
    TRY_VOID(scanner.space());
    if (is_url) {
        TRY(part.url, scanner.astring());
    }
    return part;
}

Result<Literal> parse_message_literal(Scanner& scanner) {
    const auto literal = find_literal(scanner.rest());
    if (!literal || literal->begin != 0) {
        return syntax_error("no message");
    }
    return *literal;
}

//  "/" mailbox [";UIDVALIDITY=" n] "/;UID=" n ["/;SECTION=" section]       ; RFC 5092 7
Result<MessageUrl> parse_message_url(std::string_view url) {
    MessageUrl parsed;
    if (const auto section = cut_behind(url, "/;SECTION=")) {
        const auto text = percent_decode(*section);
        if (!text) {
            return bad_url();
        }
        parsed.section = *text;
    }
    const auto uid_text = cut_behind(url, ";UID=");
    const auto uid = base::parse_number<std::uint32_t>(uid_text.value_or(""));
    if (!uid || *uid == 0) {
        return bad_url();
    }
    parsed.uid = *uid;
    url.remove_suffix(url.ends_with('/') ? 1 : 0);
    if (url.empty()) {
        return parsed;
    }
    if (const auto validity = cut_behind(url, ";UIDVALIDITY=")) {
        parsed.uid_validity = base::parse_number<std::uint32_t>(*validity);
        if (!parsed.uid_validity) {
            return bad_url();
        }
    }
    url.remove_prefix(url.starts_with('/') ? 1 : 0);
    const auto mailbox = percent_decode(url);
    if (!mailbox || mailbox->empty()) {
        return bad_url();
    }
    TRY(parsed.mailbox, decode_mailbox(*mailbox, NameForm::kUtf8));
    return parsed;
}

}  // namespace imap
