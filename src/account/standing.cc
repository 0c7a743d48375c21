#include "account/standing.h"

namespace account {

bool may_stay(const store::Store& store, AccountId id) {
    const auto account = find_account(*store.snapshot(), id);
    return !account || (*account && !(*account)->disabled);
}

}  // namespace account
