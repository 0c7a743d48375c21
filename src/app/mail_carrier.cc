#include "app/mail_carrier.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/fair_share.h"
#include "mail/email_source.h"
#include "mail/thread_keys.h"

namespace app {
namespace {

std::uint64_t fingerprint_of(const store::BlobId& blob) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) {
        value = value << 8U | blob.sha256[i];
    }
    return value;
}

}  // namespace

base::Task<base::Result<std::vector<std::string>>> MailCarrier::list(base::Loop& loop) {
    CO_TRY_VOID(co_await mailboxes_.prepare(loop, account_));
    CO_TRY(const auto all, mailboxes_.list(account_));
    std::vector<std::string> paths;
    for (const mail::MailboxInfo& mailbox : all) {
        if (mailbox.selectable && mailbox.ref.owner == account_) {
            paths.push_back(mailbox.path);
        }
    }
    co_return paths;
}

base::Result<std::vector<std::string>> MailCarrier::subscriptions() const {
    return mailboxes_.subscriptions(account_);
}

base::Task<base::Result<>> MailCarrier::make(base::Loop& loop, std::string path, bool subscribed) {
    CO_TRY_VOID(co_await mailboxes_.prepare(loop, account_));
    const auto found = mailboxes_.find(account_, path, mail::Around::kLeftOut);
    if (found && found->selectable) {
        co_return base::Result<>{};
    }
    CO_TRY(const auto made, co_await mailboxes_.create(loop, account_, std::move(path)));
    if (subscribed) {
        CO_TRY_VOID(co_await mailboxes_.subscribe(loop, account_, made.path, true));
    }
    co_return base::Result<>{};
}

base::Task<base::Result<>> MailCarrier::subscribe(base::Loop& loop, std::string path) {
    const auto found = mailboxes_.find(account_, path, mail::Around::kLeftOut);
    if (!found) {
        co_return base::Result<>{};
    }
    co_return co_await mailboxes_.subscribe(loop, account_, found->path, true);
}

base::Task<base::Result<mail::Ref>> MailCarrier::ref_of(base::Loop& loop, std::string path) {
    CO_TRY_VOID(co_await mailboxes_.prepare(loop, account_));
    auto found = mailboxes_.find(account_, path);
    if (!found && found.error().code == base::Errc::kNotFound) {
        found = co_await mailboxes_.create(loop, account_, path);
    }
    if (!found) {
        co_return base::forward_error(found);
    }
    co_return found->ref;
}

base::Task<base::Result<std::vector<std::uint64_t>>> MailCarrier::known(base::Loop& loop,
                                                                        std::string path) {
    CO_TRY(const mail::Ref ref, co_await ref_of(loop, std::move(path)));
    CO_TRY(const mail::SnapshotPtr snapshot, co_await mailboxes_.open(loop, ref));
    std::vector<mail::EmailId> emails;
    snapshot->for_each(0, snapshot->size(), [&](std::size_t /*index*/, const mail::Entry& entry) {
        emails.push_back(entry.email);
    });
    std::sort(emails.begin(), emails.end());
    std::vector<std::uint64_t> fingerprints;
    base::FairShare share(loop);
    constexpr std::size_t kBatch = 1000;
    for (std::size_t at = 0; at < emails.size(); at += kBatch) {
        const auto batch = std::span(emails).subspan(at, std::min(kBatch, emails.size() - at));
        CO_TRY_VOID(mailboxes_.read_emails(
            account_, batch, [&](mail::EmailId /*email*/, const mail::EmailRecord& record) {
                fingerprints.push_back(fingerprint_of(record.blob));
                return true;
            }));
        if (share.is_used_up()) {
            co_await share.give_way();
        }
    }
    co_return fingerprints;
}

void MailCarrier::begin(CarriedMessage head) {
    head_ = std::move(head);
    blob_ = mailboxes_.underlying_store().new_blob();
    summarizer_.emplace();
}

base::Task<base::Result<>> MailCarrier::feed(base::Loop& loop, std::string_view octets) {
    summarizer_->feed(octets);
    co_return co_await blob_->append(loop, octets);
}

base::Result<> MailCarrier::end() {
    TRY(store::NewBlob blob, blob_->finish());
    const mail::Summary summary = summarizer_->finish();
    messages_.push_back({.blob = std::move(blob),
                         .flags = head_.flags,
                         .keywords = std::move(head_.keywords),
                         .received = head_.received,
                         .summary = summary.packed(),
                         .thread = mail::thread_keys(summary.fields()),
                         .queue_id = {},
                         .return_path = std::move(head_.return_path)});
    return {};
}

base::Task<base::Result<>> MailCarrier::commit(base::Loop& loop, std::string path) {
    auto messages = std::exchange(messages_, {});
    CO_TRY(const mail::Ref ref, co_await ref_of(loop, std::move(path)));
    auto added = co_await mailboxes_.append(loop, account_, ref, std::move(messages));
    if (!added) {
        co_return base::forward_error(added);
    }
    co_return base::Result<>{};
}

base::Task<base::Result<std::uint64_t>> MailCarrier::open(base::Loop& loop, std::string path) {
    CO_TRY(const mail::MailboxInfo info, mailboxes_.find(account_, path));
    CO_TRY(snapshot_, co_await mailboxes_.open(loop, info.ref));
    next_ = 0;
    co_return snapshot_->size();
}

base::Task<base::Result<std::optional<CarriedMessage>>> MailCarrier::next(base::Loop& loop) {
    while (snapshot_ && next_ < snapshot_->size()) {
        const mail::Entry entry = snapshot_->at(next_++);
        CarriedMessage message;
        message.uid = entry.uid;
        message.flags = entry.flags;
        message.received = base::WallTime(std::chrono::seconds(entry.received_s));
        for (const std::string_view name : snapshot_->keyword_names(entry.keywords)) {
            message.keywords.emplace_back(name);
        }
        const mail::EmailId email = entry.email;
        // Others remove messages meanwhile, between these two looks as well; what is open stays.
        const auto body = mailboxes_.open_body(account_, email);
        if (!body && body.error().code == base::Errc::kNotFound) {
            continue;
        }
        if (!body) {
            co_return tl::unexpected(body.error());
        }
        bool is_there = false;
        CO_TRY_VOID(
            mailboxes_.read_emails(account_,
                                   std::span(&email, 1),
                                   [&](mail::EmailId /*email*/, const mail::EmailRecord& record) {
                                       is_there = true;
                                       message.return_path = record.return_path;
                                       return true;
                                   }));
        if (!is_there) {
            continue;
        }
        CO_TRY(message.octets, co_await mail::read_octets(loop, **body, 0, (*body)->size()));
        co_return std::optional(std::move(message));
    }
    co_return std::nullopt;
}

}  // namespace app
