#include "fakes/fake_file_system.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace fakes {

using base::Errc;
using base::Result;

namespace {

constexpr std::size_t kSectorOctets = 512;

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

}  // namespace

struct FakeFileSystem::Node {
    std::string octets;              // what a reader sees
    std::string synced;              // what is on the disk
    std::set<std::size_t> unsynced;  // sectors in which they differ
    bool name_synced = false;

    void write(std::uint64_t offset, std::string_view part) {
        const auto end = static_cast<std::size_t>(offset + part.size());
        octets.resize(std::max(octets.size(), end));
        octets.replace(static_cast<std::size_t>(offset), part.size(), part);
        for (std::size_t at = offset / kSectorOctets; at * kSectorOctets < end; ++at) {
            unsynced.insert(at);
        }
    }

    void sync() {
        synced = octets;
        unsynced.clear();
    }

    void lose(base::Random& random) {
        std::string after = synced;
        after.resize(random.below(2) == 0 ? synced.size() : octets.size());
        const std::uint64_t odds = random.below(4);  // of 3 for each sector: none to all
        for (const std::size_t sector : unsynced) {
            const std::size_t at = sector * kSectorOctets;
            if (at < after.size() && at < octets.size() && random.below(3) < odds) {
                const std::size_t count =
                    std::min({kSectorOctets, after.size() - at, octets.size() - at});
                after.replace(at, count, octets, at, count);
            }
        }
        octets = after;
        sync();
    }
};

// Lives as long as the last file that is open.
struct FakeFileSystem::Shared {
    mutable std::mutex mutex;
    std::map<std::string, std::shared_ptr<Node>> nodes;
    std::map<std::string, std::shared_ptr<Node>> removed;  // since their folder's last sync
    std::set<std::string> locked;
    std::optional<Errc> tear;
    bool fail_sync = false;
    bool full = false;
    std::uint64_t free_octets = std::uint64_t{1} << 40;
    std::optional<std::uint64_t> capacity;
    std::optional<std::uint64_t> operations_left;
    bool dead = false;
    std::uint64_t syncs = 0;

    // Called, locked, before each change. False when the power has failed by now; `last` tells that it
    // fails in the middle of this one.
    bool alive(bool* last = nullptr) {
        if (!dead && operations_left) {
            dead = *operations_left == 0;
            *operations_left -= dead ? 0 : 1;
            if (dead && last != nullptr) {
                *last = true;
            }
        }
        return !dead;
    }

    [[nodiscard]] std::uint64_t free() const {
        if (!capacity) {
            return free_octets;
        }
        std::uint64_t used = 0;
        for (const auto& [path, node] : nodes) {
            used += node->octets.size();
        }
        return *capacity - std::min(*capacity, used);
    }

    // May `node` grow to `octets`?
    [[nodiscard]] bool has_space(const Node& node, std::uint64_t octets) const {
        return octets <= node.octets.size() || !capacity || octets - node.octets.size() <= free();
    }

    static tl::unexpected<base::Error> power_failure() {
        return base::fail(Errc::kIo, "the power has failed");
    }
};

namespace {

using Node = FakeFileSystem::Node;
using Shared = FakeFileSystem::Shared;

class FakeFile final : public store::File {
  public:
    FakeFile(std::shared_ptr<Shared> shared, std::shared_ptr<Node> node)
        : shared_(std::move(shared)),
          node_(std::move(node)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) const override {
        const std::lock_guard lock(shared_->mutex);
        if (shared_->dead) {
            return Shared::power_failure();
        }
        return offset >= node_->octets.size()
                   ? 0
                   : node_->octets.copy(into.data(), into.size(), offset);
    }

    std::optional<std::size_t> read_cached(std::uint64_t /*offset*/,
                                           std::span<char> /*into*/) const override {
        return std::nullopt;
    }

    Result<> write_at(std::uint64_t offset, std::span<const std::string_view> parts) override {
        std::string octets;
        for (const std::string_view part : parts) {
            octets.append(part);
        }
        const std::lock_guard lock(shared_->mutex);
        bool last = false;
        const bool alive = shared_->alive(&last);
        if (last || (alive && shared_->tear)) {
            node_->write(offset, std::string_view(octets).substr(0, octets.size() / 2));
        }
        if (!alive) {
            return Shared::power_failure();
        }
        if (shared_->tear) {
            const Errc error = *std::exchange(shared_->tear, std::nullopt);
            return base::fail(error, "a planned failure of a write");
        }
        if (!shared_->has_space(*node_, offset + octets.size())) {
            return base::fail(Errc::kNoSpace, "the disk is full");
        }
        node_->write(offset, octets);
        return {};
    }

    Result<> sync() override {
        const std::lock_guard lock(shared_->mutex);
        if (!shared_->alive()) {
            return Shared::power_failure();
        }
        if (std::exchange(shared_->fail_sync, false)) {
            node_->unsynced.clear();
            return base::fail(Errc::kIo, "a planned failure of a sync");
        }
        ++shared_->syncs;
        node_->sync();
        return {};
    }

    Result<> allocate(std::uint64_t octets) override {
        const std::lock_guard lock(shared_->mutex);
        if (!shared_->alive()) {
            return Shared::power_failure();
        }
        if (shared_->full || !shared_->has_space(*node_, octets)) {
            return base::fail(Errc::kNoSpace, "the disk is full, as planned");
        }
        node_->octets.resize(std::max<std::size_t>(node_->octets.size(), octets));
        return {};
    }

    Result<> truncate(std::uint64_t octets) override {
        const std::lock_guard lock(shared_->mutex);
        if (!shared_->alive()) {
            return Shared::power_failure();
        }
        node_->octets.resize(octets);
        return {};
    }

    Result<std::uint64_t> size() const override {
        const std::lock_guard lock(shared_->mutex);
        return node_->octets.size();
    }

  private:
    std::shared_ptr<Shared> shared_;
    std::shared_ptr<Node> node_;
};

class FakeLock final : public store::FileLock {
  public:
    FakeLock(std::shared_ptr<Shared> shared, std::string path)
        : shared_(std::move(shared)),
          path_(std::move(path)) {}

    ~FakeLock() override {
        const std::lock_guard lock(shared_->mutex);
        shared_->locked.erase(path_);
    }

  private:
    std::shared_ptr<Shared> shared_;
    std::string path_;
};

}  // namespace

FakeFileSystem::FakeFileSystem() : shared_(std::make_shared<Shared>()) {}

FakeFileSystem::~FakeFileSystem() = default;

Result<std::unique_ptr<store::File>> FakeFileSystem::open(const std::string& path,
                                                          store::OpenMode mode) {
    const std::lock_guard lock(shared_->mutex);
    const bool create = mode == store::OpenMode::kCreate;
    if (create ? !shared_->alive() : shared_->dead) {
        return Shared::power_failure();
    }
    auto found = shared_->nodes.find(path);
    if (create && found != shared_->nodes.end()) {
        return base::fail(Errc::kExists, path + " exists");
    }
    if (!create && found == shared_->nodes.end()) {
        return base::fail(Errc::kNotFound, "no " + path);
    }
    if (create) {
        found = shared_->nodes.emplace(path, std::make_shared<Node>()).first;
    }
    return std::make_unique<FakeFile>(shared_, found->second);
}

Result<std::vector<std::string>> FakeFileSystem::list(const std::string& directory) {
    const std::lock_guard lock(shared_->mutex);
    std::vector<std::string> names;
    for (const auto& [path, node] : shared_->nodes) {
        if (parent_of(path) == directory) {
            names.push_back(path.substr(directory.size() + 1));
        }
    }
    return names;
}

Result<> FakeFileSystem::make_directory(const std::string& directory) {
    return base::fail(Errc::kExists, directory + " exists");
}

Result<> FakeFileSystem::clone(const std::string& /*from*/, const std::string& /*to*/) {
    return base::fail(Errc::kUnsupported, "this file system cannot share octets");
}

Result<> FakeFileSystem::close_to_others(const std::string& /*directory*/) {
    return {};
}

Result<> FakeFileSystem::remove(const std::string& path) {
    const std::lock_guard lock(shared_->mutex);
    if (!shared_->alive()) {
        return Shared::power_failure();
    }
    const auto found = shared_->nodes.find(path);
    if (found == shared_->nodes.end()) {
        return base::fail(Errc::kNotFound, "no " + path);
    }
    if (found->second->name_synced) {
        shared_->removed[path] = found->second;
    }
    shared_->nodes.erase(found);
    return {};
}

Result<> FakeFileSystem::sync_directory(const std::string& directory) {
    const std::lock_guard lock(shared_->mutex);
    if (!shared_->alive()) {
        return Shared::power_failure();
    }
    for (const auto& [path, node] : shared_->nodes) {
        node->name_synced = node->name_synced || parent_of(path) == directory;
    }
    std::erase_if(shared_->removed,
                  [&](const auto& entry) { return parent_of(entry.first) == directory; });
    return {};
}

Result<std::uint64_t> FakeFileSystem::free_octets(const std::string& /*directory*/) {
    const std::lock_guard lock(shared_->mutex);
    return shared_->free();
}

Result<std::unique_ptr<store::FileLock>> FakeFileSystem::lock(const std::string& path) {
    const std::lock_guard lock(shared_->mutex);
    if (!shared_->locked.insert(path).second) {
        return base::fail(Errc::kInUse, path + " is locked");
    }
    return std::make_unique<FakeLock>(shared_, path);
}

void FakeFileSystem::tear_next_write(Errc error) {
    const std::lock_guard lock(shared_->mutex);
    shared_->tear = error;
}

void FakeFileSystem::fail_next_sync() {
    const std::lock_guard lock(shared_->mutex);
    shared_->fail_sync = true;
}

void FakeFileSystem::set_full(bool full) {
    const std::lock_guard lock(shared_->mutex);
    shared_->full = full;
}

void FakeFileSystem::set_free_octets(std::uint64_t octets) {
    const std::lock_guard lock(shared_->mutex);
    shared_->free_octets = octets;
}

void FakeFileSystem::set_capacity(std::uint64_t octets) {
    const std::lock_guard lock(shared_->mutex);
    shared_->capacity = octets;
}

void FakeFileSystem::die_after(std::uint64_t operations) {
    const std::lock_guard lock(shared_->mutex);
    shared_->operations_left = operations;
}

void FakeFileSystem::crash(base::Random& random) {
    const std::lock_guard lock(shared_->mutex);
    for (const auto& [path, node] : shared_->removed) {
        if (random.below(2) == 0) {
            shared_->nodes.try_emplace(path, node);
        }
    }
    shared_->removed.clear();
    std::erase_if(shared_->nodes, [&random](const auto& entry) {
        return !entry.second->name_synced && random.below(2) == 0;
    });
    for (const auto& [path, node] : shared_->nodes) {
        node->lose(random);
        node->name_synced = true;
    }
    shared_->dead = false;
    shared_->operations_left.reset();
    shared_->tear.reset();
    shared_->fail_sync = false;
}

void FakeFileSystem::format() {
    shared_ = std::make_shared<Shared>();
}

std::string FakeFileSystem::content(const std::string& path) const {
    const std::lock_guard lock(shared_->mutex);
    const auto found = shared_->nodes.find(path);
    CHECK(found != shared_->nodes.end());
    return found->second->octets;
}

void FakeFileSystem::set_content(const std::string& path, std::string octets) {
    const std::lock_guard lock(shared_->mutex);
    auto& node = shared_->nodes[path];
    node = std::make_shared<Node>();
    node->octets = std::move(octets);
    node->sync();
    node->name_synced = true;
}

std::vector<std::string> FakeFileSystem::paths() const {
    const std::lock_guard lock(shared_->mutex);
    std::vector<std::string> paths;
    for (const auto& [path, node] : shared_->nodes) {
        paths.push_back(path);
    }
    return paths;
}

std::uint64_t FakeFileSystem::syncs() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->syncs;
}

}  // namespace fakes
