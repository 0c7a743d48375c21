// SASL: the first line of the input names the mechanism, the others are responses, ended by 0xff (which no
// UTF-8 holds). No input may log in without the password, and nothing may throw.
#include <cstdint>
#include <string_view>

#include "account/sasl.h"
#include "base/ascii.h"
#include "base/check.h"
#include "base/pool.h"
#include "base/random.h"
#include "fakes/fake_loop.h"
#include "store/memory_store.h"

namespace {

constexpr std::string_view kPassword = "pencil";

account::AuthenticatorOptions options() {
    account::AuthenticatorOptions cheap;
    cheap.argon2_memory_kib = 8;
    cheap.argon2_passes = 1;
    cheap.scram_iterations = 4096;
    cheap.default_domain = "x.example";
    return cheap;
}

struct World {
    World() {
        const auto secrets = account::make_secrets(kPassword, random, options());
        const auto done =
            store.change_and_wait([&secrets](store::Transaction& change) -> base::Result<> {
                account::Account bob;
                bob.address = {"bob", "x.example"};
                TRY_VOID(account::add_domain(change, bob.address.domain));
                TRY(const account::AccountId id, account::add_account(change, bob));
                return account::set_secrets(change, id, *secrets);
            });
        CHECK(done.has_value());
    }

    fakes::FakeClock clock;
    fakes::FakeLoop loop{clock};
    store::MemoryStore store;
    base::SeededRandom random{1};
    base::Pool pool{0, 1};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world;
    account::Authenticator authenticator(
        world.store, world.clock, world.random, world.pool, options());
    account::LoginContext context;
    context.service = "imap";
    context.loopback = true;
    context.tls = true;
    context.tls_exporter = "exported";
    context.certificate_names = {"jones@elsewhere.example"};
    std::string_view input(reinterpret_cast<const char*>(data), size);
    const bool has_password = input.find(kPassword) != std::string_view::npos;
    auto server = account::make_sasl_server(
        authenticator, base::split_front(input, '\n'), std::move(context));
    while (server && !input.empty()) {
        const auto task =
            (*server)->step(world.loop, std::string(base::split_front(input, '\xff')));
        task.start();
        CHECK(world.loop.run_until([&task] { return task.done(); }));
        const auto step = task.result();
        if (!step || std::holds_alternative<account::SaslSuccess>(*step)) {
            CHECK(!step || has_password);
            break;
        }
    }
    return 0;
}
