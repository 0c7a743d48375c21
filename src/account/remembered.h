// Passwords that were verified minutes ago, so that Argon2id's tens of milliseconds are paid once and not
// at each look for new mail. What is kept is a keyed hash over the account, its stored secret and the
// password: no password can be read from it, and it fits no more once the stored secret is another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "account/directory.h"
#include "base/clock.h"

namespace account {

// Thread-safe.
class RememberedPasswords {
  public:
    // `key` is secret and of this process alone.
    RememberedPasswords(const base::Clock& clock, base::Duration keep, std::string key)
        : clock_(clock),
          keep_(keep),
          key_(std::move(key)) {}

    [[nodiscard]] bool knows(AccountId account, std::string_view secret, std::string_view password);
    void remember(AccountId account, std::string_view secret, std::string_view password);

  private:
    struct Entry {
        std::string mac;
        base::SteadyTime until;
    };

    [[nodiscard]] std::string mac(AccountId account,
                                  std::string_view secret,
                                  std::string_view password) const;

    const base::Clock& clock_;
    const base::Duration keep_;
    const std::string key_;
    std::mutex mutex_;
    std::unordered_map<AccountId, Entry> entries_;
};

}  // namespace account
