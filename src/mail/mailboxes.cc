#include "mail/mailboxes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "mail/glimpse.h"
#include "mail/mailboxes_impl.h"
#include "mail/page_record.h"
#include "store/key.h"

namespace mail {
namespace {

// "E12-345": the letter, the account, the number.
std::optional<std::uint64_t> parse_object_id(char letter,
                                             account::AccountId owner,
                                             std::string_view text) {
    const std::string front = fmt::format("{}{}-", letter, owner);
    if (!text.starts_with(front)) {
        return std::nullopt;
    }
    text.remove_prefix(front.size());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && text.front() != '0' ? std::optional(number) : std::nullopt;
}

}  // namespace

Mailboxes::Mailboxes(store::Store& store,
                     const base::Clock& clock,
                     base::Pool& pool,
                     MailboxLimits limits)
    : parts_(new Parts{store,
                       clock,
                       pool,
                       limits,
                       std::make_shared<Parts::Ears>(store, limits.snapshots_octets_max)}) {
    store.observe(parts_->ears);
}

Mailboxes::~Mailboxes() = default;

const MailboxLimits& Mailboxes::limits() const {
    return parts_->limits;
}

Hub& Mailboxes::hub() {
    return parts_->ears->hub;
}

base::Pool& Mailboxes::pool() const {
    return parts_->pool;
}

store::Store& Mailboxes::underlying_store() const {
    return parts_->store;
}

base::Task<base::Result<SnapshotPtr>> Mailboxes::open(base::Loop& loop, Ref ref) {
    auto known = parts_->ears->cache.find(ref);
    if (known && *known) {
        co_return std::move(*known);
    }
    // The work may outlive this object's caller, not the ears it holds and the store.
    auto load = [ears = parts_->ears, store = &parts_->store, ref] {
        return ears->cache.load(*store, ref);
    };
    co_return co_await parts_->pool.run(loop, std::move(load));
}

base::Result<std::unique_ptr<Glimpse>> Mailboxes::glimpse(Ref ref) {
    SnapshotCache& cache = parts_->ears->cache;
    const auto known = cache.find(ref);
    if (known && *known) {
        return nullptr;
    }
    TRY(auto glimpse, Glimpse::read(parts_->store.snapshot(), ref));
    if (glimpse->head().messages <= parts_->limits.messages_at_once) {
        TRY_VOID(cache.load(parts_->store, ref));
        glimpse = nullptr;
    }
    return glimpse;
}

base::Task<base::Result<SnapshotPtr>> Mailboxes::open(base::Loop& loop,
                                                      std::unique_ptr<Glimpse> glimpse) {
    auto load = [ears = parts_->ears,
                 store = &parts_->store,
                 glimpse = std::shared_ptr<const Glimpse>(std::move(glimpse))] {
        return ears->cache.load(*store, *glimpse);
    };
    co_return co_await parts_->pool.run(loop, std::move(load));
}

base::Result<Uid> Mailboxes::first_recent(Ref ref, Uid uid_next) const {
    return parts_->ears->recents.first(ref, uid_next);
}

base::Result<Uid> Mailboxes::take_recent(Ref ref, Uid uid_next) {
    return parts_->ears->recents.take(ref, uid_next);
}

base::Result<std::uint64_t> Mailboxes::count_recent(const MailboxInfo& info) const {
    TRY(const Uid first, parts_->ears->recents.first(info.ref, info.uid_next));
    if (first == 1) {
        return info.messages;
    }
    constexpr Uid kPagesMax = 256;
    if (page_of(info.uid_next) - page_of(first) > kPagesMax) {
        return std::min<std::uint64_t>(info.messages, info.uid_next - first);
    }
    std::uint64_t count = 0;
    base::Result<> damage;
    const auto visit = [&](std::string_view key, std::string_view record) {
        const auto name = parse_page_key(key);
        const auto page = decode_page(name ? name->page : 0, record);
        if (!name || !page) {
            damage = base::fail(base::Errc::kCorrupt, "a page of messages is damaged");
            return false;
        }
        const auto is_recent = [first](const Entry& entry) { return entry.uid >= first; };
        count += static_cast<std::uint64_t>(std::ranges::count_if((*page)->entries, is_recent));
        return true;
    };
    TRY_VOID(parts_->store.snapshot()->scan(
        page_key(info.ref, page_of(first)), page_key(info.ref, page_of(info.uid_next) + 1), visit));
    TRY_VOID(std::move(damage));
    return count;
}

base::Result<Vanished> Mailboxes::vanished_since(Ref ref, Modseq modseq) const {
    const auto reader = parts_->store.snapshot();
    TRY(const auto state, load_state(*reader, ref));
    if (!state) {
        return base::fail(base::Errc::kNotFound, "the mailbox has gone");
    }
    Vanished vanished;
    vanished.complete = modseq >= state->vanished_floor;
    std::vector<UidSet::Range> ranges;
    base::Result<> damage;
    const std::string end = store::prefix_end(mailbox_key(KeyTag::kVanished, ref));
    TRY_VOID(reader->scan(
        vanished_key(ref, modseq + 1), end, [&](std::string_view /*key*/, std::string_view record) {
            const auto uids = decode_uids(record);
            if (!uids) {
                damage = base::fail(base::Errc::kCorrupt, "a mailbox' history is damaged");
                return false;
            }
            ranges.insert(ranges.end(), uids->ranges().begin(), uids->ranges().end());
            return true;
        }));
    TRY_VOID(std::move(damage));
    vanished.uids = UidSet::from_ranges(std::move(ranges));
    return vanished;
}

base::Result<> Mailboxes::read_emails(account::AccountId owner,
                                      std::span<const EmailId> emails,
                                      const EmailVisitor& visit) const {
    return mail::read_emails(*parts_->store.snapshot(), owner, emails, visit);
}

base::Result<EmailId> Mailboxes::first_email(account::AccountId owner, EmailId from) const {
    return mail::first_email(*parts_->store.snapshot(), owner, from);
}

base::Result<std::unique_ptr<store::BlobReader>> Mailboxes::open_body(account::AccountId owner,
                                                                      EmailId email) const {
    const auto reader = parts_->store.snapshot();
    TRY(const auto record, reader->get(email_key(owner, email)));
    if (!record) {
        return base::fail(base::Errc::kNotFound, "the message has gone");
    }
    TRY(const EmailRecord decoded, decode_email(*record));
    return reader->open_blob_at(decoded.blob, decoded.place);
}

base::Result<std::unique_ptr<store::BlobReader>> Mailboxes::open_blob(
    const store::BlobId& blob) const {
    return parts_->store.snapshot()->open_blob(blob);
}

base::Result<MailboxEditor> open_editor(store::Transaction& change,
                                        AccountEditor& account,
                                        const Opened& mailbox,
                                        SnapshotPtr known) {
    TRY(auto editor, MailboxEditor::load(change, account, mailbox, std::move(known)));
    if (!editor) {
        return base::fail(base::Errc::kNotFound, "the mailbox has gone");
    }
    return std::move(*editor);
}

std::int64_t seconds(base::WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

base::Result<> check_quota(const store::Reader& reader, AccountEditor& account, Amount more) {
    TRY(const auto owner, account::find_account(reader, account.id()));
    if (!owner) {
        return base::fail(base::Errc::kNotFound, "the account has gone");
    }
    const Amount limits{owner->quota_octets, owner->quota_messages};
    TRY(const bool over, is_over_quota(reader, account.id(), account.counters(), limits, more));
    if (over) {
        return base::fail(base::Errc::kOverQuota, "the account is over quota");
    }
    return {};
}

std::string mailbox_object_id(account::AccountId owner, std::uint32_t uid_validity) {
    return fmt::format("M{}-{}", owner, uid_validity);
}

std::string email_object_id(account::AccountId owner, EmailId email) {
    return fmt::format("E{}-{}", owner, email);
}

std::string thread_object_id(account::AccountId owner, std::uint64_t thread) {
    return fmt::format("T{}-{}", owner, thread);
}

std::optional<EmailId> parse_email_object_id(account::AccountId owner, std::string_view text) {
    return parse_object_id('E', owner, text);
}

std::optional<std::uint64_t> parse_thread_object_id(account::AccountId owner,
                                                    std::string_view text) {
    return parse_object_id('T', owner, text);
}

}  // namespace mail
