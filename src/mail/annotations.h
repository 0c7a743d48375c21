// What annotations (RFC 5464) take of whose ANNOTATION-STORAGE (RFC 9208 5.4): private ones of whoever wrote them,
// shared ones of the mailbox' owner. Without that a guest could use up what the owner may write.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "mail/mailbox_editor.h"
#include "mail/records.h"
#include "mail/types.h"
#include "store/store.h"

namespace mail {

// The sums of all who are concerned, within a change. Both must outlive it.
class AnnotationCharges {
  public:
    AnnotationCharges(store::Transaction& change, AccountEditor& owner)
        : change_(change),
          owner_(owner) {}

    // `who` is as keys have it: 0 for shared ones.
    [[nodiscard]] bool is_owners(account::AccountId who) const {
        return who == 0 || who == owner_.id();
    }

    // The octets that `who`'s take, to be changed; as long as this lives. Of an account that is no more they are nobody's.
    [[nodiscard]] base::Result<std::uint64_t*> of(account::AccountId who);
    // Writes the guests' sums; the owner's are saved with the account.
    void save() const;

  private:
    struct Guest {
        AccountCounters counters;
        bool exists = false;
    };

    store::Transaction& change_;
    AccountEditor& owner_;
    std::map<account::AccountId, Guest> guests_;
};

// Erases those whose keys begin with `prefix`, and takes them off the sums.
[[nodiscard]] base::Result<> erase_annotations(store::Transaction& change,
                                               AccountEditor& owner,
                                               const std::string& prefix);
// RFC 5464 4.1: everybody's annotations of the one to the other, which has none. kOverQuota: the owner's together would
// take more than `octets_max`; a guest's that have no room are left out.
[[nodiscard]] base::Result<> copy_annotations(store::Transaction& change,
                                              AccountEditor& owner,
                                              MailboxId from,
                                              MailboxId to,
                                              std::uint64_t octets_max);

// Erases what guests wrote of the mailbox for themselves and may look up no more: it would count for them, and be out of
// their reach.
[[nodiscard]] base::Result<> erase_out_of_reach(store::Transaction& change, Ref ref);

// What an account's annotations take, and what its counters say.
struct AnnotationSum {
    std::uint64_t octets = 0;
    std::uint64_t counted = 0;
};

// The accounts where the one is not the other.
[[nodiscard]] base::Result<std::map<account::AccountId, AnnotationSum>> wrong_annotation_sums(
    const store::Reader& reader);

}  // namespace mail
