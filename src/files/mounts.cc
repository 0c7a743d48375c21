#include "files/mounts.h"

#include <algorithm>

#include "account/standing.h"

namespace files {
namespace {

using base::Errc;
using base::Result;

// A path of the disk as users see it: what rights are granted for.
std::string shown(std::string_view on_disk) {
    if (is_ascii(on_disk)) {
        return std::string(on_disk);
    }
    std::string path;
    on_disk.remove_prefix(1);
    while (!on_disk.empty()) {
        const std::size_t slash = std::min(on_disk.find('/'), on_disk.size());
        path += '/' + display_name(on_disk.substr(0, slash));
        on_disk.remove_prefix(std::min(slash + 1, on_disk.size()));
    }
    return path;
}

// Links are taken out of the path before rights are looked up, so that none leads past them; the
// operation itself then goes through no link at all, whoever puts one there meanwhile. What leads
// nowhere stays as it is and fails by itself.
void follow_links(const Volume& volume, std::string& path, Mounts::LastLink last) {
    if (path == "/") {
        return;
    }
    const SplitPath parts = split(path);
    auto whole = last == Mounts::LastLink::kFollow ? volume.beneath().resolve(path)
                                                   : volume.beneath().resolve(parts.parent);
    if (!whole && last == Mounts::LastLink::kFollow) {
        last = Mounts::LastLink::kKeep;
        whole = volume.beneath().resolve(parts.parent);
    }
    if (whole) {
        path = last == Mounts::LastLink::kFollow ? *whole : child(*whole, parts.name);
    }
}

}  // namespace

std::string Place::shown_path() const {
    return shown(path);
}

Rights Place::entry_rights() const {
    const bool bound = share != nullptr && has_grants_within(*share, shown_path());
    return bound ? rights & ~Rights{kRename} : rights;
}

Result<Place> Mounts::in_share(std::shared_ptr<const ShareTable> table,
                               const Share& share,
                               std::string_view path) const {
    TRY(std::shared_ptr<Volume> volume, volumes_->of_share(share.name));
    return Place{.volume = std::move(volume),
                 .path = path.empty() ? "/" : std::string(path),
                 .rights = 0,
                 .table = std::move(table),
                 .share = &share};
}

Result<Place> Mounts::locate(std::string_view path) const {
    TRY(auto table, volumes_->shares());
    if (!only_share_.empty()) {
        const Share* share = table->find(only_share_);
        if (share == nullptr) {
            return base::fail(Errc::kNotFound, "There is no such file or folder.");
        }
        return in_share(std::move(table), *share, path);
    }
    if (const Share* share = share_of(*table, path)) {
        return in_share(std::move(table), *share, path.substr(share->name.size() + 1));
    }
    return at_home(path);
}

const Share* Mounts::share_of(const ShareTable& table, std::string_view path) const {
    const std::size_t slash = std::min(path.find('/', 1), path.size());
    const Share* share = table.find(path.substr(1, slash - 1));
    return share != nullptr && is_visible(*share, viewer_) ? share : nullptr;
}

Place Mounts::at_home(std::string_view path) const {
    return {.volume = home_,
            .path = std::string(path),
            .rights = kAllRights,
            .table = nullptr,
            .share = nullptr};
}

std::optional<Place> Mounts::own(std::string_view path) const {
    if (!home_ || home_->settings().follow_links) {
        return std::nullopt;
    }
    const auto table = volumes_->shares();
    if (!table || share_of(**table, path) != nullptr) {
        return std::nullopt;
    }
    return at_home(path);
}

Result<Place> Mounts::find(std::string_view path, LastLink last) const {
    TRY(Place place, locate(path));
    if (place.volume->settings().follow_links) {
        follow_links(*place.volume, place.path, last);
    }
    if (place.share != nullptr) {
        place.rights = rights_at(*place.share, viewer_, place.shown_path());
        // At its top a share is there for all that have a right somewhere in it.
        if (place.rights == 0 && place.path != "/") {
            return base::fail(Errc::kNotFound, "There is no such file or folder.");
        }
    }
    return place;
}

Result<Place> Mounts::find(std::string_view path, Rights needed, LastLink last) const {
    TRY(Place place, find(path, last));
    if ((place.rights & needed) != needed) {
        return base::fail(Errc::kDenied, "Permission denied.");
    }
    return place;
}

Rights Mounts::rights_now(const Place& place) const {
    if (place.share == nullptr) {
        return place.rights;
    }
    const auto table = volumes_->shares();
    if (!table || *table == place.table) {
        return place.rights;
    }
    const Share* share = (*table)->find(place.share->name);
    return share == nullptr ? 0 : rights_at(*share, viewer_, place.shown_path());
}

Rights Mounts::rights_beneath(const Place& place, std::string_view name) const {
    if (place.share == nullptr || !has_grants_beneath(*place.share, place.shown_path())) {
        return place.rights;
    }
    const std::string path = child(place.shown_path(), name);
    const Rights rights = rights_at(*place.share, viewer_, path);
    return has_grants_within(*place.share, path) ? rights & ~Rights{kRename} : rights;
}

bool Mounts::may_stay() const {
    return !only_share_.empty() || account::may_stay(volumes_->store(), viewer_.account);
}

Result<std::vector<std::string>> Mounts::shares_in(std::string_view path) const {
    std::vector<std::string> names;
    if (path != "/" || !only_share_.empty()) {
        return names;
    }
    TRY(const auto table, volumes_->shares());
    for (const Share& share : table->shares) {
        if (is_visible(share, viewer_)) {
            names.push_back(share.name);
        }
    }
    return names;
}

}  // namespace files
