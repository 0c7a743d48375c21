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

base::Result<std::string> ask(Dialogue& server, const std::string& octets, char wanted) {
    TRY_VOID(server.send(octets));
    return expect(server, wanted);
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
    TRY_VOID(ask(server, "EHLO crepes.example\r\n", '2'));
    TRY_VOID(ask(server, fmt::format("MAIL FROM:<{}>\r\n", letter.sender), '2'));
    TRY_VOID(ask(server, fmt::format("RCPT TO:<{}>\r\n", letter.recipient), '2'));
    TRY_VOID(ask(server, "DATA\r\n", '3'));
    auto accepted = ask(server, letter.text + ".\r\n", '2');
    static_cast<void>(server.send("QUIT\r\n"));
    return accepted;
}

}  // namespace app
