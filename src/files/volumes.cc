#include "files/volumes.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace files {
namespace {

using base::Errc;
using base::Result;

constexpr unsigned kOurs = 0700;

Result<> make_folder(const std::string& path) {
    if (::mkdir(path.c_str(), kOurs) != 0 && errno != EEXIST) {
        return fail_errno(errno);
    }
    return {};
}

}  // namespace

Result<std::shared_ptr<Volume>> Volumes::open(const std::string& folder, VolumeSettings settings) {
    const std::lock_guard lock(mutex_);
    std::weak_ptr<Volume>& slot = open_[settings.key];
    if (auto volume = slot.lock()) {
        return volume;
    }
    TRY_VOID(make_folder(folder));
    TRY(Beneath beneath, Beneath::open_root(folder, options_.links == Links::kInside));
    auto volume =
        std::make_shared<Volume>(std::move(beneath), aside_, Counts{}, std::move(settings));
    TRY(const Counts counts, volume->count("/"));
    volume->ledger().set(counts);
    slot = volume;
    return volume;
}

Result<std::shared_ptr<Volume>> Volumes::of_account(account::AccountId id) {
    TRY(const auto account, account::find_account(*store_.snapshot(), id));
    if (!account) {
        return base::fail(Errc::kNotFound, "There is no such account.");
    }
    const std::string number = std::to_string(id);
    VolumeSettings settings;
    settings.key = "a" + number;
    settings.owner = account->address.local;
    settings.group = account->address.domain;
    settings.limits = [octets = options_.quota_octets, files = options_.quota_files] {
        return Limits{.octets = octets, .files = files};
    };
    settings.booked = [](Delta) {};
    return open(options_.root + "/accounts/" + number, std::move(settings));
}

}  // namespace files
