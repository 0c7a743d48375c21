#include "imap/server/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "imap/grammar/writer.h"
#include "imap/server/capabilities.h"
#include "imap/server/notifier.h"

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kRecentOctetsMax = 120;
// RFC 9051 has no number; clients send long sets of UIDs. RFC 2683 3.2.1.5 asks for 8,000 octets.
constexpr std::size_t kLineOctetsMax = std::size_t{64} * 1024;
// So long amid IDLE before its view of the mailbox is let go.
constexpr auto kAwake = std::chrono::seconds(30);
// Before a login: the longest is ID, 30 fields of 30 and 1,024 octets (RFC 2971 3.3); then a SASL response.
constexpr std::size_t kEarlyLineOctetsMax = std::size_t{33} * 1024;
constexpr base::Duration kGoodbyeTimeout = std::chrono::seconds(10);

Task<Result<>> nothing() {
    co_return Result<>();
}

}  // namespace

Session::Session(net::Stream& stream, const ServerOptions& options, Services& services)
    : options_(options),
      services_(services),
      lines_(stream),
      id_(services.random.token(10)),
      login_deadline_(services.clock.steady() + options.login_timeout_s) {
    if (services_.watch) {
        lines_.watch(services_.watch(id_, stream.peer()), [this](std::string_view octets) {
            return secret_ ? fmt::format("*** ({} octets)\r\n", octets.size()) : redact(octets);
        });
    }
}

Session::~Session() = default;

State Session::state() const {
    if (identity_ == nullptr) {
        return kNotAuthenticated;
    }
    return view_ == nullptr ? kAuthenticated : kSelected;
}

NameForm Session::name_form() const {
    return (features_ & (kRev2 | kUtf8)) != 0 ? NameForm::kUtf8 : NameForm::kUtf7;
}

mime::HeaderForm Session::header_form() const {
    return (features_ & (kRev2 | kUtf8)) != 0 ? mime::HeaderForm::kUtf8 : mime::HeaderForm::kAscii;
}

Task<> Session::run() {
    lines_.put(fmt::format(
        "* OK [CAPABILITY {}] {} IMAP server ready\r\n", capabilities(*this), options_.hostname));
    const auto ended = co_await converse();
    log_end(ended ? "closed" : base::errc_name(ended.error().code));
}

// Ends with success when the server closes, and with the world's error otherwise.
Task<Result<>> Session::converse() {
    while (!closing_) {
        if (has_notices()) {
            const auto told = co_await tell_notices();
            if (!told) {
                co_return co_await say_goodbye(told.error());
            }
            continue;
        }
        auto line = co_await lines_.read_line(line_octets_max(), read_deadline());
        Result<> gone_on;
        if (is_shut_out()) {
            lines_.put("* BYE this account may not be used any more\r\n");
            closing_ = true;
        } else if (line) {
            gone_on = co_await answer_line(std::string(line->text));
        } else if (line.error().code == Errc::kTooLong) {
            gone_on = co_await refuse_long_line();
        } else if (line.error().code == Errc::kTimeout && may_sleep()) {
            view_->fall_asleep();
        } else if (line.error().code == Errc::kUnavailable && !lines_.stream().stopping()) {
            // The hub has woken us. Between commands nothing is told (RFC 9051 7.5.1).
            gone_on =
                idle_tag_.empty() || !wants_news() ? Result<>() : co_await tell_news(true, false);
        } else {
            gone_on = tl::unexpected(std::move(line.error()));
        }
        if (!gone_on) {
            co_return co_await say_goodbye(std::move(gone_on.error()));
        }
    }
    co_return co_await lines_.flush(write_deadline());
}

// The one place where the world's errors end a session (RFC 9051 7.1.5).
Task<Result<>> Session::say_goodbye(base::Error reason) {
    if (reason.code == Errc::kUnavailable) {
        lines_.put("* BYE [UNAVAILABLE] the server is stopping, come back later\r\n");
    } else if (reason.code == Errc::kTimeout) {
        lines_.put(identity_ ? "* BYE nothing was heard for too long\r\n"
                             : "* BYE nobody has logged in for too long\r\n");
    } else if (reason.code == Errc::kTooLong) {
        lines_.put("* BYE [TOOBIG] that literal is beyond every limit\r\n");
    } else if (reason.code == Errc::kSyntax) {
        lines_.put("* BYE [CLIENTBUG] what comes is not compressed\r\n");
    }
    static_cast<void>(co_await lines_.flush(services_.clock.steady() + kGoodbyeTimeout));
    co_return tl::unexpected(std::move(reason));
}

Task<Result<>> Session::answer_line(std::string line) {
    if (!idle_tag_.empty()) {
        CO_TRY_VOID(co_await end_idle(line));
        // Phones that pipeline leave DONE out, and wait for ever for what they asked for instead.
        if (!is_command(line)) {
            co_return Result<>();
        }
    }
    const auto first = parse_command_head(line);
    const Command* const command = first ? find_command(first->verb) : nullptr;
    secret_ = first && (first->verb == "LOGIN" || first->verb == "AUTHENTICATE");
    if (const auto literal = find_literal(line); literal && (!first || judge_state(command))) {
        co_return co_await refuse_early(std::move(line), command, *literal);
    }
    const bool streams = command != nullptr && (command->flags & kStreams) != 0;
    auto input = co_await read_rest(std::move(line), streams ? command : nullptr);
    secret_ = false;
    if (!input) {
        co_return tl::unexpected(std::move(input.error()));
    }
    const auto head = parse_command_head(input->text);
    const std::string tag(tag_of(input->text));
    if (!head) {
        co_return co_await conclude(tag, bad("a tag and a command are expected"));
    }
    auto refusal = input->refusal ? std::move(input->refusal) : judge(command, *head);
    if (refusal) {
        count_command(command, *refusal);
        if (input->unread) {
            CO_TRY_VOID(co_await drop_literal(*input->unread));
        }
        co_return co_await conclude(tag, std::move(*refusal));
    }
    CO_TRY(Reply reply,
           co_await execute(*command,
                            Request{*command, tag, std::string(head->arguments), input->unread}));
    if (reply.is_held) {
        co_return Result<>();
    }
    const Reply::Then then = reply.then;
    CO_TRY_VOID(co_await conclude(tag, std::move(reply)));
    co_return co_await go_on(then);
}

// What changes once the client has the answer.
Task<Result<>> Session::go_on(Reply::Then then) {
    switch (then) {
        case Reply::Then::kStartTls:
            return start_tls();
        case Reply::Then::kCompress:
            return start_compressing();
        case Reply::Then::kStopCompressing:
            return stop_compressing();
        case Reply::Then::kFinishOpening:
            return finish_opening();
        default:
            return nothing();
    }
}

// RFC 9051 7.6: what no literal can make right is refused before the client sends one.
Task<Result<>> Session::refuse_early(std::string line, const Command* command, Literal literal) {
    const std::string tag(tag_of(line));
    Reply reply =
        parse_command_head(line) ? *judge_state(command) : bad("a tag and a command are expected");
    count_command(command, reply);
    CO_TRY_VOID(co_await drop_literal(literal));
    secret_ = false;
    co_return co_await conclude(tag, std::move(reply));
}

// The command as such: is it one, and may it be said now?
std::optional<Reply> Session::judge_state(const Command* command) const {
    if (command == nullptr) {
        return bad("unknown command");
    }
    if ((command->states & state()) == 0) {
        switch (state()) {
            case kNotAuthenticated:
                return bad("log in first");
            case kAuthenticated:
                return bad((command->states & kSelected) != 0 ? "select a mailbox first"
                                                              : "you are logged in already");
            default:
                return bad("you are logged in already");
        }
    }
    return std::nullopt;
}

std::optional<Reply> Session::judge(const Command* command, const CommandHead& head) {
    if (auto refusal = judge_state(command)) {
        return refusal;
    }
    if (enabled(kUidOnly) && (command->flags & kMessageNumbers) != 0) {
        return uid_required();
    }
    const bool given = head.arguments.find_first_not_of(' ') != std::string_view::npos;
    if (((command->flags & kBare) != 0 && given) ||
        ((command->flags & kArguments) != 0 && !given)) {
        return usage(*command);
    }
    return std::nullopt;
}

// RFC 9051 7.5.1: what is new is told with every command that lets it be told, before its answer.
Task<Result<Reply>> Session::execute(const Command& command, Request request) {
    recent_ += command.verb;
    recent_ += ' ';
    recent_.erase(0, recent_.size() - std::min(recent_.size(), kRecentOctetsMax));
    const bool may_expunge = (command.flags & kHoldsNumbers) == 0;
    if (notifier_ != nullptr) {
        notifier_->forget_own();
    }
    if ((command.flags & kReadsNews) != 0 && view_ != nullptr && wants_news()) {
        CO_TRY_VOID(co_await tell_news(true, true));
    }
    if (command.states == kSelected) {
        review_rights();
    }
    if (closing_) {
        co_return no("the mailbox is not there for you any more", "NOPERM");
    }
    const View* const before = view_.get();
    CO_TRY(Reply reply, co_await command.handler(*this, request));
    // BAD has done nothing; a mailbox just selected has no news; and what a command removes is its answer.
    if (view_ != nullptr && view_.get() == before && reply.status != Reply::Status::kBad &&
        (wants_news() || (command.flags & kRemoves) != 0)) {
        CO_TRY_VOID(co_await tell_news(may_expunge, request.is_uid()));
    }
    count_command(&command, reply);
    co_return reply;
}

// A command that makes no sense counts; too many of them end the session.
Task<Result<>> Session::conclude(std::string tag, Reply reply) {
    put_tagged(tag, reply);
    if (reply.status == Reply::Status::kBad && ++errors_ >= options_.errors_max) {
        lines_.put("* BYE too many errors\r\n");
        closing_ = true;
    }
    closing_ = closing_ || reply.then == Reply::Then::kClose;
    co_return Result<>();
}

//  response-tagged = tag SP resp-cond-state CRLF
//  resp-text       = ["[" resp-text-code "]" SP] [text]
void Session::put_tagged(std::string_view tag, const Reply& reply) {
    const std::string_view status = reply.status == Reply::Status::kOk   ? "OK"
                                    : reply.status == Reply::Status::kNo ? "NO"
                                                                         : "BAD";
    lines_.put(fmt::format("{} {} {}{}{}{}\r\n",
                           tag,
                           status,
                           reply.code.empty() ? "" : "[",
                           reply.code,
                           reply.code.empty() ? "" : "] ",
                           response_text(reply.text)));
}

// RFC 9051 11.1: what was sent in clear behind STARTTLS is dropped, and what was known is forgotten.
Task<Result<>> Session::start_tls() {
    co_return co_await lines_.start_tls(services_.clock.steady() + options_.handshake_timeout_s);
}

// A client that does not take it hears of the rest no more.
Task<> Session::tell_progress(const Request& request, const Progress& progress) {
    lines_.put(progress_line(request.tag, progress));
    static_cast<void>(co_await lines_.flush(write_deadline()));
}

Task<Result<>> Session::flush_if_full() {
    return lines_.flush_if_full(write_deadline());
}

void Session::select(std::unique_ptr<View> view) {
    subscription_.reset();
    view_ = std::move(view);
    if (notifier_ != nullptr) {
        notifier_->watch_view(view_->ref());
    }
}

void Session::unselect() {
    subscription_.reset();
    view_.reset();
}

void Session::enable_condstore() {
    if (!enabled(kCondstore) && view_ != nullptr) {
        const mail::SnapshotPtr known = view_->holds_back() ? view_->told() : view_->latest();
        put(fmt::format("* OK [HIGHESTMODSEQ {}] the last change\r\n", known->highest_modseq()));
    }
    enable(kCondstore);
}

void Session::begin_opening(std::unique_ptr<Opening> opening) {
    opening_ = std::move(opening);
}

void Session::count_command(const Command* command, const Reply& reply) {
    const std::string_view result = reply.status == Reply::Status::kOk   ? "ok"
                                    : reply.status == Reply::Status::kNo ? "no"
                                                                         : "bad";
    services_.metrics
        .counter("staffetta_commands_total",
                 "Commands by verb and result",
                 {{"protocol", "imap"},
                  {"verb", std::string(command == nullptr ? "unknown" : command->verb)},
                  {"result", std::string(result)}})
        .add();
}

void Session::log_end(std::string_view reason) {
    services_.log.info("imap session ended",
                       {{"session", id_},
                        {"peer", lines_.stream().peer().to_string()},
                        {"account", identity_ ? identity_->account.address.to_string() : ""},
                        {"reason", reason}});
}

std::string Session::describe() const {
    return fmt::format(
        "session {} of {}, last commands: {}", id_, lines_.stream().peer().to_string(), recent_);
}

bool Session::is_shut_out() {
    return identity_ != nullptr && !standing_.lasts(services_.clock.steady(), [this] {
        return account::may_stay(services_.store, user());
    });
}

base::SteadyTime Session::read_deadline() const {
    const base::SteadyTime now = services_.clock.steady();
    if (may_sleep()) {
        return now + kAwake;
    }
    return identity_ ? now + options_.idle_timeout_s : login_deadline_;
}

bool Session::may_sleep() const {
    return !idle_tag_.empty() && view_ != nullptr && view_->can_sleep();
}

base::SteadyTime Session::write_deadline() const {
    return services_.clock.steady() + options_.write_timeout_s;
}

std::size_t Session::line_octets_max() const {
    return identity_ ? kLineOctetsMax : kEarlyLineOctetsMax;
}

}  // namespace imap
