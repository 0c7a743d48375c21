// How replies go out: status line, lists and messages in chunks, with a flush whenever enough has gathered.
// Nothing is ever whole in memory but one chunk.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "pop3/grammar/command.h"
#include "pop3/grammar/multiline.h"
#include "pop3/server/session.h"

namespace pop3 {

using base::Errc;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kChunkOctets = std::size_t{64} * 1024;

}  // namespace

void Session::put_status(const Reply& reply) {
    std::string line = reply.ok ? "+OK" : "-ERR";
    if (!reply.code.empty()) {
        line += fmt::format(" [{}]", reply.code);
    }
    if (!reply.text.empty()) {
        line += ' ';
        line += reply.text;
    }
    // Names in a text are as long as their owners made them.
    line.resize(std::min(line.size(), kResponseOctetsMax - 2));
    line += "\r\n";
    lines_.put(line);
}

Task<Result<>> Session::send(Reply reply) {
    put_status(reply);
    if (const auto* const lines = std::get_if<Reply::Lines>(&reply.body)) {
        lines_.put(lines->text);
        lines_.put(".\r\n");
    } else if (const auto* const listing = std::get_if<Reply::Listing>(&reply.body)) {
        CO_TRY_VOID(co_await send_listing(*listing));
    } else if (auto* const content = std::get_if<Reply::Content>(&reply.body)) {
        CO_TRY_VOID(co_await send_content(std::move(*content)));
    }
    co_return Result<>();
}

Task<Result<>> Session::flush_if_full() {
    if (lines_.full()) {
        CO_TRY_VOID(co_await lines_.flush(write_deadline()));
    }
    co_return Result<>();
}

// scan-listing = msg SP octets, unique-id listing = msg SP unique-id    ; RFC 1939 5 and 7
Task<Result<>> Session::send_listing(Reply::Listing listing) {
    const Maildrop& maildrop = transaction().maildrop;
    for (std::uint32_t number = 1; number <= maildrop.size(); ++number) {
        const Maildrop::Entry& entry = maildrop.entry(number);
        if (entry.deleted) {
            continue;
        }
        lines_.put(listing == Reply::Listing::kSizes
                       ? fmt::format("{} {}\r\n", number, entry.message.octets)
                       : fmt::format("{} {}\r\n", number, maildrop.unique_id(number)));
        if (lines_.full()) {
            CO_TRY_VOID(co_await lines_.flush(write_deadline()));
        }
    }
    lines_.put(".\r\n");
    co_return Result<>();
}

// A store that fails in the middle of a message leaves no way to say so: the connection is cut, and the
// client sees that it has no whole message.
Task<Result<>> Session::send_content(Reply::Content content) {
    const std::uint64_t size = content.octets->size();
    DotStuffer stuffer;
    std::optional<TopCutter> top;
    if (content.body_lines) {
        top.emplace(*content.body_lines);
    }
    const auto put = [this](std::string_view octets) { lines_.put(octets); };
    std::string chunk = std::move(content.first);
    std::uint64_t offset = chunk.size();
    std::uint64_t sent = 0;
    while (true) {
        const std::size_t octets = top ? top->feed(chunk) : chunk.size();
        stuffer.feed(std::string_view(chunk).substr(0, octets), put);
        sent += octets;
        CO_TRY_VOID(co_await flush_if_full());
        if (offset == size || (top && top->done())) {
            break;
        }
        CO_TRY(chunk, co_await read_chunk(*content.octets, offset, std::move(chunk)));
        offset += chunk.size();
    }
    lines_.put(stuffer.end());
    count_sent(content.number, !top, sent);
    co_return Result<>();
}

// The octets from `offset` on, up to a chunk of them, in `chunk`, which is taken over for its memory.
Task<Result<std::string>> Session::read_chunk(store::BlobReader& octets,
                                              std::uint64_t offset,
                                              std::string chunk) {
    const std::uint64_t left = octets.size() - offset;
    chunk.resize(static_cast<std::size_t>(std::min<std::uint64_t>(left, kChunkOctets)));
    CO_TRY(const std::size_t read, co_await octets.read(loop_, offset, chunk));
    if (read == 0 && left > 0) {
        co_return base::fail(Errc::kCorrupt, "a message is shorter than its size");
    }
    chunk.resize(read);
    co_return chunk;
}

void Session::count_sent(std::uint32_t number, bool whole, std::uint64_t octets) {
    Transaction& open = transaction();
    if (whole) {
        open.maildrop.mark_fetched(number);
        ++open.messages_sent;
    }
    open.octets_sent += octets;
    sent_messages_.add(whole ? 1 : 0);
    sent_octets_.add(octets);
}

}  // namespace pop3
