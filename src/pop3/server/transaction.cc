// The TRANSACTION state: STAT, LIST, RETR, DELE, NOOP, RSET (RFC 1939 5), TOP and UIDL (RFC 1939 7).
#include <fmt/format.h>

#include <utility>

#include "pop3/grammar/command.h"
#include "pop3/server/session.h"

namespace pop3 {

using base::Errc;
using base::Result;
using base::Task;

namespace {

// Changes to the store stay short, however much was fetched.
constexpr std::size_t kNotedAtOnce = 200;
constexpr std::size_t kLookedUpAtOnce = 64;

tl::unexpected<Reply> refuse(Reply reply) {
    return tl::unexpected<Reply>(std::move(reply));
}

}  // namespace

Result<std::uint32_t, Reply> Session::find_message(std::uint32_t number) const {
    const Maildrop& maildrop = std::get<Transaction>(state_).maildrop;
    if (number > maildrop.size()) {
        return refuse(error_reply(say(Text::kNoSuchMessage, maildrop.size())));
    }
    if (maildrop.entry(number).deleted) {
        return refuse(error_reply(say(Text::kAlreadyDeleted, number)));
    }
    return number;
}

Result<std::uint32_t, Reply> Session::find_message(std::string_view arguments,
                                                   std::string_view syntax) const {
    const auto number = parse_message_number(arguments);
    if (!number) {
        return refuse(usage(syntax));
    }
    return find_message(*number);
}

Task<Result<Reply>> Session::on_stat(std::string /*arguments*/) {
    const Maildrop& maildrop = transaction().maildrop;
    co_return ok_reply(fmt::format("{} {}", maildrop.messages(), maildrop.octets()));
}

Task<Result<Reply>> Session::on_list(std::string arguments) {
    const Maildrop& maildrop = transaction().maildrop;
    if (arguments.find_first_not_of(' ') == std::string::npos) {
        Reply reply = ok_reply(say_messages(maildrop.messages(), maildrop.octets()));
        reply.body = Reply::Listing::kSizes;
        co_return reply;
    }
    auto number = find_message(arguments, "LIST [msg]");
    if (!number) {
        co_return std::move(number.error());
    }
    co_return ok_reply(fmt::format("{} {}", *number, maildrop.entry(*number).message.octets));
}

Task<Result<Reply>> Session::on_uidl(std::string arguments) {
    const Maildrop& maildrop = transaction().maildrop;
    if (arguments.find_first_not_of(' ') == std::string::npos) {
        Reply reply = ok_reply(say(Text::kUidsFollow));
        reply.body = Reply::Listing::kUniqueIds;
        co_return reply;
    }
    auto number = find_message(arguments, "UIDL [msg]");
    if (!number) {
        co_return std::move(number.error());
    }
    co_return ok_reply(fmt::format("{} {}", *number, maildrop.unique_id(*number)));
}

Task<Result<Reply>> Session::on_retr(std::string arguments) {
    auto number = find_message(arguments, "RETR msg");
    if (!number) {
        co_return std::move(number.error());
    }
    co_return co_await open_content(*number, std::nullopt);
}

Task<Result<Reply>> Session::on_top(std::string arguments) {
    const auto top = parse_top(arguments);
    if (!top) {
        co_return usage("TOP msg n");
    }
    auto number = find_message(top->message);
    if (!number) {
        co_return std::move(number.error());
    }
    co_return co_await open_content(*number, top->lines);
}

// Whoever pipelines (RFC 2449 6.6) mostly takes one message after the other: these are looked up together.
Result<std::unique_ptr<store::BlobReader>> Session::open_message(std::uint32_t number) {
    Transaction& open = transaction();
    const mail::MessageInfo& message = open.maildrop.entry(number).message;
    const bool is_next = number == std::exchange(open.last_opened, number) + 1;
    if (!open.run && !lines_.has_input()) {
        return services_.messages.open_message(message);
    }
    if (!open.run) {
        open.run = services_.messages.begin_run();
    }
    std::vector<mail::EmailId> following;
    if (is_next && !open.run->has(message)) {
        following = open.maildrop.following(number, kLookedUpAtOnce - 1);
    }
    return open.run->open(message, following);
}

// The first chunk is read before the status line goes out: a message that cannot be read is refused in words.
Task<Result<Reply>> Session::open_content(std::uint32_t number,
                                          std::optional<std::uint32_t> body_lines) {
    const mail::MessageInfo message = transaction().maildrop.entry(number).message;
    Result<std::unique_ptr<store::BlobReader>> octets;
    if (message.has_surrogate) {
        octets = co_await services_.messages.open_surrogate(loop_, message);
    } else {
        octets = open_message(number);
    }
    if (!octets) {
        co_return content_fails(number, octets.error());
    }
    Reply::Content content{number, body_lines, {}, std::move(*octets)};
    auto first = co_await read_chunk(*content.octets, 0, {});
    if (!first) {
        co_return content_fails(number, first.error());
    }
    content.first = std::move(*first);
    Reply reply =
        ok_reply(body_lines ? say(Text::kTopFollows) : say(Text::kOctets, content.octets->size()));
    reply.body = std::move(content);
    co_return reply;
}

Reply Session::content_fails(std::uint32_t number, const base::Error& error) {
    // Deleted for good by another session since this one began: the snapshot cannot keep it.
    if (error.code == Errc::kNotFound) {
        return error_reply(say(Text::kAlreadyDeleted, number));
    }
    services_.log.error("message cannot be read",
                        {{"session", id_},
                         {"uid", transaction().maildrop.entry(number).message.uid},
                         {"error", error.text}});
    return error.code == Errc::kCorrupt ? error_reply(say(Text::kMaildropDamaged), kSystemPermanent)
                                        : error_reply(say(Text::kStoreFails), kSystemTemporary);
}

Task<Result<Reply>> Session::on_dele(std::string arguments) {
    auto number = find_message(arguments, "DELE msg");
    if (!number) {
        co_return std::move(number.error());
    }
    transaction().maildrop.mark_deleted(*number);
    co_return ok_reply(say(Text::kDeleted, *number));
}

Task<Result<Reply>> Session::on_rset(std::string /*arguments*/) {
    Maildrop& maildrop = transaction().maildrop;
    maildrop.unmark_all();
    co_return ok_reply(
        say(Text::kMaildropHas, say_messages(maildrop.messages(), maildrop.octets())));
}

Task<Result<Reply>> Session::on_noop(std::string /*arguments*/) {
    co_return ok_reply("");
}

mail::TraceEvent Session::trace_event(std::string_view kind) const {
    const net::Stream& stream = lines_.stream();
    const std::string tls = stream.tls() == nullptr ? "" : " over " + stream.tls()->version;
    // Without the port: the same client is the same words.
    const std::string host =
        stream.peer().is_unix() ? stream.peer().to_string() : stream.peer().address;
    return {services_.clock.now(),
            std::string(kind),
            id_,
            fmt::format("by {} [{}] with POP3{}",
                        std::get<Transaction>(state_).account.address.to_string(),
                        host,
                        tls)};
}

// Told to the store at the end of the session and not with each RETR: a maildrop of a thousand messages
// is a few changes, not a thousand.
void Session::note_fetched() {
    auto* const open = std::get_if<Transaction>(&state_);
    if (open == nullptr) {
        return;
    }
    const std::vector<mail::Fetched> fetched = open->maildrop.take_fetched();
    for (std::size_t first = 0; first < fetched.size(); first += kNotedAtOnce) {
        const auto begin = fetched.begin() + static_cast<std::ptrdiff_t>(first);
        const auto count = std::min(kNotedAtOnce, fetched.size() - first);
        services_.messages.note_fetched(
            open->account.id,
            open->maildrop.mailbox(),
            std::vector<mail::Fetched>(begin, begin + static_cast<std::ptrdiff_t>(count)),
            trace_event("fetched"));
    }
}

}  // namespace pop3
