#include "files/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/ascii.h"
#include "files/directory.h"
#include "files/maintenance.h"
#include "files/mounts.h"
#include "files/records.h"
#include "files/volumes.h"

namespace files {
namespace {

using base::Errc;
using base::Result;

constexpr unsigned kOurs = 0700;
constexpr std::size_t kTokenLength = 8;
constexpr const char* kUploadsFolder = "/uploads";
constexpr const char* kAccountsFolder = "/accounts";
constexpr const char* kSharesFolder = "/shares";

Result<std::vector<std::string>> folder_names(const std::string& path) {
    base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) {
        return fail_errno(errno);
    }
    TRY(Directory directory, Directory::of(std::move(fd)));
    std::vector<std::string> names;
    while (true) {
        TRY(const char* name, directory.next());
        if (name == nullptr) {
            return names;
        }
        names.emplace_back(name);
    }
}

Result<> check_volume(Volume& volume, const std::string& shown, CheckReport& report) {
    TRY(const auto before, volume.recount());
    const Counts now = volume.ledger().used();
    if (before) {
        report.mended.push_back(
            fmt::format("files: {}: {} octets in {} files were counted; there are {} in {}",
                        shown,
                        before->octets,
                        before->files,
                        now.octets,
                        now.files));
    }
    report.files += now.files;
    report.octets += now.octets;
    return {};
}

Result<> check_accounts(Volumes& volumes, const std::atomic<bool>& ends, CheckReport& report) {
    TRY(const auto names, folder_names(volumes.options().root + kAccountsFolder));
    for (const std::string& name : names) {
        if (ends) {
            return base::fail(Errc::kUnavailable, "The server stops.");
        }
        const auto id = base::parse_number<account::AccountId>(name);
        TRY(const auto account, account::find_account(*volumes.store().snapshot(), id.value_or(0)));
        if (!account) {
            report.findings.push_back(
                fmt::format("files: {}{}/{} is no account's folder; move it away or remove it",
                            volumes.options().root,
                            kAccountsFolder,
                            name));
            continue;
        }
        TRY(const auto volume, volumes.of_account(*account));
        TRY_VOID(check_volume(*volume, account->address.to_string(), report));
    }
    return {};
}

Result<> check_shares(Volumes& volumes, const std::atomic<bool>& ends, CheckReport& report) {
    TRY(const auto table, volumes.shares());
    TRY(const auto names, folder_names(volumes.options().root + kSharesFolder));
    for (const std::string& name : names) {
        if (ends) {
            return base::fail(Errc::kUnavailable, "The server stops.");
        }
        if (table->find(name) == nullptr) {
            report.findings.push_back(fmt::format(
                "files: {}{}/{} is no share's folder; add the share, or move the folder away",
                volumes.options().root,
                kSharesFolder,
                name));
            continue;
        }
        TRY(const auto volume, volumes.of_share(name));
        TRY_VOID(check_volume(*volume, "share " + name, report));
    }
    return {};
}

}  // namespace

Files::Files(std::shared_ptr<Volumes> volumes, base::Pool& pool, bool counts_are_old)
    : volumes_(std::move(volumes)),
      pool_(pool),
      counts_are_old_(counts_are_old) {}

// What still gathers is written down by whoever has the store. Counts that a crash left behind stay marked as such.
Files::~Files() {
    volumes_->close(!counts_are_old_);
}

Result<std::unique_ptr<Files>> Files::start(Options options,
                                            store::Store& store,
                                            base::Pool& pool,
                                            const base::Clock& clock,
                                            base::Random& random) {
    for (const char* folder : {"", kAccountsFolder, kSharesFolder}) {
        const std::string path = options.root + folder;
        if (::mkdir(path.c_str(), kOurs) != 0 && errno != EEXIST) {
            auto failure = fail_errno(errno);
            failure.value().text = path + ": " + failure.value().text;
            return failure;
        }
    }
    TRY(std::shared_ptr<Aside> aside,
        Aside::open(options.root + kUploadsFolder, random.token(kTokenLength)));
    sweep(*aside, options.keep_partials, clock.now());
    const bool shares = options.other_octets != nullptr;
    TRY(const bool shared, shared_quota_before(*store.snapshot()));
    if (shares != shared) {
        store.submit(
            [shares](store::Transaction& change) { return change_sharing(change, shares); },
            [](const Result<>& /*done*/) {});
    }
    TRY(const bool crashed, left_open(*store.snapshot()));
    store.submit(
        [](store::Transaction& change) {
            mark_open(change);
            return Result<>();
        },
        [](const Result<>& /*done*/) {});
    auto volumes = std::make_shared<Volumes>(std::move(options), store, clock, std::move(aside));
    store.observe(volumes);
    return std::unique_ptr<Files>(new Files(std::move(volumes), pool, crashed));
}

base::Task<Result<std::shared_ptr<Tree>>> Files::open_tree(base::Loop& loop,
                                                           account::AccountId id) {
    return pool_.run(
        loop, [volumes = volumes_, id, pool = &pool_]() -> Result<std::shared_ptr<Tree>> {
            TRY(const auto account, account::find_account(*volumes->store().snapshot(), id));
            if (!account) {
                return base::fail(Errc::kNotFound, "There is no such account.");
            }
            TRY(std::shared_ptr<Volume> home, volumes->of_account(*account));
            Viewer viewer{.account = id, .domain = account->address.domain};
            auto mounts =
                std::make_shared<const Mounts>(volumes, std::move(home), std::move(viewer));
            return std::make_shared<Tree>(std::move(mounts), *pool, account->address.to_string());
        });
}

base::Task<Result<std::shared_ptr<Tree>>> Files::open_anonymous(base::Loop& loop) {
    return pool_.run(loop, [volumes = volumes_, pool = &pool_]() -> Result<std::shared_ptr<Tree>> {
        const std::string& name = volumes->options().anonymous_share;
        TRY(const auto table, volumes->shares());
        const Share* share = name.empty() ? nullptr : table->find(name);
        if (share == nullptr || !is_visible(*share, Viewer())) {
            return base::fail(Errc::kNotFound, "There are no anonymous users here.");
        }
        auto mounts = std::make_shared<const Mounts>(volumes, name);
        return std::make_shared<Tree>(std::move(mounts), *pool, "");
    });
}

Result<CheckReport> Files::check() {
    CheckReport report;
    TRY_VOID(check_accounts(*volumes_, ends_, report));
    TRY_VOID(check_shares(*volumes_, ends_, report));
    counts_are_old_ = false;
    return report;
}

Result<> Files::backup(const std::string& directory) {
    if (::mkdir(directory.c_str(), kOurs) != 0 && errno != EEXIST) {
        return fail_errno(errno);
    }
    for (const char* folder : {kAccountsFolder, kSharesFolder}) {
        TRY_VOID(copy_tree(volumes_->options().root + folder, directory + folder));
    }
    return {};
}

bool Files::has_folder(const std::string& name, const std::string& path) {
    const auto volume = volumes_->of_share(name);
    if (!volume) {
        return false;
    }
    const auto there = (*volume)->stat(path);
    return there && there->kind == Kind::kDirectory;
}

Result<Usage> Files::share_usage(const std::string& name) {
    TRY(const auto volume, volumes_->of_share(name));
    const Counts used = volume->ledger().used();
    const Limits limits = volume->limits();
    return Usage{.octets = used.octets,
                 .files = used.files,
                 .octets_limit = limits.octets,
                 .files_limit = limits.files,
                 .available = volume->ledger().left(limits)};
}

void Files::settle() {
    volumes_->settle();
}

// Out of sight in one step; should a crash come before the rest, the next start sweeps it up.
Result<> Files::remove_account(account::AccountId id) {
    Partials(account_volume(id)).forget_all(volumes_->aside());
    TRY(const auto table, volumes_->shares());
    for (const Share& share : table->shares) {
        // One that cannot be opened keeps them for a week.
        if (const auto volume = volumes_->of_share(share.name)) {
            (*volume)->forget_partials_of(std::to_string(id));
        }
    }
    const std::string folder =
        volumes_->options().root + kAccountsFolder + "/" + std::to_string(id);
    const std::string name = "removed-" + std::to_string(id);
    if (::renameat(AT_FDCWD, folder.c_str(), volumes_->aside().fd(), name.c_str()) != 0) {
        return errno == ENOENT ? Result<>() : fail_errno(errno);
    }
    return remove_tree(volumes_->aside().fd(), name);
}

}  // namespace files
