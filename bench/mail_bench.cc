// Mailboxes on the store on disk: what IMAP's commands cost below the protocol, each change with its sync.
//     mail_bench [DIRECTORY [MESSAGES]]
// Fills one mailbox with MESSAGES messages (default 100,000) without bodies worth the name, then measures
// each operation on it some times and prints the best and the median.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "account/directory.h"
#include "base/log.h"
#include "base/pool.h"
#include "mail/emails.h"
#include "mail/glimpse.h"
#include "mail/mailboxes.h"
#include "mail/message_store.h"
#include "mail/summarizer.h"
#include "mail/summary.h"
#include "mail/thread_keys.h"
#include "store/disk_store.h"

namespace {

using Clock = std::chrono::steady_clock;
using mail::Ref;
using mail::UidSet;

constexpr account::AccountId kUser = 1;
constexpr std::size_t kAppendedAtOnce = 1000;

// A benchmark of failures would measure nothing.
template <class T>
T must(base::Result<T> result) {
    if (!result) {
        fmt::print(stderr, "{}\n", result.error().text);
        std::abort();
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    }
}

double milliseconds_since(Clock::time_point began) {
    return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

std::string message_text(std::size_t number) {
    return fmt::format(
        "From: Alice <alice@crepes.example>\r\nTo: bob@hamburger.example\r\n"
        "Subject: Message {0}\r\nDate: Mon, 7 Jul 2025 09:{1:02}:{2:02} +0200\r\n"
        "Message-ID: <{0}@crepes.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\nNumber {0}.\r\n",
        number,
        number / 60 % 60,
        number % 60);
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

class Bench {
  public:
    explicit Bench(const std::string& directory)
        : store_(must(store::open_store({.directory = directory, .pool = pool_, .log = log_}))) {
        must(store_->change_and_wait([](store::Transaction& change) -> base::Result<> {
            TRY_VOID(account::add_domain(change, "hamburger.example"));
            account::Account bob;
            bob.address = {"bob", "hamburger.example"};
            TRY(const account::AccountId id, account::add_account(change, bob));
            return id == kUser ? base::Result<>() : base::fail(base::Errc::kExists, "no new store");
        }));
        reopen();
        must(loop_.run(mailboxes_->prepare(loop_, kUser)));
        inbox_ = must(mailboxes_->find(kUser, "INBOX")).ref;
        archive_ = must(mailboxes_->find(kUser, "Archive")).ref;
    }

    void fill(std::size_t messages) {
        const auto began = Clock::now();
        for (std::size_t at = 0; at < messages; at += kAppendedAtOnce) {
            std::vector<mail::NewMessage> batch;
            for (std::size_t i = at; i < std::min(messages, at + kAppendedAtOnce); ++i) {
                batch.push_back(make_message(i));
            }
            must(loop_.run(mailboxes_->append(loop_, kUser, inbox_, std::move(batch))));
        }
        const double took = milliseconds_since(began);
        fmt::print("filled with {} messages: {:.0f}/s\n",
                   messages,
                   1000 * static_cast<double>(messages) / took);
    }

    void run(std::size_t messages);

  private:
    void measure_opening();

    void reopen() { mailboxes_ = std::make_unique<mail::Mailboxes>(*store_, clock_, pool_); }

    mail::NewMessage make_message(std::size_t number) {
        const std::string text = message_text(number);
        const auto writer = store_->new_blob();
        must(loop_.run(writer->append(loop_, text)));
        mail::Summary summary = mail::summarize(text);
        return {.blob = must(writer->finish()),
                .flags = 0,
                .keywords = {},
                .received = clock_.now(),
                .summary = summary.packed(),
                .thread = mail::thread_keys(summary.fields()),
                .queue_id = {},
                .return_path = {}};
    }

    // `work` `times` times, `between` apart from the measure.
    void measure(
        const char* what,
        int times,
        const std::function<void()>& work,
        const std::function<void()>& between = [] {}) {
        std::vector<double> took;
        for (int i = 0; i < times; ++i) {
            const auto began = Clock::now();
            work();
            took.push_back(milliseconds_since(began));
            between();
        }
        std::sort(took.begin(), took.end());
        fmt::print("{:<44} {:>9.3f} ms {:>9.3f} ms\n", what, took.front(), took[took.size() / 2]);
    }

    mail::SnapshotPtr open() { return must(loop_.run(mailboxes_->open(loop_, inbox_))); }

    void store(const UidSet& uids, mail::StoreMode mode, std::uint32_t flags) {
        must(loop_.run(
            mailboxes_->store(loop_, kUser, inbox_, uids, {mode, flags, {}, std::nullopt})));
    }

    void collect() {
        for (bool done = false; !done;) {
            must(store_->change_and_wait([&done](store::Transaction& change) -> base::Result<> {
                TRY(done, mail::collect_emails(change));
                return {};
            }));
        }
    }

    base::SystemClock clock_;
    base::Log log_{clock_, [](std::string_view line) { fmt::print(stderr, "{}", line); }};
    base::Pool pool_{2, 100};
    WaitingLoop loop_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<mail::Mailboxes> mailboxes_;
    Ref inbox_;
    Ref archive_;
};

void Bench::measure_opening() {
    measure(
        "what SELECT tells, cold",
        3,
        [this] {
            const auto glimpse = must(mailboxes_->glimpse(inbox_));
            if (glimpse == nullptr || !glimpse->first_unseen()) {
                std::abort();
            }
        },
        [this] { reopen(); });
    measure(
        "open, cold", 3, [this] { open(); }, [this] { reopen(); });
    open();
    measure("open, warm", 20, [this] { open(); });
    measure("open and walk all entries, warm", 10, [this] {
        std::uint64_t octets = 0;
        const auto all = open();
        all->for_each(0, all->size(), [&](auto, const mail::Entry& e) { octets += e.octets; });
        if (octets == 1) {
            std::abort();
        }
    });
}

void Bench::run(std::size_t messages) {
    const auto last = static_cast<mail::Uid>(messages);
    const UidSet ten_thousand(1, std::min<mail::Uid>(last, 10'000));
    fmt::print("{:<44} {:>12} {:>12}\n", "", "best", "median");
    measure_opening();
    measure("store 1:* +FLAGS, and open", 7, [&, flag = 0]() mutable {
        store(UidSet::all(),
              flag++ % 2 == 0 ? mail::StoreMode::kAdd : mail::StoreMode::kRemove,
              mail::kFlagged);
        open();
    });
    measure("store one, and open", 50, [&, uid = mail::Uid{0}]() mutable {
        store({++uid, uid}, mail::StoreMode::kAdd, mail::kAnswered);
        open();
    });
    measure("append one, and open", 50, [&, number = messages]() mutable {
        std::vector<mail::NewMessage> one;
        one.push_back(make_message(++number));
        must(loop_.run(mailboxes_->append(loop_, kUser, inbox_, std::move(one))));
        open();
    });
    measure("read 10,000 email records", 7, [&] {
        std::vector<mail::EmailId> emails;
        const auto all = open();
        all->for_each_in(ten_thousand,
                         [&](auto, const mail::Entry& e) { emails.push_back(e.email); });
        std::size_t octets = 0;
        must(mailboxes_->read_emails(kUser, emails, [&](auto, const mail::EmailRecord& email) {
            octets += email.summary.size();
            return true;
        }));
        if (octets == 0) {
            std::abort();
        }
    });
    mail::Copied copied;
    measure("copy 10,000", 3, [&] {
        copied = must(loop_.run(mailboxes_->copy(loop_, kUser, {inbox_, ten_thousand, archive_})));
    });
    bool there = true;
    measure("move 10,000, there and back", 4, [&] {
        const Ref from = there ? archive_ : inbox_;
        const Ref to = there ? inbox_ : archive_;
        copied = must(loop_.run(mailboxes_->move(loop_, kUser, {from, copied.to, to})));
        there = !there;
    });
    store(UidSet(1, std::min<mail::Uid>(last, 10'000)), mail::StoreMode::kAdd, 0);
    UidSet half;
    for (mail::Uid uid = 1; uid <= std::min<mail::Uid>(last, 10'000); uid += 2) {
        half.add(uid);
    }
    store(half, mail::StoreMode::kAdd, mail::kDeleted);
    measure("expunge 5,000 (every other)", 1, [&] {
        must(loop_.run(mailboxes_->expunge(loop_, kUser, inbox_)));
        open();
    });
    measure("collect their emails", 1, [this] { collect(); });
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    fmt::print("process at most {} MiB\n", usage.ru_maxrss / 1024);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string directory =
        argc > 1 ? argv[1] : (std::filesystem::temp_directory_path() / "mail_bench").string();
    const std::size_t messages = argc > 2 ? std::stoul(argv[2]) : 100'000;
    std::filesystem::remove_all(directory);
    {
        Bench bench(directory);
        bench.fill(messages);
        bench.run(messages);
    }
    std::filesystem::remove_all(directory);
    return 0;
}
