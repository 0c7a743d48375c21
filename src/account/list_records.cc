#include "account/list_records.h"

#include "account/records.h"
#include "store/key.h"

namespace account {
namespace {

using store::KeyReader;
using store::KeyWriter;
using store::RecordReader;
using store::RecordWriter;

constexpr std::uint8_t kVersion = 1;

// Kinds of records under KeyTag::kList.
constexpr std::uint8_t kListKind = 'l';
constexpr std::uint8_t kMemberKind = 'm';
constexpr std::uint8_t kOwnerKind = 'o';

KeyWriter begin(std::uint8_t kind) {
    return KeyWriter().u8(static_cast<std::uint8_t>(KeyTag::kList)).u8(kind);
}

KeyWriter begin(Membership membership) {
    return begin(membership == Membership::kOwner ? kOwnerKind : kMemberKind);
}

}  // namespace

std::string list_records_prefix() {
    return prefix(KeyTag::kList);
}

std::string lists_prefix(std::string_view domain) {
    return begin(kListKind).text(domain).key();
}

std::string list_key(const Address& list) {
    return begin(kListKind).text(list.domain).raw(normalize_local(list.local)).key();
}

std::string members_prefix(const Address& list, Membership membership) {
    return begin(membership).text(list.domain).text(normalize_local(list.local)).key();
}

std::string member_key(const Address& list, Membership membership, const Address& member) {
    return begin(membership)
        .text(list.domain)
        .text(normalize_local(list.local))
        .text(member.domain)
        .raw(normalize_local(member.local))
        .key();
}

base::Result<ListKey> parse_list_key(std::string_view key) {
    KeyReader reader(key);
    (void)reader.u8();
    const std::uint8_t kind = reader.u8();
    ListKey parsed{.is_list = kind == kListKind, .list = {}, .member = {}};
    parsed.list.domain = reader.text();
    if (parsed.is_list) {
        parsed.list.local = reader.rest();
    } else if (kind == kMemberKind || kind == kOwnerKind) {
        parsed.membership = kind == kOwnerKind ? Membership::kOwner : Membership::kMember;
        parsed.list.local = reader.text();
        parsed.member.domain = reader.text();
        parsed.member.local = reader.rest();
    } else {
        return base::fail(base::Errc::kCorrupt, "unknown kind of record of a list");
    }
    TRY_VOID(reader.finish());
    return parsed;
}

std::string encode_list(const MailingList& list) {
    return RecordWriter(kVersion)
        .text(list.address.local)
        .text(list.description)
        .u8(static_cast<std::uint8_t>(list.posting))
        .text(list.unsubscribe_url)
        .varint(list.failures_max)
        .record();
}

base::Result<MailingList> decode_list(std::string_view domain, std::string_view record) {
    RecordReader reader(record, kVersion);
    MailingList list;
    list.address.domain = domain;
    list.address.local = reader.text();
    list.description = reader.text();
    const std::uint8_t posting = reader.u8();
    list.unsubscribe_url = reader.text();
    if (!reader.at_end()) {  // written since failures are counted
        list.failures_max = static_cast<std::uint32_t>(reader.varint());
    }
    TRY_VOID(reader.finish());
    if (posting > static_cast<std::uint8_t>(Posting::kAnybody)) {
        return base::fail(base::Errc::kCorrupt, "nobody knows who may post to the list");
    }
    list.posting = static_cast<Posting>(posting);
    return list;
}

std::string encode_member(const Member& member) {
    RecordWriter writer(kVersion);
    writer.text(member.address.local);
    if (member.failures != 0) {
        writer.varint(member.failures)
            .u64(static_cast<std::uint64_t>(member.last_failure.time_since_epoch().count()))
            .boolean(member.suspended);
    }
    return writer.record();
}

base::Result<Member> decode_member(const ListKey& key, std::string_view record) {
    RecordReader reader(record, kVersion);
    Member member{.address = {std::string(reader.text()), key.member.domain}, .last_failure = {}};
    if (!reader.at_end()) {
        member.failures = static_cast<std::uint32_t>(reader.varint());
        member.last_failure =
            base::WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(reader.u64())));
        member.suspended = reader.boolean();
    }
    TRY_VOID(reader.finish());
    return member;
}

}  // namespace account
