// The session while a transfer runs: who is listened to, what is answered, and how it ends (RFC 959 4.1.3,
// ABOR and STAT; 5.4).
#include <fmt/format.h>

#include <algorithm>

#include "ftp/grammar/command.h"
#include "ftp/grammar/xferlog.h"
#include "ftp/server/session.h"

namespace ftp {

using base::Errc;
using base::Result;
using base::Task;

void Session::begin_transfer() {
    CHECK(job_ && !transfer_);
    transfer_ = std::make_unique<Transfer>(
        std::move(*job_), channel_, *place_, loop_, options_, services_, [this] {
            beside_.post();
        });
    job_.reset();
    outcome_.reset();
    abort_asked_ = false;
    base::spawn(run_transfer(), [this](const std::exception_ptr& thrown) {
        if (thrown) {
            transfer_bug_ = thrown;
            outcome_ = reply(451, "The server failed");
        }
        beside_.post();
    });
}

Task<> Session::run_transfer() {
    outcome_ = co_await transfer_->run();
}

// Waits for a line or for the transfer. The wait for a line is given up when the transfer is first:
// LineStream keeps what it has read.
Task<Result<>> Session::beside_transfer() {
    if (!outcome_) {
        CO_TRY_VOID(co_await lines_.flush(write_deadline()));
    }
    std::optional<Result<std::string>> line;
    const bool listening = !stopping_ && !hung_up_ && held_.size() < options_.held_commands_max;
    std::optional<Task<>> reading;
    if (listening && !outcome_) {
        reading.emplace(read_beside(line));
        reading->start();
    }
    std::vector<Reply> notices = transfer_->take_notices();
    while (!outcome_ && !line && notices.empty()) {
        answer_transfer(listening);
        const auto woken = co_await beside_.wait(now() + account::Standing::kInterval);
        if (woken == net::Wakeup::Outcome::kTimeout && is_shut_out()) {
            channel_.abort();
        }
        notices = transfer_->take_notices();
    }
    for (const Reply& notice : notices) {
        put(notice);
    }
    if (line) {
        CO_TRY_VOID(co_await take_beside(std::move(*line)));
    }
    if (outcome_) {
        CO_TRY_VOID(co_await end_transfer());
    }
    co_return Result<>();
}

// The file that has come waits for what stands on this connection. Whoever listens has read all of it as soon as nothing
// is left there.
void Session::answer_transfer(bool listening) {
    if (!transfer_->asks()) {
        return;
    }
    using Traffic = net::Stream::Traffic;
    const Traffic traffic = lines_.stream().traffic()();
    if (!listening || traffic == Traffic::kNone) {
        const bool goes_on = traffic == Traffic::kNone || traffic == Traffic::kOctets;
        transfer_->answer(goes_on || has_said_goodbye());
    }
}

bool Session::has_said_goodbye() const {
    return std::any_of(held_.begin(), held_.end(), [](std::string_view line) {
        const auto parsed = parse_command(line);
        return parsed && parsed->verb == "QUIT";
    });
}

Task<> Session::read_beside(std::optional<Result<std::string>>& into) {
    const auto line = co_await lines_.read_line(kCommandOctetsMax, base::SteadyTime::max());
    if (line) {
        TelnetLine telnet = take_telnet(line->text);
        lines_.put(telnet.answers);
        into.emplace(std::move(telnet.text));
    } else {
        into.emplace(tl::unexpected(line.error()));
    }
    beside_.post();
}

// A stop lets the transfer finish; the session ends behind it.
Task<Result<>> Session::take_beside(Result<std::string> line) {
    if (!line && line.error().code == Errc::kUnavailable) {
        stopping_ = true;
        co_return Result<>();
    }
    if (!line && line.error().code == Errc::kTooLong) {
        put(protest(
            reply(500, fmt::format("The line is longer than {} octets", kCommandOctetsMax))));
        co_return Result<>();
    }
    if (!line && has_said_goodbye()) {
        // "printf 'STOR ...\r\nQUIT\r\n' | nc": nothing more is to be said, and the transfer goes on.
        hung_up_ = true;
        transfer_->answer(true);
        co_return Result<>();
    }
    CO_TRY(std::string text, std::move(line));
    const auto parsed = parse_command(text);
    const Command* const command = parsed ? find_command(commands(), parsed->verb) : nullptr;
    // STAT with a path is a listing, which waits its turn; and what stands behind ABOR waits for its two replies.
    const bool at_once = !abort_asked_ && command != nullptr && (command->flags & kBeside) != 0 &&
                         (command->verb != "STAT" || parsed->arguments.empty());
    if (at_once) {
        co_return co_await obey(std::move(text));
    }
    held_.push_back(std::move(text));
    co_return Result<>();
}

// RFC 959 4.1.3, ABOR: 426 for the transfer that was cut, then 226 for the command; when the transfer was
// just complete, its own reply and 226.
Task<Result<>> Session::end_transfer() {
    if (transfer_bug_) {
        std::rethrow_exception(std::exchange(transfer_bug_, nullptr));
    }
    for (const Reply& notice : transfer_->take_notices()) {
        put(notice);
    }
    put(*outcome_);
    log_transfer();
    place_->end_transfer(services_.clock.now());
    transfer_.reset();
    outcome_.reset();
    if (std::exchange(abort_asked_, false)) {
        put(reply(226, "Abort successful"));
    }
    co_return Result<>();
}

// For the session's end: what still runs is cut and waited for, since it refers to the session.
Task<> Session::abandon_transfer() {
    if (transfer_) {
        transfer_->answer(has_said_goodbye());
        channel_.abort();
        while (!outcome_) {
            static_cast<void>(co_await beside_.wait(base::SteadyTime::max()));
        }
        log_transfer();
        place_->end_transfer(services_.clock.now());
        transfer_.reset();
    }
    channel_.reset();
}

void Session::count_octets(bool sent, std::uint64_t octets) {
    base::Counter*& counter = sent ? octets_sent_ : octets_received_;
    if (counter == nullptr) {
        counter = &services_.metrics.counter("staffetta_ftp_octets_total",
                                             "Octets of files and listings",
                                             {{"direction", sent ? "sent" : "received"}});
    }
    counter->add(octets);
}

void Session::log_transfer() {
    const Job& job = transfer_->job();
    const bool sends = !std::holds_alternative<Job::Receive>(job.what);
    const base::Duration took = now() - transfer_->began();
    count_octets(sends, transfer_->octets());
    if (services_.log.enabled(base::LogLevel::kInfo)) {
        services_.log.info(
            "ftp transfer",
            {{"session", id_},
             {"verb", job.verb},
             {"path", job.path},
             {"octets", transfer_->octets()},
             {"ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count()},
             {"result", transfer_->succeeded() ? "complete" : "incomplete"}});
    }
    if (!services_.transfer_log || std::holds_alternative<Job::SendLines>(job.what)) {
        return;
    }
    const base::WallTime ended = services_.clock.now();
    services_.transfer_log(format_xferlog(
        {.ended = ended,
         .utc_offset = services_.utc_offset ? services_.utc_offset(ended) : std::chrono::seconds(0),
         .took_s = std::chrono::duration_cast<std::chrono::seconds>(took).count(),
         .peer = lines_.stream().peer().address,
         .octets = transfer_->octets(),
         .path = job.path,
         .text = job.representation.is_text(),
         .incoming = !sends,
         .anonymous = user_->anonymous,
         .user = user_->anonymous ? user_->password : user_->name,
         .complete = transfer_->succeeded()}));
}

}  // namespace ftp
