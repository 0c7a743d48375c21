// What tests of logins share: an authenticator over a store in memory on a virtual clock, two people, and
// cheap hashes.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "account/authenticator.h"
#include "account/secrets.h"
#include "base/pool.h"
#include "base/random.h"
#include "fakes/fake_loop.h"
#include "store/memory_store.h"

namespace fakes {

class LoginFixture : public testing::Test {
  protected:
    LoginFixture() {
        options_.argon2_memory_kib = 32;
        options_.argon2_passes = 1;
        options_.scram_iterations = 4096;
        options_.default_domain = "hamburger.example";
        apply([](store::Transaction& change) {
            return account::add_domain(change, "hamburger.example");
        });
        bob_ = add("bob@hamburger.example", "pencil");
        alice_ = add("alice@hamburger.example", "ketchup");
        context_.service = "imap";
        context_.peer_address = "192.0.2.1";
        context_.tls = true;
        restart();
    }

    // A new process over the same store.
    void restart() {
        authenticator_ =
            std::make_unique<account::Authenticator>(store_, clock_, random_, pool_, options_);
    }

    void apply(const store::Change& function) {
        const auto done = store_.change_and_wait(function);
        ASSERT_TRUE(done) << done.error().text;
    }

    account::AccountId add(std::string_view address, std::string_view password) {
        account::AccountId id = 0;
        const auto secrets = account::make_secrets(password, random_, options_);
        apply([&](store::Transaction& change) -> base::Result<> {
            account::Account person;
            TRY(person.address, account::parse_address(address));
            TRY(id, account::add_account(change, person));
            return account::set_secrets(change, id, *secrets);
        });
        return id;
    }

    void set_password(account::AccountId id, std::string_view password) {
        const auto secrets = account::make_secrets(password, random_, options_);
        apply(
            [&](store::Transaction& change) { return account::set_secrets(change, id, *secrets); });
    }

    void disable(account::AccountId id) {
        apply([id](store::Transaction& change) -> base::Result<> {
            TRY(auto person, account::find_account(change, id));
            person->disabled = true;
            return account::update_account(change, *person);
        });
    }

    // The new application password's text.
    std::string add_application(account::AccountId id,
                                const std::string& name,
                                std::vector<std::string> services = {}) {
        const auto made = account::make_application_password(random_, options_);
        apply([&](store::Transaction& change) {
            return account::add_application_password(
                change, id, {name, services, clock_.now()}, made);
        });
        return made.text;
    }

    template <class T>
    T run(base::Task<T> task) {
        task.start();
        EXPECT_TRUE(loop_.run_until([&task] { return task.done(); }));
        return task.result();
    }

    // "bob USER", "bob USER phone": who it was by what; or the error's code.
    static std::string outcome(const base::Result<account::Identity>& identity) {
        if (!identity) {
            return std::string(base::errc_name(identity.error().code));
        }
        const std::string& application = identity->application_password;
        return identity->account.address.local + " " + identity->mechanism +
               (application.empty() ? "" : " " + application);
    }

    std::string password(std::string_view user, std::string_view text) {
        return outcome(run(
            authenticator_->check_password(loop_, context_, std::string(user), std::string(text))));
    }

    FakeClock clock_;
    FakeLoop loop_{clock_};
    store::MemoryStore store_;
    base::SeededRandom random_{1};
    base::Pool pool_{0, 1};
    account::AuthenticatorOptions options_;
    account::LoginContext context_;
    std::unique_ptr<account::Authenticator> authenticator_;
    account::AccountId bob_ = 0;
    account::AccountId alice_ = 0;
};

}  // namespace fakes
