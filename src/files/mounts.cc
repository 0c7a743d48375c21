#include "files/mounts.h"

namespace files {

using base::Errc;
using base::Result;

Result<Place> Mounts::find(std::string_view path) const {
    return Place{.volume = home_, .path = std::string(path), .rights = kAllRights};
}

Result<Place> Mounts::find(std::string_view path, Rights needed) const {
    TRY(Place place, find(path));
    if ((place.rights & needed) != needed) {
        return base::fail(Errc::kDenied, "Permission denied.");
    }
    return place;
}

}  // namespace files
