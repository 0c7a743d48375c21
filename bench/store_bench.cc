// Durable puts a second into the store on disk: every put is a blob and a record, acknowledged after its
// sync. One row a combination of writers and size: rate, latency, changes a sync, CPU a commit.
//     store_bench [DIRECTORY [SECONDS [WRITERS OCTETS]]]
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/loop.h"
#include "base/pool.h"
#include "base/random.h"
#include "store/disk_store.h"
#include "store/key.h"

namespace {

using Clock = std::chrono::steady_clock;

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// A benchmark of failures would measure nothing.
template <class T>
void must(const base::Result<T>& result) {
    if (!result) {
        fmt::print(stderr, "{}\n", result.error().text);
        std::abort();
    }
}

// Never suspends: blobs of the sizes here wait in memory.
class NoLoop final : public base::Loop {
  public:
    void post(std::function<void()> callback) override { callback(); }

    TimerId call_at(base::SteadyTime, std::function<void()>) override { return 0; }

    void cancel(TimerId) override {}

    const base::Clock& clock() const override { return clock_; }

  private:
    base::SystemClock clock_;
};

// A session without a thread of its own: when one put is done the sessions' thread makes the next.
class Writer {
  public:
    Writer(store::Store& store, base::Pool& sessions, std::string body, std::uint64_t number)
        : store_(store),
          sessions_(sessions),
          body_(std::move(body)),
          number_(number) {}

    void put() {
        const std::uint64_t key = number_ << 32U | count_++;
        for (std::size_t i = 0; i < sizeof key; ++i) {
            body_[i] = static_cast<char>(key >> (8 * i));
        }
        const auto writer = store_.new_blob();
        auto append = writer->append(loop_, body_);
        append.start();
        const store::NewBlob blob = writer->finish().value();
        began_ = Clock::now();
        store_.submit(
            [key, blob](store::Transaction& transaction) -> base::Result<> {
                TRY_VOID(transaction.refer(blob));
                transaction.put(store::KeyWriter().u8('M').u64(key).key(), blob.id().octets());
                return {};
            },
            [this](const base::Result<>& result) { on_done(result); });
    }

    std::atomic<bool> stop{false};
    std::atomic<bool> stopped{false};
    std::vector<double> latencies_ms;

  private:
    void on_done(const base::Result<>& result) {
        must(result);
        latencies_ms.push_back(
            std::chrono::duration<double, std::milli>(Clock::now() - began_).count());
        if (stop) {
            stopped = true;
            return;
        }
        sessions_.submit([this] { put(); });
    }

    store::Store& store_;
    base::Pool& sessions_;
    std::string body_;
    std::uint64_t number_;
    std::uint64_t count_ = 0;
    Clock::time_point began_;
    NoLoop loop_;
};

std::string random_body(std::size_t octets, std::uint64_t seed) {
    base::SeededRandom random(seed);
    std::vector<unsigned char> body(octets);
    random.fill(body);
    return {body.begin(), body.end()};
}

void measure(store::Store& store, std::size_t writers, std::size_t octets, double seconds) {
    static std::uint64_t next_number = 0;
    base::Pool sessions(1, writers + 1);
    std::vector<std::unique_ptr<Writer>> all;
    for (std::size_t i = 0; i < writers; ++i) {
        const std::uint64_t number = next_number++;
        all.push_back(
            std::make_unique<Writer>(store, sessions, random_body(octets, number), number));
    }
    const auto before = store.statistics();
    const double cpu_before = cpu_seconds();
    const auto began = Clock::now();
    for (const auto& writer : all) {
        sessions.submit([&writer] { writer->put(); });
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    for (const auto& writer : all) {
        writer->stop = true;
    }
    std::vector<double> latencies;
    for (const auto& writer : all) {
        while (!writer->stopped) {
            std::this_thread::yield();
        }
        latencies.insert(latencies.end(), writer->latencies_ms.begin(), writer->latencies_ms.end());
    }
    const double took = std::chrono::duration<double>(Clock::now() - began).count();
    const double cpu = cpu_seconds() - cpu_before;
    const auto after = store.statistics();
    const auto count = static_cast<double>(after.commits - before.commits);
    std::sort(latencies.begin(), latencies.end());
    fmt::print("{:>7} {:>8} {:>10.0f} {:>8.2f} {:>8.2f} {:>8.1f} {:>10.1f} {:>8.1f}\n",
               writers,
               octets,
               count / took,
               latencies[latencies.size() / 2],
               latencies[latencies.size() * 99 / 100],
               count / static_cast<double>(after.groups - before.groups),
               cpu / count * 1e6,
               static_cast<double>(after.octets_written - before.octets_written) / took / 1e6);
}

// Runs the loop's callbacks on the thread that waits for them.
class WaitingLoop final : public base::Loop {
  public:
    void post(std::function<void()> callback) override {
        const std::lock_guard lock(mutex_);
        ready_.push_back(std::move(callback));
        arrived_.notify_one();
    }

    TimerId call_at(base::SteadyTime, std::function<void()>) override { return 0; }

    void cancel(TimerId) override {}

    const base::Clock& clock() const override { return clock_; }

    template <class T>
    T run(const base::Task<T>& task) {
        task.start();
        while (!task.done()) {
            std::unique_lock lock(mutex_);
            arrived_.wait(lock, [this] { return !ready_.empty(); });
            const auto callback = std::move(ready_.front());
            ready_.pop_front();
            lock.unlock();
            callback();
        }
        return task.result();
    }

  private:
    base::SystemClock clock_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<std::function<void()>> ready_;
};

// One large message, coming and going in pieces of 64 KiB.
void stream_large(store::Store& store) {
    constexpr std::size_t kPieces = 3200;
    WaitingLoop loop;
    std::string piece = random_body(std::size_t{64} << 10, 1);
    const auto megabytes = static_cast<double>(kPieces * piece.size()) / 1e6;
    auto began = Clock::now();
    const double cpu_before = cpu_seconds();
    const auto took = [&began] {
        return std::chrono::duration<double>(Clock::now() - began).count();
    };
    const auto writer = store.new_blob();
    for (std::size_t i = 0; i < kPieces; ++i) {
        piece[i % piece.size()] ^= 1;
        must(loop.run(writer->append(loop, piece)));
    }
    const store::NewBlob blob = writer->finish().value();
    must(store.change_and_wait([blob](store::Transaction& transaction) -> base::Result<> {
        TRY_VOID(transaction.refer(blob));
        return {};
    }));
    fmt::print("{:.0f} MB written at {:.0f} MB/s", megabytes, megabytes / took());
    began = Clock::now();
    const auto reader = store.snapshot()->open_blob(blob.id()).value();
    for (std::uint64_t at = 0; at < reader->size(); at += piece.size()) {
        must(loop.run(reader->read(loop, at, piece)));
    }
    fmt::print(
        ", read at {:.0f} MB/s, CPU {:.2f} s", megabytes / took(), cpu_seconds() - cpu_before);
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    fmt::print(", process at most {} MiB\n", usage.ru_maxrss / 1024);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string directory =
        argc > 1 ? argv[1] : (std::filesystem::temp_directory_path() / "store_bench").string();
    const double seconds = argc > 2 ? std::max(std::stod(argv[2]), 0.1) : 3;
    std::filesystem::remove_all(directory);
    base::SystemClock clock;
    base::Log log(clock, [](std::string_view line) { fmt::print(stderr, "{}", line); });
    base::Pool pool(1, 100);
    {
        const store::OpenOptions options{.directory = directory, .pool = pool, .log = log};
        auto store = store::open_store(options);
        if (!store) {
            fmt::print(stderr, "{}\n", store.error().text);
            return 1;
        }
        stream_large(**store);
        fmt::print("{:>7} {:>8} {:>10} {:>8} {:>8} {:>8} {:>10} {:>8}\n",
                   "writers",
                   "octets",
                   "puts/s",
                   "p50 ms",
                   "p99 ms",
                   "a sync",
                   "CPU us/put",
                   "MB/s");
        if (argc > 4) {
            measure(**store, std::stoul(argv[3]), std::stoul(argv[4]), seconds);
        } else {
            for (const std::size_t octets : {std::size_t{4096}, std::size_t{100 * 1024}}) {
                for (const std::size_t writers : {1, 8, 64}) {
                    measure(**store, writers, octets, seconds);
                }
            }
        }
    }
    std::filesystem::remove_all(directory);
    return 0;
}
