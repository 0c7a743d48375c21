// What the server does beside its sessions: figures, removals, collection, expiry.
#include <unistd.h>

#include <functional>

#include "app/process.h"
#include "app/removal.h"
#include "app/server_parts.h"
#include "files/trace.h"
#include "mail/emails.h"
#include "mail/trace.h"

namespace app {
namespace {

constexpr std::size_t kTraceEventsAtOnce = 1000;
constexpr std::size_t kCrowd = 1000;

// Long work in short changes, so that nobody waits for it: one after the other until `step` has nothing left.
base::Result<> change_until_done(
    store::Store& store, const std::function<base::Result<bool>(store::Transaction&)>& step) {
    bool done = false;
    while (!done) {
        TRY_VOID(store.change_and_wait([&](store::Transaction& change) -> base::Result<> {
            TRY(done, step(change));
            return {};
        }));
    }
    return {};
}

// True when none that is as old remains.
base::Result<bool> expire_some_traces(store::Transaction& change, base::WallTime older_than) {
    TRY(const std::size_t of_mail, mail::expire_trace(change, older_than, kTraceEventsAtOnce));
    TRY(const std::size_t of_files, files::expire_trace(change, older_than, kTraceEventsAtOnce));
    return of_mail < kTraceEventsAtOnce && of_files < kTraceEventsAtOnce;
}

}  // namespace

void MailServer::Parts::refresh_metrics() {
    const store::StoreStatistics now = store->statistics();
    const auto set = [this](std::string_view name, std::string_view help, std::uint64_t value) {
        metrics.gauge(name, help).set(static_cast<std::int64_t>(value));
    };
    set("staffetta_store_commits", "Changes committed since start", now.commits);
    set("staffetta_store_changes_waiting", "Changes that wait for theirs", now.changes_waiting);
    set("staffetta_store_groups", "Disk syncs that committed them", now.groups);
    set("staffetta_store_octets_written", "Octets written to the journal", now.octets_written);
    set("staffetta_store_blob_octets_live", "Octets of message data", now.blob_octets_live);
    set("staffetta_store_blob_octets_garbage",
        "Octets that wait for collection",
        now.blob_octets_garbage);
    const auto set_waiting = [this](const char* name, const base::Pool& workers) {
        metrics
            .gauge("staffetta_work_waiting", "Functions that wait for a worker", {{"pool", name}})
            .set(static_cast<std::int64_t>(workers.waiting()));
    };
    set_waiting("disk", pool);
    set_waiting("password", *hash_pool);
    set_waiting("files", *file_pool);
    set_waiting("administration", *administration_pool);
    set("staffetta_sessions", "Open connections", server->sessions());
}

// Accounts whose removal a crash cut short, beside everybody's mail.
void MailServer::Parts::end_removals() {
    administration_pool->submit([this] {
        const auto ended = finish_removals(*store, files.get());
        if (!ended) {
            log->warning(
                "the mail of removed accounts could not be removed; the next start tries again",
                {{"reason", ended.error().text}});
        }
    });
}

// Counts that a crash left behind; quotas go by them.
void MailServer::Parts::count_files() {
    if (!files->counts_are_old()) {
        return;
    }
    administration_pool->submit([this] {
        const auto report = files->check();
        if (!report) {
            log->warning("files could not be counted anew; the next start tries again",
                         {{"reason", report.error().text}});
            return;
        }
        for (const std::string& mended : report->mended) {
            log->info("counts mended after a crash", {{"what", mended}});
        }
    });
}

void MailServer::Parts::warn_without_postmaster() {
    const auto warning = postmaster_warning(*store->snapshot());
    if (warning && !warning->empty()) {
        log->warning("nobody is postmaster", {{"reason", *warning}});
    }
}

// What root has read at the start is read again by the user that the process has become.
void MailServer::Parts::warn_of_files_out_of_reach() {
    const auto look = [this](const std::string& file) {
        if (!file.empty() && ::access(file.c_str(), R_OK) != 0) {
            log->warning("a renewed certificate will not be taken",
                         {{"file", file},
                          {"reason",
                           "the server's user may not read it: have it copied for that user "
                           "whenever it is renewed"}});
        }
    };
    look(config.tls.certificate);
    look(config.tls.key);
    for (const TlsConfig::Pair& pair : config.tls.more) {
        look(pair.certificate);
        look(pair.key);
    }
}

void MailServer::Parts::collect() {
    if (collecting.exchange(true)) {
        return;
    }
    administration_pool->submit([this] {
        const auto freed = store->collect();
        if (!freed) {
            log->warning("collection failed", {{"reason", freed.error().text}});
        } else if (*freed != 0) {
            log->info("collected", {{"octets", *freed}});
        }
        collecting = false;
    });
}

void MailServer::Parts::expire_traces() {
    if (expiring.exchange(true)) {
        return;
    }
    const auto older_than =
        clock.now() - std::chrono::duration_cast<std::chrono::milliseconds>(config.trace_retention);
    administration_pool->submit([this, older_than] {
        const auto expired = change_until_done(*store, [older_than](store::Transaction& change) {
            return expire_some_traces(change, older_than);
        });
        if (!expired) {
            log->warning("trace expiry failed", {{"reason", expired.error().text}});
        }
        expiring = false;
    });
}

void MailServer::Parts::build_index() {
    index_worker = std::make_unique<IndexWorker>(*store, *mailboxes, clock, *log);
    administration->set_index_worker(index_worker.get());
}

// What EXPUNGE and its like leave behind.
void MailServer::Parts::collect_emails() {
    if (collecting_emails.exchange(true)) {
        return;
    }
    administration_pool->submit([this] {
        const auto collected = change_until_done(*store, &mail::collect_emails);
        if (!collected) {
            log->warning("collection of removed mail failed", {{"reason", collected.error().text}});
        }
        collecting_emails = false;
    });
}

// A crowd that came and went would be held against us for ever: the C library gives back what is free at the end of its
// heap alone.
void MailServer::Parts::give_memory_back() {
    const std::size_t gone = server->take_gone(kCrowd);
    if (gone == 0) {
        return;
    }
    administration_pool->submit([this, gone] {
        app::give_memory_back();
        log->info("memory given back", {{"sessions_gone", gone}});
    });
}

}  // namespace app
