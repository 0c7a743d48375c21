// Mailboxes and messages: delivery as one atomic change, and a mailbox as POP3, IMAP and JMAP see it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "account/directory.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "mail/trace.h"
#include "mail/types.h"
#include "store/store.h"

namespace mail {

// What became of one recipient; the order of Delivery::recipients.
struct DeliveryOutcome {
    account::AccountId account = 0;
    bool delivered = false;  // false: over quota, unless the account is
    bool gone = false;       // removed since the recipient was looked up
};

// A message on its way into mailboxes.
struct Delivery {
    store::NewBlob blob;      // the message as received, trace fields on top, lines ending in CRLF
    std::string queue_id;     // the id in our 250 and in logs
    std::string message_id;   // the Message-ID field's value without angle brackets, or empty
    std::string return_path;  // reverse-path without brackets; empty for <>
    std::vector<account::LocalRecipient> recipients;
    std::string summary = {};                // Summary::packed(), or empty: made when first needed
    std::vector<std::uint64_t> thread = {};  // thread_keys() of its header, or empty
    TraceEvent accepted;  // what the trace says of its coming in (from whom, over which TLS)
    // Made in the same change, when it is known who got the message: the queue's entries for recipients
    // elsewhere, and what is told of those here. May be empty; like any change it may run again.
    std::function<base::Result<>(store::Transaction& change,
                                 const std::vector<DeliveryOutcome>& outcomes)>
        also = {};
};

// One message of a maildrop or mailbox.
struct MessageInfo {
    account::AccountId account = 0;
    Uid uid = 0;
    EmailId email = 0;
    std::uint64_t octets = 0;  // as RETR sends it before dot-stuffing, CRLF counted as two
    base::WallTime received;   // in whole seconds
    bool seen = false;
    bool has_surrogate = false;  // and `octets` are the surrogate's: measure_surrogates()
};

// One message that a client fetched, as its snapshot had it.
struct Fetched {
    Uid uid = 0;
    EmailId email = 0;
    bool seen = false;
};

// A snapshot of one mailbox in ascending order of UIDs.
struct MailboxView {
    MailboxId mailbox = 0;
    std::uint32_t uid_validity = 0;
    std::vector<MessageInfo> messages;
};

// Opens messages of one account that a client asks for one after the other, all at once: what the next ones need
// is looked up with the first. It holds a moment of the store, so it lives no longer than a burst of
// commands.
class MessageRun {
  public:
    // `store` outlives it.
    explicit MessageRun(const store::Store& store) : store_(&store) {}

    // Whether open() needs no more look-up for it.
    [[nodiscard]] bool has(const MessageInfo& message) const;
    // `following` are those that will likely be asked for next, in their order: they are looked up with
    // `message` unless it was already. kNotFound: it was removed meanwhile.
    [[nodiscard]] base::Result<std::unique_ptr<store::BlobReader>> open(
        const MessageInfo& message, std::span<const EmailId> following);

  private:
    struct Ahead {
        EmailId email = 0;
        store::BlobId blob;
        std::string place;
    };

    [[nodiscard]] base::Result<> read_ahead(const MessageInfo& message,
                                            std::span<const EmailId> following);

    const store::Store* store_;
    std::unique_ptr<store::Reader> moment_;
    std::vector<Ahead> ahead_;
};

class MessageStore {
  public:
    MessageStore(store::Store& store, const base::Clock& clock) : store_(store), clock_(clock) {}

    // One change for every recipient: the blob once, an entry a mailbox, the trace events. Who is over
    // quota is left out and said so; an error means that nobody got it (kNoSpace, kIo).
    [[nodiscard]] base::Task<base::Result<std::vector<DeliveryOutcome>>> deliver(
        base::Loop& loop, Delivery delivery) const;
    // Would one more message of `octets` fit? For RCPT's early answer; deliver() decides.
    [[nodiscard]] base::Result<bool> fits(const account::LocalRecipient& recipient,
                                          std::uint64_t octets) const;

    // The INBOX of an account; empty when nothing ever came.
    [[nodiscard]] base::Result<MailboxView> open_inbox(account::AccountId account) const;
    // kNotFound: it was removed meanwhile.
    [[nodiscard]] base::Result<std::unique_ptr<store::BlobReader>> open_message(
        const MessageInfo& message) const;
    // The same for many in a row.
    [[nodiscard]] MessageRun begin_run() const;
    // For a session that knows no internationalized mail (mail/surrogate.h): marks the messages of one account
    // that go out as surrogates, and gives them the surrogates' sizes. Nearly none need more than a look at
    // their record.
    [[nodiscard]] base::Task<base::Result<>> measure_surrogates(
        base::Loop& loop, std::vector<MessageInfo>& messages) const;
    // As open_message(), for one that is marked.
    [[nodiscard]] base::Task<base::Result<std::unique_ptr<store::BlobReader>>> open_surrogate(
        base::Loop& loop, MessageInfo message) const;
    // The id that its trace and our logs have it under; empty for one that came by other ways than SMTP.
    [[nodiscard]] base::Result<std::string> queue_id(const MessageInfo& message) const;
    // Removes these messages together or not at all; those that are gone already are no error.
    [[nodiscard]] base::Task<base::Result<>> remove(base::Loop& loop,
                                                    account::AccountId account,
                                                    MailboxId mailbox,
                                                    std::vector<Uid> uids,
                                                    TraceEvent event) const;
    // Records that a client fetched a message.
    void note_fetched(const MessageInfo& message, TraceEvent event) const;
    // The same for many in one change, which also sets \Seen: what was downloaded was read, as IMAP
    // clients of the same mailbox understand it. Nobody waits for it; a failure is passed over.
    void note_fetched(account::AccountId account,
                      MailboxId mailbox,
                      std::vector<Fetched> messages,
                      TraceEvent event) const;

  private:
    store::Store& store_;
    const base::Clock& clock_;
};

// deliver()'s work inside a change that does more, as the queue's entries for remote recipients.
[[nodiscard]] base::Result<std::vector<DeliveryOutcome>> deliver_into(store::Transaction& change,
                                                                      const Delivery& delivery,
                                                                      base::WallTime now);
// Takes away at most `messages_max` of an account's messages; true when that was everything it had, its
// mailboxes too. Whatever is left between two calls is sound. For an account that nobody uses any more.
[[nodiscard]] base::Result<bool> remove_account_mail(store::Transaction& change,
                                                     account::AccountId account,
                                                     std::size_t messages_max);

// Behind a restore: every mailbox gets another UIDVALIDITY, and what is counted goes on far behind what may have been
// given out since the copy was taken (RFC 9051 2.3.1.1: a UID of one UIDVALIDITY is one message's for ever; RFC 8474
// has the same of EMAILID and MAILBOXID). Clients read their mailboxes anew.
[[nodiscard]] base::Result<> renew_ids(store::Transaction& change,
                                       account::AccountId account,
                                       base::WallTime now);

// The mailboxes that every account has; for the change that makes the account.
[[nodiscard]] base::Result<> add_account_mail(store::Transaction& change,
                                              account::AccountId account,
                                              base::WallTime now);

// Every blob reference that mail's records hold, for Store::check and for restoring counts.
[[nodiscard]] base::Result<> count_references(const store::Reader& reader,
                                              const std::function<void(const store::BlobId&)>& add);
// Mail's own invariants (counts, quotas' sums, UID order); each finding one sentence.
[[nodiscard]] base::Result<std::vector<std::string>> check(const store::Reader& reader);
// Puts right the sums that earlier versions kept by other rules (private annotations of guests counted for the owner);
// what was wrong, one sentence each.
[[nodiscard]] base::Result<std::vector<std::string>> mend_sums(store::Transaction& change);

}  // namespace mail
