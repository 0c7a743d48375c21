// A whole server's surroundings on one thread and a virtual clock: store in memory, accounts, mailboxes,
// network, DNS, log and metrics. Transcripts, the simulator and the session fuzzers run the real sessions in it.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/authenticator.h"
#include "account/directory.h"
#include "account/mailing_list.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/pool.h"
#include "base/random.h"
#include "fakes/fake_loop.h"
#include "fakes/fake_network.h"
#include "fakes/fake_resolver.h"
#include "mail/mailboxes.h"
#include "mail/message_store.h"
#include "net/line_stream.h"
#include "store/memory_store.h"

namespace fakes {

struct WorldOptions {
    std::uint64_t seed = 1;
    store::MemoryOptions store;
    bool allow_plaintext = true;
};

class World {
  public:
    explicit World(const WorldOptions& options = {});

    // Members in the order in which they stand on one another.
    FakeClock clock;
    FakeLoop loop{clock};
    FakeNetwork network;
    FakeResolver resolver;
    base::SeededRandom random;
    std::string log_text;
    base::Log log;
    base::Metrics metrics;
    base::Pool pool{0, 1};  // no threads: work is done where it is asked for
    store::MemoryStore store;
    account::AuthenticatorOptions authenticator_options;
    std::unique_ptr<account::Authenticator> authenticator;
    mail::MessageStore messages{store, clock};
    // What is read at once and what later are both seen in small mailboxes.
    mail::Mailboxes mailboxes{store, clock, pool, {.messages_at_once = 3}};

    // A new one, with the options as they are now; nothing may hold the old one.
    void make_authenticator();

    // Makes the directory's entries; whatever fails here is a broken test and throws.
    void add_domain(std::string_view name);
    // `address` with a password; a zero quota is none.
    void add_user(std::string_view address,
                  std::string_view password,
                  std::uint64_t quota_octets = 0,
                  std::string_view full_name = {});
    void set_legacy_secret(std::string_view address, std::string_view secret);
    void add_alias(std::string_view address, const std::vector<std::string>& members);
    void add_list(std::string_view address, account::Posting posting);
    void join_list(std::string_view list, std::string_view who, account::Membership membership);
    // How many messages it may have; zero is no limit.
    void set_message_quota(std::string_view address, std::uint64_t limit);
    void disable(std::string_view address);
    // Puts a message into an INBOX without any protocol.
    void add_message(std::string_view address, std::string_view octets);
    // None of them is \Recent any more (RFC 3501 2.3.2).
    void tell_of_messages(std::string_view address);

    // The messages of an INBOX, whole, in order.
    [[nodiscard]] std::vector<std::string> inbox(std::string_view address);
    // Everything that check() of store and mail finds wrong; empty is well.
    [[nodiscard]] std::vector<std::string> findings();

    // Runs a change to its end, on the virtual clock.
    void change(const store::Change& change);

    // Runs a coroutine to its end, on the virtual clock, and returns its value.
    template <class T>
    T run(base::Task<T> task) {
        std::optional<T> value;
        base::spawn(store_value(std::move(task), value), rethrow);
        CHECK(loop.run_until([&value] { return value.has_value(); }));
        return std::move(*value);
    }

    // The aggregate of references that a protocol's sessions want: IMAP's know mailboxes, the others an INBOX.
    template <class Services>
    [[nodiscard]] Services services() {
        if constexpr (requires(const Services& wanted) { wanted.mailboxes; }) {
            return {.store = store,
                    .authenticator = *authenticator,
                    .mailboxes = mailboxes,
                    .clock = clock,
                    .random = random,
                    .log = log,
                    .metrics = metrics,
                    .watch = {}};
        } else {
            return {.store = store,
                    .authenticator = *authenticator,
                    .messages = messages,
                    .clock = clock,
                    .random = random,
                    .log = log,
                    .metrics = metrics,
                    .watch = {}};
        }
    }

  private:
    template <class T>
    static base::Task<> store_value(base::Task<T> task, std::optional<T>& value) {
        value.emplace(co_await task);
    }

    static void rethrow(std::exception_ptr thrown) {
        if (thrown) {
            std::rethrow_exception(thrown);
        }
    }

    [[nodiscard]] account::Account find(std::string_view address);
};

}  // namespace fakes
