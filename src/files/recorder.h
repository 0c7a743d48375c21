// Writes down in the store what changes on the disk: what volumes hold, and what happened to files. Nobody
// waits for it: a file's promise is the disk's. What a crash takes from the counts, the next start counts anew
// (Files::check()).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/loop.h"
#include "files/ledger.h"
#include "files/trace.h"
#include "store/store.h"

namespace files {

// One change is on its way at a time, and two do not begin within a tenth of a second; what comes meanwhile gathers
// and is the next. So a thousand small files cost ten syncs a second, which do not wait in line with their own. What
// was only fetched waits for company, a second at most between two sessions' ends: to read files must not keep the
// disk busy with writing so down. What the store refuses, since the disk is full, is tried again with what comes
// later. Thread-safe; shared by what it waits for.
class Recorder : public std::enable_shared_from_this<Recorder> {
  public:
    // `store` and `clock` must outlive all that was handed in. `shares_quota`: accounts' files and mail have one
    // quota.
    Recorder(store::Store& store, const base::Clock& clock, bool shares_quota)
        : store_(store),
          clock_(clock),
          shares_quota_(shares_quota) {}

    // `keep_alive` lives until it is written down: a volume that is opened anew reads the right counts.
    void book(const std::string& volume, Delta delta, std::shared_ptr<const void> keep_alive);
    // The first count of a volume, or one that was not written down for mail yet.
    void set(const std::string& volume, Counts counts);
    void note(std::string volume, std::string path, TraceEvent event);
    // Behind book(), for whoever has a loop: what had to gather is sent when its time has come, even if nothing
    // else happens. On the loop's thread.
    void send_in_time(base::Loop& loop);
    // Sends what has gathered.
    void flush();
    // The same, for the last time. Where the counts are `right` the trees are marked as closed with it, unless something
    // is refused.
    void close(bool right);
    // As flush(), and waits until it is written down, or refused: then it gathers again. On a thread that may wait, and that the store does not need.
    void settle();

  private:
    struct Note {
        std::string volume;
        std::string path;
        TraceEvent event;
    };

    struct Batch {
        std::map<std::string, Delta> deltas;
        std::vector<Note> notes;
        std::set<std::shared_ptr<const void>> alive;
        std::uint64_t last = 0;  // the number of what was handed in last
        bool closes = false;
    };

    // Whether what has gathered is to be sent now. Under mutex_.
    [[nodiscard]] bool is_due() const;
    void send_if_due();
    void finished(Batch& batch, bool written);
    // What was refused gathers again. Under mutex_.
    void take_back(Batch& batch);
    [[nodiscard]] static base::Result<> apply_to(store::Transaction& change,
                                                 const Batch& batch,
                                                 bool shares_quota);

    store::Store& store_;
    const base::Clock& clock_;
    const bool shares_quota_;
    std::mutex mutex_;
    std::condition_variable settled_;
    Batch gathering_;
    bool busy_ = false;
    bool hurry_ = false;  // flush() was called
    bool armed_ = false;  // a timer is on its way
    bool ended_ = false;  // close() was called
    // Not before, unless notes are many.
    base::SteadyTime next_deltas_at_{};
    base::SteadyTime next_notes_at_{};
    base::SteadyTime not_before_{};  // nor at all, but for flush()
    std::uint64_t tried_ = 0;        // Batch::last of what is written down, or was refused
};

}  // namespace files
