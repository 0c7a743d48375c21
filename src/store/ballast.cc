#include "store/ballast.h"

namespace store {

using base::Errc;
using base::Result;

Ballast::Ballast(FileSystem& file_system, const std::string& directory, std::uint64_t octets)
    : file_system_(file_system),
      directory_(directory),
      path_(directory + "/" + std::string(kBallastFile)),
      octets_(octets) {}

Result<> Ballast::open() {
    auto file = file_system_.open(path_, OpenMode::kRead);
    if (!file && file.error().code == Errc::kNotFound) {
        return {};
    }
    if (!file) {
        return base::forward_error(file);
    }
    TRY(const std::uint64_t octets, (*file)->size());
    held_ = octets_ > 0 && octets == octets_;
    // Half made, or of another size: it is made anew when there is room.
    return held_ ? Result<>() : file_system_.remove(path_);
}

void Ballast::take(std::uint64_t free_octets) {
    if (held_ || refused_ || octets_ == 0 || free_octets / 2 < octets_) {
        return;
    }
    held_ = make().has_value();
    refused_ = !held_;
    if (refused_) {
        static_cast<void>(file_system_.remove(path_));
    }
}

// Neither the file nor its name is synced: after a power cut it may have to be made again, no more.
Result<> Ballast::make() {
    TRY(const auto file, file_system_.open(path_, OpenMode::kCreate));
    return file->allocate(octets_);
}

Result<> Ballast::release() {
    TRY_VOID(file_system_.remove(path_));
    held_ = false;
    return {};
}

}  // namespace store
