#include "agent/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "base/environment.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

// What a program starts with besides its words: the standard streams, and signals as they were before us.
class SpawnSetup {
  public:
    SpawnSetup() {
        posix_spawn_file_actions_init(&files_);
        posix_spawnattr_init(&attributes_);
        sigset_t defaults;
        sigemptyset(&defaults);
        sigaddset(&defaults, SIGINT);
        sigaddset(&defaults, SIGPIPE);
        posix_spawnattr_setsigdefault(&attributes_, &defaults);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF);
    }

    SpawnSetup(const SpawnSetup&) = delete;
    SpawnSetup& operator=(const SpawnSetup&) = delete;

    ~SpawnSetup() {
        posix_spawn_file_actions_destroy(&files_);
        posix_spawnattr_destroy(&attributes_);
    }

    void read_from(int fd) { posix_spawn_file_actions_adddup2(&files_, fd, STDIN_FILENO); }

    [[nodiscard]] base::Result<pid_t> spawn(std::vector<std::string> words) {
        std::vector<char*> argv;
        argv.reserve(words.size() + 1);
        for (std::string& word : words) {
            argv.push_back(word.data());
        }
        argv.push_back(nullptr);
        pid_t process = 0;
        const int error =
            ::posix_spawnp(&process, argv[0], &files_, &attributes_, argv.data(), environ);
        if (error != 0) {
            const Errc code = error == ENOENT   ? Errc::kNotFound
                              : error == EACCES ? Errc::kDenied
                                                : Errc::kIo;
            return fail(code,
                        fmt::format("{}: {}", words[0], std::generic_category().message(error)));
        }
        return process;
    }

  private:
    posix_spawn_file_actions_t files_{};
    posix_spawnattr_t attributes_{};
};

base::Result<int> wait_for(pid_t process) {
    int status = 0;
    while (::waitpid(process, &status, 0) < 0) {
        if (errno != EINTR) {
            return fail(Errc::kIo, std::generic_category().message(errno));
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::vector<std::string> shell_words(const std::string& command) {
    const std::string chosen = base::environment("SHELL");
    const std::string shell = chosen.empty() ? "/bin/sh" : chosen;
    if (command.empty()) {
        return {shell};
    }
    return {shell, "-c", command};
}

// It may hold options, so a shell must part its words; the file's name is a word of its own.
std::vector<std::string> tool_words(const std::string& tool, const std::string& file) {
    if (file.empty()) {
        return {"/bin/sh", "-c", tool};
    }
    return {"/bin/sh", "-c", tool + " \"$@\"", tool, file.starts_with('-') ? "./" + file : file};
}

base::Result<int> run_program(const std::vector<std::string>& words) {
    SpawnSetup setup;
    TRY(const pid_t process, setup.spawn(words));
    return wait_for(process);
}

base::Result<std::unique_ptr<ProcessSink>> ProcessSink::start(
    const std::vector<std::string>& words) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail(Errc::kIo, std::generic_category().message(errno));
    }
    const base::UniqueFd out(ends[0]);
    base::UniqueFd in(ends[1]);
    std::signal(SIGPIPE, SIG_IGN);
    SpawnSetup setup;
    setup.read_from(out.get());
    TRY(const pid_t process, setup.spawn(words));
    return std::unique_ptr<ProcessSink>(new ProcessSink(std::move(in), process));
}

ProcessSink::~ProcessSink() {
    static_cast<void>(finish());
}

base::Result<> ProcessSink::write(std::string_view octets) {
    while (!octets.empty()) {
        const ssize_t count = ::write(pipe_.get(), octets.data(), octets.size());
        if (count < 0 && errno != EINTR) {
            broken_ = errno == EPIPE;
            return fail(broken_ ? Errc::kReset : Errc::kIo, std::generic_category().message(errno));
        }
        octets.remove_prefix(static_cast<std::size_t>(count < 0 ? 0 : count));
    }
    return {};
}

base::Result<int> ProcessSink::finish() {
    if (process_ == 0) {
        return 0;
    }
    pipe_.reset();
    return wait_for(std::exchange(process_, 0));
}

}  // namespace agent
