// The room's records in the store: their keys and values. docs/architecture/storage-format.md, "Files", is the
// same in words; change both together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "account/directory.h"
#include "base/result.h"
#include "files/ledger.h"
#include "files/rights.h"
#include "store/store.h"

namespace files {

// What kind of record it is: the second octet of every key, behind 'f'.
enum class RecordKind : std::uint8_t {
    kGrant = 'g',
    kShare = 's',
    kTable = 'v',
    kSharing = 'q',
    kOpen = 'o',
    kUsage = 'u',
    kEvent = 't',
    kEventByTime = 'a',
};

[[nodiscard]] std::string prefix(RecordKind kind);

// A volume's name among the others: the text form of all records that are about it.
[[nodiscard]] std::string account_volume(account::AccountId id);
[[nodiscard]] std::string share_volume(std::string_view share);

[[nodiscard]] std::string share_key(std::string_view share);
[[nodiscard]] std::string grants_prefix(std::string_view share);
[[nodiscard]] std::string grant_key(std::string_view share, const Grant& grant);
[[nodiscard]] std::string usage_key(std::string_view volume);
// A number that changes whenever a share or a grant does.
[[nodiscard]] std::string table_key();

[[nodiscard]] base::Result<std::string> share_of_key(std::string_view key);
// A grant's path and principal; its rights are the value.
[[nodiscard]] base::Result<Grant> grant_of_key(std::string_view share, std::string_view key);
[[nodiscard]] base::Result<std::string> volume_of_usage_key(std::string_view key);

[[nodiscard]] std::string encode_limits(Limits limits);
[[nodiscard]] base::Result<Limits> decode_limits(std::string_view record);
[[nodiscard]] std::string encode_rights(Rights rights);
[[nodiscard]] base::Result<Rights> decode_rights(std::string_view record);
[[nodiscard]] std::string encode_counts(Counts counts);
[[nodiscard]] base::Result<Counts> decode_counts(std::string_view record);
[[nodiscard]] std::string encode_number(std::uint64_t number);
[[nodiscard]] base::Result<std::uint64_t> decode_number(std::string_view record);

// Keeps what a volume holds; of an account's, where that shares the quota of its mail, for mail too.
void store_counts(store::Transaction& change,
                  std::string_view volume,
                  Counts counts,
                  bool shares_quota);
// Whether accounts' files share the quota of their mail, as the last start had it: when that changes, mail is told
// of all accounts' files, or of none.
[[nodiscard]] base::Result<bool> shared_quota_before(const store::Reader& reader);
[[nodiscard]] base::Result<> change_sharing(store::Transaction& change, bool shares_quota);
// Whether somebody has had the trees since they were last closed in good order: counts may be behind what is there.
[[nodiscard]] base::Result<bool> left_open(const store::Reader& reader);
void mark_open(store::Transaction& change);
void mark_closed(store::Transaction& change);
// What is kept of a volume; nothing when it was never counted.
[[nodiscard]] base::Result<std::optional<Counts>> load_counts(const store::Reader& reader,
                                                              std::string_view volume);

}  // namespace files
