// Records (docs/architecture/storage-format.md, "Mail"):
//     'T' queue-id                 one a message: its Message-ID, the next event's number, the oldest's time,
//                                  a fingerprint of the last
//     'T' queue-id number          one an event
//     't' 'i' message-id queue-id  finds queue ids by Message-ID
//     't' 'a' time queue-id        finds the oldest for expire_trace(): one a message, its oldest event's
//                                  time
//
// Reading errors and damage in here are passed over, never handed on: nobody loses a message because
// what is told about it is torn.
#include "mail/trace.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "store/key.h"

namespace mail {
namespace {

using store::KeyReader;
using store::KeyWriter;
using store::RecordReader;
using store::RecordWriter;

constexpr std::uint8_t kHeadVersion = 1;
constexpr std::uint8_t kEventVersion = 1;
// Strangers choose Message-IDs and much of what an event says.
constexpr std::size_t kMessageIdOctetsMax = 255;
constexpr std::size_t kTextOctetsMax = 1000;
// Messages that one Message-ID finds: strangers may send many under one.
constexpr std::size_t kFoundMax = 100;
// Events told of one message; a mailing list's may have many recipients.
constexpr std::size_t kEventsMax = 10'000;

struct Head {
    std::string message_id;
    std::uint32_t next = 0;    // the next event's number
    std::uint64_t oldest = 0;  // the time in the age index
    std::uint64_t last = 0;    // the last event's fingerprint
};

std::string head_key(std::string_view queue_id) {
    return KeyWriter().u8('T').text(queue_id).key();
}

std::string event_key(std::string_view queue_id, std::uint32_t number) {
    return KeyWriter().u8('T').text(queue_id).u32(number).key();
}

std::string message_id_prefix(std::string_view message_id) {
    return KeyWriter().u8('t').u8('i').text(message_id).key();
}

std::string message_id_key(std::string_view message_id, std::string_view queue_id) {
    return KeyWriter().u8('t').u8('i').text(message_id).raw(queue_id).key();
}

std::string age_prefix() {
    return KeyWriter().u8('t').u8('a').key();
}

std::string age_key(std::uint64_t time, std::string_view queue_id) {
    return KeyWriter().u8('t').u8('a').u64(time).raw(queue_id).key();
}

std::uint64_t milliseconds(base::WallTime time) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.time_since_epoch().count()));
}

// The form in which Message-IDs are compared: without angle brackets, of bounded length.
std::string_view index_form(std::string_view message_id) {
    if (message_id.size() >= 2 && message_id.front() == '<' && message_id.back() == '>') {
        message_id = message_id.substr(1, message_id.size() - 2);
    }
    return message_id.substr(0, kMessageIdOctetsMax);
}

// What an event says apart from its time and session, in 64 bits (FNV-1a): enough to know the last one
// again without reading it.
std::uint64_t fingerprint(const TraceEvent& event) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const std::string_view text :
         {std::string_view(event.kind), std::string_view(event.text)}) {
        for (const char c : text) {
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        }
        hash *= 0x100000001b3;
    }
    return hash;
}

std::string encode_head(const Head& head) {
    return RecordWriter(kHeadVersion)
        .text(head.message_id)
        .varint(head.next)
        .varint(head.oldest)
        .u64(head.last)
        .record();
}

std::optional<Head> load_head(const store::Reader& reader, std::string_view queue_id) {
    const auto record = reader.get(head_key(queue_id));
    if (!record || !*record) {
        return std::nullopt;
    }
    RecordReader fields(**record, kHeadVersion);
    Head head;
    head.message_id = fields.text();
    head.next = static_cast<std::uint32_t>(fields.varint());
    head.oldest = fields.varint();
    head.last = fields.u64();
    if (!fields.finish()) {
        return std::nullopt;
    }
    return head;
}

std::string encode_event(const TraceEvent& event) {
    return RecordWriter(kEventVersion)
        .varint(milliseconds(event.time))
        .text(event.kind)
        .text(event.session)
        .text(std::string_view(event.text).substr(0, kTextOctetsMax))
        .record();
}

std::optional<TraceEvent> decode_event(std::string_view record) {
    RecordReader fields(record, kEventVersion);
    TraceEvent event;
    event.time =
        base::WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(fields.varint())));
    event.kind = fields.text();
    event.session = fields.text();
    event.text = fields.text();
    if (!fields.finish()) {
        return std::nullopt;
    }
    return event;
}

// The events of a message in their order, the first `events_max` of them, each with its number. What is
// damaged is left out.
std::vector<std::pair<std::uint32_t, TraceEvent>> load_events(const store::Reader& reader,
                                                              std::string_view queue_id,
                                                              std::size_t events_max) {
    std::vector<std::pair<std::uint32_t, TraceEvent>> events;
    const std::string prefix = head_key(queue_id);
    const auto scanned = reader.scan(event_key(queue_id, 0),
                                     store::prefix_end(prefix),
                                     [&](std::string_view key, std::string_view record) {
                                         KeyReader number(key.substr(prefix.size()));
                                         if (auto event = decode_event(record)) {
                                             events.emplace_back(number.u32(), std::move(*event));
                                         }
                                         return events.size() < events_max;
                                     });
    if (!scanned) {
        events.clear();
    }
    return events;
}

TracedMessage load_message(const store::Reader& reader, std::string_view queue_id, Head head) {
    TracedMessage message;
    message.queue_id = queue_id;
    message.message_id = std::move(head.message_id);
    for (auto& [number, event] : load_events(reader, queue_id, kEventsMax)) {
        message.events.push_back(std::move(event));
    }
    return message;
}

// Forgets the events of one message that are older than `limit`, `budget` at most; takes what it
// forgot off the budget.
void expire_message(store::Transaction& change,
                    std::string_view queue_id,
                    std::uint64_t indexed_time,
                    std::uint64_t limit,
                    std::size_t& budget) {
    change.erase(age_key(indexed_time, queue_id));
    auto head = load_head(change, queue_id);
    if (!head) {
        return;
    }
    for (const auto& [number, event] : load_events(change, queue_id, budget + 1)) {
        head->oldest = milliseconds(event.time);
        if (budget == 0 || head->oldest >= limit) {
            change.put(head_key(queue_id), encode_head(*head));
            change.put(age_key(head->oldest, queue_id), "");
            return;
        }
        --budget;
        change.erase(event_key(queue_id, number));
    }
    change.erase(head_key(queue_id));
    if (!head->message_id.empty()) {
        change.erase(message_id_key(head->message_id, queue_id));
    }
}

void append(store::Transaction& change,
            std::string_view queue_id,
            std::string_view message_id,
            std::optional<Head> head,
            const TraceEvent& event) {
    if (!head) {
        head.emplace();
        head->oldest = milliseconds(event.time);
        change.put(age_key(head->oldest, queue_id), "");
    }
    if (head->message_id.empty() && !message_id.empty()) {
        head->message_id = index_form(message_id);
        change.put(message_id_key(head->message_id, queue_id), "");
    }
    head->last = fingerprint(event);
    change.put(event_key(queue_id, head->next++), encode_event(event));
    change.put(head_key(queue_id), encode_head(*head));
}

}  // namespace

void add_trace(store::Transaction& change,
               std::string_view queue_id,
               std::string_view message_id,
               const TraceEvent& event) {
    append(change, queue_id, message_id, load_head(change, queue_id), event);
}

void add_trace_once(store::Transaction& change,
                    std::string_view queue_id,
                    const TraceEvent& event) {
    auto head = load_head(change, queue_id);
    if (!head || head->last != fingerprint(event)) {
        append(change, queue_id, "", std::move(head), event);
    }
}

base::Result<std::vector<TracedMessage>> find_trace(const store::Reader& reader,
                                                    std::string_view id) {
    std::vector<TracedMessage> found;
    if (auto head = load_head(reader, id)) {
        found.push_back(load_message(reader, id, std::move(*head)));
    }
    const std::string prefix = message_id_prefix(index_form(id));
    std::vector<std::string> queue_ids;
    TRY_VOID(
        reader.scan(prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view) {
            queue_ids.emplace_back(key.substr(prefix.size()));
            return queue_ids.size() < kFoundMax;
        }));
    for (const std::string& queue_id : queue_ids) {
        auto head = load_head(reader, queue_id);
        if (head && queue_id != id) {
            found.push_back(load_message(reader, queue_id, std::move(*head)));
        }
    }
    return found;
}

base::Result<std::size_t> expire_trace(store::Transaction& change,
                                       base::WallTime older_than,
                                       std::size_t events_max) {
    const std::uint64_t limit = milliseconds(older_than);
    std::vector<std::pair<std::uint64_t, std::string>> aged;
    TRY_VOID(
        change.scan(age_prefix(), age_key(limit, ""), [&](std::string_view key, std::string_view) {
            KeyReader parts(key.substr(age_prefix().size()));
            const std::uint64_t time = parts.u64();
            aged.emplace_back(time, parts.rest());
            return aged.size() < events_max;
        }));
    std::size_t budget = events_max;
    for (const auto& [time, queue_id] : aged) {
        if (budget == 0) {
            break;
        }
        expire_message(change, queue_id, time, limit, budget);
    }
    return events_max - budget;
}

}  // namespace mail
