// Trees of files without a protocol on top: how fast folders are listed, and small files stored by many at
// once, beside the bare system calls that it cannot do without.
//     files_bench [ENTRIES [FILES]]
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "account/address.h"
#include "base/ascii.h"
#include "base/random.h"
#include "fakes/waiting_loop.h"
#include "files/files.h"
#include "store/memory_store.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kWriters = 8;
constexpr std::size_t kSmallOctets = 4096;

double since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

struct World {
    World() {
        std::string pattern = "files-bench-XXXXXX";
        folder = ::mkdtemp(pattern.data());
        (void)store.change_and_wait([](store::Transaction& change) -> base::Result<> {
            TRY_VOID(account::add_domain(change, "crepes.example"));
            account::Account alice;
            alice.address = {"alice", "crepes.example"};
            TRY(const auto id, account::add_account(change, alice));
            static_cast<void>(id);
            return {};
        });
        trees = files::Files::start({.root = folder}, store, pool, clock, random).value();
    }

    World(const World&) = delete;
    World& operator=(const World&) = delete;

    ~World() {
        trees.reset();
        std::filesystem::remove_all(folder);
    }

    std::string folder;
    base::SystemClock clock;
    base::SystemRandom random;
    store::MemoryStore store;
    base::Pool pool{16, 10'000};
    std::unique_ptr<files::Files> trees;
};

// readdir and fstatat, nothing else.
double list_bare(const std::string& path) {
    const auto start = Clock::now();
    DIR* directory = ::opendir(path.c_str());
    while (const dirent* entry = ::readdir(directory)) {
        struct stat status {};

        ::fstatat(::dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW);
    }
    ::closedir(directory);
    return since(start);
}

void measure_listing(World& world, std::size_t entries) {
    fakes::WaitingLoop loop;
    const auto tree = loop.run(world.trees->open_tree(loop, 1)).value();
    const std::string name = fmt::format("list-{}", entries);
    const std::string path = world.folder + "/accounts/1/" + name;
    std::filesystem::create_directory(path);
    for (std::size_t i = 0; i < entries; ++i) {
        const std::string file = fmt::format("{}/file-{:06}.txt", path, i);
        ::close(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    }
    static_cast<void>(list_bare(path));  // into memory
    const double bare = list_bare(path);
    const auto start = Clock::now();
    const auto listing = loop.run(tree->list(loop, "/" + name)).value();
    std::size_t seen = 0;
    while (true) {
        const auto batch = loop.run(listing->next(loop)).value();
        if (batch.empty()) {
            break;
        }
        seen += batch.size();
    }
    const double ours = since(start);
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    fmt::print(
        "list {:>7}: {:7.1f} ms, bare readdir and fstatat {:7.1f} ms; at most {} KiB resident\n",
        seen,
        1000 * ours,
        1000 * bare,
        usage.ru_maxrss);
}

void store_files(World& world, unsigned writer, std::size_t count) {
    fakes::WaitingLoop loop;
    const auto tree = loop.run(world.trees->open_tree(loop, 1)).value();
    const std::string octets(kSmallOctets, 'x');
    for (std::size_t i = 0; i < count; ++i) {
        const auto upload =
            loop.run(tree->upload(loop, fmt::format("/small-{}-{}", writer, i), {})).value();
        static_cast<void>(loop.run(upload->write(loop, octets)));
        static_cast<void>(loop.run(upload->commit(loop)));
    }
}

void store_bare(const std::string& folder, unsigned writer, std::size_t count) {
    const std::string octets(kSmallOctets, 'x');
    const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (std::size_t i = 0; i < count; ++i) {
        const std::string aside = fmt::format("aside-{}-{}", writer, i);
        const std::string name = fmt::format("bare-{}-{}", writer, i);
        const int fd = ::openat(directory, aside.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        static_cast<void>(!::write(fd, octets.data(), octets.size()));
        ::fdatasync(fd);
        ::close(fd);
        ::renameat(directory, aside.c_str(), directory, name.c_str());
        ::fsync(directory);
    }
    ::close(directory);
}

template <class Store>
double in_parallel(std::size_t count, Store store) {
    const auto start = Clock::now();
    std::vector<std::thread> writers;
    for (unsigned writer = 0; writer < kWriters; ++writer) {
        writers.emplace_back([=] { store(writer, count / kWriters); });
    }
    for (std::thread& writer : writers) {
        writer.join();
    }
    return static_cast<double>(count) / since(start);
}

void measure_storing(World& world, std::size_t count) {
    const double bare = in_parallel(count, [&world](unsigned writer, std::size_t each) {
        store_bare(world.folder + "/accounts", writer, each);
    });
    const double ours = in_parallel(
        count, [&world](unsigned writer, std::size_t each) { store_files(world, writer, each); });
    fmt::print(
        "store {} files of 4 KiB, {} at once: {:.0f}/s, bare write, sync, rename, sync {:.0f}/s\n",
        count,
        kWriters,
        ours,
        bare);
}

}  // namespace

int main(int argc, char** argv) {
    const auto number = [&](int at, std::size_t otherwise) {
        return argc > at ? base::parse_number<std::size_t>(argv[at]).value_or(otherwise)
                         : otherwise;
    };
    World world;
    const std::size_t entries = number(1, 20'000);
    measure_listing(world, entries);
    measure_listing(world, 10 * entries);
    measure_storing(world, number(2, 2000));
}
