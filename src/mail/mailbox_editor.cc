#include "mail/mailbox_editor.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <limits>

#include "account/directory.h"
#include "base/ascii.h"
#include "base/check.h"
#include "mail/page_record.h"
#include "store/key.h"

namespace mail {
namespace {

// The history of what has gone, for QRESYNC (RFC 7162 3.2.5.2): past this bound the oldest half is forgotten.
constexpr std::uint64_t kVanishedOctetsMax = std::uint64_t{256} << 10;
// What a record costs beside its octets.
constexpr std::uint64_t kVanishedRecordOctets = 32;

std::uint64_t unseen(const Entry& entry) {
    return (entry.flags & kSeen) == 0 ? 1 : 0;
}

std::uint64_t deleted(const Entry& entry) {
    return (entry.flags & kDeleted) != 0 ? 1 : 0;
}

}  // namespace

base::Result<> require_account(const store::Reader& reader, account::AccountId account) {
    if (account == kServer) {
        return {};
    }
    TRY(const auto found, account::find_account(reader, account));
    return found ? base::Result<>() : base::fail(base::Errc::kNotFound, "the account is no more");
}

base::Result<AccountEditor> AccountEditor::load(store::Transaction& change,
                                                account::AccountId account) {
    TRY_VOID(require_account(change, account));
    AccountEditor editor;
    editor.id_ = account;
    TRY(editor.counters_, load_counters(change, account));
    return editor;
}

Modseq AccountEditor::modseq() {
    if (modseq_ == 0) {
        modseq_ = ++counters_.modseq;
    }
    return modseq_;
}

std::uint32_t AccountEditor::next_uid_validity(base::WallTime now) {
    const auto now_s = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    const auto clock = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(now_s, 1, std::numeric_limits<std::uint32_t>::max()));
    counters_.uid_validity = std::max(clock, counters_.uid_validity + 1);
    return counters_.uid_validity;
}

void AccountEditor::save(store::Transaction& change) const {
    change.put(counters_key(id_), encode(counters_));
}

base::Result<std::optional<MailboxEditor>> MailboxEditor::load(store::Transaction& change,
                                                               AccountEditor& account,
                                                               const Opened& mailbox,
                                                               SnapshotPtr known) {
    MailboxEditor editor(change, account, mailbox.ref.mailbox);
    TRY(const auto state, load_state(change, editor.ref()));
    if (!state || (mailbox.uid_validity != 0 && mailbox.uid_validity != state->uid_validity)) {
        return std::optional<MailboxEditor>();
    }
    editor.state_ = *state;
    TRY(editor.keywords_, load_keywords(change, editor.ref()));
    // Every change raises the modseq, so the same modseq is the same mailbox.
    if (known && known->uid_validity() == state->uid_validity &&
        known->highest_modseq() == state->highest_modseq) {
        editor.known_ = std::move(known);
    }
    return std::optional(std::move(editor));
}

MailboxEditor MailboxEditor::create(store::Transaction& change,
                                    AccountEditor& account,
                                    MailboxId mailbox,
                                    base::WallTime now) {
    MailboxEditor editor(change, account, mailbox);
    editor.state_.uid_validity = account.next_uid_validity(now);
    // What a mailbox of this id may have lost before nobody can tell.
    editor.state_.vanished_floor = account.modseq();
    editor.touch();
    return editor;
}

void MailboxEditor::touch() {
    changed_ = true;
    state_.highest_modseq = account_->modseq();
}

void MailboxEditor::count(const Entry& entry) {
    ++state_.messages;
    state_.unseen += unseen(entry);
    state_.deleted += deleted(entry);
    state_.octets += entry.octets;
    state_.deleted_octets += deleted(entry) * entry.octets;
    ++account_->counters().messages;
    account_->counters().octets += entry.octets;
}

base::Result<> MailboxEditor::discount(const Entry& entry) {
    AccountCounters& counters = account_->counters();
    if (state_.messages == 0 || state_.unseen < unseen(entry) || state_.deleted < deleted(entry) ||
        state_.octets < entry.octets || counters.messages == 0 || counters.octets < entry.octets ||
        state_.deleted_octets < deleted(entry) * entry.octets) {
        return base::fail(base::Errc::kCorrupt, "the account's counters are less than its mail");
    }
    --state_.messages;
    state_.unseen -= unseen(entry);
    state_.deleted -= deleted(entry);
    state_.octets -= entry.octets;
    state_.deleted_octets -= deleted(entry) * entry.octets;
    --counters.messages;
    counters.octets -= entry.octets;
    return {};
}

// Pages that hold UIDs of `uids`, or do not: the visitor looks.
base::Result<> MailboxEditor::visit_pages(const UidSet& uids,
                                          const PageVisitor& visit,
                                          std::uint32_t flags) {
    std::vector<PagePtr> pages;
    Uid next = 0;  // the first page that was not looked at yet
    for (const UidSet::Range& range : uids.ranges()) {
        const Uid first = std::max(page_of(range.first), next);
        const Uid last = page_of(range.last);
        if (first > last) {
            continue;
        }
        next = last + 1;
        if (known_) {
            known_->append_pages(first, last, pages, flags);
            continue;
        }
        base::Result<> damage;
        TRY_VOID(change_->scan(page_key(ref(), first),
                               page_key(ref(), last + 1),
                               [&](std::string_view key, std::string_view record) {
                                   const auto name = parse_page_key(key);
                                   auto page = decode_page(name ? name->page : 0, record);
                                   if (!name || !page) {
                                       damage = base::fail(base::Errc::kCorrupt,
                                                           "a page of messages is damaged");
                                       return false;
                                   }
                                   pages.push_back(std::move(*page));
                                   return true;
                               }));
        TRY_VOID(std::move(damage));
    }
    for (const PagePtr& page : pages) {
        TRY_VOID(visit(page));
    }
    return {};
}

base::Result<> MailboxEditor::edit(const UidSet& uids,
                                   const EntryVisitor& visit,
                                   std::uint32_t flags) {
    flush_tail();
    return visit_pages(
        uids, [&](const PagePtr& page) { return edit_page(*page, uids, visit); }, flags);
}

base::Result<> MailboxEditor::edit_page(const Page& page,
                                        const UidSet& uids,
                                        const EntryVisitor& visit) {
    PageDraft edited;
    edited.number = page.number;
    edited.highest_modseq = page.highest_modseq;
    edited.entries.reserve(page.entries.size());
    bool changed = false;
    const bool all = uids.contains(page.entries.front().uid, page.entries.back().uid);
    for (const Entry& before : page.entries) {
        Entry entry = before;
        const Verdict verdict = all || uids.contains(entry.uid) ? visit(entry) : Verdict::kKeep;
        if (verdict == Verdict::kKeep) {
            edited.entries.push_back(before);
            continue;
        }
        changed = true;
        if (verdict == Verdict::kRemove) {
            TRY_VOID(discount(before));
            removed_.add(entry.uid);
            removed_emails_.push_back(entry.email);
            continue;
        }
        // Most changes of flags are none to the sums.
        if (((before.flags ^ entry.flags) & (kSeen | kDeleted)) != 0) {
            TRY_VOID(discount(before));
            count(entry);
        }
        entry.modseq = edited.highest_modseq = account_->modseq();
        edited.entries.push_back(entry);
    }
    if (!changed) {
        return {};
    }
    touch();
    // A snapshot that misses what this change wrote is of no more use to it.
    known_ = nullptr;
    if (edited.entries.empty()) {
        change_->erase(page_key(ref(), page.number));
    } else {
        change_->put(page_key(ref(), page.number), encode(edited));
    }
    return {};
}

base::Result<Uid> MailboxEditor::append(Entry entry) {
    if (state_.uid_next == std::numeric_limits<Uid>::max()) {
        return base::fail(base::Errc::kTooLong, "the mailbox has used up its UIDs");
    }
    TRY_VOID(load_tail());
    entry.uid = state_.uid_next++;
    entry.modseq = tail_->highest_modseq = account_->modseq();
    tail_->entries.push_back(entry);
    count(entry);
    touch();
    return entry.uid;
}

// Makes tail_ the page of the next UID.
base::Result<> MailboxEditor::load_tail() {
    const Uid number = page_of(state_.uid_next);
    if (tail_ && tail_->number == number) {
        return {};
    }
    flush_tail();
    PagePtr page;
    if (known_) {
        page = known_->page(number);
    } else if (state_.uid_next % kPageUids != 0) {
        TRY(const auto record, change_->get(page_key(ref(), number)));
        if (record) {
            TRY(page, decode_page(number, *record));
        }
    }
    tail_ = page ? draft_of(*page) : PageDraft{number, 0, {}};
    tail_->entries.reserve(kPageUids);
    return {};
}

void MailboxEditor::flush_tail() {
    if (!tail_) {
        return;
    }
    if (!tail_->entries.empty()) {
        change_->put(page_key(ref(), tail_->number), encode(*tail_));
    }
    tail_.reset();
    known_ = nullptr;
}

std::uint64_t MailboxEditor::known_keyword_bits(const std::vector<std::string>& names) const {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < keywords_.size(); ++i) {
        const auto is_name = [&](const std::string& name) {
            return base::iequals(name, keywords_[i]);
        };
        if (!keywords_[i].empty() && std::any_of(names.begin(), names.end(), is_name)) {
            bits |= std::uint64_t{1} << i;
        }
    }
    return bits;
}

base::Result<std::uint64_t> MailboxEditor::keyword_bits(const std::vector<std::string>& names) {
    bool reclaimed = false;
    for (const std::string& name : names) {
        CHECK(!name.empty());
        if (known_keyword_bits({name}) != 0) {
            continue;
        }
        auto place = std::find(keywords_.begin(), keywords_.end(), std::string());
        if (place == keywords_.end() && keywords_.size() == kKeywordsMax && !reclaimed) {
            TRY_VOID(reclaim_keywords(known_keyword_bits(names)));
            reclaimed = true;
            place = std::find(keywords_.begin(), keywords_.end(), std::string());
        }
        if (place != keywords_.end()) {
            *place = name;
        } else if (keywords_.size() < kKeywordsMax) {
            keywords_.push_back(name);
        } else {
            return base::fail(base::Errc::kTooLong, "the mailbox has no room for more keywords");
        }
        keywords_changed_ = true;
    }
    return known_keyword_bits(names);
}

// Frees the bits that no message has and that are not about to be set.
base::Result<> MailboxEditor::reclaim_keywords(std::uint64_t wanted) {
    flush_tail();
    std::uint64_t used = wanted;
    TRY_VOID(visit_pages(UidSet::all(), [&used](const PagePtr& page) -> base::Result<> {
        for (const Entry& entry : page->entries) {
            used |= entry.keywords;
        }
        return {};
    }));
    for (std::size_t i = 0; i < keywords_.size(); ++i) {
        if ((used >> i & 1U) == 0) {
            keywords_[i].clear();
        }
    }
    return {};
}

std::vector<std::string> MailboxEditor::keyword_names(std::uint64_t bits) const {
    std::vector<std::string> names;
    for (; bits != 0; bits &= bits - 1) {
        const auto bit = static_cast<std::size_t>(std::countr_zero(bits));
        if (bit < keywords_.size()) {
            names.push_back(keywords_[bit]);
        }
    }
    return names;
}

base::Result<> MailboxEditor::save() {
    flush_tail();
    if (!removed_.empty()) {
        TRY_VOID(remember_removed());
    }
    if (keywords_changed_ && changed_) {
        change_->put(mailbox_key(KeyTag::kKeywords, ref()), encode_names(keywords_));
    }
    if (changed_) {
        change_->put(mailbox_key(KeyTag::kState, ref()), encode(state_));
    }
    return {};
}

base::Result<> MailboxEditor::remember_removed() {
    const std::string record = encode(removed_);
    state_.vanished_octets += record.size() + kVanishedRecordOctets;
    change_->put(vanished_key(ref(), account_->modseq()), record);
    if (state_.vanished_octets <= kVanishedOctetsMax) {
        return {};
    }
    base::Result<> damage;
    std::vector<std::string> forgotten;
    const std::string prefix = mailbox_key(KeyTag::kVanished, ref());
    const auto forget = [&](std::string_view key, std::string_view value) {
        const auto modseq = parse_vanished_key(key);
        if (!modseq) {
            damage = base::fail(base::Errc::kCorrupt, "a record of removed messages is damaged");
            return false;
        }
        forgotten.emplace_back(key);
        state_.vanished_floor = *modseq;
        state_.vanished_octets -=
            std::min(state_.vanished_octets, value.size() + kVanishedRecordOctets);
        return state_.vanished_octets > kVanishedOctetsMax / 2;
    };
    TRY_VOID(change_->scan(prefix, store::prefix_end(prefix), forget));
    for (const std::string& key : forgotten) {
        change_->erase(key);
    }
    return damage;
}

}  // namespace mail
