#include "ftp/server/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/check.h"
#include "ftp/grammar/command.h"
#include "ftp/server/italian.h"

namespace ftp {

using base::Errc;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kRecentOctetsMax = 120;

}  // namespace

Session::Session(net::Stream& stream, const ServerOptions& options, Services& services)
    : options_(options),
      services_(services),
      lines_(stream),
      loop_(stream.loop()),
      id_(services.random.token(10)),
      nobody_since_(stream.loop().clock().steady()),
      idle_timeout_s_(options.idle_timeout_s),
      channel_(stream, options, services),
      beside_(stream.loop()) {
    if (services_.watch) {
        lines_.watch(services_.watch(id_, stream.peer()), redact);
    }
}

Session::~Session() = default;

// A transfer refers to the session: whatever ends the one, the other is waited for.
Task<> Session::run() {
    std::exception_ptr bug;
    Result<> ended;
    try {
        ended = co_await converse();
    } catch (const base::CheckFailed&) {
        bug = std::current_exception();
    }
    co_await abandon_transfer();
    log_end(bug ? "bug" : ended ? "closed" : base::errc_name(ended.error().code));
    if (bug) {
        std::rethrow_exception(bug);
    }
}

// RFC 959 5.4, "Connection Establishment": 120, 220 or 421.
void Session::greet() {
    const net::Stream& stream = lines_.stream();
    place_ = services_.activity.enter(stream.peer().address,
                                      {.id = id_,
                                       .peer = stream.peer().to_string(),
                                       .account = {},
                                       .tls = stream.tls() != nullptr,
                                       .since = services_.clock.now(),
                                       .directory = {},
                                       .doing = "idle",
                                       .octets = 0,
                                       .size = {},
                                       .doing_since = services_.clock.now()});
    if (!place_) {
        put(reply(421, "Too many sessions; come back later"));
        closing_ = true;
        return;
    }
    place_->set_tls(stream.tls() != nullptr, stream.tls_binding());
    channel_.protect(options_.implicit_tls);
    std::string text = options_.greeting;
    if (!text.empty()) {
        text += '\n';
    }
    put(reply(220, text + options_.hostname + " FTP server ready"));
}

// Ends with success when the server closes, and with the world's error otherwise.
Task<Result<>> Session::converse() {
    greet();
    while (!closing_) {
        auto gone_on = Result<>();
        if (transfer_) {
            gone_on = co_await beside_transfer();
        } else {
            gone_on = co_await next_command();
        }
        if (!gone_on) {
            co_return co_await end(std::move(gone_on.error()));
        }
    }
    co_return co_await lines_.flush(write_deadline());
}

// The one place where the world's errors end a session.
Task<Result<>> Session::end(base::Error reason) {
    if (reason.code == Errc::kUnavailable) {
        put(reply(421, "The server is stopping; come back later"));
        CO_TRY_VOID(co_await lines_.flush(write_deadline()));
    } else if (reason.code == Errc::kTimeout) {
        put(reply(421,
                  user_ ? "Nothing was said for too long; goodbye"
                        : "Nobody logged in in time; goodbye"));
        CO_TRY_VOID(co_await lines_.flush(write_deadline()));
    }
    co_return tl::unexpected(std::move(reason));
}

Task<Result<>> Session::next_command() {
    if (!held_.empty()) {
        std::string line = std::move(held_.front());
        held_.erase(held_.begin());
        co_return co_await obey(std::move(line));
    }
    if (stopping_) {
        co_return base::fail(Errc::kUnavailable, "the server is stopping");
    }
    if (!standing_.lasted()) {
        put(farewell());
        closing_ = true;
        co_return Result<>();
    }
    auto line = co_await read_command();
    if (!line && line.error().code == Errc::kTooLong) {
        put(protest(
            reply(500, fmt::format("The line is longer than {} octets", kCommandOctetsMax))));
        co_return Result<>();
    }
    CO_TRY(std::string text, std::move(line));
    co_return co_await obey(std::move(text));
}

// RFC 1123 4.1.2: Telnet's commands are understood, and forgotten.
Task<Result<std::string>> Session::read_command() {
    CO_TRY(const net::Line line, co_await lines_.read_line(kCommandOctetsMax, read_deadline()));
    TelnetLine telnet = take_telnet(line.text);
    lines_.put(telnet.answers);
    co_return std::move(telnet.text);
}

Task<Result<>> Session::obey(std::string line) {
    if (line.empty()) {
        // Some gateways send CR LF of their own; a megabyte of them is none of theirs.
        if (++errors_ >= options_.errors_max) {
            put(protest(reply(500, "")));
        }
        co_return Result<>();
    }
    CO_TRY(const Reply reply, co_await answer(std::move(line)));
    put(reply);
    co_return co_await act_on(reply);
}

Task<Result<>> Session::act_on(const Reply& reply) {
    switch (reply.then) {
        case Reply::Then::kGoOn:
            break;
        case Reply::Then::kClose:
            closing_ = true;
            break;
        case Reply::Then::kStartTls:
            // RFC 4217 4.2 and RFC 3207's lesson: what was sent ahead in clear is forgotten.
            held_.clear();
            CO_TRY_VOID(co_await lines_.start_tls(now() + options_.handshake_timeout_s));
            begin_anew();
            channel_.protect(protects_data_ || options_.implicit_tls);
            place_->set_tls(true, lines_.stream().tls_binding());
            break;
        case Reply::Then::kStopTls:
            CO_TRY_VOID(co_await lines_.flush(write_deadline()));
            lines_.discard_input();
            CO_TRY_VOID(co_await lines_.stream().stop_tls(now() + options_.handshake_timeout_s));
            place_->set_tls(false, {});
            break;
        case Reply::Then::kTransfer:
            // The reply leaves as soon as the transfer has to wait for something: one that never does, of a small file
            // to a client that is there, has its last reply in the same write.
            begin_transfer();
            break;
    }
    co_return Result<>();
}

void Session::put(const Reply& reply) {
    if (reply.code == 0) {
        return;
    }
    // Behind 212 and 213 stand the names and facts of files.
    const bool words = reply.code != 212 && reply.code != 213;
    lines_.put(format_reply(reply.code, italian_ && words ? in_italian(reply.text) : reply.text));
}

// A command that makes no sense; too many of them end the session.
Reply Session::protest(Reply reply) {
    if (++errors_ >= options_.errors_max) {
        reply = ftp::reply(421, "Too many errors; goodbye", Reply::Then::kClose);
        closing_ = true;
    }
    return reply;
}

Session::Answer Session::answer(std::string line) {
    if (is_foreign(line)) {
        services_.log.warning("another protocol on the ftp port",
                              {{"session", id_}, {"peer", lines_.stream().peer().to_string()}});
        co_return reply(421, "This is an FTP server", Reply::Then::kClose);
    }
    if (is_shut_out()) {
        co_return farewell();
    }
    const auto parsed = parse_command(line);
    const Command* const command = parsed ? find_command(commands(), parsed->verb) : nullptr;
    if (!parsed && parsed.error().code == Errc::kInvalid) {
        services_.commands->count(nullptr, false);
        co_return protest(reply(501, "A line holds no CR, LF or NUL"));
    }
    if (command == nullptr) {
        services_.commands->count(nullptr, false);
        co_return protest(reply(500, "Unknown command; HELP lists what there is"));
    }
    recent_ += command->verb;
    recent_ += ' ';
    recent_.erase(0, recent_.size() - std::min(recent_.size(), kRecentOctetsMax));
    auto answered = co_await dispatch(*command, std::string(parsed->arguments));
    if (answered) {
        services_.commands->count(command, answered->code < 400);
    }
    if ((command->flags & kFollowsRename) == 0) {
        rename_from_.reset();
    }
    co_return answered;
}

Session::Answer Session::dispatch(const Command& command,
                                  std::string arguments,
                                  std::string_view before) {
    if ((command.states & state()) == 0) {
        co_return protest(reply(530, "Log in first, with USER and PASS"));
    }
    const bool given = arguments.find_first_not_of(' ') != std::string::npos;
    if (((command.flags & kNoArguments) != 0 && given) ||
        ((command.flags & kArguments) != 0 && !given) ||
        ((command.flags & kPath) != 0 && arguments.empty())) {
        co_return reply(501, fmt::format("Usage: {}{}", before, command.syntax));
    }
    co_return co_await (this->*command.handler)(std::move(arguments));
}

bool Session::is_shut_out() {
    return user_ && !standing_.lasts(now(), [this] { return tree().may_stay(); });
}

// An end behind which more commands stand is no farewell: "printf 'HASH ...\r\nQUIT\r\n' | nc" waits for its replies.
bool Session::is_awaited() {
    const net::Stream& stream = lines_.stream();
    const bool gone = stream.traffic()() == net::Stream::Traffic::kEnded && !lines_.has_input();
    return !gone && !stream.stopping() && !is_shut_out();
}

std::shared_ptr<const void> Session::begin_work(std::string doing) {
    if (!place_->begin_transfer(std::move(doing), std::nullopt, services_.clock.now())) {
        return nullptr;
    }
    return {place_.get(), [this](const void*) { place_->end_transfer(services_.clock.now()); }};
}

Reply Session::too_many() {
    return reply(450, "Too many transfers are running; try again later");
}

Reply Session::farewell() {
    return reply(421, "This account may not be used any more; goodbye", Reply::Then::kClose);
}

void Session::log_end(std::string_view reason) {
    services_.log.info("ftp session ended",
                       {{"session", id_},
                        {"peer", lines_.stream().peer().to_string()},
                        {"account", user_ ? user_->name : std::string()},
                        {"reason", reason}});
}

std::string Session::describe() const {
    return fmt::format(
        "session {} of {}, last commands: {}", id_, lines_.stream().peer().to_string(), recent_);
}

base::SteadyTime Session::now() const {
    return loop_.clock().steady();
}

// Before the login the whole of it has a deadline: a stranger who says NOOP keeps no place.
base::SteadyTime Session::read_deadline() const {
    const base::SteadyTime idle = now() + idle_timeout_s_;
    return user_ ? idle : std::min(idle, nobody_since_ + options_.login_timeout_s);
}

base::SteadyTime Session::write_deadline() const {
    return now() + options_.write_timeout_s;
}

}  // namespace ftp
