// What tests over mailboxes share: a store in memory on a virtual clock, and deliveries in one line.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fakes/fake_loop.h"
#include "mail/message_store.h"
#include "store/memory_store.h"

namespace fakes {

class MailFixture : public testing::Test {
  protected:
    // Accounts 1 to 3.
    MailFixture() {
        EXPECT_TRUE(change([](store::Transaction& transaction) -> base::Result<> {
            TRY_VOID(account::add_domain(transaction, "hamburger.example"));
            for (account::AccountId id = 1; id <= 3; ++id) {
                account::Account account;
                account.address = recipient(id).address;
                TRY(const account::AccountId added, account::add_account(transaction, account));
                EXPECT_EQ(added, id);
            }
            return {};
        }));
    }

    template <class T>
    T run(base::Task<T> task) {
        task.start();
        EXPECT_TRUE(loop_.run_until([&task] { return task.done(); }));
        return task.result();
    }

    static account::LocalRecipient recipient(account::AccountId id,
                                             std::uint64_t quota_octets = 0) {
        account::LocalRecipient local;
        local.account = id;
        local.address = {"user" + std::to_string(id), "hamburger.example"};
        local.quota_octets = quota_octets;
        return local;
    }

    store::NewBlob blob(std::string_view octets) {
        const auto writer = store_.new_blob();
        EXPECT_TRUE(run(writer->append(loop_, octets)));
        return writer->finish().value();
    }

    mail::Delivery delivery(std::string_view octets,
                            std::vector<account::LocalRecipient> recipients,
                            std::string queue_id) {
        return mail::Delivery{
            .blob = blob(octets),
            .queue_id = queue_id,
            .message_id = queue_id + "@crepes.example",
            .return_path = "alice@crepes.example",
            .recipients = std::move(recipients),
            .accepted = {clock_.now(), "accepted", "s1", "from crepes.example [192.0.2.1]"}};
    }

    base::Result<std::vector<mail::DeliveryOutcome>> deliver(
        std::string_view octets,
        std::vector<account::LocalRecipient> to,
        std::string queue_id = "q1") {
        return run(messages_.deliver(loop_, delivery(octets, std::move(to), std::move(queue_id))));
    }

    base::Result<> change(const store::Change& change) {
        base::Result<> outcome;
        bool done = false;
        store_.submit(change, [&](base::Result<> result) {
            outcome = std::move(result);
            done = true;
        });
        EXPECT_TRUE(loop_.run_until([&done] { return done; }));
        return outcome;
    }

    // Mail's own findings and the store's, with the references that mail counts.
    std::vector<std::string> findings() {
        std::vector<std::string> all = mail::check(*store_.snapshot()).value();
        const auto report = store_.check(mail::count_references);
        EXPECT_TRUE(report);
        all.insert(all.end(), report->findings.begin(), report->findings.end());
        return all;
    }

    std::string read(const mail::MessageInfo& message) {
        const auto reader = messages_.open_message(message);
        if (!reader) {
            return "unreadable: " + reader.error().text;
        }
        std::string octets((*reader)->size(), '\0');
        EXPECT_TRUE(run((*reader)->read(loop_, 0, octets)));
        return octets;
    }

    static mail::TraceEvent event(std::string kind, base::WallTime time = {}) {
        return {time, std::move(kind), "s2", "by a test"};
    }

    fakes::FakeClock clock_;
    fakes::FakeLoop loop_{clock_};
    store::MemoryStore store_{loop_};
    mail::MessageStore messages_{store_, clock_};
};

}  // namespace fakes
