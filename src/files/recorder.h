// Writes down in the store what changes on the disk: what volumes hold, and what happened to files. Nobody
// waits for it: a file's promise is the disk's. What a crash takes from the counts, `staffetta check`
// finds and mends.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "files/ledger.h"
#include "files/trace.h"
#include "store/store.h"

namespace files {

// One change is on its way at a time; what comes meanwhile gathers and is the next. So the cost of a
// thousand small files is a few changes. Thread-safe; shared by what it waits for.
class Recorder : public std::enable_shared_from_this<Recorder> {
  public:
    // `store` must outlive all that was handed in. `shares_quota`: accounts' files and mail have one quota.
    Recorder(store::Store& store, bool shares_quota) : store_(store), shares_quota_(shares_quota) {}

    // `keep_alive` lives until it is written down: a volume that is opened anew reads the right counts.
    void book(const std::string& volume, Delta delta, std::shared_ptr<const void> keep_alive);
    // The first count of a volume, or one that was not written down for mail yet.
    void set(const std::string& volume, Counts counts);
    void note(std::string volume, std::string path, TraceEvent event);

  private:
    struct Note {
        std::string volume;
        std::string path;
        TraceEvent event;
    };

    struct Batch {
        std::map<std::string, Delta> deltas;
        std::vector<Note> notes;
        std::vector<std::shared_ptr<const void>> alive;
    };

    void send_if_idle();
    void finished();
    [[nodiscard]] static base::Result<> apply_to(store::Transaction& change,
                                                 const Batch& batch,
                                                 bool shares_quota);

    store::Store& store_;
    const bool shares_quota_;
    std::mutex mutex_;
    Batch gathering_;
    bool busy_ = false;
};

}  // namespace files
