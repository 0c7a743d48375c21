// A queue of any length, written straight into a store that no server has open:
//     queue_load DIRECTORY MESSAGES DESTINATIONS
// Each message has a body of its own, one recipient and one of DESTINATIONS dead.example domains; they are due in an
// hour, as after an attempt that found nobody.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/ascii.h"
#include "base/blocking_loop.h"
#include "base/log.h"
#include "base/pool.h"
#include "queue/queue.h"
#include "store/disk_store.h"

namespace {

constexpr std::size_t kAtOnce = 1000;

// A benchmark of failures would measure nothing.
template <class T>
T must(base::Result<T> result) {
    if (!result) {
        fmt::print(stderr, "{}\n", result.error().text);
        std::exit(EXIT_FAILURE);
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    }
}

class Loader {
  public:
    Loader(const std::string& directory, std::size_t destinations)
        : destinations_(destinations),
          store_(must(store::open_store({.directory = directory, .pool = pool_, .log = log_}))) {}

    void load(std::size_t messages) {
        for (std::size_t at = 0; at < messages; at += kAtOnce) {
            std::vector<queue::NewMessage> batch;
            for (std::size_t i = at; i < std::min(messages, at + kAtOnce); ++i) {
                batch.push_back(make_message(i));
            }
            must(store_->change_and_wait([&](store::Transaction& change) -> base::Result<> {
                for (const queue::NewMessage& message : batch) {
                    TRY_VOID(queue::enqueue(change, message, route, {}, clock_.now()));
                }
                return {};
            }));
        }
    }

  private:
    static std::string route(const account::Address& recipient, std::string_view /*sender*/) {
        return "mx:" + recipient.domain;
    }

    queue::NewMessage make_message(std::size_t number) {
        const auto writer = store_->new_blob();
        must(loop_.run(writer->append(
            loop_,
            fmt::format("Return-Path: <alice@crepes.example>\r\nFrom: alice@crepes.example\r\n"
                        "Subject: number {}\r\n\r\nStill waiting.\r\n",
                        number))));
        return {
            .blob = must(writer->finish()),
            .queue_id = queue::make_queue_id(clock_.now(), random_),
            .sender = "alice@crepes.example",
            .envelope_id = {},
            .message_id = fmt::format("{}@crepes.example", number),
            .recipients = {{.address = {fmt::format("user{}", number),
                                        fmt::format("d{}.dead.example", number % destinations_)},
                            .original = {}}},
            .release = clock_.now() + std::chrono::hours(1)};
    }

    std::size_t destinations_;
    base::SystemClock clock_;
    base::SystemRandom random_;
    base::Log log_{clock_, [](std::string_view line) { fmt::print(stderr, "{}", line); }};
    base::Pool pool_{2, 100};
    base::BlockingLoop loop_{clock_};
    std::unique_ptr<store::Store> store_;
};

}  // namespace

int main(int argc, char** argv) {
    const auto number = [&](int i) { return argc == 4 ? base::parse_u64(argv[i]).value_or(0) : 0; };
    if (number(2) == 0 || number(3) == 0) {
        fmt::print(stderr, "usage: queue_load DIRECTORY MESSAGES DESTINATIONS\n");
        return EXIT_FAILURE;
    }
    const auto began = std::chrono::steady_clock::now();
    Loader(argv[1], number(3)).load(number(2));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    fmt::print("messages={} seconds={:.1f} rate={:.0f}\n",
               number(2),
               took.count(),
               static_cast<double>(number(2)) / took.count());
    return EXIT_SUCCESS;
}
