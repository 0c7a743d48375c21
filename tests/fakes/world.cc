#include "fakes/world.h"

#include <fmt/format.h>

#include <map>
#include <span>
#include <stdexcept>

#include "account/address.h"
#include "account/secrets.h"
#include "mail/trace.h"
#include "queue/queue.h"

namespace fakes {
namespace {

void must(const base::Result<>& result) {
    if (!result) {
        throw std::runtime_error(result.error().text);
    }
}

template <class T>
T must(base::Result<T> result) {
    if (!result) {
        throw std::runtime_error(result.error().text);
    }
    return std::move(*result);
}

account::AuthenticatorOptions quick_hashing(bool allow_plaintext) {
    account::AuthenticatorOptions options;
    options.allow_plaintext = allow_plaintext;
    options.argon2_memory_kib = 8;  // the least there is: tests hash often
    options.argon2_passes = 1;
    return options;
}

// Hashing costs milliseconds by design, and simulations make the same few accounts thousands of times.
std::shared_ptr<const account::Secrets> secrets_of(const std::string& password,
                                                   const account::AuthenticatorOptions& options) {
    static std::map<std::string, std::shared_ptr<const account::Secrets>> known;
    auto& secrets = known[password];
    if (!secrets) {
        base::SeededRandom salt(1);
        secrets = account::make_secrets(password, salt, options);
    }
    return secrets;
}

}  // namespace

World::World(const WorldOptions& options)
    : random(options.seed),
      log(
          clock,
          [this](std::string_view line) { log_text += line; },
          base::LogFormat::kText,
          base::LogLevel::kDebug),
      store(loop, options.store),
      authenticator_options(quick_hashing(options.allow_plaintext)) {
    make_authenticator();
}

void World::make_authenticator() {
    authenticator =
        std::make_unique<account::Authenticator>(store, clock, random, pool, authenticator_options);
}

void World::change(const store::Change& change) {
    must(run(store.change(loop, change)));
}

account::Account World::find(std::string_view address) {
    const auto parsed = must(account::parse_address(address));
    const auto found = must(account::find_account(*store.snapshot(), parsed));
    if (!found) {
        throw std::runtime_error(fmt::format("no account {}", address));
    }
    return *found;
}

void World::add_domain(std::string_view name) {
    change([name = std::string(name)](store::Transaction& tx) {
        return account::add_domain(tx, name);
    });
}

void World::add_user(std::string_view address,
                     std::string_view password,
                     std::uint64_t quota_octets,
                     std::string_view full_name) {
    account::Account account;
    account.address = must(account::parse_address(address));
    account.quota_octets = quota_octets;
    account.full_name = full_name;
    const auto secrets = secrets_of(std::string(password), authenticator_options);
    change([account, secrets](store::Transaction& tx) -> base::Result<> {
        TRY(const account::AccountId id, account::add_account(tx, account));
        return account::set_secrets(tx, id, *secrets);
    });
}

void World::set_message_quota(std::string_view address, std::uint64_t limit) {
    account::Account account = find(address);
    account.quota_messages = limit;
    change([account](store::Transaction& tx) { return account::update_account(tx, account); });
}

void World::disable(std::string_view address) {
    account::Account account = find(address);
    account.disabled = true;
    change([account](store::Transaction& tx) { return account::update_account(tx, account); });
}

void World::set_legacy_secret(std::string_view address, std::string_view secret) {
    change([id = find(address).id, secret = std::string(secret)](store::Transaction& tx) {
        return account::set_legacy_secret(tx, id, secret);
    });
}

void World::add_alias(std::string_view address, const std::vector<std::string>& members) {
    std::vector<account::Address> parsed;
    for (const std::string& member : members) {
        parsed.push_back(must(account::parse_address(member)));
    }
    change([address = std::string(address), parsed](store::Transaction& tx) {
        return account::set_alias(tx, address, parsed);
    });
}

void World::add_list(std::string_view address, account::Posting posting) {
    account::MailingList list;
    list.address = must(account::parse_address(address));
    list.posting = posting;
    change([list](store::Transaction& tx) { return account::add_list(tx, list); });
}

void World::join_list(std::string_view list, std::string_view who, account::Membership membership) {
    change([=, list = must(account::parse_address(list)), who = must(account::parse_address(who))](
               store::Transaction& tx) { return account::join_list(tx, list, membership, who); });
}

void World::add_message(std::string_view address, std::string_view octets) {
    const account::Account account = find(address);
    const auto writer = store.new_blob();
    must(run(writer->append(loop, octets)));
    mail::Delivery delivery{
        .blob = must(writer->finish()),
        .queue_id = random.token(10),
        .message_id = {},
        .return_path = {},
        .recipients =
            {{account.id, account.address, {}, account.quota_octets, account.quota_messages}},
        .accepted = {.time = clock.now(), .kind = "accepted", .session = {}, .text = {}}};
    must(run(messages.deliver(loop, std::move(delivery))));
}

void World::tell_of_messages(std::string_view address) {
    const mail::Ref inbox{find(address).id, mail::kInbox};
    must(mailboxes.take_recent(inbox, must(run(mailboxes.open(loop, inbox)))->uid_next()));
    // What is written behind it is written after it.
    change([](store::Transaction& /*tx*/) { return base::Result<>(); });
}

std::vector<std::string> World::inbox(std::string_view address) {
    std::vector<std::string> octets;
    for (const mail::MessageInfo& info : must(messages.open_inbox(find(address).id)).messages) {
        const auto reader = must(messages.open_message(info));
        std::string whole(reader->size(), '\0');
        std::size_t filled = 0;
        while (filled < whole.size()) {
            const auto got =
                must(run(reader->read(loop, filled, std::span(whole).subspan(filled))));
            CHECK(got > 0);
            filled += got;
        }
        octets.push_back(std::move(whole));
    }
    return octets;
}

std::vector<std::string> World::findings() {
    const auto count = [](const store::Reader& reader,
                          const std::function<void(const store::BlobId&)>& add) -> base::Result<> {
        TRY_VOID(mail::count_references(reader, add));
        return queue::count_references(reader, add);
    };
    auto report = must(store.check(count));
    auto findings = std::move(report.findings);
    for (std::string& finding : must(queue::check(*store.snapshot()))) {
        findings.push_back(std::move(finding));
    }
    for (std::string& finding : must(mail::check(*store.snapshot()))) {
        findings.push_back(std::move(finding));
    }
    return findings;
}

}  // namespace fakes
