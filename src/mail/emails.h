// Emails: what a message is apart from the mailboxes it lies in, kept once an account, and counted: an
// email lives as long as an entry names it.
//
// Entries in mailboxes and in garbage are references to an email. The first needs no record, further
// ones are counted in blocks of 64 emails; so a delivery writes nothing for it, and COPY 1:* little. Entries
// that go by the thousand leave their emails to collect_emails(), so that EXPUNGE costs pages alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/trace.h"
#include "mail/types.h"
#include "store/store.h"

namespace mail {

class AccountEditor;

// What is kept once an account of a message, however many mailboxes it lies in. Views live for the call.
struct EmailRecord {
    store::BlobId blob;
    std::uint64_t octets = 0;
    std::uint64_t thread = 0;        // RFC 8474 THREADID
    std::uint64_t message_hash = 0;  // of its Message-ID; 0: it has none
    std::string_view queue_id;
    std::string_view return_path;
    std::string_view summary;
    std::string_view place;  // of the blob when it came (store::Transaction::refer)
};

[[nodiscard]] std::string email_key(account::AccountId account, EmailId email);
[[nodiscard]] std::string encode(const EmailRecord& email);
// Its texts are views into `record`.
[[nodiscard]] base::Result<EmailRecord> decode_email(std::string_view record);

// Calls `visit` for each email in the order of `emails`, those that are not there left out; false ends it.
// Ids that ascend with few gaps are read in one scan.
using EmailVisitor = std::function<bool(EmailId, const EmailRecord&)>;
[[nodiscard]] base::Result<> read_emails(const store::Reader& reader,
                                         account::AccountId account,
                                         std::span<const EmailId> emails,
                                         const EmailVisitor& visit);

// The first email that is there, from the id `from` on; kNoEmail for none.
inline constexpr EmailId kNoEmail = UINT64_MAX;
[[nodiscard]] base::Result<EmailId> first_email(const store::Reader& reader,
                                                account::AccountId account,
                                                EmailId from);

// Counts references to one account's emails within a change; save() writes what it counted.
class EmailCounts {
  public:
    EmailCounts(store::Transaction& change, account::AccountId account)
        : change_(change),
          account_(account) {}

    // One entry more of an email that has some.
    [[nodiscard]] base::Result<> refer(EmailId email);
    // One fewer; true when it was the last.
    [[nodiscard]] base::Result<bool> release(EmailId email);
    void save();

  private:
    // Entries beyond the first, by the id within the block.
    using Block = std::map<std::uint8_t, std::uint64_t>;

    [[nodiscard]] base::Result<Block*> load(EmailId email);

    store::Transaction& change_;
    account::AccountId account_;
    std::map<std::uint64_t, Block> blocks_;
    bool changed_ = false;
};

// Everything about further entries, for check(): visit(email, entries beyond the first).
[[nodiscard]] base::Result<> scan_copies(const store::Reader& reader,
                                         account::AccountId account,
                                         const std::function<void(EmailId, std::uint64_t)>& visit);

// The thread that a new email belongs to: that of the first of `hashes` (thread_keys()) which is known,
// else its own, named after it. The hashes lead to it from now on.
[[nodiscard]] base::Result<std::uint64_t> join_thread(store::Transaction& change,
                                                      account::AccountId account,
                                                      EmailId email,
                                                      std::span<const std::uint64_t> hashes);

// A message that comes to an account for the first time.
struct NewEmail {
    const store::NewBlob* blob = nullptr;  // or, for octets that are in the store already:
    store::BlobId stored_blob;
    std::uint64_t octets = 0;  // of stored_blob
    std::string_view queue_id;
    std::string_view return_path;
    std::string_view summary;
    std::span<const std::uint64_t> thread;  // thread_keys()
};

// Its record, with one reference to the blob. The caller makes the one entry and saves the account.
[[nodiscard]] base::Result<EmailId> add_email(store::Transaction& change,
                                              AccountEditor& account,
                                              const NewEmail& email);

// Entries of these emails have gone. A few emails go at once, with `event` in their traces if it has a
// kind; many are left to collect_emails(), filed under `modseq`, which is this change's own.
[[nodiscard]] base::Result<> release_emails(store::Transaction& change,
                                            account::AccountId account,
                                            Modseq modseq,
                                            std::vector<EmailId> emails,
                                            const TraceEvent& event);
// Takes away emails that release_emails() left, about a thousand; true when nothing was left.
[[nodiscard]] base::Result<bool> collect_emails(store::Transaction& change);

// Like release_emails(), all at once and for an account that goes: what is damaged goes too.
// abandon_email() counts no entries.
[[nodiscard]] base::Result<> abandon_email(store::Transaction& change,
                                           account::AccountId account,
                                           EmailId email);
[[nodiscard]] base::Result<> abandon_emails(store::Transaction& change,
                                            account::AccountId account,
                                            std::span<const EmailId> emails);

// What collect_emails() has before it, for check(): visit(emails) for each record.
[[nodiscard]] base::Result<> scan_garbage(
    const store::Reader& reader,
    account::AccountId account,
    const std::function<void(std::span<const EmailId>)>& visit);

}  // namespace mail
