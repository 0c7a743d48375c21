// How long a search takes in one mailbox, with the index and without, and what building the index costs.
// The mail is made of a vocabulary whose words are as frequent as those of a language (Zipf).
//
//     search_bench DIR [MESSAGES] [WITHOUT]     DIR must be absent; WITHOUT: measure without index as well
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "account/directory.h"
#include "base/ascii.h"
#include "base/blocking_loop.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/random.h"
#include "mail/mailboxes.h"
#include "mail/message_store.h"
#include "mail/search.h"
#include "mail/search_indexer.h"
#include "mail/summarizer.h"
#include "mail/summary.h"
#include "mail/thread_keys.h"
#include "store/disk_store.h"

namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// Words by rank; the n-th is about n times rarer than the first.
class Vocabulary {
  public:
    Vocabulary(base::Random& random, std::size_t words) : random_(random) {
        double sum = 0;
        for (std::size_t rank = 1; rank <= words; ++rank) {
            words_.push_back(random.token(2 + random.below(9)));
            sum += 1.0 / static_cast<double>(rank);
            sums_.push_back(sum);
        }
    }

    const std::string& draw() {
        const double at =
            static_cast<double>(random_.below(1U << 30U)) / (1U << 30U) * sums_.back();
        const auto found = std::lower_bound(sums_.begin(), sums_.end(), at);
        return words_[static_cast<std::size_t>(found - sums_.begin())];
    }

    std::string text(std::size_t words) {
        std::string text;
        for (std::size_t i = 1; i <= words; ++i) {
            text += draw();
            text += i % 12 == 0 ? "\r\n" : " ";
        }
        return text;
    }

    [[nodiscard]] const std::string& word(std::size_t rank) const { return words_[rank]; }

  private:
    base::Random& random_;
    std::vector<std::string> words_;
    std::vector<double> sums_;
};

std::string message(Vocabulary& words, std::uint64_t number) {
    std::string text = fmt::format(
        "From: {} <{}@crepes.example>\r\nTo: bob@hamburger.example\r\nSubject: {}\r\n"
        "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{}@crepes.example>\r\n\r\n{}\r\n",
        words.draw(),
        words.draw(),
        words.text(5).substr(0, 40),
        number,
        words.text(300));
    std::erase(text, '\0');
    return text;
}

struct Bench {
    base::BlockingLoop& loop;
    store::Store& store;
    mail::Mailboxes& mailboxes;
    account::AccountId account;
};

void fill(const Bench& bench, Vocabulary& words, std::uint64_t count) {
    constexpr std::uint64_t kBatch = 500;
    std::vector<mail::NewMessage> batch;
    for (std::uint64_t number = 1; number <= count; ++number) {
        const std::string octets = message(words, number);
        const mail::Summary summary = mail::summarize(octets);
        const auto writer = bench.store.new_blob();
        CHECK(bench.loop.run(writer->append(bench.loop, octets)).has_value());
        batch.push_back({.blob = writer->finish().value(),
                         .flags = 0,
                         .keywords = {},
                         .received = base::WallTime(std::chrono::seconds(number)),
                         .summary = summary.packed(),
                         .thread = mail::thread_keys(summary.fields()),
                         .queue_id = {},
                         .return_path = {}});
        if (batch.size() == kBatch || number == count) {
            CHECK(bench.loop
                      .run(bench.mailboxes.append(bench.loop,
                                                  bench.account,
                                                  {bench.account, mail::kInbox},
                                                  std::exchange(batch, {})))
                      .has_value());
        }
    }
}

void index(const Bench& bench) {
    const auto begin = Clock::now();
    const mail::SearchIndexer indexer(bench.store, bench.mailboxes.pool());
    const mail::MailboxesSource source(bench.mailboxes, bench.account);
    int steps = 0;
    while (bench.loop.run(indexer.step(bench.loop, source, bench.account, true)).value()) {
        ++steps;
    }
    std::uint64_t octets = 0;
    const auto blocks = mail::load_blocks(*bench.store.snapshot(), bench.account).value();
    for (const mail::SearchBlock& block : blocks) {
        octets += block.octets;
    }
    fmt::print("index: {:.0f} ms in {} steps, {} blocks, {} octets\n",
               ms_since(begin),
               steps,
               blocks.size(),
               octets);
}

void measure(const Bench& bench, std::string_view what, const mail::SearchKey& key, bool indexed) {
    constexpr int kRounds = 5;
    const auto snapshot =
        bench.loop.run(bench.mailboxes.open(bench.loop, {bench.account, mail::kInbox})).value();
    double best = 1e12;
    std::size_t found = 0;
    for (int round = 0; round < (indexed ? kRounds : 1); ++round) {
        mail::SearchOptions options;
        options.use_index = indexed;
        const auto begin = Clock::now();
        const auto uids =
            bench.loop.run(mail::search(bench.loop, bench.mailboxes, snapshot, key, options));
        best = std::min(best, ms_since(begin));
        found = uids.value().size();
    }
    fmt::print("{}\t{}\t{:.2f} ms\t{} found\n", what, indexed ? "index" : "no index", best, found);
}

void run(const Bench& bench, const Vocabulary& words, bool without) {
    using Kind = mail::SearchKind;
    const auto body = [](std::string text) {
        return mail::SearchKey::of_text(Kind::kBody, std::move(text));
    };
    const std::vector<std::pair<std::string, mail::SearchKey>> keys = {
        {"BODY rare word", body(words.word(49'000))},
        {"BODY frequent word", body(words.word(5))},
        {"BODY absent", body("thiswordisnowhere")},
        {"BODY two letters", body(words.word(100).substr(0, 2))},
        {"BODY two words", body(words.word(3000) + " " + words.word(10))},
        {"HEADER Subject", mail::SearchKey::of_header("Subject", words.word(2000))},
        {"FROM", mail::SearchKey::of_header("From", words.word(500) + "@crepes")},
        {"TEXT rare word", mail::SearchKey::of_text(Kind::kText, words.word(48'000))},
        {"UNSEEN", mail::SearchKey::negation(mail::SearchKey::of_flag(mail::kSeen))},
        {"SENTON",
         mail::SearchKey::of_day(Kind::kSentOn, std::chrono::sys_days(std::chrono::days(20'000)))},
    };
    for (const auto& [what, key] : keys) {
        measure(bench, what, key, true);
        if (without) {
            measure(bench, what, key, false);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "usage: search_bench DIR [MESSAGES] [without]\n");
        return 64;
    }
    const std::uint64_t count = base::parse_u64(argc > 2 ? argv[2] : "100000").value_or(100'000);
    base::SystemClock clock;
    base::Log log(clock, [](std::string_view) {});
    base::Pool pool(2, 1000);
    auto store = store::open_store({.directory = argv[1], .pool = pool, .log = log}).value();
    account::AccountId id = 0;
    CHECK(store
              ->change_and_wait([&](store::Transaction& change) -> base::Result<> {
                  TRY_VOID(account::add_domain(change, "hamburger.example"));
                  account::Account account;
                  account.address = {"bob", "hamburger.example"};
                  TRY(id, account::add_account(change, account));
                  return {};
              })
              .has_value());
    base::BlockingLoop loop(clock);
    mail::Mailboxes mailboxes(*store, clock, pool);
    CHECK(loop.run(mailboxes.prepare(loop, id)).has_value());
    const Bench bench{loop, *store, mailboxes, id};
    base::SeededRandom random(2026);
    Vocabulary words(random, 50'000);
    const auto begin = Clock::now();
    fill(bench, words, count);
    fmt::print("{} messages written in {:.0f} ms\n", count, ms_since(begin));
    index(bench);
    run(bench, words, argc > 3);
    return 0;
}
