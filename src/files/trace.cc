#include "files/trace.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "account/directory.h"
#include "base/ascii.h"
#include "files/path.h"
#include "files/records.h"
#include "store/key.h"

namespace files {
namespace {

using base::Result;
using store::KeyReader;
using store::KeyWriter;
using store::RecordReader;
using store::RecordWriter;

// Up to version 1 a key had no number behind its time: events of one millisecond came by their kinds.
constexpr std::uint8_t kVersion = 2;
constexpr std::size_t kTextOctetsMax = 1000;
constexpr std::size_t kEventsMax = 1000;
constexpr std::string_view kShareVolume = "share/";
constexpr std::string_view kAccountVolume = "account/";

std::uint64_t milliseconds(base::WallTime time) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.time_since_epoch().count()));
}

std::string path_prefix(std::string_view path) {
    return KeyWriter().raw(prefix(RecordKind::kEvent)).text(path).key();
}

// Without the tag: it follows the time in the index by age. `number`: of the events of that millisecond.
std::string event_name(std::string_view volume,
                       std::string_view path,
                       const TraceEvent& event,
                       std::uint32_t number) {
    return KeyWriter()
        .text(path)
        .text(volume)
        .u64(milliseconds(event.time))
        .u32(number)
        .text(event.kind)
        .raw(event.session)
        .key();
}

std::string age_key(std::uint64_t time, std::string_view name) {
    return KeyWriter().raw(prefix(RecordKind::kEventByTime)).u64(time).raw(name).key();
}

struct Found {
    std::string volume;
    std::uint32_t number = 0;
    TraceEvent event;
};

// Damage costs an event, never the rest.
std::optional<Found> decode(std::string_view behind_path, std::string_view record) {
    RecordReader fields(record, kVersion);
    KeyReader key(behind_path);
    Found found;
    found.volume = key.text();
    found.event.time =
        base::WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(key.u64())));
    found.number = fields.version() < 2 ? 0 : key.u32();
    found.event.kind = key.text();
    found.event.session = key.rest();
    found.event.text = fields.text();
    if (!key.finish() || !fields.finish()) {
        return std::nullopt;
    }
    return found;
}

// An account's address or a share's name.
Result<std::string> volume_name(const store::Reader& reader, std::string_view volume) {
    if (volume.starts_with(kShareVolume)) {
        return std::string(volume.substr(kShareVolume.size()));
    }
    const auto id = base::parse_number<account::AccountId>(
        volume.substr(std::min(volume.size(), kAccountVolume.size())));
    if (!id) {
        return std::string(volume);
    }
    TRY(const auto account, account::find_account(reader, *id));
    return account ? account->address.to_string() : "an account that was removed";
}

// Adds the events of `path`, of all volumes or of the one that is named.
Result<> collect(const store::Reader& reader,
                 std::string_view path,
                 std::string_view only_volume,
                 std::vector<TracedFile>& files) {
    const std::string first = path_prefix(path);
    std::vector<TracedFile> found;
    std::size_t count = 0;
    TRY_VOID(reader.scan(
        first, store::prefix_end(first), [&](std::string_view key, std::string_view record) {
            auto event = decode(key.substr(first.size()), record);
            if (event && (only_volume.empty() || event->volume == only_volume)) {
                if (found.empty() || found.back().volume != event->volume) {
                    found.push_back({event->volume, std::string(path), {}});
                }
                found.back().events.push_back(std::move(event->event));
            }
            return ++count < kEventsMax;
        }));
    for (TracedFile& file : found) {
        TRY(file.volume, volume_name(reader, file.volume));
        files.push_back(std::move(file));
    }
    return {};
}

}  // namespace

Result<> add_trace_once(store::Transaction& change,
                        std::string_view volume,
                        std::string_view path,
                        const TraceEvent& event) {
    const std::string of_path = path_prefix(path);
    const std::string first = KeyWriter().raw(of_path).text(volume).key();
    std::optional<Found> last;
    TRY_VOID(change.scan_back(
        first, store::prefix_end(first), [&](std::string_view key, std::string_view record) {
            last = decode(key.substr(of_path.size()), record);
            return false;
        }));
    if (last && last->event.kind == event.kind && last->event.text == event.text) {
        return {};
    }
    const std::uint64_t time = milliseconds(event.time);
    const bool same_time = last && milliseconds(last->event.time) == time;
    const std::string name = event_name(volume, path, event, same_time ? last->number + 1 : 0);
    const std::string_view text = std::string_view(event.text).substr(0, kTextOctetsMax);
    change.put(KeyWriter().raw(prefix(RecordKind::kEvent)).raw(name).key(),
               RecordWriter(kVersion).text(text).record());
    change.put(age_key(time, name), "");
    return {};
}

Result<std::vector<TracedFile>> find_trace(const store::Reader& reader, std::string_view path) {
    TRY(const std::string normal, join("/", path));
    std::vector<TracedFile> files;
    TRY_VOID(collect(reader, normal, "", files));
    const std::size_t slash = normal.find('/', 1);
    if (slash != std::string::npos) {
        TRY_VOID(collect(reader,
                         std::string_view(normal).substr(slash),
                         share_volume(std::string_view(normal).substr(1, slash - 1)),
                         files));
    }
    return files;
}

Result<std::size_t> expire_trace(store::Transaction& change,
                                 base::WallTime older_than,
                                 std::size_t events_max) {
    const std::string first = prefix(RecordKind::kEventByTime);
    std::vector<std::string> names;
    std::vector<std::string> keys;
    TRY_VOID(change.scan(first,
                         age_key(milliseconds(older_than), ""),
                         [&](std::string_view key, std::string_view /*value*/) {
                             keys.emplace_back(key);
                             names.emplace_back(key.substr(first.size() + sizeof(std::uint64_t)));
                             return keys.size() < events_max;
                         }));
    for (std::size_t i = 0; i < keys.size(); ++i) {
        change.erase(keys[i]);
        change.erase(KeyWriter().raw(prefix(RecordKind::kEvent)).raw(names[i]).key());
    }
    return keys.size();
}

}  // namespace files
