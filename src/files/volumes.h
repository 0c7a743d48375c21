// All volumes of a server: opened when first needed, one object each, so that everybody counts in the same
// ledger.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "account/directory.h"
#include "base/result.h"
#include "files/files.h"
#include "files/volume.h"
#include "store/store.h"

namespace files {

class Volumes {
  public:
    Volumes(Options options,
            store::Store& store,
            const base::Clock& clock,
            std::shared_ptr<Aside> aside)
        : options_(std::move(options)),
          store_(store),
          clock_(clock),
          aside_(std::move(aside)) {}

    // Makes the account's folder where it is absent. kNotFound when there is no such account.
    [[nodiscard]] base::Result<std::shared_ptr<Volume>> of_account(account::AccountId id);

    [[nodiscard]] const Options& options() const { return options_; }

    [[nodiscard]] store::Store& store() { return store_; }

    [[nodiscard]] const base::Clock& clock() const { return clock_; }

  private:
    [[nodiscard]] base::Result<std::shared_ptr<Volume>> open(const std::string& folder,
                                                             VolumeSettings settings);

    Options options_;
    store::Store& store_;
    const base::Clock& clock_;
    std::shared_ptr<Aside> aside_;
    std::mutex mutex_;  // guards the map, and is held while a volume is opened
    std::map<std::string, std::weak_ptr<Volume>> open_;
};

}  // namespace files
