#include "app/letter.h"

#include <fmt/format.h>

#include "app/dialogue.h"
#include "mime/date.h"

namespace app {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);

// The last line of a reply (RFC 5321 4.2.1), when it begins with `wanted`.
base::Result<std::string> expect(Dialogue& server, char wanted) {
    constexpr std::size_t kCode = 3;
    while (true) {
        TRY(std::string line, server.read_line());
        if (line.size() > kCode && line[kCode] == '-') {
            continue;
        }
        if (!line.starts_with(wanted)) {
            return base::fail(base::Errc::kDenied, "the demo's message was refused: " + line);
        }
        return line;
    }
}

}  // namespace

Letter demo_letter(std::string_view sender,
                   std::string_view recipient,
                   base::WallTime now,
                   std::string_view unique) {
    return {.sender = std::string(sender),
            .recipient = std::string(recipient),
            .text = fmt::format("From: Alice <{}>\r\n"
                                "To: Bob <{}>\r\n"
                                "Subject: Ketchup\r\n"
                                "Date: {}\r\n"
                                "Message-ID: <{}@crepes.example>\r\n"
                                "\r\n"
                                "Do you like ketchup?\r\n"
                                "How about pickles?\r\n",
                                sender,
                                recipient,
                                mime::format_date(now, 0),
                                unique)};
}

base::Result<std::string> send_letter(const net::Endpoint& endpoint, const Letter& letter) {
    TRY(Dialogue server, Dialogue::connect(endpoint, kPatience));
    TRY_VOID(expect(server, '2'));
    const std::string commands[] = {"EHLO crepes.example\r\n",
                                    fmt::format("MAIL FROM:<{}>\r\n", letter.sender),
                                    fmt::format("RCPT TO:<{}>\r\n", letter.recipient)};
    for (const std::string& command : commands) {
        TRY_VOID(server.send(command));
        TRY_VOID(expect(server, '2'));
    }
    TRY_VOID(server.send("DATA\r\n"));
    TRY_VOID(expect(server, '3'));
    TRY_VOID(server.send(letter.text + ".\r\n"));
    TRY(std::string accepted, expect(server, '2'));
    TRY_VOID(server.send("QUIT\r\n"));
    TRY_VOID(expect(server, '2'));
    return accepted;
}

}  // namespace app
