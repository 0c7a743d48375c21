#include "app/process.h"

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <malloc.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

namespace app {
namespace {

sigset_t held_signals() {
    sigset_t set{};
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

constexpr std::size_t kUserOctetsMax = 64UL * 1024;

struct User {
    uid_t uid = 0;
    gid_t gid = 0;
};

base::Result<User> find_user(const std::string& name) {
    std::vector<char> buffer(kUserOctetsMax);
    passwd entry{};
    passwd* found = nullptr;
    ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) {
        return base::fail(base::Errc::kInvalid,
                          fmt::format("user = \"{}\": there is no such user; make it with: adduser "
                                      "--system --group {}",
                                      name,
                                      name));
    }
    return User{entry.pw_uid, entry.pw_gid};
}

tl::unexpected<base::Error> failed(std::string_view what) {
    return base::fail(errno == EACCES || errno == EPERM ? base::Errc::kDenied : base::Errc::kIo,
                      fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

// `directory` and those above it, as far as they are absent.
std::vector<std::string> missing_folders(const std::string& directory) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    std::vector<std::string> missing;
    for (fs::path at = fs::absolute(directory, ignored).lexically_normal();
         !fs::exists(at, ignored) && at.has_relative_path();
         at = at.parent_path()) {
        missing.push_back(at.string());
    }
    return missing;
}

base::Result<> give_to(const User& owner, const std::string& path) {
    if (::chown(path.c_str(), owner.uid, owner.gid) != 0) {
        return failed(path + ": cannot be given to the server's user");
    }
    return {};
}

std::string name_of(uid_t uid) {
    std::vector<char> buffer(kUserOctetsMax);
    passwd entry{};
    passwd* found = nullptr;
    ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
    return found == nullptr ? std::to_string(uid) : entry.pw_name;
}

// capabilities(7): of all that the thread has, or may take up, CAP_NET_BIND_SERVICE alone stays.
bool keep_the_right_to_low_ports() {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> rights{};
    rights[0].permitted = 1U << CAP_NET_BIND_SERVICE;
    rights[0].effective = rights[0].permitted;
    return ::syscall(SYS_capset, &header, rights.data()) == 0;
}

}  // namespace

void hold_signals() {
    const sigset_t set = held_signals();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
}

std::optional<int> wait_for_signal(base::Duration patience) {
    const sigset_t set = held_signals();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
    const timespec limit{.tv_sec = seconds.count(), .tv_nsec = (patience - seconds).count()};
    const int number = ::sigtimedwait(&set, nullptr, &limit);
    return number > 0 ? std::optional(number) : std::nullopt;
}

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

void give_memory_back() {
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

base::Result<> make_data_directory(const std::string& directory,
                                   const std::string& user,
                                   store::FileSystem& file_system) {
    const std::vector<std::string> made = missing_folders(directory);
    TRY_VOID(file_system.create_directory(directory));
    if (user.empty() || ::geteuid() != 0) {
        return {};
    }
    TRY(const User owner, find_user(user));
    TRY_VOID(give_to(owner, directory));
    // Those above it too: in a closed folder of root's the user could not reach its own.
    for (const std::string& folder : made) {
        TRY_VOID(give_to(owner, folder));
    }
    return {};
}

base::Result<> become_user(const std::string& user, bool keep_low_ports) {
    if (user.empty() || ::geteuid() != 0) {
        return {};
    }
    TRY(const User target, find_user(user));
    const bool done = ::prctl(PR_SET_KEEPCAPS, keep_low_ports ? 1L : 0L, 0, 0, 0) == 0 &&
                      ::initgroups(user.c_str(), target.gid) == 0 && ::setgid(target.gid) == 0 &&
                      ::setuid(target.uid) == 0 &&
                      (!keep_low_ports || keep_the_right_to_low_ports());
    if (!done) {
        return failed("cannot become " + user);
    }
    // A way back would make all of it worthless.
    if (target.uid != 0 && ::setuid(0) == 0) {
        return base::fail(base::Errc::kDenied, "cannot give up root");
    }
    return {};
}

base::Result<> expect_user(const std::string& user) {
    TRY_VOID(find_user(user));
    if (::geteuid() != 0) {
        return base::fail(base::Errc::kDenied, "only root may become " + user);
    }
    return {};
}

base::Result<> give_to(const std::string& user, const std::string& path) {
    TRY(const User owner, find_user(user));
    return give_to(owner, path);
}

base::Error with_owner(base::Error refusal, const std::string& folder, const std::string& tree) {
    struct stat about {};

    const uid_t self = ::geteuid();
    if (refusal.code == base::Errc::kDenied && ::stat(folder.c_str(), &about) == 0 &&
        about.st_uid != self) {
        refusal.text += fmt::format("; {} is {}'s and not {}'s: chown -R {}: {}",
                                    folder,
                                    name_of(about.st_uid),
                                    name_of(self),
                                    name_of(self),
                                    tree);
    }
    return refusal;
}

}  // namespace app
