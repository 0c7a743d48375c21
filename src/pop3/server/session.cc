#include "pop3/server/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "pop3/grammar/command.h"

namespace pop3 {

using base::Errc;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kRecentOctetsMax = 120;

// RFC 1939 7: different in every greeting, in the form of a msg-id. Without one there is no APOP: where
// nobody has a legacy secret, a client that tries it first would only fail.
std::string make_stamp(const Services& services, std::string_view hostname) {
    if (!services.authenticator.legacy_in_use()) {
        return {};
    }
    return fmt::format("<{}.{}@{}>",
                       services.random.token(16),
                       services.clock.now().time_since_epoch().count(),
                       hostname);
}

}  // namespace

Session::Session(net::Stream& stream, const ServerOptions& options, Services& services)
    : options_(options),
      services_(services),
      lines_(stream),
      loop_(stream.loop()),
      begun_(loop_.clock().steady()),
      id_(services.random.token(10)),
      stamp_(make_stamp(services, options.hostname)),
      language_(find_language(options.language).value_or(Language::kEnglish)),
      sent_messages_(services.metrics.counter("staffetta_messages_total",
                                              "Messages by result",
                                              {{"protocol", "pop3"}, {"result", "sent"}})),
      sent_octets_(services.metrics.counter(
          "staffetta_message_octets_total", "Octets of messages", {{"protocol", "pop3"}})) {
    if (services_.watch) {
        lines_.watch(services_.watch(id_, stream.peer()), redact);
    }
}

Session::~Session() = default;

Task<> Session::run() {
    const auto ended = co_await converse();
    note_fetched();
    log_end(ended ? "closed" : base::errc_name(ended.error().code));
}

// Ends with success when the server closes, and with the world's error otherwise.
Task<Result<>> Session::converse() {
    put_status(ok_reply(stamp_.empty() ? say(Text::kReady) : say(Text::kReady) + ' ' + stamp_));
    while (!closing_) {
        auto gone_on = co_await next_command();
        if (!gone_on) {
            co_return co_await end(std::move(gone_on.error()));
        }
    }
    co_return co_await lines_.flush(write_deadline());
}

// The one place where the world's errors end a session.
Task<Result<>> Session::end(base::Error reason) {
    if (reason.code == Errc::kUnavailable) {
        put_status(error_reply(say(Text::kStopping), kSystemTemporary));
        CO_TRY_VOID(co_await lines_.flush(write_deadline()));
    }
    // kTimeout: RFC 1939 3 wants the connection closed without a word and without an update. kEof and
    // kReset: nobody is there to be told.
    co_return tl::unexpected(std::move(reason));
}

Task<Result<>> Session::next_command() {
    if (auto* const open = std::get_if<Transaction>(&state_); open && !lines_.has_input()) {
        open->run.reset();
    }
    const auto line = co_await lines_.read_line(kCommandOctetsMax, read_deadline());
    Reply reply;
    if (line) {
        CO_TRY(reply, co_await answer(std::string(line->text)));
    } else if (line.error().code == Errc::kTooLong) {
        reply = protest(error_reply(say(Text::kLineTooLong, kCommandOctetsMax)));
    } else {
        co_return tl::unexpected(line.error());
    }
    const Reply::Then then = reply.then;
    CO_TRY_VOID(co_await send(std::move(reply)));
    if (then == Reply::Then::kStartTls) {
        co_return co_await start_tls();
    }
    closing_ = closing_ || then == Reply::Then::kClose;
    co_return Result<>();
}

bool Session::is_shut_out() {
    const auto* const open = std::get_if<Transaction>(&state_);
    return open != nullptr && !standing_.lasts(services_.clock.steady(), [&] {
        return account::may_stay(services_.store, open->account.id);
    });
}

// A command that makes no sense; too many of them end the session.
Reply Session::protest(Reply reply) {
    if (++errors_ >= options_.errors_max) {
        reply.text = say(Text::kTooManyErrors);
        reply.then = Reply::Then::kClose;
    }
    return reply;
}

Task<Result<Reply>> Session::answer(std::string line) {
    if (is_shut_out()) {
        Reply farewell = error_reply(say(Text::kAccountClosed));
        farewell.then = Reply::Then::kClose;
        co_return farewell;
    }
    const auto parsed = parse_command(line);
    const Command* const command = parsed ? find_command(parsed->verb) : nullptr;
    if (command == nullptr) {
        count_command(nullptr, false);
        co_return protest(error_reply(say(Text::kUnknownCommand)));
    }
    recent_ += command->verb;
    recent_ += ' ';
    recent_.erase(0, recent_.size() - std::min(recent_.size(), kRecentOctetsMax));
    auto reply = co_await dispatch(*command, std::string(parsed->arguments));
    if (reply) {
        count_command(command, reply->ok);
    }
    co_return reply;
}

Task<Result<Reply>> Session::dispatch(const Command& command, std::string arguments) {
    if ((command.states & state()) == 0) {
        const bool early = state() == kAuthorization;
        co_return protest(error_reply(say(early ? Text::kNotLoggedIn : Text::kAlreadyLoggedIn)));
    }
    const bool given = arguments.find_first_not_of(' ') != std::string::npos;
    if (((command.flags & kNoArguments) != 0 && given) ||
        ((command.flags & kArguments) != 0 && !given)) {
        co_return usage(command.syntax);
    }
    co_return co_await (this->*command.handler)(std::move(arguments));
}

// RFC 2595 4: what was said in clear is forgotten, a user name as well as commands that were sent ahead.
Task<Result<>> Session::start_tls() {
    CO_TRY_VOID(co_await lines_.start_tls(now() + options_.handshake_timeout_s));
    state_.emplace<Authorization>();
    utf8_ = false;
    co_return Result<>();
}

void Session::count_command(const Command* command, bool ok) {
    const auto all = commands();
    const auto row = command == nullptr ? all.size() : static_cast<std::size_t>(command - &all[0]);
    counters_.resize((all.size() + 1) * 2);
    base::Counter*& counter = counters_[row * 2 + (ok ? 1 : 0)];
    if (counter == nullptr) {
        counter = &services_.metrics.counter(
            "staffetta_commands_total",
            "Commands by verb and result",
            {{"protocol", "pop3"},
             {"verb", std::string(command == nullptr ? "unknown" : command->verb)},
             {"result", ok ? "ok" : "err"}});
    }
    counter->add();
}

void Session::log_end(std::string_view reason) {
    const auto peer = lines_.stream().peer().to_string();
    const auto* const open = std::get_if<Transaction>(&state_);
    if (open == nullptr) {
        services_.log.info("pop3 session ended",
                           {{"session", id_}, {"peer", peer}, {"reason", reason}});
        return;
    }
    services_.log.info("pop3 session ended",
                       {{"session", id_},
                        {"peer", peer},
                        {"account", open->account.address.to_string()},
                        {"reason", reason},
                        {"sent", open->messages_sent},
                        {"octets", open->octets_sent},
                        {"deleted", open->messages_deleted}});
}

std::string Session::describe() const {
    return fmt::format(
        "session {} of {}, last commands: {}", id_, lines_.stream().peer().to_string(), recent_);
}

std::string Session::say_messages(std::uint32_t messages, std::uint64_t octets) const {
    return messages == 1 ? say(Text::kOneMessage, octets) : say(Text::kMessages, messages, octets);
}

Reply Session::usage(std::string_view syntax) const {
    return error_reply(say(Text::kUsage, syntax));
}

base::SteadyTime Session::now() const {
    return loop_.clock().steady();
}

// Whoever logs in has the RFC's timer, which each command winds up again; strangers have it once.
base::SteadyTime Session::read_deadline() const {
    return (state() == kAuthorization ? begun_ : now()) + options_.idle_timeout_s;
}

base::SteadyTime Session::write_deadline() const {
    return now() + options_.write_timeout_s;
}

std::uint8_t Session::state() const {
    return std::holds_alternative<Authorization>(state_) ? kAuthorization : kTransaction;
}

}  // namespace pop3
