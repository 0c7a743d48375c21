// Mailboxes as IMAP and JMAP see them: the tree with its names, rights and annotations, snapshots of what
// lies in each, and every change to it, each one commit: RFC 9051 6.3 and 6.4, RFC 3502 (MULTIAPPEND),
// 4314 (ACL), 4315 (UIDPLUS), 5464 (METADATA), 6154 (special use), 6851 (MOVE), 7162 (QRESYNC), 8474
// (OBJECTID), 8508 (REPLACE), 9208 (QUOTA).
//
// Paths are UTF-8 with "/" between levels: "INBOX" in any case, "Lists/c++", and what other people share
// under "Other Users/", as "Other Users/alice@crepes.example/Sales".
//
// `user` is who asks; what his rights do not cover is kDenied, and what he may not even know of is
// kNotFound (kRightsToKnow). kServer may do everything.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/loop.h"
#include "base/pool.h"
#include "base/result.h"
#include "base/task.h"
#include "mail/emails.h"
#include "mail/hub.h"
#include "mail/rights.h"
#include "mail/snapshot.h"
#include "mail/trace.h"
#include "mail/types.h"
#include "mail/uid_set.h"
#include "store/store.h"

namespace mail {

class Glimpse;

struct MailboxInfo {
    Ref ref;
    std::string path;  // as `user` names it
    Role role = Role::kNone;
    bool subscribed = false;
    bool selectable = true;  // false: only a level above others
    bool has_children = false;
    std::uint32_t uid_validity = 0;
    Uid uid_next = 1;
    Modseq highest_modseq = 0;
    std::uint64_t messages = 0;
    std::uint64_t unseen = 0;
    std::uint64_t deleted = 0;
    std::uint64_t octets = 0;
    std::uint64_t deleted_octets = 0;
    Rights rights = 0;      // the user's
    std::string object_id;  // RFC 8474 MAILBOXID: stays through renames, never used again
};

// A message for append(). What the summary is, see summary.h.
struct NewMessage {
    store::NewBlob blob;
    std::uint32_t flags = 0;
    std::vector<std::string> keywords;
    base::WallTime received;            // INTERNALDATE
    std::string summary;                // Summary::packed(), or empty: made when first needed
    std::vector<std::uint64_t> thread;  // thread_keys() of its header; empty: a thread of its own
    std::string queue_id;
    std::string return_path;
};

struct Appended {
    std::uint32_t uid_validity = 0;
    UidSet uids;  // in the order of the messages
    Modseq modseq = 0;
};

enum class StoreMode : std::uint8_t { kReplace, kAdd, kRemove };

struct FlagChange {
    StoreMode mode = StoreMode::kAdd;
    std::uint32_t flags = 0;
    std::vector<std::string> keywords;
    std::optional<Modseq> unchanged_since;  // RFC 7162 3.1.3
};

struct Stored {
    UidSet modified;    // refused because of unchanged_since
    Modseq modseq = 0;  // of the messages that changed; 0: none did
};

struct Copied {
    std::uint32_t uid_validity = 0;  // the target's
    UidSet from;
    UidSet to;  // the n-th UID became the n-th
};

struct Expunged {
    UidSet uids;
    Modseq modseq = 0;  // 0: there was nothing to remove
};

// RFC 7162 3.2.10. With `complete` false the history does not reach back so far: whoever asks must tell
// the client all UIDs below UIDNEXT that are not in the mailbox.
struct Vanished {
    bool complete = true;
    UidSet uids;
};

struct AclEntry {
    std::string identifier;  // "alice@crepes.example", "anyone", either with "-" in front
    Rights rights = 0;
};

// RFC 9208: one root an account.
struct Quota {
    struct Resource {
        std::uint64_t used = 0;
        std::uint64_t limit = 0;  // 0: none
    };

    std::string root;  // the account's address
    Resource storage_octets;
    Resource messages;
    Resource mailboxes;
    Resource annotation_octets;
};

struct Annotation {
    std::string name;  // "/private/comment", folded to lower case
    std::string value;
};

struct MailboxLimits {
    std::size_t depth_max = 16;
    std::size_t name_octets_max = 255;   // one level
    std::size_t path_octets_max = 1000;  // "Other Users/..." included
    std::uint64_t mailboxes_max = 10'000;
    std::uint64_t annotation_octets_max = 65'536;                   // one value
    std::uint64_t annotations_octets_max = std::uint64_t{1} << 20;  // an account's
    std::size_t snapshots_octets_max = std::size_t{256} << 20;      // in memory that nobody holds
    // A mailbox of no more messages is read before SELECT is answered: as soon as another thread is asked to.
    std::uint64_t messages_at_once = 512;
};

// What replace() takes away.
struct OldMessage {
    Opened mailbox;
    Uid uid = 0;
};

// What copy() and move() do where some of the UIDs have gone.
enum class Missing : std::uint8_t {
    kPassedOver,
    kPreventsAll,
};

// What copy() and move() do.
struct Transfer {
    Opened from;
    UidSet uids;
    Ref to;
    Missing missing = Missing::kPassedOver;
};

enum class Around : std::uint8_t { kTold, kLeftOut };

class Mailboxes {
  public:
    // All must outlive it; cold mailboxes are read on `pool`.
    Mailboxes(store::Store& store,
              const base::Clock& clock,
              base::Pool& pool,
              MailboxLimits limits = {});
    Mailboxes(const Mailboxes&) = delete;
    Mailboxes& operator=(const Mailboxes&) = delete;
    ~Mailboxes();

    [[nodiscard]] const MailboxLimits& limits() const;
    [[nodiscard]] Hub& hub();
    // For what reads beside it, as search does.
    [[nodiscard]] base::Pool& pool() const;
    [[nodiscard]] store::Store& underlying_store() const;

    // ---- the tree ----

    // Call after a login: makes INBOX and the mailboxes with roles where an account has none yet.
    [[nodiscard]] base::Task<base::Result<>> prepare(base::Loop& loop, account::AccountId user);
    // Everything that `user` may look up, sorted by path with INBOX first.
    [[nodiscard]] base::Result<std::vector<MailboxInfo>> list(account::AccountId user) const;
    // kNotFound also when its rights hide it from `user`. What stands around it, has_children and subscribed,
    // is looked up only on demand; without it the counts may be old ones.
    [[nodiscard]] base::Result<MailboxInfo> find(account::AccountId user,
                                                 std::string_view path,
                                                 Around around = Around::kTold) const;
    // The paths that `user` subscribed to, there or not (RFC 9051 6.3.7), sorted.
    [[nodiscard]] base::Result<std::vector<std::string>> subscriptions(
        account::AccountId user) const;
    [[nodiscard]] base::Task<base::Result<>> subscribe(base::Loop& loop,
                                                       account::AccountId user,
                                                       std::string path,
                                                       bool subscribed);
    // Makes the levels above as well. kExists; kInvalid: a name that cannot be; kTooLong: a limit; kInUse:
    // another mailbox has the role.
    [[nodiscard]] base::Task<base::Result<MailboxInfo>> create(base::Loop& loop,
                                                               account::AccountId user,
                                                               std::string path,
                                                               Role role = Role::kNone);
    // Whether create() would make `path` as far as the name and the rights go: kInvalid, kTooLong, kDenied, kNotFound
    // (nobody has that address); a mailbox that is there already is no failure.
    [[nodiscard]] base::Result<> may_create(account::AccountId user, std::string_view path) const;
    // One with children stays as a level above them; kInUse when it is that already. INBOX: kInvalid.
    [[nodiscard]] base::Task<base::Result<>> remove(base::Loop& loop,
                                                    account::AccountId user,
                                                    std::string path);
    // With all below it. INBOX keeps its place and its children, and loses its messages to the new one.
    [[nodiscard]] base::Task<base::Result<>> rename(base::Loop& loop,
                                                    account::AccountId user,
                                                    std::string from,
                                                    std::string to);

    // ---- what lies in one ----

    // The newest snapshot. One that is in memory is brought up to date at once and nothing waits;
    // the caller's rights are his to check (MailboxInfo::rights).
    [[nodiscard]] base::Task<base::Result<SnapshotPtr>> open(base::Loop& loop, Ref ref);

    // What SELECT tells of a mailbox that is not in memory, with as little reading; null where open() has all of
    // it at once, since it is in memory or small. Reads the store.
    [[nodiscard]] base::Result<std::unique_ptr<Glimpse>> glimpse(Ref ref);
    // All of the moment that was glimpsed, whatever happened since.
    [[nodiscard]] base::Task<base::Result<SnapshotPtr>> open(base::Loop& loop,
                                                             std::unique_ptr<Glimpse> glimpse);

    // \Recent (RFC 3501 2.3.2): the first UID that no session was told of, `uid_next` at most. With take_recent()
    // those below `uid_next` are nobody else's any more: SELECT and its news take, EXAMINE and STATUS look. What was
    // taken is on the disk a little later; after a crash it may be recent once more.
    [[nodiscard]] base::Result<Uid> first_recent(Ref ref, Uid uid_next) const;
    [[nodiscard]] base::Result<Uid> take_recent(Ref ref, Uid uid_next);
    // How many messages are recent. BUGS: of more than 16,384 UIDs behind others those that have gone count.
    [[nodiscard]] base::Result<std::uint64_t> count_recent(const MailboxInfo& info) const;

    // All or nothing. kNotFound: the target has gone (TRYCREATE); kOverQuota; kTooLong: no UIDs or no
    // room for keywords left.
    [[nodiscard]] base::Task<base::Result<Appended>> append(base::Loop& loop,
                                                            account::AccountId user,
                                                            Ref to,
                                                            std::vector<NewMessage> messages);
    // append() to `to` and the removal of `old` in one change; kNotFound when that has gone.
    [[nodiscard]] base::Task<base::Result<Appended>> replace(
        base::Loop& loop, account::AccountId user, OldMessage old, Ref to, NewMessage message);
    // kNotFound from here on: the mailbox that is meant has gone.
    // UIDs that have gone are passed over. Flags that the user's rights do not cover are left as they
    // are (RFC 4314 4); with none covered, kDenied.
    [[nodiscard]] base::Task<base::Result<Stored>> store(
        base::Loop& loop, account::AccountId user, Opened mailbox, UidSet uids, FlagChange change);
    // All or nothing. kInvalid: messages have gone that were not to be missing.
    [[nodiscard]] base::Task<base::Result<Copied>> copy(base::Loop& loop,
                                                        account::AccountId user,
                                                        Transfer transfer);
    [[nodiscard]] base::Task<base::Result<Copied>> move(base::Loop& loop,
                                                        account::AccountId user,
                                                        Transfer transfer);
    // Removes those with \Deleted, of `only` if given (UID EXPUNGE).
    [[nodiscard]] base::Task<base::Result<Expunged>> expunge(base::Loop& loop,
                                                             account::AccountId user,
                                                             Opened mailbox,
                                                             std::optional<UidSet> only = {});
    // What has gone since `modseq`.
    [[nodiscard]] base::Result<Vanished> vanished_since(Ref ref, Modseq modseq) const;

    using EmailVisitor = mail::EmailVisitor;
    // What is kept of these emails beside their octets, as mail::read_emails() reads it.
    [[nodiscard]] base::Result<> read_emails(account::AccountId owner,
                                             std::span<const EmailId> emails,
                                             const EmailVisitor& visit) const;
    [[nodiscard]] base::Result<EmailId> first_email(account::AccountId owner, EmailId from) const;
    [[nodiscard]] base::Result<std::unique_ptr<store::BlobReader>> open_body(
        account::AccountId owner, EmailId email) const;
    // The same of one that read_emails() has told of.
    [[nodiscard]] base::Result<std::unique_ptr<store::BlobReader>> open_blob(
        const store::BlobId& blob) const;

    // ---- rights (RFC 4314) ----

    [[nodiscard]] base::Result<std::vector<AclEntry>> acl(account::AccountId user, Ref ref) const;
    // What `user` himself may do there; 0 when the mailbox has gone.
    [[nodiscard]] base::Result<Rights> my_rights(account::AccountId user, Ref ref) const;
    // kNotFound for an identifier that is nobody here.
    [[nodiscard]] base::Task<base::Result<>> set_acl(base::Loop& loop,
                                                     account::AccountId user,
                                                     Ref ref,
                                                     std::string identifier,
                                                     RightsChange change);

    // ---- annotations (RFC 5464); mailbox 0 is the server as a whole, IMAP's "", as the account's owner sees it ----

    // All of them, the user's private ones and the shared ones, sorted by name. Of mailbox 0 the private ones: what
    // all users share of the server is not theirs to write, so nothing of it is kept here.
    [[nodiscard]] base::Result<std::vector<Annotation>> annotations(account::AccountId user,
                                                                    Ref ref) const;

    // All in one change; nothing as value removes. kDenied: no right to, or shared ones of mailbox 0; kInvalid: no
    // name of an entry; kTooLong: a limit.
    struct AnnotationChange {
        std::string name;
        std::optional<std::string> value;
    };

    [[nodiscard]] base::Task<base::Result<>> annotate(base::Loop& loop,
                                                      account::AccountId user,
                                                      Ref ref,
                                                      std::vector<AnnotationChange> changes);

    // ---- quotas (RFC 9208) ----

    [[nodiscard]] base::Result<Quota> quota(account::AccountId owner) const;

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

// RFC 8474's texts. Within the whole server each names one thing for ever.
[[nodiscard]] std::string mailbox_object_id(account::AccountId owner, std::uint32_t uid_validity);
[[nodiscard]] std::string email_object_id(account::AccountId owner, EmailId email);
[[nodiscard]] std::string thread_object_id(account::AccountId owner, std::uint64_t thread);
// The number in such a text; nothing when it is not one of this owner's.
[[nodiscard]] std::optional<EmailId> parse_email_object_id(account::AccountId owner,
                                                           std::string_view text);
[[nodiscard]] std::optional<std::uint64_t> parse_thread_object_id(account::AccountId owner,
                                                                  std::string_view text);

}  // namespace mail
