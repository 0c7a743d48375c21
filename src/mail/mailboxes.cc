#include "mail/mailboxes.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <utility>

#include "account/usage.h"
#include "mail/mailboxes_impl.h"
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
    : parts_(new Parts{
          store, clock, pool, limits, std::make_shared<Parts::Ears>(limits.snapshots_octets_max)}) {
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

base::Result<std::unique_ptr<store::BlobReader>> Mailboxes::open_body(account::AccountId owner,
                                                                      EmailId email) const {
    const auto reader = parts_->store.snapshot();
    TRY(const auto record, reader->get(email_key(owner, email)));
    if (!record) {
        return base::fail(base::Errc::kNotFound, "the message has gone");
    }
    TRY(const EmailRecord decoded, decode_email(*record));
    return reader->open_blob(decoded.blob);
}

base::Result<std::unique_ptr<store::BlobReader>> Mailboxes::open_blob(
    const store::BlobId& blob) const {
    return parts_->store.snapshot()->open_blob(blob);
}

base::Result<MailboxEditor> open_editor(store::Transaction& change,
                                        AccountEditor& account,
                                        MailboxId mailbox,
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

base::Result<> check_quota(const store::Reader& reader,
                           AccountEditor& account,
                           std::uint64_t octets) {
    TRY(const auto owner, account::find_account(reader, account.id()));
    if (!owner) {
        return base::fail(base::Errc::kNotFound, "the account has gone");
    }
    const std::uint64_t used = account.counters().octets;
    TRY(const std::uint64_t limit, account::mail_limit(reader, account.id(), owner->quota_octets));
    if (owner->quota_octets != 0 && (octets > limit || used > limit - octets)) {
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
