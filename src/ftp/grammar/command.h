// FTP's control connection as values: command lines (RFC 959 5.3.1, RFC 1123 4.1), the Telnet signals
// inside them (RFC 854, RFC 959 4.1.3 ABOR), and replies (RFC 959 4.2). No I/O, no state; server and client.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ftp {

// A command with its line end. RFC 2640 3.2 wants room for long path names.
inline constexpr std::size_t kCommandOctetsMax = 4096;

// What Telnet's part of a line asks for.
struct TelnetLine {
    std::string text;          // without Telnet commands; IAC IAC is one octet 0xff, CR NUL is CR
    std::string answers;       // WONT and DONT for what the peer proposed (RFC 854)
    bool interrupted = false;  // IAC IP, BRK, AO or DM was in it
};

// Takes Telnet's commands out of `line`, which has no line end. A sequence that is cut by the end of the
// line, or whose urgent octet the kernel took out of band, is dropped.
[[nodiscard]] TelnetLine take_telnet(std::string_view line);

struct CommandLine {
    std::string verb;            // upper case
    std::string_view arguments;  // behind the first space, as it came; a view into the line
};

// Cuts a line (without its end) at the first space. kSyntax: no verb of 1 to 8 letters, digits or '@'.
// kInvalid: CR, LF or NUL in the line.
[[nodiscard]] base::Result<CommandLine> parse_command(std::string_view line);

// The line as logs and --trace-peer may show it: without what PASS, ACCT and AUTH's data carry.
[[nodiscard]] std::string redact(std::string_view line);

// A verb of a protocol whose client was led here: an HTTP request line or header, an SMTP envelope, TLS or
// SSH's first octets. RFC 959 has none of them; the session ends, so that no later line is obeyed.
[[nodiscard]] bool is_foreign(std::string_view line);

// reply = code SP text CRLF, or code "-" ... CRLF code SP ... CRLF    ; RFC 959 4.2
// `text` may hold several lines, separated by LF; inner ones are indented by one space, as RFC 2389 3.2
// wants for FEAT and RFC 959 4.2 asks of lines that begin with digits.
[[nodiscard]] std::string format_reply(int code, std::string_view text);

// Collects the lines of one reply.
class ReplyParser {
  public:
    // True when the reply is whole. Empty lines before it are passed over: some greetings begin with one. kSyntax: not a
    // reply; kTooLong: more than 16 MiB, with what a line takes in memory.
    [[nodiscard]] base::Result<bool> feed(std::string_view line);

    [[nodiscard]] int code() const { return code_; }

    // Its lines without the code.
    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

  private:
    int code_ = 0;
    std::size_t octets_ = 0;
    std::vector<std::string> lines_;
};

// RFC 959 5.3.1 and appendix II: a path in a reply stands in quotes, and its own quotes twice.
[[nodiscard]] std::string quote_path(std::string_view path);
// The path of "257 "PATH" ...". kSyntax without one.
[[nodiscard]] base::Result<std::string> parse_quoted_path(std::string_view text);

}  // namespace ftp
