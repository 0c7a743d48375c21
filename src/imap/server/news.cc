// What happened in the selected mailbox meanwhile, as untagged answers (RFC 9051 7.4.1, 7.5, RFC 7162 3.2.10).
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "imap/grammar/flags.h"
#include "imap/server/fetch_items.h"
#include "imap/server/notifier.h"
#include "imap/server/session.h"

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

namespace {

// RFC 7162 3.2 and 6: while it is not told yet that messages have gone, the client must not take the modification
// sequences of others for a point up to which it knows all. It is told how far it does, and when that is over.
void put_known_modseq(Session& session, bool held_back) {
    const View& view = session.view();
    if (!session.enabled(kQresync) || (!held_back && !view.holds_back())) {
        return;
    }
    session.put(fmt::format("* OK [HIGHESTMODSEQ {}] {}\r\n",
                            view.told()->highest_modseq(),
                            view.holds_back() ? "some have gone since" : "all is told"));
}

}  // namespace

Task<Result<>> Session::tell_news(bool may_expunge, bool with_uid) {
    if (view_ == nullptr) {
        co_return Result<>();
    }
    auto latest = co_await services_.mailboxes.open(loop(), view_->ref());
    if (latest ? !view_->is_of(**latest) : latest.error().code == Errc::kNotFound) {
        // RFC 2180 3.3: the session cannot go on with numbers that mean nothing.
        lines_.put("* BYE the selected mailbox was deleted\r\n");
        closing_ = true;
        co_return Result<>();
    }
    if (!latest) {
        services_.log.warning("mailbox cannot be looked at",
                              {{"session", id_}, {"error", latest.error().text}});
        if (view_->is_asleep()) {
            lines_.put("* BYE [UNAVAILABLE] the mail store fails, try again later\r\n");
            closing_ = true;
        }
        co_return Result<>();
    }
    review_rights();
    if (closing_) {
        co_return Result<>();
    }
    const bool held_back = view_->holds_back();
    CO_TRY_VOID(co_await put_news(view_->take_news(std::move(*latest), may_expunge), with_uid));
    put_known_modseq(*this, held_back);
    co_return Result<>();
}

void Session::review_rights() {
    if (view_ == nullptr || view_->ref().owner == user()) {
        return;
    }
    const auto now = services_.mailboxes.my_rights(user(), view_->ref());
    if (!now || *now == view_->info().rights) {
        return;
    }
    if ((*now & mail::kRightRead) == 0) {
        lines_.put("* BYE you may not read the selected mailbox any more\r\n");
        closing_ = true;
        return;
    }
    const bool was_read_only = view_->read_only();
    const mail::Rights before = view_->rights();
    view_->set_rights(*now);
    if (((before ^ view_->rights()) & mail::kRightsToFlags) != 0) {
        put_flags_lines(*this, view_->keywords_told(), view_->rights());
    }
    // RFC 9051 7.1: its access while selected has changed.
    if (was_read_only != view_->read_only()) {
        lines_.put(was_read_only ? "* OK [READ-WRITE] you may change it now\r\n"
                                 : "* OK [READ-ONLY] you may only read it now\r\n");
    }
}

// RFC 3501 2.3.2. When the store does not say, no session was told of any.
mail::Uid Session::claim_recent(mail::Ref ref, bool read_only, mail::Uid next) {
    mail::Mailboxes& mailboxes = services_.mailboxes;
    const auto first =
        read_only ? mailboxes.first_recent(ref, next) : mailboxes.take_recent(ref, next);
    return first.value_or(1);
}

// Expunges first, by descending number, so that none of them moves one still to be told; then the new
// count; then flags, by the numbers that hold from then on.
Task<Result<>> Session::put_news(View::News news, bool with_uid) {
    if ((features_ & (kQresync | kUidOnly)) != 0 && !news.vanished.empty()) {
        lines_.put(fmt::format("* VANISHED {}\r\n", news.vanished.to_text()));
    } else {
        for (std::size_t i = news.expunged.size(); i > 0; --i) {
            lines_.put(fmt::format("* {} EXPUNGE\r\n", news.expunged[i - 1]));
            CO_TRY_VOID(co_await flush_if_full());
        }
    }
    if (news.has_more) {
        const mail::Uid next = view_->told()->uid_next();
        const mail::Uid recent = claim_recent(view_->ref(), view_->read_only(), next);
        view_->add_recent(std::max(news.first_new, recent), next);
        lines_.put(fmt::format("* {} EXISTS\r\n", view_->told()->size()));
        if (!enabled(kRev2)) {
            lines_.put(fmt::format("* {} RECENT\r\n", view_->recent_count()));
        }
    }
    if (notifier_ != nullptr && (notifier_->selected_events() & kFlagChange) == 0) {
        news.changed.clear();
    }
    if (news.has_more) {
        CO_TRY_VOID(co_await tell_new_messages(news.first_new));
    }
    with_uid = with_uid || notifier_ != nullptr;
    if (view_->take_keyword_news()) {
        put_flags_lines(*this, view_->latest()->keywords(), view_->rights());
    }
    const mail::SnapshotPtr latest = view_->latest();
    mail::SnapshotCursor cursor(*latest);
    std::string line;
    for (const View::News::Change& change : news.changed) {
        if (const mail::Entry* const entry = cursor.find(change.uid)) {
            line.clear();
            append_flags_news(line, *this, change.number, *entry, with_uid);
            lines_.put(line);
        }
        if (is_full()) {
            CO_TRY_VOID(co_await flush_if_full());
        }
    }
    co_return Result<>();
}

}  // namespace imap
