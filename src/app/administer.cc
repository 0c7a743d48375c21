#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "app/commands.h"
#include "app/config.h"
#include "app/control.h"
#include "app/exit_status.h"
#include "app/offline.h"
#include "app/process.h"
#include "app/server.h"
#include "files/maintenance.h"
#include "net/address.h"
#include "store/disk_store.h"
#include "store/file.h"

namespace app {
namespace {

int print(const AdminReply& reply) {
    if (reply.status == kExitOk) {
        fmt::print("{}", reply.text);
    } else {
        fmt::print(stderr, "staffetta: {}", reply.text);
    }
    return reply.status;
}

// The running server's answer; kUnavailable when none runs.
base::Result<AdminReply> ask_running(const Config& config, const AdminRequest& request) {
    TRY(const net::Endpoint endpoint, net::parse_endpoint(config.listen.control.front()));
    return ask_server(endpoint, request);
}

base::Result<> expect_nothing_in(const std::string& directory) {
    std::error_code failed;
    if (std::filesystem::exists(directory, failed) &&
        !std::filesystem::is_empty(directory, failed)) {
        return base::fail(base::Errc::kExists,
                          directory + " is not empty; restore where there is nothing yet");
    }
    return {};
}

// Nobody's files are replaced but by who says the same once more, for what an earlier restore that ended early has left.
base::Result<files::Existing> judge_files(const Config& config) {
    std::error_code failed;
    if (std::filesystem::exists(restore_directory(config), failed)) {
        return files::Existing::kReplaced;
    }
    for (const char* folder : {"/accounts", "/shares"}) {
        TRY_VOID(expect_nothing_in(config.files.root + folder));
    }
    return files::Existing::kRefused;
}

// Into the data folder of `config`, which is aside. What is no backup leaves nothing; but the folder of a restore that
// ended early stays, for it says so.
base::Result<> restore_store_aside(const std::string& from, const Config& config) {
    std::error_code failed;
    const bool again = std::filesystem::exists(config.data, failed);
    std::filesystem::remove_all(store_directory(config), failed);
    auto made = store::restore_store(from, store_directory(config));
    if (!made) {
        std::filesystem::remove_all(again ? store_directory(config) : config.data, failed);
    }
    return made;
}

// As the server's user, like all that touches the store: files of root's would lock the server out. The store is made
// aside and gets its name last: one that still gives out again what was given out behind the copy must never be served.
base::Result<> restore(const std::string& from, const Config& config) {
    TRY_VOID(make_data_directory(config.data, config.user));
    TRY_VOID(become_user(config.user));
    const std::string target = store_directory(config);
    TRY_VOID(expect_nothing_in(target));
    TRY(const files::Existing existing, judge_files(config));
    Config aside = config;
    aside.data = restore_directory(config);
    TRY_VOID(restore_store_aside(from, aside));
    TRY_VOID(OfflineStore::renew_mail_ids(aside));
    const std::string trees = from + kBackupFiles;
    if (std::filesystem::exists(trees)) {
        TRY_VOID(files::copy_tree(trees, config.files.root, existing));
    }
    std::error_code failed;
    std::filesystem::rename(store_directory(aside), target, failed);
    if (failed) {
        return base::fail(base::Errc::kIo, fmt::format("{}: {}", target, failed.message()));
    }
    std::filesystem::remove(aside.data, failed);
    return store::posix_file_system().sync_directory(config.data);
}

}  // namespace

int administer_command(const std::string& config_file, AdminRequest request) {
    const auto config = read_config(config_file);
    if (!config) {
        return report(config.error(), kExitConfig);
    }
    std::unique_ptr<OfflineStore> offline;
    while (true) {
        auto answered = offline ? base::Result<AdminReply>(offline->run(request))
                                : ask_running(*config, request);
        if (!answered && answered.error().code == base::Errc::kUnavailable) {
            auto opened = OfflineStore::open(*config);
            if (!opened) {
                return report(opened.error());
            }
            offline = std::move(*opened);
            continue;
        }
        if (!answered) {
            return report(answered.error());
        }
        const int status = print(*answered);
        if (answered->next.empty()) {
            return status;
        }
        request.options["from"] = std::move(answered->next);
    }
}

int restore_command(const std::string& directory, const std::string& config_file) {
    const auto config = read_config(config_file);
    if (!config) {
        return report(config.error(), kExitConfig);
    }
    const auto restored = restore(directory, *config);
    if (!restored) {
        return report(restored.error());
    }
    fmt::print("restored into {}\n", store_directory(*config));
    return kExitOk;
}

}  // namespace app
