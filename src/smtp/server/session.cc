// The loop around the handlers: read a line, look it up, check, let the handler answer, write.
#include "smtp/server/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace smtp {
namespace {

using base::Errc;

// RFC 5321 4.5.3.1.4 asks for 512, and each extension for more (1870, 3461, 6531, 4954 5 ...).
constexpr std::size_t kCommandOctetsMax = 2048;
constexpr std::size_t kAuthLineOctetsMax = 12288;  // RFC 4954 4
constexpr std::size_t kLastCommandsOctetsMax = 200;
constexpr base::Duration kGoodbyeTimeout = std::chrono::seconds(10);

// AUTH may carry the secret on its own line, before anybody could conceal it.
std::string redact_auth(std::string_view octets) {
    if (!base::istarts_with(octets, "AUTH ") || octets.find('\n') + 1 != octets.size()) {
        return std::string(octets);
    }
    std::string_view rest = octets.substr(5);
    const std::string_view mechanism = base::split_front(rest, ' ');
    const bool has_response = !rest.empty();
    return fmt::format("AUTH {}{}", mechanism, has_response ? " ***\r\n" : "");
}

}  // namespace

Session::Session(net::Stream& stream, const ServerOptions& options, Services& services)
    : lines_(stream),
      options_(options),
      services_(services),
      id_(services.random.token(10)) {
    services_.meters.open_connections().add(1);
}

Session::~Session() {
    services_.meters.open_connections().add(-1);
}

State Session::state() const {
    if (transaction_ == nullptr) {
        return hello_ ? kReady : kFresh;
    }
    if (transaction_->incoming != nullptr) {
        return kChunks;
    }
    return transaction_->recipients.empty() ? kMail : kRcpt;
}

base::SteadyTime Session::deadline(base::Duration span) const {
    return services_.clock.steady() + span;
}

void Session::say(const Reply& reply) {
    std::string text;
    append_reply(text, reply);
    lines_.put(text);
}

base::Task<> Session::run() {
    if (services_.watch) {
        lines_.watch(services_.watch(id_, lines_.stream().peer()), redact_auth);
    }
    services_.meters.count_connection(lines_.stream().tls() != nullptr);
    const std::string_view protocol = options_.port == Port::kLmtp ? "LMTP" : "ESMTP";
    say({220, {}, fmt::format("{} {} staffetta", options_.hostname, protocol)});
    const auto ended = co_await converse();
    co_await say_goodbye(ended);
    log_end(ended ? std::string_view("closed") : base::errc_name(ended.error().code));
}

base::Task<base::Result<>> Session::converse() {
    After after = After::kGoOn;
    while (after != After::kClose && !stopping_) {
        const auto line =
            co_await lines_.read_line(line_octets_max(), deadline(options_.command_timeout));
        if (!line && line.error().code != Errc::kTooLong) {
            co_return tl::unexpected(line.error());
        }
        CO_TRY(after, co_await answer_line(line ? std::optional(*line) : std::nullopt));
    }
    if (after != After::kClose) {
        co_return base::fail(Errc::kUnavailable, "the server is stopping");
    }
    co_return base::Result<>();
}

base::Task<base::Result<After>> Session::answer_line(std::optional<net::Line> line) {
    Handled handled = Reply{500, {5, 5, 2}, "the line is too long"};
    if (line) {
        handled = co_await execute(*line);
    } else {
        handled = keep_account(std::move(*handled), nullptr);
    }
    CO_TRY(const Reply reply, std::move(handled));
    say(reply);
    if (reply.after == After::kStartTls) {
        CO_TRY_VOID(co_await start_tls());
    }
    co_return reply.after;
}

// Only AUTH may send long lines, and only who may log in may send AUTH.
std::size_t Session::line_octets_max() const {
    return may_log_in() ? kAuthLineOctetsMax : kCommandOctetsMax;
}

base::Task<Handled> Session::execute(net::Line line) {
    // Telnet sends CRLF; of nc's bare LF the person at the keyboard hears here, not at the final dot.
    if (!line.crlf) {
        co_return keep_account({500, {5, 5, 2}, "lines end with CRLF (nc -C does that)"}, nullptr);
    }
    if (std::any_of(line.text.begin(), line.text.end(), base::is_control)) {
        co_return keep_account({500, {5, 5, 2}, "control character in the command"}, nullptr);
    }
    const CommandLine parts = split_command(line.text);
    const Command* command = find_command(parts.verb);
    if (command == nullptr) {
        co_return keep_account({500, {5, 5, 1}, "unknown command, HELP lists the known ones"},
                               nullptr);
    }
    if (line.text.size() + 2 > kCommandOctetsMax && command->handler != &Session::on_auth) {
        co_return keep_account({500, {5, 5, 2}, "the line is too long"}, command);
    }
    if (auto refusal = judge_command(*command, parts.arguments)) {
        co_return keep_account(std::move(*refusal), command);
    }
    CO_TRY(Reply reply, co_await (this->*command->handler)(parts.arguments));
    co_return keep_account(std::move(reply), command);
}

std::optional<Reply> Session::judge_command(const Command& command,
                                            std::string_view arguments) const {
    const bool lmtp = options_.port == Port::kLmtp;
    if ((command.flags & (lmtp ? kLmtp : kSmtp)) == 0) {
        return Reply{500, {5, 5, 1}, lmtp ? "this is LMTP, say LHLO" : "this is SMTP, say EHLO"};
    }
    if ((command.flags & kBare) != 0 && !arguments.empty()) {
        return Reply{501, {5, 5, 4}, fmt::format("{} takes no argument", command.verb)};
    }
    if ((command.flags & kLogin) != 0 && needs_login()) {
        return Reply{530, {5, 7, 0}, "log in first"};
    }
    if ((command.states & state()) == 0) {
        return wrong_state(command);
    }
    return std::nullopt;
}

Reply Session::wrong_state(const Command& command) const {
    switch (state()) {
        case kFresh:
            return {
                503, {5, 5, 1}, options_.port == Port::kLmtp ? "say LHLO first" : "say EHLO first"};
        case kReady:
            return {503, {5, 5, 1}, "MAIL comes first"};
        case kMail:
            // RFC 5321 3.3 leaves the choice; RFC 2033 4.2 does not.
            if (command.handler == &Session::on_data && options_.port != Port::kLmtp) {
                return {554, {5, 5, 1}, "no valid recipients"};
            }
            return {503,
                    {5, 5, 1},
                    command.verb == "MAIL" ? "there is a sender already" : "no recipient"};
        case kRcpt:
            return {503, {5, 5, 1}, "not within a mail transaction"};
        default:
            return {503, {5, 5, 1}, "a message is on its way with BDAT"};
    }
}

bool Session::needs_login() const {
    return options_.port == Port::kSubmission && identity_ == nullptr;
}

// Counts a command (null: one that is not in the table). A peer that errs on and on, or talks on without
// ever sending a message, is shown the door.
Reply Session::keep_account(Reply reply, const Command* command) {
    const std::size_t row = command == nullptr
                                ? commands().size()
                                : static_cast<std::size_t>(command - commands().data());
    services_.meters.count_command(row, reply.code);
    last_commands_ += fmt::format(
        "{} {} ", command == nullptr ? std::string_view("?") : command->verb, reply.code);
    if (last_commands_.size() > kLastCommandsOctetsMax) {
        last_commands_.erase(0, last_commands_.size() / 2);
    }
    const bool is_rcpt = command != nullptr && command->handler == &Session::on_rcpt;
    // A list with many dead members is no attack; a search for addresses finds its end all the same.
    if (reply.code >= 500) {
        ++(is_rcpt ? refused_recipients_ : errors_);
    }
    idle_ += is_rcpt ? 0 : 1;
    if (reply.after == After::kGoOn &&
        (errors_ > options_.errors_max || refused_recipients_ > options_.recipients_max)) {
        return {421, {4, 7, 0}, "too many errors", After::kClose};
    }
    if (reply.after == After::kGoOn && idle_ > options_.idle_commands_max) {
        return {421, {4, 7, 0}, "too many commands without a message", After::kClose};
    }
    return reply;
}

// The one place where the world's failures become replies (RFC 5321 3.8, 4.2.3).
base::Task<> Session::say_goodbye(base::Result<> ended) {
    if (!ended && ended.error().code == Errc::kTimeout) {
        say({421, {4, 4, 2}, fmt::format("{} timed out waiting", options_.hostname)});
    } else if (!ended && ended.error().code == Errc::kUnavailable) {
        say({421, {4, 3, 2}, fmt::format("{} is shutting down", options_.hostname)});
    }
    static_cast<void>(co_await lines_.flush(deadline(kGoodbyeTimeout)));
}

base::Task<> Session::apologize(std::string bug) {
    services_.log.error(
        "session failed",
        {{"protocol", "smtp"}, {"session", id_}, {"bug", bug}, {"commands", last_commands_}});
    say({421, {4, 3, 0}, fmt::format("{} has an internal error", options_.hostname)});
    static_cast<void>(co_await lines_.flush(deadline(kGoodbyeTimeout)));
}

void Session::log_end(std::string_view reason) {
    services_.log.info("session ended",
                       {{"protocol", "smtp"},
                        {"session", id_},
                        {"peer", lines_.stream().peer().to_string()},
                        {"hello", hello_ ? hello_->name : std::string()},
                        {"tls", lines_.stream().tls() ? lines_.stream().tls()->version : ""},
                        {"messages", messages_},
                        {"errors", errors_},
                        {"end", reason}});
}

}  // namespace smtp
