#include "account/authenticator.h"

#include <algorithm>
#include <utility>

#include "account/authenticator_impl.h"
#include "account/records.h"
#include "account/text.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "store/key.h"

namespace account {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kUserOctetsMax = 512;
constexpr std::size_t kKeyOctets = 32;
constexpr std::size_t kScramSaltOctets = 16;
constexpr char kApplicationSeparator = '/';

// The one refusal, whatever was wrong.
tl::unexpected<base::Error> refusal() {
    return fail(Errc::kDenied, "the user name or the password is wrong");
}

// Counts a password that waits for its hash or is being hashed.
class Ticket {
  public:
    explicit Ticket(std::shared_ptr<std::atomic<std::size_t>> count) : count_(std::move(count)) {
        ++*count_;
    }

    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    ~Ticket() { --*count_; }

  private:
    std::shared_ptr<std::atomic<std::size_t>> count_;
};

// A domain holds no `/`, so what follows one behind the `@` is not of the address.
std::string_view split_application(std::string_view& user) {
    const std::size_t at = user.rfind('@');
    const std::size_t slash = at == std::string_view::npos ? std::string_view::npos
                                                           : user.find(kApplicationSeparator, at);
    if (slash == std::string_view::npos) {
        return {};
    }
    const std::string_view application = user.substr(slash + 1);
    user = user.substr(0, slash);
    return application;
}

}  // namespace

const ApplicationRecord* Login::named_application(std::string_view service) const {
    const auto found = std::find_if(
        applications.begin(), applications.end(), [this](const ApplicationRecord& record) {
            return record.about.name == application;
        });
    return found != applications.end() && found->serves(service) ? &*found : nullptr;
}

Authenticator::Impl::Impl(store::Store& the_store,
                          const base::Clock& the_clock,
                          base::Random& the_random,
                          base::Pool& the_pool,
                          AuthenticatorOptions the_options)
    : store(the_store),
      clock(the_clock),
      random(the_random),
      pool(the_pool),
      options(std::move(the_options)),
      process_key(random_octets(random, kKeyOctets)),
      decoy_argon2(argon2_decoy(random, options)),
      throttle(clock, options.throttle),
      remembered(clock, options.remember, random_octets(random, kKeyOctets)) {}

base::Result<Login> Authenticator::Impl::look_up(std::string_view user) const {
    Login login;
    login.application = split_application(user);
    const bool bare = user.find('@') == std::string_view::npos && !options.default_domain.empty();
    const std::string text =
        bare ? std::string(user) + "@" + options.default_domain : std::string(user);
    const auto address = parse_address(text);
    if (!address) {
        login.user = fold(user.substr(0, kUserOctetsMax));
        return login;
    }
    login.user = normalize_local(address->local) + "@" + address->domain;
    const auto reader = store.snapshot();
    TRY(login.account, find_account(*reader, *address));
    // Id 0 is nobody's: an unknown user's secrets are looked for like anybody's.
    const AccountId id = login.account ? login.account->id : 0;
    TRY(auto password, read(*reader, password_key(id), decode_password));
    login.password = std::move(password).value_or(PasswordRecord());
    TRY(login.applications, read_applications(*reader, id));
    return login;
}

base::Result<std::optional<std::string>> Authenticator::Impl::legacy_secret(
    const Login& login) const {
    if (!login.account) {
        return std::optional<std::string>();
    }
    return read(*store.snapshot(), legacy_key(login.account->id), decode_text);
}

bool Authenticator::Impl::legacy_in_use() const {
    const auto count = store.snapshot()->get(legacy_count_key());
    return count && count->has_value();
}

base::Result<ScramSecrets> Authenticator::Impl::scram_decoy(Hash hash,
                                                            std::string_view user) const {
    // Without a key in the store nobody ever had a password, and there is nobody to look like.
    TRY(const auto stored, read(*store.snapshot(), decoy_key_key(), decode_text));
    const std::string& key = stored ? *stored : process_key;
    const auto derive = [&](std::string_view purpose) {
        return hmac(hash, key, std::string(purpose) + '\0' + std::string(user));
    };
    ScramSecrets secrets;
    secrets.iterations = options.scram_iterations;
    secrets.salt = derive("salt").substr(0, kScramSaltOctets);
    secrets.stored_key = derive("stored key");
    secrets.server_key = derive("server key");
    return secrets;
}

base::Task<base::Result<Throttle::Attempt>> Authenticator::Impl::enter(base::Loop& loop,
                                                                       const LoginContext& context,
                                                                       std::string user) {
    Throttle::Source source{context.peer_address, context.loopback, std::move(user)};
    CO_TRY(Throttle::Attempt attempt, throttle.begin(std::move(source)));
    co_await base::sleep_until(loop, attempt.when());
    if (attempt.blocked()) {
        co_return fail(Errc::kUnavailable, "too many failed logins from " + context.peer_address);
    }
    co_return attempt;
}

base::Result<Identity> Authenticator::Impl::conclude(Throttle::Attempt& attempt,
                                                     const Login& login,
                                                     bool right,
                                                     std::string_view mechanism,
                                                     std::uint64_t guess) {
    if (!right || !login.account || login.account->disabled) {
        attempt.failed(guess);
        return refusal();
    }
    attempt.succeeded();
    return Identity{*login.account, std::string(mechanism), login.application};
}

base::Task<base::Result<bool>> Authenticator::Impl::matches(base::Loop& loop,
                                                            std::string argon2,
                                                            std::string password) {
    if (*hashes_waiting >= options.hashes_waiting_max) {
        co_return fail(Errc::kUnavailable, "too many logins wait for their turn");
    }
    auto work = [argon2 = std::move(argon2),
                 password = std::move(password),
                 ticket = std::make_shared<Ticket>(hashes_waiting)]() mutable {
        const bool right = argon2_matches(argon2, password);
        wipe(password);
        return right;
    };
    const bool right = co_await pool.run(loop, std::move(work));
    co_return right;
}

// Every wrong password, and every one for a user that is not there, pays for one Argon2id.
base::Task<base::Result<bool>> Authenticator::Impl::judge(base::Loop& loop,
                                                          const Login& login,
                                                          const std::string& password) {
    const bool has_password = !login.password.argon2.empty() && login.application.empty();
    const std::string& argon2 = has_password ? login.password.argon2 : decoy_argon2;
    const AccountId id = login.account ? login.account->id : 0;
    if (has_password && remembered.knows(id, argon2, password)) {
        co_return true;
    }
    CO_TRY(const bool right, co_await matches(loop, argon2, password));
    if (!right || !has_password) {
        co_return false;
    }
    remembered.remember(id, argon2, password);
    co_return true;
}

base::Task<base::Result<Identity>> Authenticator::Impl::check_password(base::Loop& loop,
                                                                       LoginContext context,
                                                                       std::string user,
                                                                       std::string password) {
    CO_TRY(Login login, look_up(std::string_view(user).substr(0, kUserOctetsMax)));
    CO_TRY(Throttle::Attempt attempt, co_await enter(loop, context, login.user));
    const bool acceptable = !password.empty() && password.size() <= kPasswordOctetsMax;
    password.resize(std::min(password.size(), kPasswordOctetsMax));
    const std::uint64_t guess = guess_number(login.user, password);
    for (const ApplicationRecord& record : login.applications) {
        const bool meant = login.application.empty() || login.application == record.about.name;
        if (meant && record.serves(context.service) && application_matches(record, password)) {
            login.application = record.about.name;
            wipe(password);
            co_return conclude(attempt, login, true, "USER", guess);
        }
    }
    CO_TRY(const bool right, co_await judge(loop, login, password));
    wipe(password);
    co_return conclude(attempt, login, right && acceptable, "USER", guess);
}

// RFC 1939 7: "the MD5 algorithm applied to a string consisting of the timestamp (including
// angle-brackets) followed by a shared secret", 32 hexadecimal digits.
base::Task<base::Result<Identity>> Authenticator::Impl::check_apop(base::Loop& loop,
                                                                   LoginContext context,
                                                                   std::string user,
                                                                   std::string digest_hex) {
    CO_TRY(const Login login, look_up(std::string_view(user).substr(0, kUserOctetsMax)));
    CO_TRY(Throttle::Attempt attempt, co_await enter(loop, context, login.user));
    CO_TRY(const auto secret, legacy_secret(login));
    const std::string expected =
        base::hex_encode(digest(Hash::kMd5, context.apop_stamp + secret.value_or(process_key)));
    const bool right = secret.has_value() && !context.apop_stamp.empty() &&
                       login.application.empty() &&
                       equal_secretly(base::to_lower(digest_hex), expected);
    co_return conclude(attempt, login, right, "APOP");
}

std::uint64_t Authenticator::Impl::guess_number(std::string_view user,
                                                std::string_view password) const {
    const std::string mac =
        hmac(Hash::kSha256, process_key, store::RecordWriter(1).text(user).text(password).record());
    store::RecordReader reader(mac, UINT8_MAX);
    return reader.u64() | 1U;
}

Authenticator::Authenticator(store::Store& store,
                             const base::Clock& clock,
                             base::Random& random,
                             base::Pool& pool,
                             AuthenticatorOptions options)
    : impl_(std::make_unique<Impl>(store, clock, random, pool, std::move(options))) {}

Authenticator::~Authenticator() = default;

bool Authenticator::plaintext_allowed(const LoginContext& context) const {
    return context.tls || (context.loopback && impl_->options.allow_plaintext);
}

bool Authenticator::legacy_in_use() const {
    return impl_->legacy_in_use();
}

base::Task<base::Result<Identity>> Authenticator::check_password(base::Loop& loop,
                                                                 LoginContext context,
                                                                 std::string user,
                                                                 std::string password) {
    return impl_->check_password(loop, std::move(context), std::move(user), std::move(password));
}

base::Task<base::Result<Identity>> Authenticator::check_apop(base::Loop& loop,
                                                             LoginContext context,
                                                             std::string user,
                                                             std::string digest_hex) {
    return impl_->check_apop(loop, std::move(context), std::move(user), std::move(digest_hex));
}

}  // namespace account
