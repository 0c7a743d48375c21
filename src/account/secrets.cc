#include "account/secrets.h"

#include <argon2.h>

#include <algorithm>
#include <array>

#include "account/crypto.h"
#include "account/records.h"
#include "account/text.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "base/check.h"
#include "store/key.h"

namespace account {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kSaltOctets = 16;
constexpr std::size_t kArgon2Octets = 32;
constexpr std::size_t kDecoyKeyOctets = 32;
constexpr std::size_t kPhcOctetsMax = 256;
constexpr std::size_t kApplicationsMax = 32;
constexpr std::size_t kApplicationNameOctetsMax = 64;
constexpr std::size_t kLegacySecretOctetsMax = 256;
constexpr int kGroups = 4;
constexpr std::size_t kGroupCharacters = 5;

ScramSecrets draw_scram(Hash hash,
                        std::string_view password,
                        base::Random& random,
                        const AuthenticatorOptions& options) {
    return make_scram_secrets(
        hash, password, random_octets(random, kSaltOctets), options.scram_iterations);
}

std::string application_digest(std::string_view salt, std::string_view password) {
    return hmac(Hash::kSha256, salt, password);
}

base::Result<> require_account(const store::Reader& reader, AccountId account) {
    TRY(const std::optional<std::string> record, reader.get(account_key(account)));
    if (!record) {
        return fail(Errc::kNotFound, "there is no account " + std::to_string(account));
    }
    return {};
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= kApplicationNameOctetsMax && base::is_utf8(text) &&
           std::none_of(text.begin(), text.end(), base::is_control);
}

// The count tells sasl_mechanisms() with one look whether anybody can use CRAM-MD5.
base::Result<> count_legacy(store::Transaction& change, bool up) {
    TRY(const auto count, read(change, legacy_count_key(), decode_number));
    const std::uint64_t before = count.value_or(0);
    if (up) {
        change.put(legacy_count_key(), encode_number(before + 1));
    } else if (before <= 1) {
        change.erase(legacy_count_key());
    } else {
        change.put(legacy_count_key(), encode_number(before - 1));
    }
    return {};
}

// Argon2's text for numbers and octets: base64 without padding.
std::string unpadded_base64(std::string_view octets) {
    std::string text = base::base64_encode(octets);
    while (text.ends_with('=')) {
        text.pop_back();
    }
    return text;
}

}  // namespace

bool ApplicationRecord::serves(std::string_view service) const {
    const auto& services = about.services;
    return services.empty() ||
           std::find(services.begin(), services.end(), service) != services.end();
}

// RFC 9106 3.1. One lane: the pool's threads are the parallelism.
std::shared_ptr<const Secrets> make_secrets(std::string_view password,
                                            base::Random& random,
                                            const AuthenticatorOptions& options) {
    auto secrets = std::make_shared<Secrets>();
    std::string prepared = prepare_password(password);
    const std::string salt = random_octets(random, kSaltOctets);
    std::array<char, kPhcOctetsMax> phc{};
    const int code = argon2id_hash_encoded(options.argon2_passes,
                                           options.argon2_memory_kib,
                                           1,
                                           prepared.data(),
                                           prepared.size(),
                                           salt.data(),
                                           salt.size(),
                                           kArgon2Octets,
                                           phc.data(),
                                           phc.size());
    CHECK(code == ARGON2_OK);
    secrets->password.argon2 = phc.data();
    secrets->password.sha1 = draw_scram(Hash::kSha1, prepared, random, options);
    secrets->password.sha256 = draw_scram(Hash::kSha256, prepared, random, options);
    secrets->decoy_key = random_octets(random, kDecoyKeyOctets);
    wipe(prepared);
    return secrets;
}

base::Result<> set_secrets(store::Transaction& change, AccountId account, const Secrets& secrets) {
    TRY_VOID(require_account(change, account));
    change.put(password_key(account), encode_password(secrets.password));
    TRY(const std::optional<std::string> decoy_key, change.get(decoy_key_key()));
    if (!decoy_key) {
        change.put(decoy_key_key(), encode_text(secrets.decoy_key));
    }
    return {};
}

base::Result<> remove_password(store::Transaction& change, AccountId account) {
    TRY(const std::optional<std::string> record, change.get(password_key(account)));
    if (!record) {
        return fail(Errc::kNotFound, "the account has no password");
    }
    change.erase(password_key(account));
    return {};
}

bool argon2_matches(const std::string& argon2, std::string_view password) {
    std::string prepared = prepare_password(password);
    const bool matches =
        argon2id_verify(argon2.c_str(), prepared.data(), prepared.size()) == ARGON2_OK;
    wipe(prepared);
    return matches;
}

std::string argon2_decoy(base::Random& random, const AuthenticatorOptions& options) {
    return "$argon2id$v=19$m=" + std::to_string(options.argon2_memory_kib) +
           ",t=" + std::to_string(options.argon2_passes) + ",p=1$" +
           unpadded_base64(random_octets(random, kSaltOctets)) + "$" +
           unpadded_base64(random_octets(random, kArgon2Octets));
}

NewApplicationPassword make_application_password(base::Random& random,
                                                 const AuthenticatorOptions& options) {
    NewApplicationPassword made;
    for (int group = 0; group < kGroups; ++group) {
        made.text += (group == 0 ? "" : "-") + random.token(kGroupCharacters);
    }
    made.salt = random_octets(random, kSaltOctets);
    made.digest = application_digest(made.salt, made.text);
    made.sha1 = draw_scram(Hash::kSha1, made.text, random, options);
    made.sha256 = draw_scram(Hash::kSha256, made.text, random, options);
    return made;
}

bool application_matches(const ApplicationRecord& record, std::string_view password) {
    return equal_secretly(record.digest, application_digest(record.salt, password));
}

base::Result<> add_application_password(store::Transaction& change,
                                        AccountId account,
                                        const ApplicationPassword& about,
                                        const NewApplicationPassword& made) {
    TRY_VOID(require_account(change, account));
    if (!is_name(about.name) ||
        !std::all_of(about.services.begin(), about.services.end(), is_name)) {
        return fail(Errc::kInvalid,
                    "the names of an application password and of its services have 1 to 64 "
                    "octets, no controls");
    }
    TRY(const auto known, list_application_passwords(change, account));
    if (known.size() >= kApplicationsMax) {
        return fail(Errc::kInvalid, "the account has 32 application passwords already");
    }
    TRY(const std::optional<std::string> taken, change.get(application_key(account, about.name)));
    if (taken) {
        return fail(Errc::kExists, "there is an application password " + about.name + " already");
    }
    const ApplicationRecord record{about, made.salt, made.digest, made.sha1, made.sha256};
    change.put(application_key(account, about.name), encode_application(record));
    return {};
}

base::Result<> remove_application_password(store::Transaction& change,
                                           AccountId account,
                                           std::string_view name) {
    TRY(const std::optional<std::string> record, change.get(application_key(account, name)));
    if (!record) {
        return fail(Errc::kNotFound, "there is no application password " + std::string(name));
    }
    change.erase(application_key(account, name));
    return {};
}

base::Result<std::vector<ApplicationRecord>> read_applications(const store::Reader& reader,
                                                               AccountId account) {
    std::vector<ApplicationRecord> records;
    base::Result<> sound;
    const std::string prefix = applications_prefix(account);
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view value) {
            auto record = decode_application(key.substr(prefix.size()), value);
            if (!record) {
                sound = base::forward_error(record);
                return false;
            }
            records.push_back(std::move(*record));
            return true;
        }));
    TRY_VOID(sound);
    return records;
}

base::Result<std::vector<ApplicationPassword>> list_application_passwords(
    const store::Reader& reader, AccountId account) {
    TRY(std::vector<ApplicationRecord> records, read_applications(reader, account));
    std::vector<ApplicationPassword> list;
    list.reserve(records.size());
    for (ApplicationRecord& record : records) {
        list.push_back(std::move(record.about));
    }
    return list;
}

base::Result<> set_legacy_secret(store::Transaction& change,
                                 AccountId account,
                                 std::string_view secret) {
    TRY_VOID(require_account(change, account));
    if (secret.empty() || secret.size() > kLegacySecretOctetsMax) {
        return fail(Errc::kInvalid, "a legacy secret has 1 to 256 octets");
    }
    TRY(const std::optional<std::string> old, change.get(legacy_key(account)));
    if (!old) {
        TRY_VOID(count_legacy(change, true));
    }
    change.put(legacy_key(account), encode_text(secret));
    return {};
}

base::Result<> remove_legacy_secret(store::Transaction& change, AccountId account) {
    TRY(const std::optional<std::string> old, change.get(legacy_key(account)));
    if (!old) {
        return fail(Errc::kNotFound, "the account has no legacy secret");
    }
    change.erase(legacy_key(account));
    return count_legacy(change, false);
}

base::Result<> remove_all_secrets(store::Transaction& change, AccountId account) {
    TRY(const std::optional<std::string> legacy, change.get(legacy_key(account)));
    if (legacy) {
        TRY_VOID(remove_legacy_secret(change, account));
    }
    TRY(const auto applications, list_application_passwords(change, account));
    for (const ApplicationPassword& application : applications) {
        change.erase(application_key(account, application.name));
    }
    change.erase(password_key(account));
    return {};
}

}  // namespace account
