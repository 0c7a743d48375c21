#include "mail/records.h"

#include "store/key.h"

namespace mail {
namespace {

using store::KeyReader;
using store::KeyWriter;
using store::RecordReader;
using store::RecordWriter;

constexpr std::uint8_t kCountersVersion = 1;
constexpr std::uint8_t kMailboxVersion = 1;
constexpr std::uint8_t kMessageVersion = 1;

// A number that the record holds as a varint and the program in 32 bits; too large a one is damage.
bool narrow(std::uint64_t value, std::uint32_t& into) {
    into = static_cast<std::uint32_t>(value);
    return into == value;
}

base::Result<> expect_tag(KeyReader& key, char tag) {
    if (key.u8() != static_cast<std::uint8_t>(tag)) {
        return base::fail(base::Errc::kCorrupt, "the key belongs to another kind of record");
    }
    return {};
}

}  // namespace

std::string counters_key(account::AccountId account) {
    return KeyWriter().u8('m').u64(account).key();
}

std::string mailbox_key(account::AccountId account, MailboxId mailbox) {
    return KeyWriter().u8('M').u64(account).u64(mailbox).key();
}

std::string mailbox_prefix(account::AccountId account) {
    return KeyWriter().u8('M').u64(account).key();
}

std::string message_key(account::AccountId account, MailboxId mailbox, Uid uid) {
    return KeyWriter().u8('U').u64(account).u64(mailbox).u32(uid).key();
}

std::string message_prefix(account::AccountId account) {
    return KeyWriter().u8('U').u64(account).key();
}

std::string message_prefix(account::AccountId account, MailboxId mailbox) {
    return KeyWriter().u8('U').u64(account).u64(mailbox).key();
}

base::Result<account::AccountId> parse_counters_key(std::string_view key) {
    KeyReader reader(key);
    TRY_VOID(expect_tag(reader, 'm'));
    const account::AccountId account = reader.u64();
    TRY_VOID(reader.finish());
    return account;
}

base::Result<MailboxName> parse_mailbox_key(std::string_view key) {
    KeyReader reader(key);
    TRY_VOID(expect_tag(reader, 'M'));
    MailboxName name;
    name.account = reader.u64();
    name.mailbox = reader.u64();
    TRY_VOID(reader.finish());
    return name;
}

base::Result<MessageName> parse_message_key(std::string_view key) {
    KeyReader reader(key);
    TRY_VOID(expect_tag(reader, 'U'));
    MessageName name;
    name.account = reader.u64();
    name.mailbox = reader.u64();
    name.uid = reader.u32();
    TRY_VOID(reader.finish());
    return name;
}

std::string encode(const AccountCounters& counters) {
    return RecordWriter(kCountersVersion)
        .varint(counters.octets)
        .varint(counters.messages)
        .varint(counters.modseq)
        .varint(counters.next_mailbox)
        .varint(counters.uid_validity)
        .varint(counters.next_email)
        .record();
}

base::Result<AccountCounters> decode_counters(std::string_view record) {
    RecordReader reader(record, kCountersVersion);
    AccountCounters counters;
    counters.octets = reader.varint();
    counters.messages = reader.varint();
    counters.modseq = reader.varint();
    counters.next_mailbox = reader.varint();
    const bool fits = narrow(reader.varint(), counters.uid_validity);
    counters.next_email = reader.varint();
    TRY_VOID(reader.finish());
    if (!fits) {
        return base::fail(base::Errc::kCorrupt, "a UIDVALIDITY of more than 32 bits");
    }
    return counters;
}

std::string encode(const MailboxRecord& mailbox) {
    return RecordWriter(kMailboxVersion)
        .varint(mailbox.parent)
        .text(mailbox.name)
        .varint(mailbox.uid_validity)
        .varint(mailbox.uid_next)
        .varint(mailbox.highest_modseq)
        .varint(mailbox.vanished_floor)
        .varint(mailbox.messages)
        .varint(mailbox.unseen)
        .varint(mailbox.octets)
        .u8(mailbox.role)
        .boolean(mailbox.subscribed)
        .record();
}

base::Result<MailboxRecord> decode_mailbox(std::string_view record) {
    RecordReader reader(record, kMailboxVersion);
    MailboxRecord mailbox;
    mailbox.parent = reader.varint();
    mailbox.name = reader.text();
    bool fits = narrow(reader.varint(), mailbox.uid_validity);
    fits = narrow(reader.varint(), mailbox.uid_next) && fits;
    mailbox.highest_modseq = reader.varint();
    mailbox.vanished_floor = reader.varint();
    mailbox.messages = reader.varint();
    mailbox.unseen = reader.varint();
    mailbox.octets = reader.varint();
    mailbox.role = reader.u8();
    mailbox.subscribed = reader.boolean();
    TRY_VOID(reader.finish());
    if (!fits) {
        return base::fail(base::Errc::kCorrupt, "a UID of more than 32 bits");
    }
    return mailbox;
}

std::string encode(const MessageRecord& message) {
    RecordWriter writer(kMessageVersion);
    const auto received = static_cast<std::uint64_t>(message.received.time_since_epoch().count());
    writer.raw(message.blob.octets())
        .varint(message.octets)
        .varint(received)
        .varint(message.flags)
        .varint(message.modseq)
        .varint(message.email)
        .text(message.queue_id)
        .text(message.return_path)
        .varint(message.keywords.size());
    for (const std::string& keyword : message.keywords) {
        writer.text(keyword);
    }
    return std::move(writer).record();
}

base::Result<MessageRecord> decode_message(std::string_view record) {
    RecordReader reader(record, kMessageVersion);
    MessageRecord message;
    const auto blob = store::BlobId::from_octets(reader.raw(message.blob.sha256.size()));
    message.octets = reader.varint();
    message.received =
        base::WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(reader.varint())));
    const bool fits = narrow(reader.varint(), message.flags);
    message.modseq = reader.varint();
    message.email = reader.varint();
    message.queue_id = reader.text();
    message.return_path = reader.text();
    const std::size_t keywords = reader.count();
    for (std::size_t i = 0; i < keywords; ++i) {
        message.keywords.emplace_back(reader.text());
    }
    TRY_VOID(reader.finish());
    if (!blob || !fits) {
        return base::fail(base::Errc::kCorrupt, "flags of more than 32 bits");
    }
    message.blob = *blob;
    return message;
}

base::Result<AccountCounters> load_counters(const store::Reader& reader,
                                            account::AccountId account) {
    TRY(const auto record, reader.get(counters_key(account)));
    if (!record) {
        return AccountCounters{};
    }
    return decode_counters(*record);
}

base::Result<std::optional<MailboxRecord>> load_mailbox(const store::Reader& reader,
                                                        account::AccountId account,
                                                        MailboxId mailbox) {
    TRY(const auto record, reader.get(mailbox_key(account, mailbox)));
    if (!record) {
        return std::nullopt;
    }
    TRY(auto decoded, decode_mailbox(*record));
    return std::optional(std::move(decoded));
}

base::Result<std::optional<MessageRecord>> load_message(const store::Reader& reader,
                                                        account::AccountId account,
                                                        MailboxId mailbox,
                                                        Uid uid) {
    TRY(const auto record, reader.get(message_key(account, mailbox, uid)));
    if (!record) {
        return std::nullopt;
    }
    TRY(auto decoded, decode_message(*record));
    return std::optional(std::move(decoded));
}

}  // namespace mail
