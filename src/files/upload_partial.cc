#include "files/upload_partial.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "files/partials.h"

namespace files {

using base::Result;
using base::UniqueFd;
using Mode = UploadOptions::Mode;

std::string partial_name(const Place& place, const Deed& deed) {
    // Anonymous users are all the same one, so none could call a partial its own.
    if (!place.volume->settings().keep_partials || deed.user.empty()) {
        return {};
    }
    return Partials::name_of(deed.user, place.shown_path());
}

void forget_partial(UploadState& upload) {
    if (!upload.partial_name.empty()) {
        Volume& volume = *upload.place.volume;
        volume.ledger().let_go(volume.partials().forget(volume.aside(), upload.partial_name));
        upload.partial_name.clear();
    }
}

// An upload from the start takes the place of what was kept of one before, which goes as soon as there is no room for
// `more` beside it. No sooner: this one may bring nothing. False where nothing was kept, or too little to help. Does not
// wait for the disk to have its octets back.
bool give_up_partial(UploadState& upload, std::uint64_t more) {
    if (upload.mode != Mode::kReplace || upload.partial_name.empty()) {
        return false;
    }
    Volume& volume = *upload.place.volume;
    Aside& aside = volume.aside();
    const auto kept = volume.partials().size(aside, upload.partial_name);
    const std::uint64_t left = volume.ledger().left(volume.limits());
    if (!kept || more - std::min(more, left) > *kept) {
        return false;
    }
    const std::string name = aside.new_name();
    auto fd = volume.partials().take(aside, upload.partial_name, name);
    if (!fd) {
        return false;
    }
    ::unlinkat(aside.fd(), name.c_str(), 0);
    aside.retire(std::move(*fd), *kept);
    volume.ledger().let_go({.octets = *kept, .files = 1});
    return true;
}

Result<bool> take_partial(UploadState& upload, std::uint64_t octets) {
    Volume& volume = *upload.place.volume;
    const auto kept = upload.partial_name.empty()
                          ? std::nullopt
                          : volume.partials().size(volume.aside(), upload.partial_name);
    if (!kept || *kept < octets) {
        return false;
    }
    std::string name = volume.aside().new_name();
    TRY(UniqueFd fd, volume.partials().take(volume.aside(), upload.partial_name, name));
    ::unlinkat(volume.aside().fd(), upload.aside_name.c_str(), 0);
    upload.fd = std::move(fd);
    upload.aside_name = std::move(name);
    volume.ledger().let_go({.octets = *kept, .files = 1});
    return true;
}

bool keep_partial(UploadState& upload) {
    if (upload.partial_name.empty() || !upload.resumable) {
        return false;
    }
    Volume& volume = *upload.place.volume;
    // Who removed the folder, the share or the account meanwhile took away what was kept of such uploads: nobody could
    // call this one's.
    const VolumeSettings& settings = volume.settings();
    if ((settings.is_gone && settings.is_gone()) || !settings.has_user(upload.deed->user)) {
        return false;
    }
    const auto spot = volume.beneath().spot(upload.place.path);
    if (!spot && spot.error().code == base::Errc::kNotFound) {
        return false;
    }
    // The kernel may have written more than it could tell when the transfer was ended, which nobody has counted.
    if (::ftruncate(upload.fd.get(), static_cast<off_t>(upload.offset)) != 0) {
        return false;
    }
    const auto before =
        volume.partials().keep(volume.aside(), upload.aside_name, upload.partial_name);
    if (before) {
        volume.ledger().let_go(*before);
        volume.ledger().hold({.octets = upload.offset, .files = 1});
    }
    return before.has_value();
}

std::uint64_t go_on_behind_partial(UploadState& upload) {
    std::string name = upload.mode == Mode::kAppend && !upload.exists
                           ? partial_name(upload.place, *upload.deed)
                           : "";
    Volume& volume = *upload.place.volume;
    const auto kept = name.empty() ? std::nullopt : volume.partials().size(volume.aside(), name);
    if (!kept) {
        return 0;
    }
    upload.mode = Mode::kResume;
    upload.replace = (upload.place.rights & kOverwrite) != 0;
    upload.partial_name = std::move(name);
    return *kept;
}

}  // namespace files
