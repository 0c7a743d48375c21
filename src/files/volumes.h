// All volumes of a server: opened when first needed, one object each, so that everybody counts in the same
// ledger.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "account/directory.h"
#include "base/result.h"
#include "files/files.h"
#include "files/recorder.h"
#include "files/shares.h"
#include "files/volume.h"
#include "store/store.h"

namespace files {

// All shares.
struct ShareTable {
    std::vector<Share> shares;

    // Null for none.
    [[nodiscard]] const Share* find(std::string_view name) const;
};

// Thread-safe.
class Volumes : public store::CommitObserver, public std::enable_shared_from_this<Volumes> {
  public:
    // Have the store's observe() called with it.
    Volumes(Options options,
            store::Store& store,
            const base::Clock& clock,
            std::shared_ptr<Aside> aside)
        : options_(std::move(options)),
          store_(store),
          clock_(clock),
          aside_(std::move(aside)),
          direct_buffers_(std::make_shared<DirectBuffers>(options_.direct_octets)),
          recorder_(std::make_shared<Recorder>(store, clock, options_.other_octets != nullptr)) {}

    // Makes the account's folder where it is absent. Waits for the disk.
    [[nodiscard]] base::Result<std::shared_ptr<Volume>> of_account(const account::Account& account);
    // The same for a share.
    [[nodiscard]] base::Result<std::shared_ptr<Volume>> of_share(const std::string& name);

    // The shares as they are now. In memory until a commit changes them.
    [[nodiscard]] base::Result<std::shared_ptr<const ShareTable>> shares();

    void on_commit(std::span<const store::Write> writes) override;

    // What has happened is written down soon, or before this returns.
    void flush() const { recorder_->flush(); }

    // For the last time: Recorder::close().
    void close(bool counts_are_right) const { recorder_->close(counts_are_right); }

    // Behind a change of a tree: Recorder::send_in_time().
    void send_in_time(base::Loop& loop) const { recorder_->send_in_time(loop); }

    void settle() const { recorder_->settle(); }

    [[nodiscard]] const Aside& aside() const { return *aside_; }

    [[nodiscard]] const Options& options() const { return options_; }

    [[nodiscard]] store::Store& store() { return store_; }

    [[nodiscard]] const base::Clock& clock() const { return clock_; }

  private:
    // A volume, or the place where it is being opened.
    struct Slot {
        std::mutex mutex;
        std::weak_ptr<Volume> volume;
    };

    [[nodiscard]] base::Result<std::shared_ptr<Volume>> open(const std::string& folder,
                                                             VolumeSettings settings);
    [[nodiscard]] std::shared_ptr<Slot> slot(const std::string& key);
    [[nodiscard]] base::Result<std::shared_ptr<Aside>> aside_for(const Beneath& beneath,
                                                                 const std::string& folder) const;
    [[nodiscard]] base::Result<> load_counts_of(Volume& volume);
    [[nodiscard]] Limits account_limits(account::AccountId id) const;
    [[nodiscard]] Limits share_limits(const std::string& name);

    Options options_;
    store::Store& store_;
    const base::Clock& clock_;
    std::shared_ptr<Aside> aside_;
    std::shared_ptr<DirectBuffers> direct_buffers_;
    std::shared_ptr<Recorder> recorder_;
    std::mutex mutex_;  // guards what follows
    std::map<std::string, std::shared_ptr<Slot>> slots_;
    std::shared_ptr<const ShareTable> table_;  // null: to be read
    std::uint64_t table_changes_ = 0;          // how often it was to be read anew
};

}  // namespace files
