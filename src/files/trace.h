// What happened to a file, kept in the store for a time: stored, fetched, renamed or removed by whom.
// `staffetta trace PATH` prints it, beside mail's trace of messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace files {

struct TraceEvent {
    base::WallTime time;
    std::string kind;     // "stored", "fetched", "renamed", "removed", "made"
    std::string session;  // the session's id, as in the log
    std::string text;     // "1234 octets, by bob@hamburger.example from 192.0.2.1 by FTPS"
};

// `volume` as records.h names them, `path` as the volume knows it. Events of one millisecond keep the order in which they
// are added. Nothing is added where the last event of the path says the same apart from its time and session: a client
// that fetches a file again and again is told of once.
[[nodiscard]] base::Result<> add_trace_once(store::Transaction& change,
                                            std::string_view volume,
                                            std::string_view path,
                                            const TraceEvent& event);

// The events of one path of one volume, oldest first.
struct TracedFile {
    std::string volume;  // "bob@hamburger.example" or a share's name
    std::string path;
    std::vector<TraceEvent> events;
};

// Wherever a user may have seen `path`: in accounts' trees, at the top of a share, or as /SHARE/REST. At
// most 1,000 files and events.
[[nodiscard]] base::Result<std::vector<TracedFile>> find_trace(const store::Reader& reader,
                                                               std::string_view path);
// Forgets what is older; at most `events_max` a call, so that a change stays short. Returns how many went.
[[nodiscard]] base::Result<std::size_t> expire_trace(store::Transaction& change,
                                                     base::WallTime older_than,
                                                     std::size_t events_max);

}  // namespace files
