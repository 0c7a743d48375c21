// How commands are read: a line, and the literals in it. A literal that is refused was either waited for by
// the client, who then sends nothing, or it is on its way, and read to its end (RFC 7888 4).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "imap/grammar/append.h"
#include "imap/server/session.h"

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

namespace {

// A whole command in memory, its literals included; messages are not, they stream.
constexpr std::uint64_t kCommandOctetsMax = std::uint64_t{256} * 1024;
constexpr std::uint64_t kEarlyCommandOctetsMax = std::uint64_t{40} * 1024;
// What is read of a refused literal that comes without asking. Beyond, the connection is cut: it would
// cost more than a new one.
constexpr std::uint64_t kDroppedOctetsMax = std::uint64_t{256} * 1024 * 1024;
constexpr std::size_t kPieceOctetsMax = std::size_t{16} * 1024;

// What stands between a streaming command's verb and the literal at the end of `text`.
bool is_argument(std::string_view text, const Literal& literal, std::size_t line_begin) {
    const auto head = parse_command_head(text.substr(0, line_begin + literal.begin));
    return head && literal_is_mailbox(head->arguments, head->verb.ends_with("REPLACE"));
}

}  // namespace

std::uint64_t Session::command_octets_max() const {
    return identity_ ? kCommandOctetsMax : kEarlyCommandOctetsMax;
}

// `streams`: a command whose messages its handler reads. Then the text ends with the literal of the first.
Task<Result<Session::Input>> Session::read_rest(std::string text, const Command* streams) {
    Input input{.text = std::move(text)};
    std::size_t line_begin = 0;
    while (true) {
        const auto literal = find_literal(std::string_view(input.text).substr(line_begin));
        if (line_begin > 0 && input.text.size() > command_octets_max()) {
            input.refusal = bad("the command is too long", "TOOBIG");
            input.unread = literal;
            co_return input;
        }
        if (!literal || (streams != nullptr && !is_argument(input.text, *literal, line_begin))) {
            input.unread = literal;
            co_return input;
        }
        if (literal->octets >
            command_octets_max() - std::min(command_octets_max(), input.text.size())) {
            input.refusal = bad("the literal is too large", "TOOBIG");
            input.unread = literal;
            co_return input;
        }
        CO_TRY_VOID(co_await append_literal(input.text, *literal));
        line_begin = input.text.size();
        CO_TRY(input.refusal, co_await append_further_line(input.text));
        if (input.refusal) {
            input.unread = find_literal(std::string_view(input.text).substr(line_begin));
            co_return input;
        }
    }
}

//  continue-req = "+" SP (resp-text / base64) CRLF
void Session::ask_for_literal(const Literal& literal) {
    if (literal.is_synchronizing) {
        lines_.put("+ ready for the literal\r\n");
    }
}

Task<Result<>> Session::append_literal(std::string& text, Literal literal) {
    ask_for_literal(literal);
    text += "\r\n";
    for (std::uint64_t left = literal.octets; left > 0;) {
        CO_TRY(const std::string piece, co_await read_literal_piece(left));
        left -= piece.size();
        text += piece;
    }
    co_return Result<>();
}

Task<Result<std::string>> Session::read_literal_piece(std::uint64_t left) {
    while (true) {
        const auto view = co_await lines_.peek(read_deadline());
        if (!view && view.error().code == Errc::kUnavailable && !lines_.stream().stopping()) {
            continue;
        }
        if (!view) {
            co_return tl::unexpected(view.error());
        }
        std::string piece(view->substr(0, std::min<std::uint64_t>(left, kPieceOctetsMax)));
        lines_.consume(piece.size());
        co_return piece;
    }
}

Task<Result<std::string>> Session::read_further_line() {
    while (true) {
        const auto line = co_await lines_.read_line(line_octets_max(), read_deadline());
        if (line) {
            co_return std::string(line->text);
        }
        if (line.error().code != Errc::kUnavailable || lines_.stream().stopping()) {
            co_return tl::unexpected(line.error());
        }
    }
}

Task<Result<std::optional<Reply>>> Session::append_further_line(std::string& text) {
    const auto line = co_await read_further_line();
    if (!line && line.error().code == Errc::kTooLong) {
        text += lines_.long_line_end();
        co_return bad("the line is too long");
    }
    if (!line) {
        co_return tl::unexpected(line.error());
    }
    text += *line;
    co_return std::nullopt;
}

// What the line announced behind itself is no command either.
Task<Result<>> Session::refuse_long_line() {
    const std::string tag(tag_of(lines_.long_line_begin()));
    if (const auto unread = find_literal(lines_.long_line_end())) {
        CO_TRY_VOID(co_await drop_literal(*unread));
    }
    co_return co_await conclude(tag, bad("the line is too long"));
}

Task<Result<>> Session::drop_literal(Literal literal) {
    std::uint64_t dropped = 0;
    while (!literal.is_synchronizing) {
        if (literal.octets > kDroppedOctetsMax - dropped) {
            co_return base::fail(Errc::kTooLong, "a literal beyond every limit");
        }
        dropped += literal.octets;
        for (std::uint64_t left = literal.octets; left > 0;) {
            CO_TRY(const std::string piece, co_await read_literal_piece(left));
            left -= piece.size();
        }
        std::string line;
        CO_TRY_VOID(co_await append_further_line(line));
        const auto next = find_literal(line);
        if (!next) {
            break;
        }
        literal = *next;
    }
    co_return Result<>();
}

}  // namespace imap
