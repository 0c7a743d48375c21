#include "smtp/grammar/reply.h"

#include <fmt/format.h>

#include <iterator>

#include "base/ascii.h"

namespace smtp {
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

}  // namespace smtp
