// Where a user's paths lead: the user's own tree, and the shares mounted into it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "files/files.h"
#include "files/rights.h"
#include "files/volume.h"
#include "files/volumes.h"

namespace files {

// A path of a user, found.
struct Place {
    std::shared_ptr<Volume> volume;
    // In the volume, as the disk spells it where links were followed.
    std::string path;
    Rights rights = 0;  // the user's, there
    // Where rights come from; none in the user's own tree, where there are all.
    std::shared_ptr<const ShareTable> table;
    const Share* share = nullptr;

    // The volume's path as users see it.
    [[nodiscard]] std::string shown_path() const;
    // `rights`, for whoever lists them: nothing is renamed whose contents have rights of their own.
    [[nodiscard]] Rights entry_rights() const;
};

// Thread-safe; its calls may wait for the disk.
class Mounts {
  public:
    // An account's view: its own tree, with shares at the top.
    Mounts(std::shared_ptr<Volumes> volumes, std::shared_ptr<Volume> home, Viewer viewer)
        : volumes_(std::move(volumes)),
          home_(std::move(home)),
          viewer_(std::move(viewer)) {}

    // An anonymous user's: nothing but one share.
    Mounts(std::shared_ptr<Volumes> volumes, std::string only_share)
        : volumes_(std::move(volumes)),
          only_share_(std::move(only_share)) {}

    // What is done with a link at the path's end, where links are followed at all.
    enum class LastLink { kFollow, kKeep };

    // Where `path` leads, with the user's rights as they are now. kNotFound where there are none.
    [[nodiscard]] base::Result<Place> find(std::string_view path,
                                           LastLink last = LastLink::kFollow) const;
    // The same; kDenied where the user has not all of `needed`.
    [[nodiscard]] base::Result<Place> find(std::string_view path,
                                           Rights needed,
                                           LastLink last) const;

    // The same for what is the user's own, where no link can be in between: it asks nothing of the disk. Nothing
    // where find() has to look further.
    [[nodiscard]] std::optional<Place> own(std::string_view path) const;

    // The user's rights at `place` as they are by now. Asks nothing of the disk.
    [[nodiscard]] Rights rights_now(const Place& place) const;
    // The user's rights at the entry `name` of the folder `place`, as Place::entry_rights() has them.
    [[nodiscard]] Rights rights_beneath(const Place& place, std::string_view name) const;
    // The names of the shares that `path` shows beside its own entries: at the top only.
    [[nodiscard]] base::Result<std::vector<std::string>> shares_in(std::string_view path) const;

    // The account's id in digits; empty for an anonymous user.
    [[nodiscard]] std::string viewer_id() const {
        return viewer_.account == 0 ? std::string() : std::to_string(viewer_.account);
    }

    // False once the account is disabled or gone. A read of the store.
    [[nodiscard]] bool may_stay() const;

    [[nodiscard]] const Volumes& volumes() const { return *volumes_; }

  private:
    [[nodiscard]] base::Result<Place> locate(std::string_view path) const;
    // The share that `path` lies in; null in the user's own tree.
    [[nodiscard]] const Share* share_of(const ShareTable& table, std::string_view path) const;
    [[nodiscard]] Place at_home(std::string_view path) const;
    [[nodiscard]] base::Result<Place> in_share(std::shared_ptr<const ShareTable> table,
                                               const Share& share,
                                               std::string_view path) const;

    std::shared_ptr<Volumes> volumes_;
    std::shared_ptr<Volume> home_;
    Viewer viewer_;
    std::string only_share_;
};

}  // namespace files
