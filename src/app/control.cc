#include "app/control.h"

#include <fmt/format.h>

#include <utility>

#include "app/carry.h"
#include "app/dialogue.h"
#include "app/exit_status.h"
#include "app/mail_carrier.h"
#include "base/ascii.h"
#include "net/line_stream.h"

namespace app {
namespace {

constexpr std::size_t kLineOctetsMax = 16UL * 1024;
constexpr std::size_t kFieldsMax = 20'000;  // an alias has that many members at most
constexpr auto kRequestPatience = std::chrono::seconds(10);
constexpr auto kReplyPatience = std::chrono::seconds(60);
// A check or a copy of a large store takes its time.
constexpr auto kAnswerPatience = std::chrono::hours(24);

std::string escape(std::string_view value) {
    std::string escaped;
    for (const char c : value) {
        switch (c) {
            case '\\':
                escaped += "\\\\";
                break;
            case '\n':
                escaped += "\\n";
                break;
            case '\r':
                escaped += "\\r";
                break;
            default:
                escaped += c;
        }
    }
    return escaped;
}

std::string unescape(std::string_view text) {
    std::string value;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            value += text[i];
            continue;
        }
        const char c = text[++i];
        value += c == 'n' ? '\n' : c == 'r' ? '\r' : c;
    }
    return value;
}

base::Task<base::Result<AdminRequest>> read_request(net::LineStream& lines) {
    const auto deadline = lines.stream().loop().clock().steady() + kRequestPatience;
    AdminRequest request;
    for (std::size_t i = 0; i < kFieldsMax; ++i) {
        CO_TRY(const net::Line line, co_await lines.read_line(kLineOctetsMax, deadline));
        if (line.text.empty()) {
            co_return request;
        }
        CO_TRY_VOID(parse_field(line.text, request));
    }
    co_return base::fail(base::Errc::kTooLong, "too many fields");
}

// What the log may say of a request: never a secret.
std::string describe(const AdminRequest& request) {
    std::string text = request.command;
    if (!request.arguments.empty()) {
        text += " " + request.arguments.front();
    }
    return text;
}

// `staffetta import` and `export`: the account's mail goes to and fro on the same connection.
base::Task<> carry(net::LineStream& lines,
                   const Administration& administration,
                   AdminRequest request) {
    const std::string address = request.arguments.empty() ? "" : request.arguments.front();
    const auto account = administration.account_id(address);
    if (!account) {
        lines.put(fmt::format(
            "error {} {}\n", static_cast<int>(account.error().code), account.error().text));
        static_cast<void>(
            co_await lines.flush(lines.stream().loop().clock().steady() + kReplyPatience));
        co_return;
    }
    lines.put("ok\n");
    MailCarrier carrier(administration.mailboxes(), *account);
    co_await serve_carry(lines, carrier);
}

}  // namespace

std::string format_request(const AdminRequest& request) {
    std::string text = fmt::format("command={}\n", escape(request.command));
    for (const std::string& argument : request.arguments) {
        text += fmt::format("argument={}\n", escape(argument));
    }
    for (const auto& [name, value] : request.options) {
        text += fmt::format("{}={}\n", name, escape(value));
    }
    return text + "\n";
}

base::Result<> parse_field(std::string_view line, AdminRequest& request) {
    if (line.find('=') == std::string_view::npos) {
        return base::fail(base::Errc::kSyntax, "a field without '='");
    }
    const std::string name(base::split_front(line, '='));
    if (name == "command") {
        request.command = unescape(line);
    } else if (name == "argument") {
        request.arguments.push_back(unescape(line));
    } else {
        request.options[name] = unescape(line);
    }
    return {};
}

base::Task<> serve_control(std::unique_ptr<net::Stream> stream,
                           const Administration& administration,
                           base::Pool& pool,
                           base::Log& log) {
    net::LineStream lines(*stream);
    auto request = co_await read_request(lines);
    if (request && request->command == "carry") {
        log.info("administration", {{"command", describe(*request)}});
        co_await carry(lines, administration, *request);
        stream->close();
        co_return;
    }
    if (request) {
        log.info("administration", {{"command", describe(*request)}});
        base::Loop& loop = stream->loop();
        const Administration* const runner = &administration;
        auto work = [runner, asked = *request] { return runner->run(asked); };
        const AdminReply reply = co_await pool.run(loop, std::move(work));
        lines.put(fmt::format("status {}{}{}\n{}",
                              reply.status,
                              reply.next.empty() ? "" : " ",
                              reply.next,
                              reply.text));
    } else {
        lines.put(fmt::format("status {}\n{}\n", int{kExitUsage}, request.error().text));
    }
    const auto written = co_await lines.flush(stream->loop().clock().steady() + kReplyPatience);
    if (!written) {
        log.info("administration not answered", {{"reason", written.error().text}});
    }
    stream->close();
}

base::Result<AdminReply> ask_server(const net::Endpoint& endpoint, const AdminRequest& request) {
    TRY(Dialogue server, Dialogue::connect(endpoint, kRequestPatience));
    TRY_VOID(server.send(format_request(request)));
    server.set_patience(kAnswerPatience);
    TRY(const std::string status, server.read_line());
    TRY(std::string text, server.read_to_end());
    constexpr std::string_view kStatus = "status ";
    std::string_view next = status;
    next.remove_prefix(status.starts_with(kStatus) ? kStatus.size() : status.size());
    const auto number = base::parse_u64(base::split_front(next, ' '), 255);
    if (!number) {
        return base::fail(
            base::Errc::kUnsupported,
            fmt::format("{} is not staffetta's control socket", endpoint.to_string()));
    }
    return AdminReply{
        .status = static_cast<int>(*number), .text = std::move(text), .next = std::string(next)};
}

}  // namespace app
