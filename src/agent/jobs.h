// Transfers beside the prompt: each job has a thread, a loop and a connection of its own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "agent/ftp_arguments.h"
#include "agent/name_map.h"

namespace agent {

// What a job needs to know to be where its user is.
struct JobSetup {
    std::string line;  // the command
    FtpArguments arguments;
    FtpUrl where;
    FtpLogin login;
    std::string directory;  // of the server
    // How files go and are called, as the user had it then; mode and structure are among the arguments' settings.
    ftp::Form form = ftp::Form::kNonPrint;
    NameMap names;
    bool receive_unique = false;
    bool send_unique = false;
    unsigned segments = 4;  // of pget
};

class Jobs {
  public:
    Jobs();
    Jobs(const Jobs&) = delete;
    Jobs& operator=(const Jobs&) = delete;
    // Kills what runs.
    ~Jobs();

    // The job's number. A queued one begins when the queued one before it has ended.
    int start(JobSetup setup, bool queued);

    // "[1] running  1.2 MiB  get x", a line each.
    [[nodiscard]] std::string list() const;
    // What ended since the last call, with what it said.
    [[nodiscard]] std::string take_news();
    // The exit status of that job, or of the last of all, with 0, that ended badly; 0 where none did. Each failure is
    // taken once; a job that kill() ended has none.
    [[nodiscard]] int take_failure(int number);
    // That job, or all with 0. False: no such job.
    bool kill(int number);
    void kill_all();
    // How many have not ended.
    [[nodiscard]] std::size_t running() const;
    // A queued job that waits becomes the `place`th of those that do; the first is 1. False: it does not wait.
    bool move(int number, std::size_t place);
    // Until that job, or all with 0, have ended, or `give_up`, which is asked several times a second, says so. False: no
    // such job.
    bool wait(
        int number, bool (*give_up)() = [] { return false; });

  private:
    struct Job;
    class Queue;

    static void work(Job& job, Queue& queue);
    [[nodiscard]] static std::string_view outcome_of(const Job& job);
    void kill(Job& job);

    std::unique_ptr<Queue> queue_;
    std::vector<std::unique_ptr<Job>> jobs_;
};

}  // namespace agent
