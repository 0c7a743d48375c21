#include "account/check.h"

#include <optional>

#include "account/list_records.h"
#include "account/records.h"
#include "base/base64.h"
#include "store/key.h"

namespace account {
namespace {

constexpr std::uint8_t kMarkVersion = 1;

class Checker {
  public:
    explicit Checker(const store::Reader& reader) : reader_(reader) {}

    base::Result<std::vector<std::string>> run() {
        TRY_VOID(each(KeyTag::kDomain, &Checker::check_domain));
        TRY_VOID(each(KeyTag::kAccount, &Checker::check_account));
        TRY_VOID(each(KeyTag::kAddress, &Checker::check_address));
        TRY_VOID(each(KeyTag::kAlias, &Checker::check_alias));
        TRY_VOID(each(KeyTag::kList, &Checker::check_list_record));
        TRY_VOID(each(KeyTag::kName, &Checker::check_name));
        TRY_VOID(each(KeyTag::kPassword, &Checker::check_secret));
        TRY_VOID(each(KeyTag::kCommon, &Checker::check_common));
        TRY_VOID(check_counts());
        return std::move(findings_);
    }

  private:
    using Visit = base::Result<> (Checker::*)(std::string_view key, std::string_view value);

    // Damage inside a record is a finding; an error ends the check, for then the store cannot be read.
    base::Result<> each(KeyTag tag, Visit visit) {
        base::Result<> readable;
        const std::string first = prefix(tag);
        TRY_VOID(reader_.scan(
            first, store::prefix_end(first), [&](std::string_view key, std::string_view value) {
                readable = (this->*visit)(key, value);
                if (!readable && readable.error().code == base::Errc::kCorrupt) {
                    find(key, readable.error().text);
                    readable = base::Result<>();
                }
                return readable.has_value();
            }));
        return readable;
    }

    void find(std::string_view key, std::string_view what) {
        findings_.push_back("account: record " + base::hex_encode(key) + ": " + std::string(what));
    }

    base::Result<> expect(bool holds, std::string_view key, std::string_view what) {
        if (!holds) {
            find(key, what);
        }
        return {};
    }

    base::Result<> expect_record(const std::string& other,
                                 std::string_view key,
                                 std::string_view what) {
        TRY(const std::optional<std::string> record, reader_.get(other));
        return expect(record.has_value(), key, what);
    }

    static base::Result<> check_mark(std::string_view value) {
        return store::RecordReader(value, kMarkVersion).finish();
    }

    base::Result<> check_domain(std::string_view key, std::string_view value) {
        TRY(const std::string domain, domain_of_key(key));
        const auto normal = normalize_domain(domain);
        TRY_VOID(expect(normal && *normal == domain, key, "the domain's name is not in key form"));
        return check_mark(value);
    }

    base::Result<> check_account(std::string_view key, std::string_view value) {
        TRY(const AccountId id, id_behind_tag(key));
        TRY(const Account account, decode_account(id, value));
        highest_id_ = std::max(highest_id_, id);
        TRY_VOID(expect_record(
            domain_key(account.address.domain), key, "the account's domain is not there"));
        TRY_VOID(expect_record(
            address_key(account.address), key, "the account cannot be found by its address"));
        TRY_VOID(expect_record(
            name_key(account.address.local, id), key, "VRFY cannot find the user name"));
        if (!account.full_name.empty()) {
            TRY_VOID(expect_record(
                name_key(account.full_name, id), key, "VRFY cannot find the full name"));
        }
        if (account.administrator) {
            TRY_VOID(expect_record(
                administrator_key(id), key, "the administrator gets no mail for postmaster"));
        }
        return {};
    }

    base::Result<> check_address(std::string_view key, std::string_view value) {
        TRY(const AccountId id, decode_number(value));
        TRY(const std::optional<Account> account, find_account(reader_, id));
        return expect(account && address_key(account->address) == key,
                      key,
                      "the address is of an account that is not there or has another");
    }

    base::Result<> check_alias(std::string_view key, std::string_view value) {
        TRY(const Address alias, address_of_key(key));
        TRY(const std::vector<Address> members, decode_members(value));
        TRY_VOID(expect(!members.empty(), key, "the alias has no members"));
        TRY_VOID(expect_record(domain_key(alias.domain), key, "the alias' domain is not there"));
        TRY(const std::optional<std::string> account, reader_.get(address_key(alias)));
        return expect(!account, key, "the alias is an account as well");
    }

    base::Result<> check_list_record(std::string_view key, std::string_view value) {
        TRY(const ListKey parsed, parse_list_key(key));
        if (parsed.is_list) {
            return check_list(key, value, parsed.list);
        }
        TRY_VOID(decode_member(parsed, value));
        return expect_record(list_key(parsed.list), key, "a member of a list that is not there");
    }

    base::Result<> check_list(std::string_view key, std::string_view value, const Address& list) {
        TRY_VOID(decode_list(list.domain, value));
        TRY_VOID(expect_record(domain_key(list.domain), key, "the list's domain is not there"));
        for (const ListName name :
             {ListName::kItself, ListName::kOwner, ListName::kRequest, ListName::kBounces}) {
            const Address address = list_name(list, name);
            for (const std::string& taken : {address_key(address), alias_key(address)}) {
                TRY(const std::optional<std::string> record, reader_.get(taken));
                TRY_VOID(expect(!record, key, "a name of the list is an account or alias as well"));
            }
        }
        return {};
    }

    base::Result<> check_name(std::string_view key, std::string_view value) {
        TRY(const AccountId id, id_at_end(key));
        TRY(const std::optional<Account> account, find_account(reader_, id));
        const bool known = account && (name_key(account->full_name, id) == key ||
                                       name_key(account->address.local, id) == key);
        TRY_VOID(expect(known, key, "the name is of an account that is not there or has another"));
        return check_mark(value);
    }

    base::Result<> check_secret(std::string_view key, std::string_view value) {
        TRY(const AccountId id, id_behind_tag(key));
        TRY_VOID(
            expect_record(account_key(id), key, "the secret is of an account that is not there"));
        const std::string applications = applications_prefix(id);
        if (key == password_key(id)) {
            TRY_VOID(decode_password(value));
        } else if (key == legacy_key(id)) {
            ++legacy_secrets_;
            TRY_VOID(decode_text(value));
        } else if (key.starts_with(applications)) {
            TRY_VOID(decode_application(key.substr(applications.size()), value));
        } else {
            find(key, "unknown kind of secret");
        }
        return {};
    }

    base::Result<> check_common(std::string_view key, std::string_view value) {
        if (key == next_id_key()) {
            TRY(next_id_, decode_number(value));
        } else if (key == legacy_count_key()) {
            TRY(legacy_count_, decode_number(value));
        } else if (key == decoy_key_key() || key == srs_key_key()) {
            TRY_VOID(decode_text(value));
        } else if (key.starts_with(administrators_prefix())) {
            TRY(const AccountId id, id_at_end(key));
            TRY(const std::optional<Account> account, find_account(reader_, id));
            TRY_VOID(
                expect(account && account->administrator, key, "the account is no administrator"));
            return check_mark(value);
        } else if (key.starts_with(removals_prefix())) {
            return check_removal(key, value);
        } else if (key.starts_with(outside_prefix())) {
            TRY(const AccountId id, id_at_end(key));
            TRY_VOID(expect_record(
                account_key(id), key, "the files are of an account that is not there"));
            TRY_VOID(decode_number(value));
        } else {
            find(key, "unknown kind of record");
        }
        return {};
    }

    base::Result<> check_removal(std::string_view key, std::string_view value) {
        TRY(const AccountId id, id_at_end(key));
        highest_id_ = std::max(highest_id_, id);
        TRY(const std::optional<Account> account, find_account(reader_, id));
        TRY_VOID(expect(!account, key, "an account that is being removed is there"));
        return check_mark(value);
    }

    base::Result<> check_counts() {
        TRY_VOID(expect(highest_id_ < next_id_, next_id_key(), "an account has an id to come"));
        return expect(legacy_count_ == legacy_secrets_,
                      legacy_count_key(),
                      "the number of legacy secrets is another");
    }

    const store::Reader& reader_;
    std::vector<std::string> findings_;
    AccountId highest_id_ = 0;
    AccountId next_id_ = 1;
    std::uint64_t legacy_count_ = 0;
    std::uint64_t legacy_secrets_ = 0;
};

}  // namespace

base::Result<std::vector<std::string>> check(const store::Reader& reader) {
    return Checker(reader).run();
}

}  // namespace account
