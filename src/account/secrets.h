// What accounts log in with, as it is stored: the Argon2id hash of the password (RFC 9106) with SCRAM
// secrets beside it (RFC 5802 3), application passwords, and the legacy secret that CRAM-MD5 and APOP need.
//
// A stolen store is worth as much as the weakest of them: SCRAM's PBKDF2 is cheaper to guess against than
// Argon2id, and a legacy secret is there to read. Hence legacy secrets are apart from the password and
// given only by hand, and application passwords are drawn by us, too long to guess.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "account/authenticator.h"
#include "account/scram.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "store/store.h"

namespace account {

// The password's record.
struct PasswordRecord {
    std::string argon2;  // PHC string: $argon2id$v=19$m=...,t=...,p=1$salt$hash
    ScramSecrets sha1;
    ScramSecrets sha256;
};

// What make_secrets() computes and set_secrets() stores.
struct Secrets {
    PasswordRecord password;
    std::string decoy_key;  // becomes the store's, unless it has one (scram_decoy)
};

// An application password as people see it in a list.
struct ApplicationPassword {
    std::string name;                   // "phone"
    std::vector<std::string> services;  // "imap", "smtp" ...; empty: all
    base::WallTime created;
};

struct ApplicationRecord {
    ApplicationPassword about;
    std::string salt;
    std::string digest;  // HMAC-SHA-256(salt, password): 100 random bits need no slow hash
    ScramSecrets sha1;
    ScramSecrets sha256;

    [[nodiscard]] bool serves(std::string_view service) const;
};

// A new application password: `text` is shown to its owner once and stored nowhere.
struct NewApplicationPassword {
    std::string text;
    std::string salt;
    std::string digest;
    ScramSecrets sha1;
    ScramSecrets sha256;
};

// Draws one, 100 bits in four groups of five characters. Takes milliseconds: outside of any change.
[[nodiscard]] NewApplicationPassword make_application_password(base::Random& random,
                                                               const AuthenticatorOptions& options);
// kExists: the account has one of that name. kInvalid: the name is empty, long or holds a control
// character, or the account has its 32 already. kNotFound: no such account.
[[nodiscard]] base::Result<> add_application_password(store::Transaction& change,
                                                      AccountId account,
                                                      const ApplicationPassword& about,
                                                      const NewApplicationPassword& made);
// kNotFound. Takes effect with the next login; connections that are open stay.
[[nodiscard]] base::Result<> remove_application_password(store::Transaction& change,
                                                         AccountId account,
                                                         std::string_view name);
[[nodiscard]] base::Result<std::vector<ApplicationPassword>> list_application_passwords(
    const store::Reader& reader, AccountId account);

// The account's password is gone: application passwords and certificates still log in.
[[nodiscard]] base::Result<> remove_password(store::Transaction& change, AccountId account);

// The secret for CRAM-MD5 and APOP, stored as it is since both need it so; never the password.
[[nodiscard]] base::Result<> set_legacy_secret(store::Transaction& change,
                                               AccountId account,
                                               std::string_view secret);
[[nodiscard]] base::Result<> remove_legacy_secret(store::Transaction& change, AccountId account);

// Everything above, when an account goes.
[[nodiscard]] base::Result<> remove_all_secrets(store::Transaction& change, AccountId account);

// True when `password` is the one that was hashed. Tens of milliseconds and megabytes, by design.
[[nodiscard]] bool argon2_matches(const std::string& argon2, std::string_view password);
// A hash of the same cost that no password matches: what an unknown user's is compared with.
[[nodiscard]] std::string argon2_decoy(base::Random& random, const AuthenticatorOptions& options);

[[nodiscard]] base::Result<std::vector<ApplicationRecord>> read_applications(
    const store::Reader& reader, AccountId account);
[[nodiscard]] bool application_matches(const ApplicationRecord& record, std::string_view password);

}  // namespace account
