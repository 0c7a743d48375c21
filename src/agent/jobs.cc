#include "agent/jobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <utility>

#include "agent/exit_status.h"
#include "agent/shell.h"

namespace agent {
namespace {

constexpr std::chrono::milliseconds kPoll{100};

}  // namespace

struct Jobs::Job {
    int number = 0;
    bool queued = false;
    JobSetup setup;
    std::atomic<bool> killed = false;
    std::atomic<bool> begun = false;
    std::atomic<bool> ended = false;
    std::atomic<std::uint64_t> octets = 0;
    bool told = false;    // by take_news()
    bool heeded = false;  // its failure became somebody's status, or was wanted
    int status = 0;       // once ended
    std::string output;   // once ended
    std::mutex mutex;     // guards site
    std::condition_variable changed;
    FtpSite* site = nullptr;  // while it runs
    std::thread thread;
};

// The queued jobs that have not ended, in their order; the first one runs.
class Jobs::Queue {
  public:
    void add(const Job& job) {
        const std::lock_guard lock(mutex_);
        order_.push_back(&job);
    }

    void wait_for_turn(const Job& job) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return job.killed || order_.front() == &job; });
    }

    void leave(const Job& job) {
        const std::lock_guard lock(mutex_);
        std::erase(order_, &job);
        changed_.notify_all();
    }

    // A job that waits was killed.
    void tell() {
        const std::lock_guard lock(mutex_);
        changed_.notify_all();
    }

    bool move(const Job& job, std::size_t place) {
        const std::lock_guard lock(mutex_);
        const auto found = std::find(order_.begin(), order_.end(), &job);
        if (found == order_.begin() || found == order_.end()) {
            return false;
        }
        order_.erase(found);
        order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(std::min(place, order_.size())),
                      &job);
        return true;
    }

    // How many run or wait before it.
    [[nodiscard]] std::size_t place_of(const Job& job) {
        const std::lock_guard lock(mutex_);
        const auto found = std::find(order_.begin(), order_.end(), &job);
        return static_cast<std::size_t>(found - order_.begin());
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<const Job*> order_;
};

Jobs::Jobs() : queue_(std::make_unique<Queue>()) {}

Jobs::~Jobs() {
    kill_all();
    for (const auto& job : jobs_) {
        job->thread.join();
    }
}

void Jobs::work(Job& job, Queue& queue) {
    if (job.queued) {
        queue.wait_for_turn(job);
    }
    if (!job.killed) {
        job.begun = true;
        Shell shell(job.setup.arguments);
        shell.capture(job.output, job.octets);
        {
            const std::lock_guard lock(job.mutex);
            job.site = &shell.site();
            if (job.killed) {  // before there was anything to be stopped
                job.site->stop_from_any_thread();
            }
        }
        const auto ready = shell.prepare(job.setup);
        job.status = ready ? shell.run_line(job.setup.line) : shell.show_error(ready.error());
        const std::lock_guard lock(job.mutex);
        job.site = nullptr;
    }
    {
        const std::lock_guard lock(job.mutex);
        job.ended = true;
    }
    if (job.queued) {
        queue.leave(job);
    }
    job.changed.notify_all();
}

int Jobs::start(JobSetup setup, bool queued) {
    auto job = std::make_unique<Job>();
    job->number = static_cast<int>(jobs_.size()) + 1;
    job->setup = std::move(setup);
    job->queued = queued;
    if (queued) {
        queue_->add(*job);
    }
    job->thread = std::thread([&here = *job, &queue = *queue_] { work(here, queue); });
    jobs_.push_back(std::move(job));
    return jobs_.back()->number;
}

// Of a job that has ended.
std::string_view Jobs::outcome_of(const Job& job) {
    return job.killed ? "killed" : job.status != 0 ? "failed" : "done";
}

// Those that wait stand behind the others, in the order in which they will run.
std::string Jobs::list() const {
    std::vector<std::pair<std::size_t, const Job*>> in_order;
    for (const auto& job : jobs_) {
        const bool waits = job->queued && !job->begun && !job->ended;
        in_order.emplace_back(waits ? queue_->place_of(*job) + 1 : 0, job.get());
    }
    std::stable_sort(in_order.begin(), in_order.end(), [](const auto& one, const auto& other) {
        return one.first < other.first;
    });
    std::string text;
    for (const auto& [place, job] : in_order) {
        const std::string_view state = job->ended   ? outcome_of(*job)
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
            text += fmt::format(
                "[{}] {}: {}\n{}", job->number, outcome_of(*job), job->setup.line, job->output);
        }
    }
    return text;
}

void Jobs::kill(Job& job) {
    if (job.ended) {
        return;
    }
    job.killed = true;
    queue_->tell();
    const std::lock_guard lock(job.mutex);
    if (job.site != nullptr) {
        job.site->stop_from_any_thread();
    }
}

bool Jobs::kill(int number) {
    bool found = number == 0;
    for (const auto& job : jobs_) {
        if (number == 0 || job->number == number) {
            found = true;
            job->heeded = job->heeded || !job->ended;
            kill(*job);
        }
    }
    return found;
}

void Jobs::kill_all() {
    for (const auto& job : jobs_) {
        kill(*job);
    }
}

std::size_t Jobs::running() const {
    return static_cast<std::size_t>(
        std::count_if(jobs_.begin(), jobs_.end(), [](const auto& job) { return !job->ended; }));
}

int Jobs::take_failure(int number) {
    int status = kFtpOk;
    for (const auto& job : jobs_) {
        const bool meant = number == 0 || job->number == number;
        if (!meant || !job->ended || std::exchange(job->heeded, true)) {
            continue;
        }
        const int own = job->killed && job->status == kFtpOk ? int{kFtpIo} : job->status;
        status = own != kFtpOk ? own : status;
    }
    return status;
}

bool Jobs::move(int number, std::size_t place) {
    for (const auto& job : jobs_) {
        if (job->number == number) {
            return job->queued && queue_->move(*job, place);
        }
    }
    return false;
}

bool Jobs::wait(int number, bool (*give_up)()) {
    bool found = number == 0;
    for (const auto& job : jobs_) {
        if (number != 0 && job->number != number) {
            continue;
        }
        found = true;
        while (!job->ended) {
            if (give_up()) {  // on all of them: the others are not asked for again
                return true;
            }
            std::unique_lock lock(job->mutex);
            job->changed.wait_for(lock, kPoll, [&job] { return job->ended.load(); });
        }
    }
    return found;
}

}  // namespace agent
