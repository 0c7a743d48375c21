#include "files/volumes.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/ascii.h"
#include "files/maintenance.h"
#include "files/records.h"

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

Result<dev_t> device_of(int fd) {
    struct stat status {};

    if (::fstat(fd, &status) != 0) {
        return fail_errno(errno);
    }
    return status.st_dev;
}

}  // namespace

const Share* ShareTable::find(std::string_view name) const {
    const auto found = std::find_if(
        shares.begin(), shares.end(), [&](const Share& share) { return share.name == name; });
    return found == shares.end() ? nullptr : &*found;
}

std::shared_ptr<Volumes::Slot> Volumes::slot(const std::string& key) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<Slot>& found = slots_[key];
    if (!found) {
        found = std::make_shared<Slot>();
    }
    return found;
}

Result<std::shared_ptr<Volume>> Volumes::open(const std::string& folder, VolumeSettings settings) {
    const std::shared_ptr<Slot> mine = slot(settings.key);
    const std::lock_guard lock(mine->mutex);
    if (auto volume = mine->volume.lock()) {
        return volume;
    }
    TRY_VOID(make_folder(folder));
    TRY(Beneath beneath, Beneath::open_root(folder));
    TRY(std::shared_ptr<Aside> aside, aside_for(beneath, folder));
    settings.follow_links = options_.links == Links::kInside;
    settings.keep_partials = options_.keep_partials;
    settings.reserve_octets = options_.reserve_octets;
    settings.direct_buffers = direct_buffers_;
    settings.has_user = [self = shared_from_this()](const std::string& user) {
        const auto id = base::parse_number<account::AccountId>(user);
        const auto found = account::find_account(*self->store_.snapshot(), id.value_or(0));
        return !found || *found;
    };
    auto volume = std::make_shared<Volume>(
        std::move(beneath), std::move(aside), recorder_, std::move(settings));
    TRY_VOID(load_counts_of(*volume));
    volume->ledger().hold(volume->partials().open(volume->aside(), clock_.now()));
    mine->volume = volume;
    return volume;
}

// Renaming does not cross file systems: a volume on one of its own has its uploads there.
Result<std::shared_ptr<Aside>> Volumes::aside_for(const Beneath& beneath,
                                                  const std::string& folder) const {
    TRY(const dev_t common, device_of(aside_->fd()));
    TRY(const dev_t own, device_of(beneath.root()));
    if (common == own) {
        return aside_;
    }
    TRY(std::shared_ptr<Aside> aside,
        Aside::open(folder + "/" + std::string(kReservedPrefix) + "uploads", aside_->token()));
    // Nobody has the volume open, so what is there was left by a crash.
    sweep(*aside, options_.keep_partials, clock_.now());
    return aside;
}

// What the store says, and else what is there.
Result<> Volumes::load_counts_of(Volume& volume) {
    const std::string& key = volume.settings().key;
    const auto snapshot = store_.snapshot();
    TRY(const auto known, load_counts(*snapshot, key));
    if (known) {
        volume.ledger().set(*known);
        return {};
    }
    TRY(const Counts counts, volume.count("/"));
    volume.ledger().set(counts);
    recorder_->set(key, counts);
    return {};
}

Limits Volumes::account_limits(account::AccountId id) const {
    Limits limits{.octets = options_.quota_octets, .files = options_.quota_files};
    if (!options_.other_octets) {
        return limits;
    }
    const auto snapshot = store_.snapshot();
    const auto account = account::find_account(*snapshot, id);
    if (!account || !*account || (*account)->quota_octets == 0) {
        return limits;
    }
    const std::uint64_t quota = (*account)->quota_octets;
    const std::uint64_t other = std::min(quota, options_.other_octets(*snapshot, id));
    // An octet is as little as a limit can say: none at all would be no limit.
    const std::uint64_t shared = std::max<std::uint64_t>(1, quota - other);
    limits.octets = limits.octets == 0 ? shared : std::min(limits.octets, shared);
    return limits;
}

Limits Volumes::share_limits(const std::string& name) {
    const auto table = shares();
    const Share* share = table ? (*table)->find(name) : nullptr;
    return share == nullptr ? Limits() : share->limits;
}

Result<std::shared_ptr<Volume>> Volumes::of_account(const account::Account& account) {
    VolumeSettings settings;
    settings.key = account_volume(account.id);
    settings.owner = account.address.local;
    settings.group = account.address.domain;
    settings.limits = [self = shared_from_this(), id = account.id] {
        return self->account_limits(id);
    };
    return open(options_.root + "/accounts/" + std::to_string(account.id), std::move(settings));
}

Result<std::shared_ptr<Volume>> Volumes::of_share(const std::string& name) {
    VolumeSettings settings;
    settings.key = share_volume(name);
    settings.owner = name;
    settings.group = name;
    settings.limits = [self = shared_from_this(), name] { return self->share_limits(name); };
    settings.is_gone = [self = shared_from_this(), name] {
        const auto table = self->shares();
        return table && (*table)->find(name) == nullptr;
    };
    return open(options_.root + "/shares/" + name, std::move(settings));
}

Result<std::shared_ptr<const ShareTable>> Volumes::shares() {
    std::uint64_t changes = 0;
    {
        const std::lock_guard lock(mutex_);
        if (table_) {
            return table_;
        }
        changes = table_changes_;
    }
    TRY(std::vector<Share> loaded, list_shares(*store_.snapshot()));
    auto table = std::make_shared<const ShareTable>(ShareTable{.shares = std::move(loaded)});
    const std::lock_guard lock(mutex_);
    if (changes == table_changes_) {
        table_ = table;
    }
    return table;
}

// Each change of a share writes the version of all (shares.cc).
void Volumes::on_commit(std::span<const store::Write> writes) {
    const std::string key = table_key();
    const auto found = std::lower_bound(
        writes.begin(),
        writes.end(),
        key,
        [](const store::Write& write, const std::string& before) { return write.key < before; });
    if (found != writes.end() && found->key == key) {
        const std::lock_guard lock(mutex_);
        table_.reset();
        ++table_changes_;
    }
}

}  // namespace files
