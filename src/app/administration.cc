#include "app/administration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "account/check.h"
#include "account/directory.h"
#include "app/exit_status.h"
#include "app/index_worker.h"
#include "app/removal.h"
#include "app/units.h"
#include "base/ascii.h"
#include "base/log.h"
#include "files/trace.h"
#include "mail/message_store.h"
#include "mail/trace.h"
#include "queue/queue.h"

namespace app {

// The commands, each with the number of arguments it takes.
struct AdminTable {
    using Handler = Administration::Outcome (Administration::*)(const AdminRequest&) const;
    static constexpr std::size_t kMany = 10'000;

    struct Row {
        std::string_view command;
        Handler handler;
        std::size_t arguments_min;
        std::size_t arguments_max;
    };

    static constexpr std::array<Row, 49> kRows{{
        {"account add", &Administration::account_add, 1, 1},
        {"account list", &Administration::account_list, 0, 1},
        {"account password", &Administration::account_password, 1, 1},
        {"account remove", &Administration::account_remove, 1, 1},
        {"account set", &Administration::account_set, 1, 1},
        {"application-password add", &Administration::application_add, 2, 2},
        {"application-password list", &Administration::application_list, 1, 1},
        {"application-password remove", &Administration::application_remove, 2, 2},
        {"legacy-secret remove", &Administration::legacy_remove, 1, 1},
        {"legacy-secret set", &Administration::legacy_set, 1, 1},
        {"alias import", &Administration::alias_import, 1, kMany + kMany},
        {"alias list", &Administration::alias_list, 1, 1},
        {"alias remove", &Administration::alias_remove, 1, 1},
        {"alias set", &Administration::alias_set, 2, kMany},
        {"alias show", &Administration::alias_show, 1, 1},
        {"backup", &Administration::backup, 1, 1},
        {"check", &Administration::check, 0, 0},
        {"domain add", &Administration::domain_add, 1, 1},
        {"domain list", &Administration::domain_list, 0, 0},
        {"domain remove", &Administration::domain_remove, 1, 1},
        {"list add", &Administration::list_add, 1, 1},
        {"list join", &Administration::list_join, 2, kMany},
        {"list leave", &Administration::list_leave, 2, kMany},
        {"list list", &Administration::list_list, 0, 1},
        {"list members", &Administration::list_members, 1, 1},
        {"list remove", &Administration::list_remove, 1, 1},
        {"list resume", &Administration::list_resume, 2, kMany},
        {"list set", &Administration::list_set, 1, 1},
        {"list show", &Administration::list_show, 1, 1},
        {"mailbox acl", &Administration::mailbox_acl, 2, 2},
        {"mailbox create", &Administration::mailbox_create, 2, 2},
        {"mailbox list", &Administration::mailbox_list, 1, 1},
        {"mailbox remove", &Administration::mailbox_remove, 2, 2},
        {"mailbox rename", &Administration::mailbox_rename, 3, 3},
        {"queue bounce", &Administration::queue_act, 0, 1},
        {"queue destinations", &Administration::queue_destinations, 0, 0},
        {"queue hold", &Administration::queue_act, 0, 1},
        {"queue list", &Administration::queue_list, 0, 1},
        {"queue release", &Administration::queue_act, 0, 1},
        {"queue remove", &Administration::queue_act, 0, 1},
        {"queue retry", &Administration::queue_act, 0, 1},
        {"queue show", &Administration::queue_show, 1, 1},
        {"share add", &Administration::share_add, 1, 1},
        {"share grant", &Administration::share_grant, 3, 3},
        {"share list", &Administration::share_list, 0, 0},
        {"share remove", &Administration::share_remove, 1, 1},
        {"share revoke", &Administration::share_revoke, 2, 2},
        {"share set", &Administration::share_set, 1, 1},
        {"trace", &Administration::trace, 1, 1},
    }};
};

namespace {

// What `account add` and `account set` may say of an account.
base::Result<> apply_options(const AdminRequest& request, account::Account& account) {
    for (const auto& [name, value] : request.options) {
        if (name == "name") {
            account.full_name = value;
        } else if (name == "quota") {
            const auto octets = parse_size(value);
            if (!octets) {
                return base::fail(base::Errc::kInvalid,
                                  fmt::format("\"{}\" is no quota; write a size, as 1GiB, or 0 for "
                                              "none",
                                              value));
            }
            account.quota_octets = *octets;
        } else if (name == "quota-messages") {
            const auto messages = base::parse_u64(value, UINT64_MAX);
            if (!messages) {
                return base::fail(
                    base::Errc::kInvalid,
                    fmt::format("\"{}\" is no number of messages; 0 is for no limit", value));
            }
            account.quota_messages = *messages;
        } else if (name == "administrator") {
            account.administrator = value == "yes";
        } else if (name == "disabled") {
            account.disabled = value == "yes";
        }
    }
    return {};
}

// Says which address or domain a bare "not found" is about.
base::Error with_subject(base::Error error, std::string_view subject) {
    error.text = fmt::format("{}: {}", subject, error.text);
    return error;
}

base::Result<> change_account(store::Transaction& change,
                              account::AccountId id,
                              const AdminRequest& request) {
    TRY(auto account, account::find_account(change, id));
    if (!account) {
        return base::fail(base::Errc::kNotFound, "there is no such account");
    }
    TRY_VOID(apply_options(request, *account));
    return account::update_account(change, *account);
}

std::string describe(const account::Account& account) {
    std::string line = account.address.to_string();
    if (!account.full_name.empty()) {
        line += fmt::format("  \"{}\"", account.full_name);
    }
    if (account.quota_octets != 0) {
        line += "  quota " + format_size(account.quota_octets);
    }
    if (account.quota_messages != 0) {
        line += fmt::format("  at most {} messages", account.quota_messages);
    }
    if (account.administrator) {
        line += "  administrator";
    }
    if (account.disabled) {
        line += "  disabled";
    }
    return line + "\n";
}

}  // namespace

std::string option(const AdminRequest& request, const std::string& name) {
    const auto found = request.options.find(name);
    return found == request.options.end() ? std::string() : found->second;
}

base::Result<std::string> postmaster_warning(const store::Reader& reader) {
    TRY(const auto administrators, account::find_administrators(reader));
    TRY(const auto domains, account::list_domains(reader));
    if (!administrators.empty() || domains.empty()) {
        return std::string();
    }
    return fmt::format(
        "no account is an administrator, so mail to postmaster, which every domain must take (RFC "
        "5321 4.5.1), is refused; make somebody one: staffetta account add NAME@{} --administrator",
        domains.front());
}

AdminReply Administration::run(const AdminRequest& request) const {
    if (const auto live = live_.find(request.command); live != live_.end()) {
        return {.status = kExitOk, .text = live->second(request)};
    }
    if (request.command == "ftp who") {
        return {.status = kExitUnavailable, .text = "no server is running on this data\n"};
    }
    const auto& rows = AdminTable::kRows;
    const auto* row = std::find_if(rows.begin(), rows.end(), [&](const AdminTable::Row& candidate) {
        return candidate.command == request.command;
    });
    if (row == rows.end() || request.arguments.size() < row->arguments_min ||
        request.arguments.size() > row->arguments_max) {
        return {.status = kExitUsage,
                .text = fmt::format("no such command: {} with {} arguments\n",
                                    request.command,
                                    request.arguments.size())};
    }
    base::Result<AdminReply> reply;
    if (request.command == "queue list" && option(request, "json") == "yes") {
        reply = queue_page(request);
    } else {
        reply = (this->*row->handler)(request).map([](std::string text) {
            return AdminReply{.status = kExitOk, .text = std::move(text)};
        });
    }
    if (reply) {
        return std::move(*reply);
    }
    base::Error error = std::move(reply.error());
    if (!request.arguments.empty() &&
        error.text.find(request.arguments.front()) == std::string::npos) {
        error = with_subject(std::move(error), request.arguments.front());
    }
    return {.status = exit_status(error.code), .text = error.text + "\n"};
}

Administration::Outcome Administration::domain_add(const AdminRequest& request) const {
    TRY_VOID(store_.change_and_wait([domain = request.arguments[0]](store::Transaction& change) {
        return account::add_domain(change, domain);
    }));
    TRY(const std::string warning, postmaster_warning(*store_.snapshot()));
    return fmt::format(
        "domain {} added\n{}{}", request.arguments[0], warning, warning.empty() ? "" : "\n");
}

Administration::Outcome Administration::domain_remove(const AdminRequest& request) const {
    TRY_VOID(store_.change_and_wait([domain = request.arguments[0]](store::Transaction& change) {
        return account::remove_domain(change, domain);
    }));
    return fmt::format("domain {} removed\n", request.arguments[0]);
}

Administration::Outcome Administration::domain_list(const AdminRequest& /*request*/) const {
    TRY(const auto domains, account::list_domains(*store_.snapshot()));
    std::string text;
    for (const std::string& domain : domains) {
        text += domain + "\n";
    }
    return text;
}

Administration::Outcome Administration::account_add(const AdminRequest& request) const {
    account::Account account;
    TRY(account.address, account::parse_address(request.arguments[0]));
    TRY_VOID(apply_options(request, account));
    const std::string password = option(request, "secret");
    if (password.empty()) {
        return base::fail(base::Errc::kInvalid, "the password is empty");
    }
    // Slow by design, hence outside of the change.
    const auto secrets = account::make_secrets(password, random_, options_);
    TRY_VOID(store_.change_and_wait(
        [account, secrets, now = clock_.now()](store::Transaction& change) -> base::Result<> {
            TRY(const account::AccountId id, account::add_account(change, account));
            TRY_VOID(mail::add_account_mail(change, id, now));
            return account::set_secrets(change, id, *secrets);
        }));
    return fmt::format("account {} added\n", account.address.to_string());
}

base::Result<account::Account> Administration::existing_account(std::string_view text) const {
    TRY(const account::Address address, account::parse_address(text));
    TRY(auto account, account::find_account(*store_.snapshot(), address));
    if (!account) {
        return base::fail(base::Errc::kNotFound, fmt::format("{}: there is no such account", text));
    }
    return *account;
}

Administration::Outcome Administration::account_set(const AdminRequest& request) const {
    TRY(const account::Account known, existing_account(request.arguments[0]));
    TRY_VOID(store_.change_and_wait(
        [&](store::Transaction& change) { return change_account(change, known.id, request); }));
    TRY(const account::Account changed, existing_account(request.arguments[0]));
    return describe(changed);
}

Administration::Outcome Administration::account_remove(const AdminRequest& request) const {
    TRY(const account::Address address, account::parse_address(request.arguments[0]));
    TRY_VOID(remove_account_whole(store_, files_, address));
    return fmt::format("account {} removed\n", address.to_string());
}

Administration::Outcome Administration::account_list(const AdminRequest& request) const {
    const auto snapshot = store_.snapshot();
    std::vector<std::string> domains = request.arguments;
    if (domains.empty()) {
        TRY(domains, account::list_domains(*snapshot));
    }
    std::string text;
    for (const std::string& domain : domains) {
        TRY(const auto accounts, account::list_accounts(*snapshot, domain));
        for (const account::Account& account : accounts) {
            text += describe(account);
        }
    }
    return text;
}

namespace {

std::string describe_event(base::WallTime time,
                           std::string_view kind,
                           std::string_view text,
                           std::string_view session) {
    return fmt::format("    {}  {:<9} {}{}\n",
                       base::format_rfc3339(time),
                       kind,
                       text,
                       session.empty() ? "" : fmt::format("  [session {}]", session));
}

// What happened to a file, when the command was given a path.
base::Result<std::string> trace_file(const store::Reader& reader, std::string_view path) {
    TRY(const auto traced, files::find_trace(reader, path));
    if (traced.empty()) {
        return base::fail(base::Errc::kNotFound,
                          fmt::format("{}: nothing is known of it; traces are kept for "
                                      "trace.retention",
                                      path));
    }
    std::string text;
    for (const files::TracedFile& file : traced) {
        text += fmt::format("{}  {}\n", file.path, file.volume);
        for (const files::TraceEvent& event : file.events) {
            text += describe_event(event.time, event.kind, event.text, event.session);
        }
    }
    return text;
}

}  // namespace

Administration::Outcome Administration::trace(const AdminRequest& request) const {
    if (request.arguments[0].starts_with('/')) {
        if (files_ != nullptr) {
            files_->settle();
        }
        return trace_file(*store_.snapshot(), request.arguments[0]);
    }
    TRY(const auto messages, mail::find_trace(*store_.snapshot(), request.arguments[0]));
    if (messages.empty()) {
        return base::fail(base::Errc::kNotFound,
                          fmt::format("{}: nothing is known of it; the id is the one of our 250 "
                                      "reply, or a Message-ID, and traces are kept for "
                                      "trace.retention",
                                      request.arguments[0]));
    }
    std::string text;
    for (const mail::TracedMessage& message : messages) {
        text += fmt::format("{}  <{}>\n", message.queue_id, message.message_id);
        for (const mail::TraceEvent& event : message.events) {
            text += describe_event(event.time, event.kind, event.text, event.session);
        }
    }
    return text;
}

base::Result<account::AccountId> Administration::account_id(std::string_view address) const {
    TRY(const account::Account account, existing_account(address));
    return account.id;
}

Administration::Outcome Administration::rebuild_index() const {
    if (index_worker_ != nullptr) {
        index_worker_->rebuild();
        return std::string("the search index is being built anew while the server runs\n");
    }
    TRY(const auto accounts, all_accounts(*store_.snapshot()));
    for (const account::AccountId account : accounts) {
        TRY_VOID(app::rebuild_index(store_, mailboxes_, clock_, account));
    }
    return fmt::format("the search index of {} accounts was built anew\n", accounts.size());
}

Administration::Outcome Administration::check(const AdminRequest& request) const {
    if (option(request, "rebuild-index") == "yes") {
        return rebuild_index();
    }
    const auto count = [](const store::Reader& reader,
                          const std::function<void(const store::BlobId&)>& add) -> base::Result<> {
        TRY_VOID(mail::count_references(reader, add));
        return queue::count_references(reader, add);
    };
    std::vector<std::string> mended;
    TRY_VOID(store_.change_and_wait([&mended](store::Transaction& change) -> base::Result<> {
        TRY(mended, mail::mend_sums(change));
        return {};
    }));
    TRY(const store::CheckReport report, store_.check(count));
    std::vector<std::string> findings = report.findings;
    for (const auto check_room : {&account::check, &mail::check, &queue::check}) {
        TRY(const std::vector<std::string> more, check_room(*store_.snapshot()));
        findings.insert(findings.end(), more.begin(), more.end());
    }
    files::CheckReport trees;
    if (files_ != nullptr) {
        TRY(trees, files_->check());
        findings.insert(findings.end(), trees.findings.begin(), trees.findings.end());
        mended.insert(mended.end(), trees.mended.begin(), trees.mended.end());
    }
    if (findings.empty()) {
        std::string text =
            fmt::format("sound: {} records, {} blobs of {} octets, {} files of {} octets\n",
                        report.records,
                        report.blobs,
                        report.blob_octets,
                        trees.files,
                        trees.octets);
        for (const std::string& one : mended) {
            text += "mended: " + one + "\n";
        }
        return text;
    }
    std::string text =
        fmt::format("{} finding{}", findings.size(), findings.size() == 1 ? "" : "s");
    for (const std::string& finding : findings) {
        text += "\n" + finding;
    }
    return base::fail(base::Errc::kCorrupt, std::move(text));
}

Administration::Outcome Administration::backup(const AdminRequest& request) const {
    TRY_VOID(store_.backup(request.arguments[0]));
    if (files_ != nullptr) {
        TRY_VOID(files_->backup(request.arguments[0] + kBackupFiles));
    }
    return fmt::format("copied to {}\n", request.arguments[0]);
}

}  // namespace app
