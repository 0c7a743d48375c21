#include "account/records.h"

#include "store/key.h"

namespace account {
namespace {

using store::KeyReader;
using store::KeyWriter;
using store::RecordReader;
using store::RecordWriter;

constexpr std::uint8_t kVersion = 1;

// Kinds of records under KeyTag::kPassword and KeyTag::kCommon.
constexpr std::uint8_t kPasswordKind = 'p';
constexpr std::uint8_t kLegacyKind = 'l';
constexpr std::uint8_t kApplicationKind = 'a';
constexpr std::uint8_t kNextId = 'i';
constexpr std::uint8_t kLegacyCount = 'l';
constexpr std::uint8_t kDecoyKey = 'k';
constexpr std::uint8_t kSrsKey = 's';
constexpr std::uint8_t kAdministrator = 'a';
constexpr std::uint8_t kRemoval = 'r';
constexpr std::uint8_t kOutside = 'o';

constexpr unsigned kDisabledFlag = 1;
constexpr unsigned kAdministratorFlag = 2;

KeyWriter begin(KeyTag tag) {
    KeyWriter key;
    key.u8(static_cast<std::uint8_t>(tag));
    return key;
}

std::string common_key(std::uint8_t kind) {
    return begin(KeyTag::kCommon).u8(kind).key();
}

void write_scram(RecordWriter& record, const ScramSecrets& secrets) {
    record.varint(secrets.iterations);
    record.text(secrets.salt);
    record.text(secrets.stored_key);
    record.text(secrets.server_key);
}

ScramSecrets read_scram(RecordReader& record) {
    ScramSecrets secrets;
    secrets.iterations = static_cast<std::uint32_t>(record.varint());
    secrets.salt = record.text();
    secrets.stored_key = record.text();
    secrets.server_key = record.text();
    return secrets;
}

}  // namespace

std::string prefix(KeyTag tag) {
    return begin(tag).key();
}

std::string domain_key(std::string_view domain) {
    return begin(KeyTag::kDomain).raw(domain).key();
}

std::string account_key(AccountId id) {
    return begin(KeyTag::kAccount).u64(id).key();
}

std::string addresses_prefix(std::string_view domain) {
    return begin(KeyTag::kAddress).text(domain).key();
}

std::string address_key(const Address& address) {
    return begin(KeyTag::kAddress).text(address.domain).raw(normalize_local(address.local)).key();
}

std::string aliases_prefix(std::string_view domain) {
    return begin(KeyTag::kAlias).text(domain).key();
}

std::string alias_key(const Address& address) {
    return begin(KeyTag::kAlias).text(address.domain).raw(normalize_local(address.local)).key();
}

std::string name_prefix(std::string_view name) {
    return begin(KeyTag::kName).text(normalize_local(name)).key();
}

std::string name_key(std::string_view name, AccountId id) {
    return begin(KeyTag::kName).text(normalize_local(name)).u64(id).key();
}

std::string secrets_prefix(AccountId id) {
    return begin(KeyTag::kPassword).u64(id).key();
}

std::string password_key(AccountId id) {
    return begin(KeyTag::kPassword).u64(id).u8(kPasswordKind).key();
}

std::string legacy_key(AccountId id) {
    return begin(KeyTag::kPassword).u64(id).u8(kLegacyKind).key();
}

std::string applications_prefix(AccountId id) {
    return begin(KeyTag::kPassword).u64(id).u8(kApplicationKind).key();
}

std::string application_key(AccountId id, std::string_view name) {
    return begin(KeyTag::kPassword).u64(id).u8(kApplicationKind).raw(name).key();
}

std::string next_id_key() {
    return common_key(kNextId);
}

std::string legacy_count_key() {
    return common_key(kLegacyCount);
}

std::string decoy_key_key() {
    return common_key(kDecoyKey);
}

std::string srs_key_key() {
    return common_key(kSrsKey);
}

std::string administrators_prefix() {
    return common_key(kAdministrator);
}

std::string administrator_key(AccountId id) {
    return begin(KeyTag::kCommon).u8(kAdministrator).u64(id).key();
}

std::string removals_prefix() {
    return common_key(kRemoval);
}

std::string removal_key(AccountId id) {
    return begin(KeyTag::kCommon).u8(kRemoval).u64(id).key();
}

std::string outside_prefix() {
    return common_key(kOutside);
}

std::string outside_key(AccountId id) {
    return begin(KeyTag::kCommon).u8(kOutside).u64(id).key();
}

base::Result<std::string> domain_of_key(std::string_view key) {
    KeyReader reader(key);
    (void)reader.u8();
    std::string domain(reader.rest());
    TRY_VOID(reader.finish());
    return domain;
}

base::Result<Address> address_of_key(std::string_view key) {
    KeyReader reader(key);
    (void)reader.u8();
    Address address;
    address.domain = reader.text();
    address.local = reader.rest();
    TRY_VOID(reader.finish());
    return address;
}

base::Result<AccountId> id_at_end(std::string_view key) {
    constexpr std::size_t kOctets = sizeof(AccountId);
    KeyReader reader(key.size() < kOctets ? key : key.substr(key.size() - kOctets));
    const AccountId id = reader.u64();
    TRY_VOID(reader.finish());
    return id;
}

base::Result<AccountId> id_behind_tag(std::string_view key) {
    KeyReader reader(key);
    (void)reader.u8();
    const AccountId id = reader.u64();
    (void)reader.rest();
    TRY_VOID(reader.finish());
    return id;
}

std::string encode_mark() {
    return RecordWriter(kVersion).record();
}

std::string encode_account(const Account& account) {
    RecordWriter record(kVersion);
    record.text(account.address.local).text(account.address.domain).text(account.full_name);
    record.u8(static_cast<std::uint8_t>((account.disabled ? kDisabledFlag : 0U) |
                                        (account.administrator ? kAdministratorFlag : 0U)));
    record.varint(account.quota_octets);
    if (account.quota_messages != 0) {
        record.varint(account.quota_messages);
    }
    return std::move(record).record();
}

base::Result<Account> decode_account(AccountId id, std::string_view record) {
    RecordReader reader(record, kVersion);
    Account account;
    account.id = id;
    account.address.local = reader.text();
    account.address.domain = reader.text();
    account.full_name = reader.text();
    const unsigned flags = reader.u8();
    account.disabled = (flags & kDisabledFlag) != 0;
    account.administrator = (flags & kAdministratorFlag) != 0;
    account.quota_octets = reader.varint();
    account.quota_messages = reader.at_end() ? 0 : reader.varint();
    TRY_VOID(reader.finish());
    return account;
}

std::string encode_number(std::uint64_t number) {
    return RecordWriter(kVersion).varint(number).record();
}

base::Result<std::uint64_t> decode_number(std::string_view record) {
    RecordReader reader(record, kVersion);
    const std::uint64_t number = reader.varint();
    TRY_VOID(reader.finish());
    return number;
}

std::string encode_text(std::string_view text) {
    return RecordWriter(kVersion).text(text).record();
}

base::Result<std::string> decode_text(std::string_view record) {
    RecordReader reader(record, kVersion);
    std::string text(reader.text());
    TRY_VOID(reader.finish());
    return text;
}

std::string encode_members(const std::vector<Address>& members) {
    RecordWriter record(kVersion);
    record.varint(members.size());
    for (const Address& member : members) {
        record.text(member.local).text(member.domain);
    }
    return std::move(record).record();
}

base::Result<std::vector<Address>> decode_members(std::string_view record) {
    RecordReader reader(record, kVersion);
    const std::size_t count = reader.count(2);
    std::vector<Address> members(count);
    for (Address& member : members) {
        member.local = reader.text();
        member.domain = reader.text();
    }
    TRY_VOID(reader.finish());
    return members;
}

std::string encode_password(const PasswordRecord& password) {
    RecordWriter record(kVersion);
    record.text(password.argon2);
    write_scram(record, password.sha1);
    write_scram(record, password.sha256);
    return std::move(record).record();
}

base::Result<PasswordRecord> decode_password(std::string_view record) {
    RecordReader reader(record, kVersion);
    PasswordRecord password;
    password.argon2 = reader.text();
    password.sha1 = read_scram(reader);
    password.sha256 = read_scram(reader);
    TRY_VOID(reader.finish());
    return password;
}

std::string encode_application(const ApplicationRecord& application) {
    RecordWriter record(kVersion);
    record.u64(static_cast<std::uint64_t>(application.about.created.time_since_epoch().count()));
    record.varint(application.about.services.size());
    for (const std::string& service : application.about.services) {
        record.text(service);
    }
    record.text(application.salt).text(application.digest);
    write_scram(record, application.sha1);
    write_scram(record, application.sha256);
    return std::move(record).record();
}

base::Result<ApplicationRecord> decode_application(std::string_view name, std::string_view record) {
    RecordReader reader(record, kVersion);
    ApplicationRecord application;
    application.about.name = name;
    application.about.created =
        base::WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(reader.u64())));
    application.about.services.resize(reader.count());
    for (std::string& service : application.about.services) {
        service = reader.text();
    }
    application.salt = reader.text();
    application.digest = reader.text();
    application.sha1 = read_scram(reader);
    application.sha256 = read_scram(reader);
    TRY_VOID(reader.finish());
    return application;
}

}  // namespace account
