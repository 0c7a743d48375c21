// What the queue keeps in the store: messages on their way out, their recipients, and the destinations
// they wait for (docs/architecture/storage-format.md, "Queue").
//
//     'q' 'm' queue-id                      a message
//     'q' 'r' queue-id number               one of its recipients that is neither delivered nor given up
//     'q' 's' destination due queue-id number   the schedule: who is due when; held recipients are not in it
//     'q' 'd' destination                   a destination for which somebody is scheduled
//     'q' 'w' wake destination              the same by the time when it is looked at next
//     'q' 'p' queue-id number               how far its transport has come, in its own words
//     'q' 'a' time queue-id                 the next event of a message's age: its delay notice or its end
//     'q' 'f'                               the routes by which destinations were chosen last
//
// A destination that cannot be reached sleeps as a whole: its own record moves, and the recipients behind
// it, a hundred thousand perhaps, are not touched.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "account/directory.h"
#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace queue {

enum class BodyType : std::uint8_t { k7bit, k8bit, kBinary };          // RFC 6152, 3030
enum class ReturnContent : std::uint8_t { kDefault, kFull, kHeader };  // RFC 3461 4.3

// RFC 3461 4.1, as bits; zero stands for the default, failure and delay.
enum Notify : std::uint8_t {
    kNotifyNever = 1U << 0U,
    kNotifySuccess = 1U << 1U,
    kNotifyFailure = 1U << 2U,
    kNotifyDelay = 1U << 3U,
};

struct MessageRecord {
    store::BlobId blob;  // one reference
    std::uint64_t octets = 0;
    base::WallTime created;
    base::WallTime expires;   // when its last recipients are given up
    std::string sender;       // reverse-path without brackets; empty for <>
    std::string envelope_id;  // ENVID, decoded; empty for none
    ReturnContent return_content = ReturnContent::kDefault;
    BodyType body = BodyType::k8bit;
    bool smtputf8 = false;
    std::string message_id;            // without angle brackets, or empty
    account::AccountId submitter = 0;  // who logged in; 0: nobody
    std::uint32_t recipients = 0;      // at first
    std::uint32_t pending = 0;         // of them with a record
    base::WallTime delay_notice;       // when its sender is told that it is late
    bool delay_told = false;
    base::WallTime age_event;  // where it stands in the 'a' index
    bool double_bounce =
        false;  // tells postmaster of a notice that failed: nobody is told of its own end
    // How its sender asked to have it held back, as RFC 4865 has it in notices: "for;3600"; or empty.
    std::string release_request;
};

// The last word about a recipient or a destination: the remote's own where it spoke, else ours.
struct RemoteReply {
    int code = 0;          // 250 ...; 0: the peer said nothing (no connection, no DNS answer)
    std::string enhanced;  // "4.4.1": the peer's, or ours
    std::string text;      // one line or several, without codes
    std::string host;      // "mx.hamburger.example [192.0.2.1]:25", or empty
    std::string command;   // to what it was the answer: "RCPT TO", "end of data" ...; or empty

    // "450 4.2.0 greylisted", and who said it to what.
    [[nodiscard]] std::string to_string() const;
    friend bool operator==(const RemoteReply&, const RemoteReply&) = default;
};

struct RecipientRecord {
    std::string address;
    std::string original;  // ORCPT: "rfc822;Bob@hamburger.example", decoded; empty for none
    std::uint8_t notify = 0;
    std::string destination;
    bool held = false;  // by an administrator
    bool returned =
        false;  // by an administrator: it is given up at the message's next event of age
    std::uint32_t attempts = 0;
    base::WallTime due;
    base::WallTime last_attempt;
    RemoteReply last;
};

struct DestinationRecord {
    base::WallTime wake;         // when it is looked at next
    std::uint32_t failures = 0;  // attempts in a row that reached nobody
    base::WallTime failing_since;
    RemoteReply last;
    // Nobody is scheduled for earlier. What has gone stands in front of the schedule until the engine
    // forgets it, a step each for whoever looks from the begin.
    base::WallTime first_due;
};

// A recipient in all indexes.
struct RecipientId {
    std::string queue_id;
    std::uint32_t number = 0;

    friend auto operator<=>(const RecipientId&, const RecipientId&) = default;
};

// An entry of the schedule.
struct Scheduled {
    std::string destination;
    base::WallTime due;
    RecipientId recipient;
};

[[nodiscard]] std::string message_key(std::string_view queue_id);
[[nodiscard]] std::string message_prefix();
[[nodiscard]] std::string recipient_key(const RecipientId& id);
// Of all messages, or of one.
[[nodiscard]] std::string recipient_prefix();
[[nodiscard]] std::string recipient_prefix(std::string_view queue_id);
[[nodiscard]] std::string progress_key(const RecipientId& id);
[[nodiscard]] std::string progress_prefix();
[[nodiscard]] std::string schedule_key(const Scheduled& entry);
// Of all destinations, or of one.
[[nodiscard]] std::string schedule_prefix();
[[nodiscard]] std::string schedule_prefix(std::string_view destination);
// Before every entry that is due at `due` or later.
[[nodiscard]] std::string schedule_from(std::string_view destination, base::WallTime due);
// Behind every recipient that `entry`'s message has at the same moment.
[[nodiscard]] std::string schedule_behind(const Scheduled& entry);
[[nodiscard]] std::string destination_key(std::string_view destination);
[[nodiscard]] std::string destination_prefix();
[[nodiscard]] std::string wake_key(base::WallTime wake, std::string_view destination);
[[nodiscard]] std::string wake_prefix();
[[nodiscard]] std::string age_key(base::WallTime time, std::string_view queue_id);
[[nodiscard]] std::string age_prefix();

[[nodiscard]] std::string routes_key();

// What such keys say; kCorrupt for anything else.
struct Woken {
    base::WallTime wake;
    std::string destination;
};

struct Aged {
    base::WallTime time;
    std::string queue_id;
};

[[nodiscard]] base::Result<std::string> parse_message_key(std::string_view key);
[[nodiscard]] base::Result<RecipientId> parse_recipient_key(std::string_view key);
[[nodiscard]] base::Result<RecipientId> parse_progress_key(std::string_view key);
[[nodiscard]] base::Result<Scheduled> parse_schedule_key(std::string_view key);
[[nodiscard]] base::Result<std::string> parse_destination_key(std::string_view key);
[[nodiscard]] base::Result<Woken> parse_wake_key(std::string_view key);
[[nodiscard]] base::Result<Aged> parse_age_key(std::string_view key);

[[nodiscard]] std::string encode(const MessageRecord& message);
[[nodiscard]] std::string encode(const RecipientRecord& recipient);
[[nodiscard]] std::string encode(const DestinationRecord& destination);
// kCorrupt for what the encoder cannot have written.
[[nodiscard]] base::Result<MessageRecord> decode_message(std::string_view record);
[[nodiscard]] base::Result<RecipientRecord> decode_recipient(std::string_view record);
[[nodiscard]] base::Result<DestinationRecord> decode_destination(std::string_view record);

[[nodiscard]] base::Result<std::optional<MessageRecord>> load_message(const store::Reader& reader,
                                                                      std::string_view queue_id);
[[nodiscard]] base::Result<std::optional<RecipientRecord>> load_recipient(
    const store::Reader& reader, const RecipientId& id);
[[nodiscard]] base::Result<std::optional<DestinationRecord>> load_destination(
    const store::Reader& reader, std::string_view destination);

}  // namespace queue
