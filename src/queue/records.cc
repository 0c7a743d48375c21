#include "queue/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "store/key.h"

namespace queue {
namespace {

using base::Errc;
using base::fail;
using base::Result;
using store::KeyReader;
using store::KeyWriter;
using store::RecordReader;
using store::RecordWriter;

constexpr std::uint8_t kVersion = 1;
// The remote chooses what it says.
constexpr std::size_t kReplyOctetsMax = 2000;

enum Table : std::uint8_t {
    kMessages = 'm',
    kRecipients = 'r',
    kSchedule = 's',
    kDestinations = 'd',
    kWakes = 'w',
    kAges = 'a',
    kRoutes = 'f',
    kProgress = 'p',
};

KeyWriter table(Table which) {
    return KeyWriter().u8('q').u8(which);
}

KeyReader open_key(std::string_view key, Table which, bool& ours) {
    KeyReader reader(key);
    const std::uint8_t room = reader.u8();
    ours = room == 'q' && reader.u8() == which;
    return reader;
}

std::uint64_t to_number(base::WallTime time) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.time_since_epoch().count()));
}

base::WallTime to_time(std::uint64_t milliseconds) {
    return base::WallTime(std::chrono::milliseconds(milliseconds));
}

tl::unexpected<base::Error> foreign_key() {
    return fail(Errc::kCorrupt, "not a key of the queue");
}

Result<RecipientId> parse_id(std::string_view key, Table which) {
    bool ours = false;
    KeyReader reader = open_key(key, which, ours);
    RecipientId id;
    id.queue_id = reader.text();
    id.number = reader.u32();
    TRY_VOID(reader.finish());
    if (!ours) {
        return foreign_key();
    }
    return id;
}

void write(RecordWriter& out, const RemoteReply& reply) {
    out.varint(static_cast<std::uint64_t>(reply.code))
        .text(reply.enhanced)
        .text(std::string_view(reply.text).substr(0, kReplyOctetsMax))
        .text(reply.host)
        .text(reply.command);
}

RemoteReply read_reply(RecordReader& in) {
    RemoteReply reply;
    reply.code = static_cast<int>(std::min<std::uint64_t>(in.varint(), 999));
    reply.enhanced = in.text();
    reply.text = in.text();
    reply.host = in.text();
    reply.command = in.text();
    return reply;
}

template <class Record>
Result<std::optional<Record>> load(const store::Reader& reader,
                                   const std::string& key,
                                   Result<Record> (*decode)(std::string_view)) {
    TRY(const auto octets, reader.get(key));
    if (!octets) {
        return std::optional<Record>();
    }
    TRY(auto record, decode(*octets));
    return std::optional<Record>(std::move(record));
}

}  // namespace

std::string RemoteReply::to_string() const {
    std::string out;
    const auto add = [&out](std::string_view word) {
        if (!word.empty()) {
            out += out.empty() ? "" : " ";
            out += word;
        }
    };
    add(code == 0 ? "" : std::to_string(code));
    add(enhanced);
    add(text);
    if (!host.empty()) {
        out += fmt::format(" (said by {}", host);
        out += command.empty() ? ")" : fmt::format(" to {})", command);
    }
    std::replace(out.begin(), out.end(), '\n', ' ');
    return out;
}

std::string message_key(std::string_view queue_id) {
    return table(kMessages).text(queue_id).key();
}

std::string message_prefix() {
    return table(kMessages).key();
}

std::string recipient_key(const RecipientId& id) {
    return table(kRecipients).text(id.queue_id).u32(id.number).key();
}

std::string recipient_prefix() {
    return table(kRecipients).key();
}

std::string recipient_prefix(std::string_view queue_id) {
    return table(kRecipients).text(queue_id).key();
}

std::string progress_key(const RecipientId& id) {
    return table(kProgress).text(id.queue_id).u32(id.number).key();
}

std::string progress_prefix() {
    return table(kProgress).key();
}

std::string schedule_key(const Scheduled& entry) {
    return table(kSchedule)
        .text(entry.destination)
        .u64(to_number(entry.due))
        .text(entry.recipient.queue_id)
        .u32(entry.recipient.number)
        .key();
}

std::string schedule_prefix() {
    return table(kSchedule).key();
}

std::string schedule_prefix(std::string_view destination) {
    return table(kSchedule).text(destination).key();
}

std::string schedule_from(std::string_view destination, base::WallTime due) {
    return table(kSchedule).text(destination).u64(to_number(due)).key();
}

std::string schedule_behind(const Scheduled& entry) {
    return store::prefix_end(table(kSchedule)
                                 .text(entry.destination)
                                 .u64(to_number(entry.due))
                                 .text(entry.recipient.queue_id)
                                 .key());
}

std::string destination_key(std::string_view destination) {
    return table(kDestinations).text(destination).key();
}

std::string destination_prefix() {
    return table(kDestinations).key();
}

std::string wake_key(base::WallTime wake, std::string_view destination) {
    return table(kWakes).u64(to_number(wake)).text(destination).key();
}

std::string wake_prefix() {
    return table(kWakes).key();
}

std::string age_key(base::WallTime time, std::string_view queue_id) {
    return table(kAges).u64(to_number(time)).text(queue_id).key();
}

std::string age_prefix() {
    return table(kAges).key();
}

std::string routes_key() {
    return table(kRoutes).key();
}

Result<std::string> parse_message_key(std::string_view key) {
    bool ours = false;
    KeyReader reader = open_key(key, kMessages, ours);
    std::string id = reader.text();
    TRY_VOID(reader.finish());
    if (!ours) {
        return foreign_key();
    }
    return id;
}

Result<RecipientId> parse_recipient_key(std::string_view key) {
    return parse_id(key, kRecipients);
}

Result<RecipientId> parse_progress_key(std::string_view key) {
    return parse_id(key, kProgress);
}

Result<Scheduled> parse_schedule_key(std::string_view key) {
    bool ours = false;
    KeyReader reader = open_key(key, kSchedule, ours);
    Scheduled entry;
    entry.destination = reader.text();
    entry.due = to_time(reader.u64());
    entry.recipient.queue_id = reader.text();
    entry.recipient.number = reader.u32();
    TRY_VOID(reader.finish());
    if (!ours) {
        return foreign_key();
    }
    return entry;
}

Result<std::string> parse_destination_key(std::string_view key) {
    bool ours = false;
    KeyReader reader = open_key(key, kDestinations, ours);
    std::string destination = reader.text();
    TRY_VOID(reader.finish());
    if (!ours) {
        return foreign_key();
    }
    return destination;
}

Result<Woken> parse_wake_key(std::string_view key) {
    bool ours = false;
    KeyReader reader = open_key(key, kWakes, ours);
    Woken woken;
    woken.wake = to_time(reader.u64());
    woken.destination = reader.text();
    TRY_VOID(reader.finish());
    if (!ours) {
        return foreign_key();
    }
    return woken;
}

Result<Aged> parse_age_key(std::string_view key) {
    bool ours = false;
    KeyReader reader = open_key(key, kAges, ours);
    Aged aged;
    aged.time = to_time(reader.u64());
    aged.queue_id = reader.text();
    TRY_VOID(reader.finish());
    if (!ours) {
        return foreign_key();
    }
    return aged;
}

std::string encode(const MessageRecord& message) {
    return RecordWriter(kVersion)
        .raw(message.blob.octets())
        .varint(message.octets)
        .u64(to_number(message.created))
        .u64(to_number(message.expires))
        .text(message.sender)
        .text(message.envelope_id)
        .u8(static_cast<std::uint8_t>(message.return_content))
        .u8(static_cast<std::uint8_t>(message.body))
        .boolean(message.smtputf8)
        .text(message.message_id)
        .varint(message.submitter)
        .varint(message.recipients)
        .varint(message.pending)
        .u64(to_number(message.delay_notice))
        .boolean(message.delay_told)
        .u64(to_number(message.age_event))
        .boolean(message.double_bounce)
        .text(message.release_request)
        .record();
}

Result<MessageRecord> decode_message(std::string_view record) {
    RecordReader in(record, kVersion);
    MessageRecord message;
    const auto blob = store::BlobId::from_octets(in.raw(32));
    message.octets = in.varint();
    message.created = to_time(in.u64());
    message.expires = to_time(in.u64());
    message.sender = in.text();
    message.envelope_id = in.text();
    const std::uint8_t content = in.u8();
    const std::uint8_t body = in.u8();
    message.smtputf8 = in.boolean();
    message.message_id = in.text();
    message.submitter = in.varint();
    message.recipients = static_cast<std::uint32_t>(in.varint());
    message.pending = static_cast<std::uint32_t>(in.varint());
    message.delay_notice = to_time(in.u64());
    message.delay_told = in.boolean();
    message.age_event = to_time(in.u64());
    message.double_bounce = in.boolean();
    if (!in.at_end()) {  // written since requests are kept
        message.release_request = in.text();
    }
    TRY_VOID(in.finish());
    if (!blob || content > static_cast<std::uint8_t>(ReturnContent::kHeader) ||
        body > static_cast<std::uint8_t>(BodyType::kBinary)) {
        return fail(Errc::kCorrupt, "a queued message's record says what cannot be");
    }
    message.blob = *blob;
    message.return_content = static_cast<ReturnContent>(content);
    message.body = static_cast<BodyType>(body);
    return message;
}

std::string encode(const RecipientRecord& recipient) {
    RecordWriter out(kVersion);
    out.text(recipient.address)
        .text(recipient.original)
        .u8(recipient.notify)
        .text(recipient.destination)
        .boolean(recipient.held)
        .boolean(recipient.returned)
        .varint(recipient.attempts)
        .u64(to_number(recipient.due))
        .u64(to_number(recipient.last_attempt));
    write(out, recipient.last);
    return std::move(out).record();
}

Result<RecipientRecord> decode_recipient(std::string_view record) {
    RecordReader in(record, kVersion);
    RecipientRecord recipient;
    recipient.address = in.text();
    recipient.original = in.text();
    recipient.notify = in.u8();
    recipient.destination = in.text();
    recipient.held = in.boolean();
    recipient.returned = in.boolean();
    recipient.attempts = static_cast<std::uint32_t>(in.varint());
    recipient.due = to_time(in.u64());
    recipient.last_attempt = to_time(in.u64());
    recipient.last = read_reply(in);
    TRY_VOID(in.finish());
    return recipient;
}

std::string encode(const DestinationRecord& destination) {
    RecordWriter out(kVersion);
    out.u64(to_number(destination.wake))
        .varint(destination.failures)
        .u64(to_number(destination.failing_since));
    write(out, destination.last);
    out.u64(to_number(destination.first_due));
    return std::move(out).record();
}

Result<DestinationRecord> decode_destination(std::string_view record) {
    RecordReader in(record, kVersion);
    DestinationRecord destination;
    destination.wake = to_time(in.u64());
    destination.failures = static_cast<std::uint32_t>(in.varint());
    destination.failing_since = to_time(in.u64());
    destination.last = read_reply(in);
    if (!in.at_end()) {
        destination.first_due = to_time(in.u64());
    }
    TRY_VOID(in.finish());
    return destination;
}

Result<std::optional<MessageRecord>> load_message(const store::Reader& reader,
                                                  std::string_view queue_id) {
    return load<MessageRecord>(reader, message_key(queue_id), decode_message);
}

Result<std::optional<RecipientRecord>> load_recipient(const store::Reader& reader,
                                                      const RecipientId& id) {
    return load<RecipientRecord>(reader, recipient_key(id), decode_recipient);
}

Result<std::optional<DestinationRecord>> load_destination(const store::Reader& reader,
                                                          std::string_view destination) {
    return load<DestinationRecord>(reader, destination_key(destination), decode_destination);
}

}  // namespace queue
