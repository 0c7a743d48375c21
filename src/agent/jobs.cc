#include "agent/jobs.h"

#include <fmt/format.h>

#include <condition_variable>

#include "agent/shell.h"

namespace agent {
namespace {

constexpr std::chrono::milliseconds kPoll{100};

}  // namespace

struct Jobs::Job {
    int number = 0;
    JobSetup setup;
    std::atomic<bool> killed = false;
    std::atomic<bool> begun = false;
    std::atomic<bool> ended = false;
    std::atomic<std::uint64_t> octets = 0;
    bool told = false;   // by take_news()
    int status = 0;      // once ended
    std::string output;  // once ended
    std::mutex mutex;    // guards site
    std::condition_variable changed;
    FtpSite* site = nullptr;  // while it runs
    std::thread thread;

    void kill() {
        killed = true;
        const std::lock_guard lock(mutex);
        if (site != nullptr) {
            site->stop_from_any_thread();
        }
    }
};

Jobs::Jobs() = default;

Jobs::~Jobs() {
    for (const auto& job : jobs_) {
        job->kill();
    }
    for (const auto& job : jobs_) {
        job->thread.join();
    }
}

void Jobs::work(Job& job, Job* before) {
    if (before != nullptr) {
        before->ended.wait(false);
    }
    if (!job.killed) {
        job.begun = true;
        Shell shell(job.setup.arguments);
        shell.capture(job.output, job.octets);
        {
            const std::lock_guard lock(job.mutex);
            job.site = &shell.site();
        }
        const auto ready = shell.prepare(job.setup);
        if (ready) {
            job.status = shell.run_line(job.setup.line);
        } else {
            job.status = 1;
            job.output += ready.error().text + "\n";
        }
        const std::lock_guard lock(job.mutex);
        job.site = nullptr;
    }
    {
        const std::lock_guard lock(job.mutex);
        job.ended = true;
    }
    job.ended.notify_all();
    job.changed.notify_all();
}

int Jobs::start(JobSetup setup, bool queued) {
    auto job = std::make_unique<Job>();
    job->number = static_cast<int>(jobs_.size()) + 1;
    job->setup = std::move(setup);
    Job* before = queued ? last_queued_ : nullptr;
    if (queued) {
        last_queued_ = job.get();
    }
    job->thread = std::thread([&here = *job, before] { work(here, before); });
    jobs_.push_back(std::move(job));
    return jobs_.back()->number;
}

std::string Jobs::list() const {
    std::string text;
    for (const auto& job : jobs_) {
        const bool failed = job->ended && (job->status != 0 || job->killed);
        const std::string_view state = failed       ? "failed"
                                       : job->ended ? "done"
                                       : job->begun ? "running"
                                                    : "waiting";
        text += fmt::format("[{}] {:8} {:>10}  {}\n",
                            job->number,
                            state,
                            format_octets(job->octets),
                            job->setup.line);
    }
    return text;
}

std::string Jobs::take_news() {
    std::string text;
    for (const auto& job : jobs_) {
        if (job->ended && !job->told) {
            job->told = true;
            const bool failed = job->status != 0 || job->killed;
            text += fmt::format("[{}] {} {}\n{}",
                                job->number,
                                failed ? "failed:" : "done:",
                                job->setup.line,
                                job->output);
        }
    }
    return text;
}

bool Jobs::kill(int number) {
    for (const auto& job : jobs_) {
        if (job->number == number) {
            job->kill();
            return true;
        }
    }
    return false;
}

void Jobs::kill_all() {
    for (const auto& job : jobs_) {
        job->kill();
    }
}

bool Jobs::wait(int number, bool (*give_up)()) {
    bool found = number == 0;
    for (const auto& job : jobs_) {
        if (number != 0 && job->number != number) {
            continue;
        }
        found = true;
        while (!job->ended && !give_up()) {
            std::unique_lock lock(job->mutex);
            job->changed.wait_for(lock, kPoll, [&job] { return job->ended.load(); });
        }
    }
    return found;
}

}  // namespace agent
