// Administration of what accounts log in with: passwords, application passwords, legacy secrets.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "account/secrets.h"
#include "app/administration.h"
#include "base/ascii.h"
#include "base/log.h"

namespace app {
namespace {

// "smtp,pop3" as a list; empty for all services.
std::vector<std::string> split_services(std::string_view text) {
    std::vector<std::string> services;
    while (!text.empty()) {
        services.emplace_back(base::trim(base::split_front(text, ',')));
    }
    return services;
}

}  // namespace

Administration::Outcome Administration::account_password(const AdminRequest& request) const {
    const std::string password = option(request, "secret");
    if (password.empty()) {
        return base::fail(base::Errc::kInvalid, "the password is empty");
    }
    TRY(const account::Account account, existing_account(request.arguments[0]));
    const auto secrets = account::make_secrets(password, random_, options_);
    TRY_VOID(store_.change_and_wait([id = account.id, secrets](store::Transaction& change) {
        return account::set_secrets(change, id, *secrets);
    }));
    return fmt::format("password of {} changed\n", account.address.to_string());
}

Administration::Outcome Administration::application_add(const AdminRequest& request) const {
    TRY(const account::Account account, existing_account(request.arguments[0]));
    const account::ApplicationPassword about{
        .name = request.arguments[1],
        .services = split_services(option(request, "services")),
        .created = clock_.now()};
    const auto made = account::make_application_password(random_, options_);
    TRY_VOID(store_.change_and_wait([&](store::Transaction& change) {
        return account::add_application_password(change, account.id, about, made);
    }));
    return fmt::format("{}\n", made.text);
}

Administration::Outcome Administration::application_remove(const AdminRequest& request) const {
    TRY(const account::Account account, existing_account(request.arguments[0]));
    TRY_VOID(store_.change_and_wait([&](store::Transaction& change) {
        return account::remove_application_password(change, account.id, request.arguments[1]);
    }));
    return fmt::format("application password {} of {} removed\n",
                       request.arguments[1],
                       account.address.to_string());
}

Administration::Outcome Administration::application_list(const AdminRequest& request) const {
    TRY(const account::Account account, existing_account(request.arguments[0]));
    TRY(const auto passwords, account::list_application_passwords(*store_.snapshot(), account.id));
    std::string text;
    for (const account::ApplicationPassword& password : passwords) {
        text += fmt::format("{}  {}  {}\n",
                            password.name,
                            base::format_rfc3339(password.created),
                            password.services.empty()
                                ? "all services"
                                : fmt::format("{}", fmt::join(password.services, ",")));
    }
    return text;
}

Administration::Outcome Administration::legacy_set(const AdminRequest& request) const {
    const std::string secret = option(request, "secret");
    if (secret.empty()) {
        return base::fail(base::Errc::kInvalid, "the secret is empty");
    }
    TRY(const account::Account account, existing_account(request.arguments[0]));
    TRY_VOID(store_.change_and_wait([&](store::Transaction& change) {
        return account::set_legacy_secret(change, account.id, secret);
    }));
    return fmt::format("{} may use CRAM-MD5 and APOP with its legacy secret\n",
                       account.address.to_string());
}

Administration::Outcome Administration::legacy_remove(const AdminRequest& request) const {
    TRY(const account::Account account, existing_account(request.arguments[0]));
    TRY_VOID(store_.change_and_wait([&](store::Transaction& change) {
        return account::remove_legacy_secret(change, account.id);
    }));
    return fmt::format("legacy secret of {} removed\n", account.address.to_string());
}

}  // namespace app
