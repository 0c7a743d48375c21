#include "imap/server/uidonly.h"

#include "imap/server/session.h"

namespace imap {

namespace {

// Beyond this nobody is remembered any more: memory is worth more than their comfort.
constexpr std::size_t kAccountsMax = 100'000;

}  // namespace

void UidOnlyMisuse::note(account::AccountId account) {
    const std::lock_guard lock(mutex_);
    if (accounts_.size() < kAccountsMax) {
        accounts_.insert(account);
    }
}

bool UidOnlyMisuse::was_seen(account::AccountId account) {
    const std::lock_guard lock(mutex_);
    return accounts_.contains(account);
}

Reply Session::uid_required() {
    services_.uidonly_misuse.note(user());
    return bad("message numbers are not allowed once UIDONLY is enabled", "UIDREQUIRED");
}

}  // namespace imap
