// What became of a message or a conversation: the peer's own last word, or ours where it said none.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "smtp/grammar/reply.h"

namespace smtp {

struct Verdict {
    enum class Kind {
        kAccepted,   // 2yz
        kTemporary,  // 4yz, or nothing was heard: at another time perhaps
        kPermanent,  // 5yz: never
    };

    Kind kind = Kind::kTemporary;
    // Code 0: the peer said nothing, and enhanced code and text are ours.
    Reply reply;
    std::string command;  // what it answers: "RCPT TO", "end of data", "connection" ...

    [[nodiscard]] bool accepted() const { return kind == Kind::kAccepted; }

    // The peer said nothing and may yet say something else: nobody was judged. Not what we refuse in its
    // place because it cannot take it (5.3.4, 5.6.3, 5.6.7).
    [[nodiscard]] bool unheard() const { return reply.code == 0 && kind == Kind::kTemporary; }

    // "550 5.1.1 no such user (in reply to RCPT TO)", on one line.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const Verdict&, const Verdict&) = default;
};

// The peer's word: by the first digit of its code.
[[nodiscard]] Verdict judge(Reply reply, std::string_view command);
// Ours. The text is one sentence.
[[nodiscard]] Verdict refuse(Verdict::Kind kind,
                             EnhancedCode enhanced,
                             std::string text,
                             std::string_view command);
// The world's, met while waiting for the answer to `command`: temporary, X.4.2 or X.4.1.
[[nodiscard]] Verdict blame_connection(const base::Error& error, std::string_view command);

// The peer asks for less (421, or 4yz with X.7.z or 4.3.2, 4.4.5: RFC 3463).
[[nodiscard]] bool is_throttling(const Verdict& verdict);

}  // namespace smtp
