// The authenticator's inside, for authenticator.cc and SASL's mechanisms: looking a user up, waiting out the
// throttle, and turning a verdict into an identity or the one refusal that everybody gets.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/authenticator.h"
#include "account/crypto.h"
#include "account/remembered.h"
#include "account/secrets.h"
#include "account/throttle.h"

namespace account {

// A user name as it was given, and what there is behind it. Unknown users have one too, so that every
// step can be taken with them.
struct Login {
    std::string user;         // the address, folded; or the text when it is none
    std::string application;  // "phone" of `bob@hamburger.example/phone`, or empty
    std::optional<Account> account;
    PasswordRecord password;  // empty fields where there is none
    std::vector<ApplicationRecord> applications;

    // The application password that was named, if it is there and serves `service`.
    [[nodiscard]] const ApplicationRecord* named_application(std::string_view service) const;
};

struct Authenticator::Impl {
    Impl(store::Store& the_store,
         const base::Clock& the_clock,
         base::Random& the_random,
         base::Pool& the_pool,
         AuthenticatorOptions the_options);

    // `bob@hamburger.example`, `bob` with a default domain, or with `/` and the name of an application
    // password behind. Errors are the store's.
    [[nodiscard]] base::Result<Login> look_up(std::string_view user) const;
    [[nodiscard]] base::Result<std::optional<std::string>> legacy_secret(const Login& login) const;
    // Has anybody a legacy secret? Only then CRAM-MD5 and APOP are offered.
    [[nodiscard]] bool legacy_in_use() const;
    // What an unknown user's SCRAM exchange goes on with: the same salt for the same name, also after
    // a restart, and keys that no proof fits.
    [[nodiscard]] base::Result<ScramSecrets> scram_decoy(Hash hash, std::string_view user) const;

    // Waits as long as the throttle wants. kUnavailable: blocked.
    [[nodiscard]] base::Task<base::Result<Throttle::Attempt>> enter(base::Loop& loop,
                                                                    const LoginContext& context,
                                                                    std::string user);
    // The end of every login. `right` is the verdict on the credentials alone; a disabled account is
    // refused here, like everything else.
    [[nodiscard]] static base::Result<Identity> conclude(Throttle::Attempt& attempt,
                                                         const Login& login,
                                                         bool right,
                                                         std::string_view mechanism,
                                                         std::uint64_t guess = 0);

    [[nodiscard]] base::Task<base::Result<Identity>> check_password(base::Loop& loop,
                                                                    LoginContext context,
                                                                    std::string user,
                                                                    std::string password);
    [[nodiscard]] base::Task<base::Result<Identity>> check_apop(base::Loop& loop,
                                                                LoginContext context,
                                                                std::string user,
                                                                std::string digest_hex);

    // Argon2id on the pool. kUnavailable: too many wait already.
    [[nodiscard]] base::Task<base::Result<bool>> matches(base::Loop& loop,
                                                         std::string argon2,
                                                         std::string password);
    [[nodiscard]] base::Task<base::Result<bool>> judge(base::Loop& loop,
                                                       const Login& login,
                                                       const std::string& password);
    // A number for a wrong guess that says nothing about it. Never zero.
    [[nodiscard]] std::uint64_t guess_number(std::string_view user,
                                             std::string_view password) const;

    store::Store& store;
    const base::Clock& clock;
    base::Random& random;
    base::Pool& pool;
    const AuthenticatorOptions options;
    const std::string process_key;  // drawn anew by each process
    const std::string decoy_argon2;
    Throttle throttle;
    RememberedPasswords remembered;
    // Shared with the work on the pool, which may outlive a session.
    std::shared_ptr<std::atomic<std::size_t>> hashes_waiting =
        std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace account
