#include "smtp/client/verdict.h"

#include <fmt/format.h>

#include <algorithm>

namespace smtp {

std::string Verdict::to_string() const {
    std::string text = reply.code != 0 ? fmt::format("{} ", reply.code) : std::string();
    if (reply.enhanced.kind != 0) {
        text += fmt::format(
            "{}.{}.{} ", reply.enhanced.kind, reply.enhanced.subject, reply.enhanced.detail);
    }
    text += reply.text;
    std::replace(text.begin(), text.end(), '\n', ' ');
    return command.empty() ? text : fmt::format("{} (in reply to {})", text, command);
}

Verdict judge(Reply reply, std::string_view command) {
    // 3yz asks for more, and only DATA and AUTH may: nothing has been accepted by it.
    const Verdict::Kind kind = reply.code < 300   ? Verdict::Kind::kAccepted
                               : reply.code < 500 ? Verdict::Kind::kTemporary
                                                  : Verdict::Kind::kPermanent;
    return {.kind = kind, .reply = std::move(reply), .command = std::string(command)};
}

Verdict refuse(Verdict::Kind kind,
               EnhancedCode enhanced,
               std::string text,
               std::string_view command) {
    return {.kind = kind,
            .reply = {.code = 0, .enhanced = enhanced, .text = std::move(text)},
            .command = std::string(command)};
}

// RFC 3463 3.5: X.4.1 no answer from host, X.4.2 bad connection; X.5.0 a protocol we cannot make out.
Verdict blame_connection(const base::Error& error, std::string_view command) {
    switch (error.code) {
        case base::Errc::kTimeout:
            return refuse(Verdict::Kind::kTemporary,
                          {4, 4, 1},
                          fmt::format("no answer in time: {}", error.text),
                          command);
        case base::Errc::kSyntax:
        case base::Errc::kTooLong:
            return refuse(Verdict::Kind::kTemporary,
                          {4, 5, 0},
                          fmt::format("the answer makes no sense: {}", error.text),
                          command);
        default:
            return refuse(Verdict::Kind::kTemporary,
                          {4, 4, 2},
                          fmt::format("connection lost: {}", error.text),
                          command);
    }
}

bool is_throttling(const Verdict& verdict) {
    const EnhancedCode& code = verdict.reply.enhanced;
    const bool busy = code == EnhancedCode{4, 3, 2} || code == EnhancedCode{4, 4, 5};
    return verdict.reply.code == 421 ||
           (verdict.reply.code / 100 == 4 && (code.subject == 7 || busy));
}

}  // namespace smtp
