#include "imap/server/view.h"

#include <utility>

#include "base/check.h"

namespace imap {

View::View(mail::MailboxInfo info, mail::SnapshotPtr snapshot, bool examined)
    : info_(std::move(info)),
      told_(std::move(snapshot)),
      flags_told_(told_),
      latest_(told_),
      keywords_told_(told_->keywords()),
      examined_(examined) {
    info_.uid_validity = told_->uid_validity();
}

const mail::Entry& View::current(const mail::Entry& told) const {
    if (told_ == latest_) {
        return told;
    }
    const auto index = latest_->find(told.uid);
    return index ? latest_->at(*index) : told;
}

// Nothing is taken from a client's list that its numbers count: RFC 7162 3.2.10 has (EARLIER) leave those as they are.
mail::UidSet View::gone_of(const mail::Vanished& vanished) const {
    const mail::Uid next = told_->uid_next();
    if (next <= 1) {
        return {};
    }
    const mail::UidSet known(1, next - 1);
    const mail::UidSet gone = vanished.complete ? vanished.uids.intersect(known) : known;
    mail::UidSet there;
    told_->for_each_in(
        gone, [&](std::size_t /*index*/, const mail::Entry& entry) { there.add(entry.uid); });
    return gone.subtract(there);
}

std::optional<mail::UidSet> View::resolve(const SequenceSet& set, bool is_uids) const {
    const mail::Snapshot& told = *told_;
    const auto count = static_cast<std::uint32_t>(told.size());
    if (set.is_saved) {
        return told.intersect(saved_);
    }
    if (is_uids) {
        const mail::Uid last = count == 0 ? 0 : told.at(count - 1).uid;
        return told.intersect(set.resolve(last));
    }
    const mail::UidSet numbers = set.resolve(count);
    if (numbers.last() > count || (set.to_end && count == 0)) {
        return std::nullopt;
    }
    mail::UidSet uids;
    for (const mail::UidSet::Range& range : numbers.ranges()) {
        const mail::UidSet some = told.uids_between(range.first - 1, range.last);
        for (const mail::UidSet::Range& found : some.ranges()) {
            uids.add(found.first, found.last);
        }
    }
    return uids;
}

std::optional<mail::UidSet> View::spans(const SequenceSet& set, bool is_uids) const {
    const mail::Snapshot& told = *told_;
    const auto count = static_cast<std::uint32_t>(told.size());
    if (set.is_saved) {
        return saved_;
    }
    if (is_uids) {
        return set.resolve(count == 0 ? 0 : told.at(count - 1).uid);
    }
    const mail::UidSet numbers = set.resolve(count);
    if (numbers.last() > count || (set.to_end && count == 0)) {
        return std::nullopt;
    }
    mail::UidSet uids;
    for (const mail::UidSet::Range& range : numbers.ranges()) {
        uids.add(told.at(range.first - 1).uid, told.at(range.last - 1).uid);
    }
    return uids;
}

void View::add_recent(mail::Uid first, mail::Uid next) {
    if (first < next) {
        recent_.add(first, next - 1);
    }
}

mail::UidSet View::recent() const {
    return told_->intersect(recent_);
}

std::size_t View::recent_count() const {
    std::size_t count = 0;
    for (const mail::UidSet::Range& range : recent_.ranges()) {
        count += told_->lower_bound(range.last + 1) - told_->lower_bound(range.first);
    }
    return count;
}

void View::note_told(mail::UidSet uids, mail::Modseq modseq) {
    known_ = std::move(uids);
    known_modseq_ = modseq;
}

bool View::is_known(const mail::Entry& entry) const {
    return entry.modseq <= known_modseq_ && known_.contains(entry.uid);
}

// The same of all messages of a page: most often they are, or none is.
bool View::is_known_page(const mail::Page& page) const {
    return page.highest_modseq <= known_modseq_ &&
           known_.contains(page.entries.front().uid, page.entries.back().uid);
}

// What compare() is to tell of messages that went and came.
void View::find_vanished(mail::SnapshotNews& found, News& news) const {
    found.vanished = [&](mail::Uid uid) {
        news.vanished.add(uid);
        news.expunged.push_back(static_cast<std::uint32_t>(told_->lower_bound(uid)) + 1);
    };
    found.appended = [&](std::size_t /*first_index*/) { news.has_more = true; };
}

// The same of changed ones, which compare() tells of once it has told of all that vanished.
void View::find_changed(mail::SnapshotNews& found, bool may_expunge, News& news) const {
    found.is_known = [this](const mail::Page& page) { return is_known_page(page); };
    found.changed = [this, may_expunge, &news](std::size_t index, const mail::Entry& entry) {
        if (is_known(entry)) {
            return;
        }
        if (may_expunge || news.expunged.empty()) {
            news.changed.push_back({static_cast<std::uint32_t>(index) + 1, entry.uid});
        } else if (const auto old = told_->find(entry.uid)) {
            news.changed.push_back({static_cast<std::uint32_t>(*old) + 1, entry.uid});
        }
    };
}

bool View::take_keyword_news() {
    if (keywords_told_ == latest_->keywords()) {
        return false;
    }
    keywords_told_ = latest_->keywords();
    return true;
}

void View::fall_asleep() {
    CHECK(can_sleep());
    asleep_ =
        std::make_unique<Asleep>(Asleep{told_->uids(), told_->highest_modseq(), told_->uid_next()});
    told_ = flags_told_ = latest_ = nullptr;
}

// The same news out of less: numbers are places among the UIDs that were kept, and changed is what has a
// later modification sequence.
View::News View::wake_up(mail::SnapshotPtr latest) {
    News news;
    const std::unique_ptr<Asleep> before = std::exchange(asleep_, nullptr);
    told_ = flags_told_ = latest_ = std::move(latest);
    news.first_new = before->uid_next;
    news.vanished = before->uids.subtract(told_->uids());
    // Both in ascending order, and all that vanished was in `before`: one pass, however many holes both have.
    std::uint32_t number = 0;  // of messages in the ranges before `range`
    auto range = before->uids.ranges().begin();
    news.vanished.for_each([&](mail::Uid uid) {
        for (; range->last < uid; ++range) {
            number += range->last - range->first + 1;
        }
        news.expunged.push_back(number + (uid - range->first) + 1);
    });
    told_->for_each_page([&](const mail::Page& page, std::size_t first) {
        for (std::size_t i = 0; i < page.entries.size(); ++i) {
            const mail::Entry& entry = page.entries[i];
            if (!before->uids.contains(entry.uid)) {
                news.has_more = true;
            } else if (entry.modseq > before->modseq) {
                news.changed.push_back({static_cast<std::uint32_t>(first + i) + 1, entry.uid});
            }
        }
    });
    return news;
}

View::News View::take_news(mail::SnapshotPtr latest, bool may_expunge) {
    News news = find_news(std::move(latest), may_expunge);
    flags_just_told_ = {};
    for (const News::Change& change : news.changed) {
        flags_just_told_.add(change.uid);
    }
    return news;
}

View::News View::find_news(mail::SnapshotPtr latest, bool may_expunge) {
    if (asleep_ != nullptr) {
        return wake_up(std::move(latest));
    }
    News news;
    news.first_new = told_->uid_next();
    latest_ = latest;
    if (latest == flags_told_ && (latest == told_ || !may_expunge)) {
        return news;
    }
    mail::SnapshotNews found;
    find_vanished(found, news);
    if (told_ != flags_told_) {
        compare(*told_, *latest, std::exchange(found, {}));
    }
    find_changed(found, may_expunge, news);
    compare(*flags_told_, *latest, found);
    const bool numbers_move = may_expunge || news.expunged.empty();
    flags_told_ = std::move(latest);
    known_modseq_ = 0;
    known_ = {};
    if (numbers_move) {
        told_ = latest_;
    } else {
        news.expunged.clear();
        news.vanished = {};
        news.has_more = false;
    }
    return news;
}

}  // namespace imap
