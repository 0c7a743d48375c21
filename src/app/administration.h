// Administration: domains, accounts, aliases, traces, checks and copies, as commands on a store. The
// command line runs them on a stopped server's store itself and sends them to a running one (control.h):
// one code for both, and never two writers at once.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "account/authenticator.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "files/files.h"
#include "mail/mailboxes.h"
#include "store/store.h"

namespace app {

class IndexWorker;

struct AdminRequest {
    std::string command;                         // "account add"
    std::vector<std::string> arguments;          // "bob@hamburger.example"
    std::map<std::string, std::string> options;  // "quota" -> "1GiB", "secret" -> the password

    friend bool operator==(const AdminRequest&, const AdminRequest&) = default;
};

// The value of an option, empty when it was not given.
[[nodiscard]] std::string option(const AdminRequest& request, const std::string& name);

// What is wrong with having no administrator, and the remedy; empty when there is one, or no domain yet.
[[nodiscard]] base::Result<std::string> postmaster_warning(const store::Reader& reader);

// Where a backup has the trees of files, behind its folder's name.
inline constexpr const char* kBackupFiles = "/files";

struct AdminReply {
    int status = 0;    // ExitStatus
    std::string text;  // for standard output, or for standard error when the status is not 0
    // The answer is longer than one reply is to be: the same request with this as its option "from" goes on.
    std::string next = {};
};

class Administration {
  public:
    // Keeps the references; thread-safe as they are. Without `files` there are no trees to look after.
    Administration(store::Store& store,
                   files::Files* files,
                   mail::Mailboxes& mailboxes,
                   const base::Clock& clock,
                   base::Random& random,
                   account::AuthenticatorOptions options)
        : store_(store),
          files_(files),
          mailboxes_(mailboxes),
          clock_(clock),
          random_(random),
          options_(std::move(options)) {}

    // Where to say that somebody in the queue is due; without it the next start finds out. From any
    // thread.
    void on_queue_change(std::function<void(std::vector<std::string> destinations)> nudge) {
        nudge_ = std::move(nudge);
    }

    // Whoever builds the search index while the server runs; without one `check` does it itself.
    void set_index_worker(IndexWorker* worker) { index_worker_ = worker; }

    // What only a running server can tell, under the name of its command; before the first run().
    using TellLive = std::function<std::string(const AdminRequest& request)>;

    void set_live(std::string command, TellLive tell) {
        live_.insert_or_assign(std::move(command), std::move(tell));
    }

    // Does what is asked, and waits for the disk: never on a loop's thread.
    [[nodiscard]] AdminReply run(const AdminRequest& request) const;

    // Whose mail `staffetta import` and `export` carry.
    [[nodiscard]] base::Result<account::AccountId> account_id(std::string_view address) const;

    [[nodiscard]] mail::Mailboxes& mailboxes() const { return mailboxes_; }

  private:
    friend struct AdminTable;
    using Outcome = base::Result<std::string>;

    [[nodiscard]] Outcome domain_add(const AdminRequest& request) const;
    [[nodiscard]] Outcome domain_remove(const AdminRequest& request) const;
    [[nodiscard]] Outcome domain_list(const AdminRequest& request) const;
    [[nodiscard]] Outcome account_add(const AdminRequest& request) const;
    [[nodiscard]] Outcome account_set(const AdminRequest& request) const;
    [[nodiscard]] Outcome account_remove(const AdminRequest& request) const;
    [[nodiscard]] Outcome account_list(const AdminRequest& request) const;
    [[nodiscard]] Outcome trace(const AdminRequest& request) const;
    [[nodiscard]] Outcome check(const AdminRequest& request) const;
    [[nodiscard]] Outcome rebuild_index() const;
    [[nodiscard]] Outcome backup(const AdminRequest& request) const;

    // The trees of accounts' mailboxes (admin_mailboxes.cc).
    [[nodiscard]] Outcome mailbox_list(const AdminRequest& request) const;
    [[nodiscard]] Outcome mailbox_create(const AdminRequest& request) const;
    [[nodiscard]] Outcome mailbox_rename(const AdminRequest& request) const;
    [[nodiscard]] Outcome mailbox_remove(const AdminRequest& request) const;
    [[nodiscard]] Outcome mailbox_acl(const AdminRequest& request) const;

    // Aliases (admin_aliases.cc).
    [[nodiscard]] Outcome alias_set(const AdminRequest& request) const;
    [[nodiscard]] Outcome alias_remove(const AdminRequest& request) const;
    [[nodiscard]] Outcome alias_list(const AdminRequest& request) const;
    [[nodiscard]] Outcome alias_show(const AdminRequest& request) const;
    [[nodiscard]] Outcome alias_import(const AdminRequest& request) const;

    // Mailing lists (admin_lists.cc).
    [[nodiscard]] Outcome list_add(const AdminRequest& request) const;
    [[nodiscard]] Outcome list_set(const AdminRequest& request) const;
    [[nodiscard]] Outcome list_remove(const AdminRequest& request) const;
    [[nodiscard]] Outcome list_show(const AdminRequest& request) const;
    [[nodiscard]] Outcome list_list(const AdminRequest& request) const;
    [[nodiscard]] Outcome list_members(const AdminRequest& request) const;
    [[nodiscard]] Outcome list_join(const AdminRequest& request) const;
    [[nodiscard]] Outcome list_leave(const AdminRequest& request) const;
    [[nodiscard]] Outcome list_resume(const AdminRequest& request) const;

    // Messages on their way out (queue_admin.cc).
    [[nodiscard]] Outcome queue_list(const AdminRequest& request) const;
    [[nodiscard]] base::Result<AdminReply> queue_page(const AdminRequest& request) const;
    [[nodiscard]] Outcome queue_show(const AdminRequest& request) const;
    [[nodiscard]] Outcome queue_destinations(const AdminRequest& request) const;
    [[nodiscard]] Outcome queue_act(const AdminRequest& request) const;

    // What accounts log in with (admin_secrets.cc).
    [[nodiscard]] Outcome account_password(const AdminRequest& request) const;
    [[nodiscard]] Outcome application_add(const AdminRequest& request) const;
    [[nodiscard]] Outcome application_remove(const AdminRequest& request) const;
    [[nodiscard]] Outcome application_list(const AdminRequest& request) const;
    [[nodiscard]] Outcome legacy_set(const AdminRequest& request) const;
    [[nodiscard]] Outcome legacy_remove(const AdminRequest& request) const;

    // Trees of files that several people share (admin_shares.cc).
    [[nodiscard]] Outcome share_add(const AdminRequest& request) const;
    [[nodiscard]] std::string tell_of_files(const std::string& share) const;
    [[nodiscard]] Outcome share_set(const AdminRequest& request) const;
    [[nodiscard]] Outcome share_remove(const AdminRequest& request) const;
    [[nodiscard]] Outcome share_list(const AdminRequest& request) const;
    [[nodiscard]] Outcome share_grant(const AdminRequest& request) const;
    [[nodiscard]] Outcome share_revoke(const AdminRequest& request) const;

    [[nodiscard]] base::Result<account::Account> existing_account(std::string_view text) const;

    store::Store& store_;
    files::Files* files_;
    mail::Mailboxes& mailboxes_;
    const base::Clock& clock_;
    base::Random& random_;
    account::AuthenticatorOptions options_;
    IndexWorker* index_worker_ = nullptr;
    std::map<std::string, TellLive> live_;
    std::function<void(std::vector<std::string>)> nudge_;
};

}  // namespace app
