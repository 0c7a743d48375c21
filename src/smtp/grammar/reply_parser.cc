#include "smtp/grammar/reply_parser.h"

#include <optional>
#include <string>
#include <utility>

#include "base/ascii.h"

namespace smtp {
namespace {

// status-code = class "." subject "." detail    class = "2"/"4"/"5"    subject, detail = 1*3digit
// Taken off the front of `text` with the space behind it, when its class is that of `code`.
std::optional<EnhancedCode> take_enhanced(std::string_view& text, std::uint64_t code) {
    std::string_view rest = text;
    std::string_view word = base::split_front(rest, ' ');
    const auto kind = base::parse_number<std::uint16_t>(base::split_front(word, '.'), 5);
    const auto subject = base::parse_number<std::uint16_t>(base::split_front(word, '.'), 999);
    const auto detail = base::parse_number<std::uint16_t>(word, 999);
    if (!kind || !subject || !detail || std::cmp_not_equal(*kind, code / 100)) {
        return std::nullopt;
    }
    text = rest;
    return EnhancedCode{*kind, *subject, *detail};
}

void append_printable(std::string& out, std::string_view text) {
    const bool utf8 = base::is_utf8(text);
    for (const char c : text) {
        const bool bad = base::is_control(c) || (base::is_8bit(c) && !utf8);
        out += c == '\t' ? ' ' : bad ? '?' : c;
    }
}

}  // namespace

// Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
// Reply-code = %x32-35 %x30-35 %x30-39
Parsed<bool> ReplyParser::feed(std::string_view line) {
    auto ended = take_line(line);
    if (!ended) {
        static_cast<void>(take());
    }
    return ended;
}

Parsed<bool> ReplyParser::take_line(std::string_view line) {
    const auto code = base::parse_u64(line.substr(0, 3), 599);
    if (line.size() < 3 || !code || *code < 200 ||
        (line.size() > 3 && line[3] != ' ' && line[3] != '-')) {
        return syntax_fault("not a reply line");
    }
    if (begun_ && std::cmp_not_equal(reply_.code, *code)) {
        return syntax_fault("the reply code changes midway");
    }
    if (reply_.text.size() + line.size() > kPeerReplyOctetsMax) {
        return fault(base::Errc::kTooLong, "endless reply");
    }
    reply_.code = static_cast<int>(*code);
    std::string_view text = line.size() > 4 ? line.substr(4) : std::string_view();
    if (const auto enhanced = take_enhanced(text, *code)) {
        reply_.enhanced = *enhanced;
    }
    if (begun_) {
        reply_.text += '\n';
    }
    append_printable(reply_.text, text);
    begun_ = true;
    return line.size() == 3 || line[3] == ' ';
}

Reply ReplyParser::take() {
    begun_ = false;
    return std::exchange(reply_, {});
}

}  // namespace smtp
