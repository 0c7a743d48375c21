#include "imap/server/recents.h"

#include <algorithm>

namespace imap {

mail::Uid Recents::first(mail::Ref ref, mail::Uid uid_next, bool take) {
    const std::lock_guard lock(mutex_);
    const auto place = told_.find(ref);
    const mail::Uid first = place == told_.end() ? uid_next : std::min(place->second, uid_next);
    if (take || place == told_.end()) {
        told_.insert_or_assign(ref, uid_next);
    }
    return first;
}

}  // namespace imap
