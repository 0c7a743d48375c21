// Where a user's paths lead: the user's own tree, and the shares mounted into it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "files/files.h"
#include "files/volume.h"

namespace files {

// A path of a user, found.
struct Place {
    std::shared_ptr<Volume> volume;
    std::string path;   // the volume's own
    Rights rights = 0;  // the user's, there
};

// Thread-safe.
class Mounts {
  public:
    explicit Mounts(std::shared_ptr<Volume> home) : home_(std::move(home)) {}

    // Where `path` leads, with the user's rights as they are now.
    [[nodiscard]] base::Result<Place> find(std::string_view path) const;
    // The same; kDenied where the user has not all of `needed`.
    [[nodiscard]] base::Result<Place> find(std::string_view path, Rights needed) const;

  private:
    std::shared_ptr<Volume> home_;
};

}  // namespace files
