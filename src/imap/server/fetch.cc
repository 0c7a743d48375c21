// FETCH and UID FETCH (RFC 9051 6.4.5; RFC 7162 3.1.4 and 3.2.6, RFC 9394). Messages are answered in groups: the
// records of one group are read together, its answers gathered, and let go when there is enough.
#include "imap/grammar/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "imap/grammar/writer.h"
#include "imap/server/body.h"
#include "imap/server/fetch_items.h"
#include "imap/server/fetch_seen.h"
#include "imap/server/handlers.h"
#include "imap/server/message_limit.h"
#include "imap/server/renumbered.h"
#include "imap/server/session.h"
#include "mail/summarizer.h"

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kGroup = 512;
// What is gathered before it is put.
constexpr std::size_t kLinesOctets = std::size_t{128} * 1024;

struct Numbered {
    std::uint32_t number = 0;
    mail::Entry entry;  // as it is now
};

// Cuts a set of messages into groups, the last message first where asked (RFC 9738 3.1).
class Groups {
  public:
    Groups(const View& view, const mail::UidSet& uids, bool descending)
        : view_(view),
          snapshot_(view.told()),
          descending_(descending) {
        for (const mail::UidSet::Range& range : uids.ranges()) {
            const std::size_t first = snapshot_->lower_bound(range.first);
            const std::size_t last = snapshot_->lower_bound(range.last) + 1;
            spans_.push_back({first, std::min(last, snapshot_->size())});
        }
        if (descending) {
            std::ranges::reverse(spans_);
        }
    }

    // Empty at the end.
    [[nodiscard]] std::vector<Numbered> next() {
        std::vector<Numbered> group;
        const Renumbered bits(snapshot_->keywords(), view_.latest()->keywords());
        while (group.size() < kGroup && span_ < spans_.size()) {
            auto& [first, last] = spans_[span_];
            const std::size_t count = std::min(last - first, kGroup - group.size());
            const std::size_t begin = descending_ ? last - count : first;
            const auto before = static_cast<std::ptrdiff_t>(group.size());
            snapshot_->for_each(
                begin, begin + count, [&](std::size_t index, const mail::Entry& entry) {
                    const mail::Entry& now = view_.current(entry);
                    group.push_back({static_cast<std::uint32_t>(index) + 1, now});
                    if (&now == &entry) {  // it has gone, or its page is as it was
                        group.back().entry.keywords = bits.of(entry.keywords);
                    }
                });
            if (descending_) {
                std::reverse(group.begin() + before, group.end());
            }
            (descending_ ? last : first) = descending_ ? begin : begin + count;
            span_ += first >= last ? 1 : 0;
        }
        return group;
    }

  private:
    const View& view_;
    mail::SnapshotPtr snapshot_;
    std::vector<std::pair<std::size_t, std::size_t>> spans_;
    std::size_t span_ = 0;
    bool descending_;
};

// One FETCH while it runs.
class Fetching {
  public:
    Fetching(Session& session, std::vector<FetchItem> items, SeenNews seen = {})
        : session_(session),
          seen_uids_(std::move(seen.uids)),
          seen_items_(std::make_move_iterator(seen.items.begin()),
                      std::make_move_iterator(seen.items.end())),
          emails_(std::ranges::any_of(items, needs_email)),
          summaries_(std::ranges::any_of(items, needs_summary)),
          items_(std::make_move_iterator(items.begin()), std::make_move_iterator(items.end())) {}

    [[nodiscard]] Task<Result<>> put(std::vector<Numbered> group);

    [[nodiscard]] bool has_gone() const { return has_gone_; }

    [[nodiscard]] bool unknown_encoding() const { return unknown_encoding_; }

  private:
    // One each message of a group; nothing for an email that has gone.
    using Emails = std::vector<std::optional<EmailFacts>>;

    [[nodiscard]] Result<std::size_t> append_at_once(std::span<const Numbered> group);
    [[nodiscard]] Task<Result<>> put_gathered(std::span<const Numbered> group);
    [[nodiscard]] Result<Emails> read_emails(std::span<const Numbered> group);
    void append_ready(const Numbered& message, const EmailFacts* email);
    [[nodiscard]] Task<Result<>> put_texts(const Numbered& message, const EmailFacts& email);
    [[nodiscard]] Result<std::unique_ptr<store::BlobReader>> open_text(const EmailFacts& email);
    [[nodiscard]] Task<Result<>> put_lines();
    void hand_over();
    [[nodiscard]] Task<Result<>> make_summary(EmailFacts& email);

    Session& session_;
    mail::UidSet seen_uids_;             // for these messages
    std::vector<AskedItem> seen_items_;  // these are told too
    bool emails_;                        // the emails' records are needed,
    bool summaries_;                     // and the summaries in these
    std::vector<AskedItem> items_;
    std::string lines_;                      // answers, not yet put
    std::vector<const AskedItem*> open_;     // the items of one message that need its octets
    std::string_view between_;               // what stands in front of the next item of it
    std::unique_ptr<store::Reader> moment_;  // of the group, once it was needed
    bool has_gone_ = false;
    bool unknown_encoding_ = false;
};

std::vector<mail::EmailId> emails_of(std::span<const Numbered> group) {
    std::vector<mail::EmailId> ids;
    ids.reserve(group.size());
    for (const Numbered& message : group) {
        ids.push_back(message.entry.email);
    }
    return ids;
}

// Appends the answers that need no more than the emails' records, out of these where they lie: copies would
// take a third of the time. Up to the first message that needs more, or until there is enough; gives how many.
Result<std::size_t> Fetching::append_at_once(std::span<const Numbered> group) {
    std::size_t done = 0;
    const std::vector<mail::EmailId> ids = emails_of(group);
    TRY_VOID(session_.mailboxes().read_emails(
        session_.view().ref().owner, ids, [&](mail::EmailId id, const mail::EmailRecord& record) {
            auto summary = mail::Summary::borrow(record.summary);
            if (id != ids[done] || !summary || summary->empty()) {
                return false;
            }
            const std::size_t before = lines_.size();
            const EmailFacts email{record.blob, {}, record.thread, std::move(*summary)};
            append_ready(group[done], &email);
            if (!open_.empty()) {
                lines_.resize(before);
                return false;
            }
            lines_ += ")\r\n";
            return ++done < ids.size() && lines_.size() < kLinesOctets;
        }));
    return done;
}

Result<Fetching::Emails> Fetching::read_emails(std::span<const Numbered> group) {
    Emails facts(group.size());
    if (!emails_) {
        return facts;
    }
    const std::vector<mail::EmailId> ids = emails_of(group);
    std::size_t at = 0;
    TRY_VOID(session_.mailboxes().read_emails(
        session_.view().ref().owner, ids, [&](mail::EmailId id, const mail::EmailRecord& record) {
            while (at < ids.size() && ids[at] != id) {
                ++at;
            }
            if (at == ids.size()) {
                return false;
            }
            EmailFacts& email = facts[at++].emplace();
            email.blob = record.blob;
            email.place = record.place;
            email.thread = record.thread;
            if (summaries_) {
                email.summary =
                    mail::Summary::unpack(std::string(record.summary)).value_or(mail::Summary());
            }
            return true;
        }));
    return facts;
}

Task<Result<>> Fetching::put(std::vector<Numbered> group) {
    std::span<const Numbered> left = group;
    while (emails_ && !left.empty()) {
        CO_TRY(const std::size_t done, append_at_once(left));
        left = left.subspan(done);
        CO_TRY_VOID(co_await put_lines());
        if (done == 0) {
            break;
        }
    }
    co_return co_await put_gathered(left);
}

// Any of them: emails that have gone, that have no summary yet, and items that need the octets.
Task<Result<>> Fetching::put_gathered(std::span<const Numbered> group) {
    auto emails = read_emails(group);
    if (!emails) {
        co_return tl::unexpected(std::move(emails.error()));
    }
    moment_.reset();
    for (std::size_t i = 0; i < group.size(); ++i) {
        EmailFacts* const email = (*emails)[i] ? &*(*emails)[i] : nullptr;
        if (emails_ && email == nullptr) {
            has_gone_ = true;  // RFC 2180 4.1.2: of this one nothing is told
            continue;
        }
        if (summaries_ && email != nullptr && email->summary.empty()) {
            CO_TRY_VOID(co_await make_summary(*email));
        }
        append_ready(group[i], email);
        if (!open_.empty()) {
            CO_TRY_VOID(co_await put_texts(group[i], *email));
        }
        lines_ += ")\r\n";
        if (lines_.size() >= kLinesOctets) {
            CO_TRY_VOID(co_await put_lines());
        }
    }
    co_return co_await put_lines();
}

Task<Result<>> Fetching::put_lines() {
    hand_over();
    return session_.flush_if_full();
}

void Fetching::hand_over() {
    session_.put(lines_);
    lines_.clear();
}

// An email from before there were summaries, or whose summary is damaged.
Task<Result<>> Fetching::make_summary(EmailFacts& email) {
    auto octets = session_.mailboxes().open_blob(email.blob);
    if (!octets) {
        co_return Result<>();
    }
    mail::Summarizer summarizer;
    std::string piece(std::size_t{64} * 1024, '\0');
    for (std::uint64_t at = 0; at < (*octets)->size();) {
        CO_TRY(const std::size_t got, co_await (*octets)->read(session_.loop(), at, piece));
        if (got == 0) {
            break;
        }
        summarizer.feed(std::string_view(piece).substr(0, got));
        at += got;
    }
    email.summary = summarizer.finish();
    co_return Result<>();
}

//  message-data = nz-number SP "FETCH" SP "(" (msg-att-dynamic / msg-att-static) *(SP ...) ")"
// What is in memory first, whatever the order asked for; what must be read is left in open_.
void Fetching::append_ready(const Numbered& message, const EmailFacts* email) {
    append_fetch_begin(lines_, session_, message.number, message.entry.uid);
    open_.clear();
    between_ = {};
    const auto append = [&](const AskedItem& item) {
        if (append_item(lines_, between_, session_, item, {message.entry, email})) {
            between_ = " ";
        } else {
            open_.push_back(&item);
        }
    };
    std::ranges::for_each(items_, append);
    if (!seen_uids_.empty() && seen_uids_.contains(message.entry.uid)) {
        std::ranges::for_each(seen_items_, append);
    }
}

// Those of a group come out of one snapshot, which reads ahead where they lie side by side.
Result<std::unique_ptr<store::BlobReader>> Fetching::open_text(const EmailFacts& email) {
    if (moment_ == nullptr) {
        moment_ = session_.mailboxes().underlying_store().snapshot();
    }
    return moment_->open_blob_at(email.blob, email.place);
}

// What is undecodable is left out, but an answer of nothing is none of the grammar's: it names the message then.
Task<Result<>> Fetching::put_texts(const Numbered& message, const EmailFacts& email) {
    auto octets = open_text(email);
    if (!octets && octets.error().code != Errc::kNotFound) {
        co_return tl::unexpected(std::move(octets.error()));
    }
    has_gone_ |= !octets;
    hand_over();
    if (session_.is_full()) {
        CO_TRY_VOID(co_await session_.flush_if_full());
    }
    Body body(session_, email, octets ? std::move(*octets) : nullptr);
    for (const AskedItem* const item : open_) {
        if (body.is_undecodable(*item)) {
            unknown_encoding_ = true;
            continue;
        }
        session_.put(std::exchange(between_, " "));
        CO_TRY_VOID(co_await body.put_item(*item));
    }
    if (between_.empty()) {
        session_.put(fmt::format("UID {}", message.entry.uid));
    }
    co_return Result<>();
}

// Items the session's extensions add: UID for UID FETCH, MODSEQ with CHANGEDSINCE (RFC 7162 3.1.4).
void complete_items(const Request& request, bool uid_only, FetchArguments& arguments) {
    const auto has = [&](FetchKind kind) {
        return std::ranges::any_of(arguments.items,
                                   [kind](const FetchItem& item) { return item.kind == kind; });
    };
    // RFC 9586 3.3: UIDFETCH names the UID anyway.
    if (request.is_uid() && !uid_only && !has(FetchKind::kUid)) {
        arguments.items.insert(arguments.items.begin(), FetchItem{});
    }
    if (arguments.changed_since && !has(FetchKind::kModseq)) {
        FetchItem modseq;
        modseq.kind = FetchKind::kModseq;
        arguments.items.push_back(modseq);
    }
}

mail::UidSet changed_since(const View& view, const mail::UidSet& uids, mail::Modseq modseq) {
    mail::UidSet changed;
    view.told()->for_each_in(uids, [&](std::size_t /*index*/, const mail::Entry& entry) {
        if (view.current(entry).modseq > modseq) {
            changed.add(entry.uid);
        }
    });
    return changed;
}

// RFC 9394 3.2: a page of the messages that are there.
mail::UidSet page_of(const View& view, const mail::UidSet& uids, const Page& page) {
    const auto [begin, end] = page.of(uids.size());
    mail::UidSet chosen;
    std::size_t at = 0;
    view.told()->for_each_in(
        uids, [&, first = begin, last = end](std::size_t /*index*/, const mail::Entry& entry) {
            if (at >= first && at < last) {
                chosen.add(entry.uid);
            }
            ++at;
        });
    return chosen;
}

// RFC 7162 3.2.6: UID FETCH (CHANGEDSINCE n VANISHED) names what has gone, of the UIDs asked for.
Result<> put_vanished(Session& session, const SequenceSet& set, mail::Modseq modseq) {
    const View& view = session.view();
    TRY(const mail::Vanished vanished, session.mailboxes().vanished_since(view.ref(), modseq));
    const mail::UidSet gone =
        view.gone_of(vanished).intersect(set.resolve(view.told()->uid_next() - 1));
    if (!gone.empty()) {
        session.put(fmt::format("* VANISHED (EARLIER) {}\r\n", gone.to_text()));
    }
    return {};
}

// RFC 9051 6.4.5: BODY[...] sets \Seen before it is answered, all messages in one change, and the flags that this
// changes are told with it.
Task<SeenNews> see(Session& session, const std::vector<FetchItem>& items, mail::UidSet uids) {
    SeenNews news;
    std::vector<FetchItem> missing = items_to_tell_flags(session, items);
    const bool tells_all = missing.empty();
    const bool sees =
        std::ranges::any_of(items, [](const FetchItem& item) { return !item.is_peek; });
    if (sees && session.view().may(mail::kRightSeen)) {
        news.uids = co_await set_seen(session, uids);
        news.items = std::move(missing);
    }
    // Whoever is told the flags now need not hear of them as news.
    if (tells_all || !news.uids.empty()) {
        session.view().note_told(tells_all ? std::move(uids) : news.uids,
                                 session.view().latest()->highest_modseq());
    }
    co_return news;
}

}  // namespace

Task<Result<>> put_messages(Session& session, mail::UidSet uids, std::vector<FetchItem> items) {
    Fetching fetching(session, std::move(items));
    Groups groups(session.view(), uids, false);
    for (auto group = groups.next(); !group.empty(); group = groups.next()) {
        CO_TRY_VOID(co_await fetching.put(std::move(group)));
    }
    co_return Result<>();
}

Task<Handled> on_fetch(Session& session, const Request& request) {
    auto arguments = parse_fetch(request.arguments);
    if (!arguments) {
        co_return refuse(request.command, arguments.error());
    }
    if (arguments->vanished &&
        (!request.is_uid() || !arguments->changed_since || !session.enabled(kQresync))) {
        co_return bad("VANISHED is for UID FETCH with CHANGEDSINCE, once QRESYNC is enabled");
    }
    complete_items(request, session.enabled(kUidOnly), *arguments);
    const bool modseq = std::ranges::any_of(
        arguments->items, [](const FetchItem& item) { return item.kind == FetchKind::kModseq; });
    if (modseq) {
        session.enable_condstore();
    }
    auto uids = session.view().resolve(arguments->set, request.is_uid());
    if (!uids) {
        co_return bad("there is no message of that number");
    }
    if (arguments->vanished) {
        const auto put = put_vanished(session, arguments->set, *arguments->changed_since);
        if (!put) {
            co_return reply_of(put.error());
        }
    }
    if (arguments->changed_since) {
        uids = changed_since(session.view(), *uids, *arguments->changed_since);
    }
    const std::uint64_t most = session.options().message_limit;
    if (arguments->page && most != 0 && arguments->page->last - arguments->page->first >= most) {
        co_return no("a page of so many messages is beyond the limit",
                     fmt::format("MESSAGELIMIT {}", most));
    }
    if (arguments->page) {
        uids = page_of(session.view(), *uids, *arguments->page);
    }
    const Limited limited = limit_messages(std::move(*uids), most);
    *uids = limited.uids;  // the others are not spoken of from here on
    SeenNews news = co_await see(session, arguments->items, limited.uids);
    Fetching fetching(session, std::move(arguments->items), std::move(news));
    Groups groups(session.view(), limited.uids, limited.is_cut);
    for (auto group = groups.next(); !group.empty(); group = groups.next()) {
        CO_TRY_VOID(co_await fetching.put(std::move(group)));
    }
    if (fetching.unknown_encoding()) {
        co_return tell_limit(session, limited, no("a part has an unknown encoding", "UNKNOWN-CTE"));
    }
    co_return tell_limit(session,
                         limited,
                         fetching.has_gone()
                             ? no("some messages have gone meanwhile", "EXPUNGEISSUED")
                             : ok("that is all"));
}

}  // namespace imap
