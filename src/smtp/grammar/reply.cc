#include "smtp/grammar/reply.h"

#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <utility>

#include "base/ascii.h"

namespace smtp {
namespace {

// status-code = class "." subject "." detail    class = "2"/"4"/"5"    subject, detail = 1*3digit
// Taken off the front of `text` with the space behind it.
std::optional<EnhancedCode> take_enhanced(std::string_view& text) {
    std::string_view rest = text;
    std::string_view word = base::split_front(rest, ' ');
    const auto kind = base::parse_number<std::uint16_t>(base::split_front(word, '.'), 5);
    const auto subject = base::parse_number<std::uint16_t>(base::split_front(word, '.'), 999);
    const auto detail = base::parse_number<std::uint16_t>(word, 999);
    if (!kind || !subject || !detail || (*kind != 2 && *kind != 4 && *kind != 5)) {
        return std::nullopt;
    }
    text = rest;
    return EnhancedCode{*kind, *subject, *detail};
}

}  // namespace

// Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
void append_reply(std::string& out, const Reply& reply) {
    std::string_view text = reply.text;
    bool more = true;
    while (more) {
        const std::size_t begin = out.size();
        more = text.find('\n') != std::string_view::npos;
        const std::string_view line = base::split_front(text, '\n');
        fmt::format_to(std::back_inserter(out), "{:03}{}", reply.code, more ? '-' : ' ');
        const EnhancedCode& enhanced = reply.enhanced;
        if (enhanced.kind != 0) {
            fmt::format_to(std::back_inserter(out),
                           "{}.{}.{} ",
                           enhanced.kind,
                           enhanced.subject,
                           enhanced.detail);
        }
        out += line.substr(0, kReplyLineOctetsMax - 2 - (out.size() - begin));
        out += "\r\n";
    }
}

std::string format_reply(const Reply& reply) {
    std::string out;
    append_reply(out, reply);
    return out;
}

Parsed<bool> ReplyReader::feed(std::string_view line) {
    const auto code = base::parse_u64(line.substr(0, 3), 599);
    if (line.size() < 3 || !code || *code < 200 ||
        (line.size() > 3 && line[3] != ' ' && line[3] != '-')) {
        return syntax_fault("not a reply line");
    }
    if (begun_ && std::cmp_not_equal(reply_.code, *code)) {
        return syntax_fault("the reply code changes midway");
    }
    if (reply_.text.size() + line.size() > std::size_t{64} * 1024) {
        return fault(base::Errc::kTooLong, "endless reply");
    }
    reply_.code = static_cast<int>(*code);
    std::string_view text = line.size() > 4 ? line.substr(4) : std::string_view();
    if (const auto enhanced = take_enhanced(text)) {
        reply_.enhanced = *enhanced;
    }
    if (begun_) {
        reply_.text += '\n';
    }
    reply_.text += text;
    begun_ = true;
    return line.size() == 3 || line[3] == ' ';
}

Reply ReplyReader::take() {
    begun_ = false;
    return std::exchange(reply_, {});
}

}  // namespace smtp
