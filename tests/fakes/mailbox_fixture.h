// Mailboxes over the store in memory, for tests: the mail fixture with whole mailboxes in one line each.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/pool.h"
#include "fakes/mail_fixture.h"
#include "mail/mailboxes.h"

namespace fakes {

class MailboxFixture : public MailFixture {
  protected:
    // Accounts 1 to 3 have their mailboxes.
    MailboxFixture() {
        for (account::AccountId id = 1; id <= 3; ++id) {
            EXPECT_TRUE(run(mailboxes_.prepare(loop_, id)));
        }
    }

    mail::Ref ref(account::AccountId user, std::string_view path) {
        const auto found = mailboxes_.find(user, path);
        EXPECT_TRUE(found) << path;
        return found ? found->ref : mail::Ref();
    }

    std::vector<mail::NewMessage> new_messages(const std::vector<std::string>& bodies,
                                               std::uint32_t flags = 0,
                                               const std::vector<std::string>& keywords = {}) {
        std::vector<mail::NewMessage> messages;
        for (const std::string& octets : bodies) {
            messages.push_back({.blob = blob(octets),
                                .flags = flags,
                                .keywords = keywords,
                                .received = clock_.now(),
                                .summary = {},
                                .thread = {},
                                .queue_id = {},
                                .return_path = {}});
        }
        return messages;
    }

    mail::Appended append(mail::Ref to,
                          const std::vector<std::string>& bodies,
                          std::uint32_t flags = 0,
                          const std::vector<std::string>& keywords = {}) {
        auto appended =
            run(mailboxes_.append(loop_, to.owner, to, new_messages(bodies, flags, keywords)));
        EXPECT_TRUE(appended);
        return appended ? std::move(*appended) : mail::Appended();
    }

    mail::SnapshotPtr open(mail::Ref ref) {
        auto snapshot = run(mailboxes_.open(loop_, ref));
        EXPECT_TRUE(snapshot);
        return snapshot ? std::move(*snapshot) : std::make_shared<mail::Snapshot>();
    }

    std::string body(account::AccountId owner, mail::EmailId email) {
        const auto reader = mailboxes_.open_body(owner, email);
        if (!reader) {
            return "unreadable: " + reader.error().text;
        }
        std::string octets((*reader)->size(), '\0');
        EXPECT_TRUE(run((*reader)->read(loop_, 0, octets)));
        return octets;
    }

    void set_quota(account::AccountId id, std::uint64_t octets, std::uint64_t messages = 0) {
        EXPECT_TRUE(change([&](store::Transaction& transaction) -> base::Result<> {
            TRY(auto account, account::find_account(transaction, id));
            account->quota_octets = octets;
            account->quota_messages = messages;
            return account::update_account(transaction, *account);
        }));
    }

    base::Pool pool_{0, 1};
    mail::Mailboxes mailboxes_{store_, clock_, pool_};
};

}  // namespace fakes
