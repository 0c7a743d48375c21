// What logins cost: the first one with a password, later ones, wrong ones, SCRAM, look-ups of recipients.
// Microseconds a call, the median of many, over the store in memory.
//
//     build/release/bench/login
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "account/sasl.h"
#include "base/check.h"
#include "base/pool.h"
#include "base/random.h"
#include "store/memory_store.h"

namespace {

// Nothing here waits: hashes run on the caller's thread, and nobody is throttled.
class IdleLoop final : public base::Loop {
  public:
    void post(std::function<void()> /*callback*/) override { CHECK(!"nothing is posted"); }

    TimerId call_at(base::SteadyTime /*when*/, std::function<void()> /*callback*/) override {
        CHECK(!"nobody waits");
        return 0;
    }

    void cancel(TimerId /*timer*/) override {}

    [[nodiscard]] const base::Clock& clock() const override { return clock_; }

  private:
    base::SystemClock clock_;
};

template <class Function>
void measure(std::string_view name, int calls, Function function) {
    std::vector<double> microseconds;
    for (int call = 0; call < calls; ++call) {
        const auto begin = std::chrono::steady_clock::now();
        function();
        const std::chrono::duration<double, std::micro> took =
            std::chrono::steady_clock::now() - begin;
        microseconds.push_back(took.count());
    }
    std::nth_element(microseconds.begin(), microseconds.begin() + calls / 2, microseconds.end());
    fmt::print("{:<44} {:>10.1f} us\n", name, microseconds[static_cast<std::size_t>(calls / 2)]);
}

template <class T>
T run(base::Task<T> task) {
    task.start();
    return task.result();
}

base::Result<> populate(store::Transaction& change, const account::Secrets& secrets) {
    TRY_VOID(account::add_domain(change, "hamburger.example"));
    for (int i = 0; i < 1000; ++i) {
        account::Account person;
        person.address = {"user" + std::to_string(i), "hamburger.example"};
        TRY(const account::AccountId id, account::add_account(change, person));
        TRY_VOID(account::set_secrets(change, id, secrets));
    }
    return account::set_alias(
        change, "staff@hamburger.example", {{"user1", "hamburger.example"}, {"x", "y.example"}});
}

}  // namespace

int main() {
    IdleLoop loop;
    base::SystemRandom random;
    store::MemoryStore store;
    base::Pool pool(0, 1);
    account::AuthenticatorOptions options;
    options.throttle.failures_free = 1'000'000;
    options.throttle.failures_block = 1'000'000;
    const auto secrets = account::make_secrets("pencil", random, options);
    CHECK(store.change_and_wait([&](store::Transaction& t) { return populate(t, *secrets); })
              .has_value());
    account::Authenticator authenticator(store, loop.clock(), random, pool, options);
    account::LoginContext context;
    context.service = "imap";
    context.peer_address = "192.0.2.1";
    context.tls = true;

    int user = 0;
    const auto log_in = [&](const std::string& name, const char* password, bool right) {
        const auto identity = run(authenticator.check_password(loop, context, name, password));
        CHECK(identity.has_value() == right);
    };
    measure("secrets of a new password", 5, [&] {
        (void)account::make_secrets("pencil", random, options);
    });
    measure("first login with a password", 21, [&] {
        log_in("user" + std::to_string(++user) + "@hamburger.example", "pencil", true);
    });
    measure("later logins", 10'001, [&] { log_in("user1@hamburger.example", "pencil", true); });
    measure("wrong password", 21, [&] { log_in("user1@hamburger.example", "eraser", false); });
    measure("unknown user", 21, [&] { log_in("jones@hamburger.example", "pencil", false); });
    measure("SCRAM-SHA-256, the server's first message", 10'001, [&] {
        auto server = account::make_sasl_server(authenticator, "SCRAM-SHA-256", context);
        CHECK(run((*server)->step(loop, "n,,n=user1@hamburger.example,r=abc")).has_value());
    });
    const auto resolve = [&](const account::Address& address) {
        CHECK(account::resolve(*store.snapshot(), address).has_value());
    };
    measure("recipient: a user", 10'001, [&] { resolve({"user7", "hamburger.example"}); });
    measure("recipient: an alias of two", 10'001, [&] { resolve({"staff", "hamburger.example"}); });
    return 0;
}
