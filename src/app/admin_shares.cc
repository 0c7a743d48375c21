// Administration of shares: trees of files that several people see, and who may do what in them.
#include <fmt/format.h>

#include "app/administration.h"
#include "app/units.h"
#include "base/ascii.h"
#include "files/shares.h"

namespace app {
namespace {

// --quota and --max-files; what is not given stays.
base::Result<> read_limits(const AdminRequest& request, files::Limits& limits) {
    const std::string quota = option(request, "quota");
    if (!quota.empty()) {
        const auto octets = parse_size(quota);
        if (!octets) {
            return base::fail(base::Errc::kInvalid,
                              fmt::format("\"{}\" is no quota; write a size, as 10GiB, or 0 for "
                                          "none",
                                          quota));
        }
        limits.octets = *octets;
    }
    const std::string most = option(request, "max-files");
    if (!most.empty()) {
        const auto number = base::parse_u64(most, UINT64_MAX);
        if (!number) {
            return base::fail(base::Errc::kInvalid,
                              fmt::format("\"{}\" is no number of files", most));
        }
        limits.files = *number;
    }
    return {};
}

// As it is granted: "incoming/" is "/incoming". What leads up would name another folder than whoever wrote it thinks.
base::Result<std::string> path_option(const AdminRequest& request) {
    const std::string path = option(request, "path");
    std::string_view rest = path;
    while (!rest.empty()) {
        if (base::split_front(rest, '/') == "..") {
            return base::fail(base::Errc::kInvalid,
                              fmt::format("\"{}\" leads up; write the path within the share, as "
                                          "/incoming",
                                          path));
        }
    }
    auto joined = files::join("/", path);
    if (!joined) {
        return base::fail(base::Errc::kInvalid, fmt::format("\"{}\" is no path", path));
    }
    return joined;
}

// "list, read", for people; "everything" and "nothing" as such.
std::string describe(files::Rights rights) {
    if (rights == 0 || rights == files::kAllRights) {
        return rights == 0 ? "nothing" : "everything";
    }
    std::string text;
    for (const char c : files::format_rights(rights)) {
        text += c;
        text += c == ',' ? " " : "";
    }
    return text;
}

std::string describe(const files::Share& share) {
    std::string line = share.name;
    if (share.limits.octets != 0) {
        line += "  quota " + format_size(share.limits.octets);
    }
    if (share.limits.files != 0) {
        line += fmt::format("  at most {} files", share.limits.files);
    }
    return line + "\n";
}

}  // namespace

Administration::Outcome Administration::share_add(const AdminRequest& request) const {
    files::Share share;
    share.name = request.arguments[0];
    TRY_VOID(read_limits(request, share.limits));
    TRY_VOID(store_.change_and_wait(
        [share](store::Transaction& change) { return files::add_share(change, share); }));
    return fmt::format("share {0} added; nobody sees it before `staffetta share grant {0}`\n{1}",
                       share.name,
                       tell_of_files(share.name));
}

// Those of a share of that name that was removed, or that somebody put there by hand.
std::string Administration::tell_of_files(const std::string& share) const {
    const auto found = files_ == nullptr ? base::Result<std::optional<files::Share>>(std::nullopt)
                                         : files::find_share(*store_.snapshot(), share);
    if (!found || !*found) {
        return "";
    }
    const auto there = files_->share_usage((*found)->name);
    return !there || there->files == 0
               ? ""
               : fmt::format("its folder is not empty: {} octets in {} file{}, counting folders\n",
                             there->octets,
                             there->files,
                             there->files == 1 ? "" : "s");
}

Administration::Outcome Administration::share_set(const AdminRequest& request) const {
    const std::string& name = request.arguments[0];
    TRY_VOID(store_.change_and_wait([&](store::Transaction& change) -> base::Result<> {
        TRY(const auto share, files::find_share(change, name));
        if (!share) {
            return base::fail(base::Errc::kNotFound, "there is no such share");
        }
        files::Limits limits = share->limits;
        TRY_VOID(read_limits(request, limits));
        return files::set_share_limits(change, name, limits);
    }));
    TRY(const auto share, files::find_share(*store_.snapshot(), name));
    return share ? describe(*share) : "";
}

Administration::Outcome Administration::share_remove(const AdminRequest& request) const {
    const std::string& name = request.arguments[0];
    TRY_VOID(store_.change_and_wait(
        [name](store::Transaction& change) { return files::remove_share(change, name); }));
    return fmt::format("share {} removed; its files stay in their folder\n", name);
}

Administration::Outcome Administration::share_list(const AdminRequest& /*request*/) const {
    const auto snapshot = store_.snapshot();
    TRY(const auto shares, files::list_shares(*snapshot));
    std::string text;
    for (const files::Share& share : shares) {
        text += describe(share);
        for (const files::Grant& grant : share.grants) {
            TRY(const std::string who, files::format_principal(*snapshot, grant.who));
            text += fmt::format(
                "    {}  {}  {}\n", grant.path, who, files::format_rights(grant.rights));
        }
    }
    return text;
}

Administration::Outcome Administration::share_grant(const AdminRequest& request) const {
    const std::string& name = request.arguments[0];
    files::Grant grant;
    TRY(grant.path, path_option(request));
    TRY(grant.rights, files::parse_rights(request.arguments[2]));
    TRY_VOID(store_.change_and_wait([&](store::Transaction& change) -> base::Result<> {
        files::Grant given = grant;
        TRY(given.who, files::parse_principal(change, request.arguments[1]));
        return files::set_grant(change, name, given);
    }));
    std::string text = fmt::format("granted to {} in share {}, for {} and what is below: {}\n",
                                   request.arguments[1],
                                   name,
                                   grant.path,
                                   describe(grant.rights));
    TRY(const auto share, files::find_share(*store_.snapshot(), name));
    if (share && files_ != nullptr && !files_->has_folder(share->name, grant.path)) {
        text += fmt::format("there is no folder {} in it yet; the grant counts once there is\n",
                            grant.path);
    }
    return text;
}

Administration::Outcome Administration::share_revoke(const AdminRequest& request) const {
    const std::string& name = request.arguments[0];
    files::Grant grant;
    TRY(grant.path, path_option(request));
    TRY_VOID(store_.change_and_wait([&](store::Transaction& change) -> base::Result<> {
        files::Grant taken = grant;
        TRY(taken.who, files::parse_principal(change, request.arguments[1]));
        return files::revoke_grant(change, name, taken);
    }));
    return fmt::format(
        "what {} was granted in {} at {} is revoked\n", request.arguments[1], name, grant.path);
}

}  // namespace app
