#include "stories/remote_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/check.h"

namespace stories {
namespace {

constexpr std::size_t kLineOctetsMax = 65536;
constexpr std::string_view kSubject = "Subject: ";

// "MAIL FROM:<bob@hamburger.example> ..." without everything but the address.
std::string address_in(std::string_view command) {
    const std::size_t begin = command.find('<');
    const std::size_t end = command.find('>');
    CHECK(begin < end && end != std::string_view::npos);
    return std::string(command.substr(begin + 1, end - begin - 1));
}

}  // namespace

struct RemoteHost::Session {
    std::unique_ptr<net::PipeStream> stream;
    net::LineStream lines{*stream};
    std::size_t recipients = 0;
    unsigned messages = 0;
    bool lmtp = false;
    bool ended = false;
};

RemoteHost::RemoteHost(base::Loop& loop, fakes::RemoteHost& place, std::string name)
    : loop_(loop),
      place_(place),
      name_(std::move(name)) {
    place_.on_connect = [this](std::unique_ptr<net::PipeStream> stream) {
        base::spawn(serve(std::move(stream)), [this](const std::exception_ptr& thrown) {
            --at_once_;
            CHECK(!thrown);
        });
    };
}

RemoteHost::~RemoteHost() {
    CHECK(at_once_ == 0);
}

base::SteadyTime RemoteHost::patience() const {
    return loop_.clock().steady() + std::chrono::hours(1);
}

base::Task<> RemoteHost::serve(std::unique_ptr<net::PipeStream> stream) {
    ++conversations_;
    most_at_once_ = std::max(most_at_once_, ++at_once_);
    Session session{.stream = std::move(stream)};
    co_await converse(session);
    session.stream->close();
}

base::Task<> RemoteHost::converse(Session& session) {
    if (behaviour.throttles != 0) {
        --behaviour.throttles;
        co_await say(session, "421 4.3.2 too busy, try later");
        co_return;
    }
    co_await say(session, fmt::format("220 {} ESMTP", name_));
    while (!session.ended) {
        const auto line = co_await session.lines.read_line(kLineOctetsMax, patience());
        if (!line) {
            co_return;
        }
        co_await obey(session, std::string(line->text));
    }
}

base::Task<> RemoteHost::obey(Session& session, std::string command) {
    if (base::istarts_with(command, "EHLO") || base::istarts_with(command, "LHLO")) {
        session.lmtp = base::istarts_with(command, "LHLO");
        co_await say(session, hello(session));
    } else if (base::istarts_with(command, "STARTTLS")) {
        co_await start_tls(session);
    } else if (base::istarts_with(command, "MAIL")) {
        session.recipients = 0;
        session.ended = behaviour.messages_max != 0 && session.messages >= behaviour.messages_max;
        co_await say(session, session.ended ? "421 4.7.0 enough for now" : "250 2.1.0 ok");
    } else if (base::istarts_with(command, "RCPT")) {
        const std::string reply = judge(address_in(command));
        session.recipients += reply.starts_with('2') ? 1 : 0;
        co_await say(session, reply);
    } else if (base::istarts_with(command, "DATA")) {
        if (session.recipients == 0) {
            co_await say(session, "554 5.5.1 nobody to send it to");
        } else {
            co_await take_message(session);
        }
    } else if (base::istarts_with(command, "QUIT")) {
        session.ended = true;
        co_await say(session, "221 2.0.0 bye");
    } else {
        co_await say(session, "250 2.0.0 ok");
    }
}

std::string RemoteHost::hello(const Session& session) const {
    const bool offers = behaviour.tls && session.stream->tls() == nullptr;
    return fmt::format("250-{}\r\n{}{}250-PIPELINING\r\n250 8BITMIME",
                       name_,
                       offers ? "250-STARTTLS\r\n" : "",
                       behaviour.dsn ? "250-DSN\r\n" : "");
}

base::Task<> RemoteHost::start_tls(Session& session) {
    co_await say(session, "220 2.0.0 go on");
    session.ended = behaviour.tls_broken;
    if (!session.ended) {
        session.ended = !(co_await session.lines.start_tls(patience()));
    }
}

std::string RemoteHost::judge(const std::string& recipient) {
    const auto said = behaviour.says.find(recipient);
    if (said != behaviour.says.end()) {
        return said->second;
    }
    const base::WallTime now = loop_.clock().now();
    const base::WallTime first = first_tried_.try_emplace(recipient, now).first->second;
    return now < first + std::chrono::duration_cast<std::chrono::milliseconds>(behaviour.greylists)
               ? "451 4.2.0 greylisted"
               : "250 2.1.5 ok";
}

base::Task<> RemoteHost::take_message(Session& session) {
    co_await say(session, "354 go on");
    std::string subject;
    while (true) {
        const auto line = co_await session.lines.read_line(kLineOctetsMax, patience());
        if (!line) {
            session.ended = true;
            co_return;
        }
        if (line->text == ".") {
            break;
        }
        if (subject.empty() && line->text.starts_with(kSubject)) {
            subject = line->text.substr(kSubject.size());
        }
    }
    co_await base::sleep_until(loop_, loop_.clock().steady() + behaviour.slow);
    taken_.push_back(subject);
    in_clear_ += session.stream->tls() == nullptr ? 1 : 0;
    ++session.messages;
    if (behaviour.drops != 0) {
        --behaviour.drops;
        session.ended = true;
        co_return;
    }
    session.ended |= behaviour.hangs_up;
    for (std::size_t i = 0; i < (session.lmtp ? session.recipients : 1); ++i) {
        co_await say(session, "250 2.0.0 taken");
    }
}

base::Task<> RemoteHost::say(Session& session, std::string reply) {
    reply += "\r\n";
    if (behaviour.drips == base::Duration()) {
        session.lines.put(reply);
        session.ended |= !(co_await session.lines.flush(patience()));
        co_return;
    }
    for (std::size_t at = 0; at < reply.size() && !session.ended; ++at) {
        co_await base::sleep_until(loop_, loop_.clock().steady() + behaviour.drips);
        session.lines.put(std::string_view(reply).substr(at, 1));
        session.ended |= !(co_await session.lines.flush(patience()));
    }
}

}  // namespace stories
