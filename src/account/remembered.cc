#include "account/remembered.h"

#include "account/crypto.h"
#include "store/key.h"

namespace account {
namespace {

constexpr std::size_t kEntriesMax = 50'000;

}  // namespace

bool RememberedPasswords::knows(AccountId account,
                                std::string_view secret,
                                std::string_view password) {
    const std::string wanted = mac(account, secret, password);
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(account);
    if (found == entries_.end()) {
        return false;
    }
    if (found->second.until <= clock_.steady()) {
        entries_.erase(found);
        return false;
    }
    return equal_secretly(found->second.mac, wanted);
}

void RememberedPasswords::remember(AccountId account,
                                   std::string_view secret,
                                   std::string_view password) {
    const std::string made = mac(account, secret, password);
    const std::scoped_lock lock(mutex_);
    const base::SteadyTime now = clock_.steady();
    if (entries_.size() >= kEntriesMax) {
        std::erase_if(entries_, [now](const auto& entry) { return entry.second.until <= now; });
    }
    if (entries_.size() < kEntriesMax) {
        entries_.insert_or_assign(account, Entry{made, now + keep_});
    }
}

std::string RememberedPasswords::mac(AccountId account,
                                     std::string_view secret,
                                     std::string_view password) const {
    return hmac(Hash::kSha256,
                key_,
                store::RecordWriter(1).u64(account).text(secret).text(password).record());
}

}  // namespace account
