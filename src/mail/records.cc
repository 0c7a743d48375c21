#include "mail/records.h"

#include <algorithm>
#include <utility>

#include "store/key.h"

namespace mail {
namespace {

using store::KeyReader;
using store::KeyWriter;
using store::RecordReader;
using store::RecordWriter;

constexpr std::uint8_t kVersion = 1;

// A number that the record holds as a varint and the program in 32 bits; too large a one is damage.
bool narrow(std::uint64_t value, std::uint32_t& into) {
    into = static_cast<std::uint32_t>(value);
    return into == value;
}

tl::unexpected<base::Error> too_wide() {
    return base::fail(base::Errc::kCorrupt, "a number of more than 32 bits");
}

KeyWriter begin(KeyTag tag) {
    KeyWriter key;
    key.u8(static_cast<std::uint8_t>(tag));
    return key;
}

template <class Decode>
auto load(const store::Reader& reader, const std::string& key, Decode decode)
    -> base::Result<std::optional<typename decltype(decode(std::string_view()))::value_type>> {
    using Value = typename decltype(decode(std::string_view()))::value_type;
    TRY(const auto record, reader.get(key));
    if (!record) {
        return std::optional<Value>();
    }
    TRY(Value value, decode(*record));
    return std::optional<Value>(std::move(value));
}

}  // namespace

std::string prefix(KeyTag tag) {
    return begin(tag).key();
}

std::string account_prefix(KeyTag tag, account::AccountId account) {
    return begin(tag).u64(account).key();
}

std::string mailbox_key(KeyTag tag, Ref ref) {
    return begin(tag).u64(ref.owner).u64(ref.mailbox).key();
}

std::string counters_key(account::AccountId account) {
    return account_prefix(KeyTag::kCounters, account);
}

std::string name_key(account::AccountId account, MailboxId parent, std::string_view name) {
    return begin(KeyTag::kName).u64(account).u64(parent).raw(name).key();
}

std::string name_prefix(account::AccountId account, MailboxId parent) {
    return name_key(account, parent, {});
}

std::string page_key(Ref ref, Uid page) {
    return begin(KeyTag::kPage).u64(ref.owner).u64(ref.mailbox).u32(page).key();
}

std::string vanished_key(Ref ref, Modseq modseq) {
    return begin(KeyTag::kVanished).u64(ref.owner).u64(ref.mailbox).u64(modseq).key();
}

base::Result<Ref> parse_mailbox_key(std::string_view key) {
    KeyReader reader(key);
    static_cast<void>(reader.u8());
    Ref ref;
    ref.owner = reader.u64();
    ref.mailbox = reader.u64();
    static_cast<void>(reader.rest());
    TRY_VOID(reader.finish());
    return ref;
}

base::Result<account::AccountId> parse_account(std::string_view key) {
    KeyReader reader(key);
    static_cast<void>(reader.u8());
    const account::AccountId account = reader.u64();
    static_cast<void>(reader.rest());
    TRY_VOID(reader.finish());
    return account;
}

base::Result<PageName> parse_page_key(std::string_view key) {
    KeyReader reader(key);
    static_cast<void>(reader.u8());
    PageName name;
    name.ref.owner = reader.u64();
    name.ref.mailbox = reader.u64();
    name.page = reader.u32();
    TRY_VOID(reader.finish());
    return name;
}

base::Result<Modseq> parse_vanished_key(std::string_view key) {
    KeyReader reader(key);
    static_cast<void>(reader.u8());
    static_cast<void>(reader.u64());
    static_cast<void>(reader.u64());
    const Modseq modseq = reader.u64();
    TRY_VOID(reader.finish());
    return modseq;
}

std::span<const store::Write> writes_under(std::span<const store::Write> writes,
                                           std::string_view prefix) {
    const auto first = std::partition_point(
        writes.begin(), writes.end(), [&](const store::Write& w) { return w.key < prefix; });
    const auto last = std::partition_point(first, writes.end(), [&](const store::Write& write) {
        return write.key.starts_with(prefix);
    });
    return {first, last};
}

std::string encode(const AccountCounters& counters) {
    return RecordWriter(kVersion)
        .varint(counters.octets)
        .varint(counters.messages)
        .varint(counters.modseq)
        .varint(counters.next_mailbox)
        .varint(counters.uid_validity)
        .varint(counters.next_email)
        .varint(counters.mailboxes)
        .varint(counters.annotation_octets)
        .record();
}

base::Result<AccountCounters> decode_counters(std::string_view record) {
    RecordReader reader(record, kVersion);
    AccountCounters counters;
    counters.octets = reader.varint();
    counters.messages = reader.varint();
    counters.modseq = reader.varint();
    counters.next_mailbox = reader.varint();
    const bool fits = narrow(reader.varint(), counters.uid_validity);
    counters.next_email = reader.varint();
    counters.mailboxes = reader.varint();
    counters.annotation_octets = reader.varint();
    TRY_VOID(reader.finish());
    if (!fits) {
        return too_wide();
    }
    return counters;
}

std::string encode(const MailboxRecord& mailbox) {
    return RecordWriter(kVersion)
        .varint(mailbox.parent)
        .text(mailbox.name)
        .u8(static_cast<std::uint8_t>(mailbox.role))
        .varint(mailbox.created_modseq)
        .varint(mailbox.modseq)
        .record();
}

base::Result<MailboxRecord> decode_mailbox(std::string_view record) {
    RecordReader reader(record, kVersion);
    MailboxRecord mailbox;
    mailbox.parent = reader.varint();
    mailbox.name = reader.text();
    const std::uint8_t role = reader.u8();
    mailbox.created_modseq = reader.varint();
    mailbox.modseq = reader.varint();
    TRY_VOID(reader.finish());
    if (role > static_cast<std::uint8_t>(Role::kImportant)) {
        return base::fail(base::Errc::kCorrupt, "a mailbox with an unknown role");
    }
    mailbox.role = static_cast<Role>(role);
    return mailbox;
}

std::string encode(const MailboxState& state) {
    return RecordWriter(kVersion)
        .varint(state.uid_validity)
        .varint(state.uid_next)
        .varint(state.highest_modseq)
        .varint(state.messages)
        .varint(state.unseen)
        .varint(state.deleted)
        .varint(state.octets)
        .varint(state.deleted_octets)
        .varint(state.vanished_floor)
        .varint(state.vanished_octets)
        .record();
}

base::Result<MailboxState> decode_state(std::string_view record) {
    RecordReader reader(record, kVersion);
    MailboxState state;
    bool fits = narrow(reader.varint(), state.uid_validity);
    fits = narrow(reader.varint(), state.uid_next) && fits;
    state.highest_modseq = reader.varint();
    state.messages = reader.varint();
    state.unseen = reader.varint();
    state.deleted = reader.varint();
    state.octets = reader.varint();
    state.deleted_octets = reader.varint();
    state.vanished_floor = reader.varint();
    state.vanished_octets = reader.varint();
    TRY_VOID(reader.finish());
    if (!fits) {
        return too_wide();
    }
    return state;
}

std::string encode(const UidSet& uids) {
    RecordWriter writer(kVersion);
    writer.varint(uids.ranges().size());
    Uid before = 0;
    for (const UidSet::Range& range : uids.ranges()) {
        writer.varint(range.first - before).varint(range.last - range.first);
        before = range.last;
    }
    return std::move(writer).record();
}

base::Result<UidSet> decode_uids(std::string_view record) {
    RecordReader reader(record, kVersion);
    UidSet uids;
    std::uint64_t before = 0;
    const std::size_t count = reader.count(2);
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t first = before + reader.varint();
        const std::uint64_t last = first + reader.varint();
        if (first <= before || last < first || last > std::numeric_limits<Uid>::max()) {
            return base::fail(base::Errc::kCorrupt, "a set of UIDs out of order");
        }
        uids.add(static_cast<Uid>(first), static_cast<Uid>(last));
        before = last;
    }
    TRY_VOID(reader.finish());
    return uids;
}

std::string encode_names(const std::vector<std::string>& names) {
    RecordWriter writer(kVersion);
    writer.varint(names.size());
    for (const std::string& name : names) {
        writer.text(name);
    }
    return std::move(writer).record();
}

base::Result<std::vector<std::string>> decode_names(std::string_view record) {
    RecordReader reader(record, kVersion);
    std::vector<std::string> names(reader.count());
    for (std::string& name : names) {
        name = reader.text();
    }
    TRY_VOID(reader.finish());
    if (names.size() > kKeywordsMax) {
        return base::fail(base::Errc::kCorrupt, "more keywords than a mailbox can have");
    }
    return names;
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

std::string encode_mark() {
    return RecordWriter(kVersion).record();
}

namespace {

base::Result<std::uint32_t> load_uid_validity(const store::Reader& reader) {
    TRY(const auto number, load(reader, prefix(KeyTag::kUidValidity), decode_number));
    std::uint32_t floor = 0;
    return narrow(number.value_or(0), floor) ? base::Result<std::uint32_t>(floor) : too_wide();
}

}  // namespace

base::Result<> raise_uid_validity(store::Transaction& change, std::uint32_t floor) {
    TRY(const std::uint32_t before, load_uid_validity(change));
    if (floor > before) {
        change.put(prefix(KeyTag::kUidValidity), encode_number(floor));
    }
    return {};
}

base::Result<AccountCounters> load_counters(const store::Reader& reader,
                                            account::AccountId account) {
    TRY(const auto counters, load(reader, counters_key(account), decode_counters));
    if (counters) {
        return *counters;
    }
    AccountCounters fresh;
    TRY(fresh.uid_validity, load_uid_validity(reader));
    return fresh;
}

base::Result<std::optional<MailboxRecord>> load_mailbox(const store::Reader& reader, Ref ref) {
    return load(reader, mailbox_key(KeyTag::kMailbox, ref), decode_mailbox);
}

base::Result<std::optional<MailboxState>> load_state(const store::Reader& reader, Ref ref) {
    return load(reader, mailbox_key(KeyTag::kState, ref), decode_state);
}

base::Result<std::vector<std::string>> load_keywords(const store::Reader& reader, Ref ref) {
    TRY(auto names, load(reader, mailbox_key(KeyTag::kKeywords, ref), decode_names));
    return names ? std::move(*names) : std::vector<std::string>();
}

base::Result<Uid> load_first_recent(const store::Reader& reader, Ref ref) {
    TRY(const auto number, load(reader, mailbox_key(KeyTag::kRecent, ref), decode_number));
    Uid first = 1;
    if (number && (!narrow(*number, first) || first == 0)) {
        return too_wide();
    }
    return first;
}

}  // namespace mail
