// Who is active, who may connect, when to look again.
#include "queue/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "queue/destination.h"
#include "store/key.h"

namespace queue {

using base::Result;

namespace {

// Between two looks at what cannot be read.
constexpr auto kUnreadablePause = std::chrono::minutes(1);

base::Counter& outcome_counter(base::Metrics& metrics, const char* result) {
    return metrics.counter("staffetta_queue_recipients_total",
                           "Recipients that an attempt ended for, by its result.",
                           {{"result", result}});
}

}  // namespace

Scheduler::Scheduler(SchedulerServices services, SchedulerOptions options)
    : services_(std::move(services)),
      options_(std::move(options)),
      notifier_(services_.loop,
                services_.store,
                services_.random,
                services_.log,
                services_.surroundings,
                options_.reporter,
                options_.returned_octets_max),
      connections_gauge_(services_.metrics.gauge("staffetta_queue_connections",
                                                 "Connections to other mail servers.")),
      delivered_(outcome_counter(services_.metrics, "delivered")),
      deferred_(outcome_counter(services_.metrics, "deferred")),
      failed_(outcome_counter(services_.metrics, "failed")) {}

Scheduler::~Scheduler() {
    CHECK(tasks_ == 0);
}

void Scheduler::start() {
    stopping_ = false;
    wake_cursor_.clear();
    ages_seen_ = {};
    tick();
    look_at_ages();
}

base::Task<> Scheduler::stop() {
    stopping_ = true;
    services_.loop.cancel(std::exchange(timer_, 0));
    services_.loop.cancel(std::exchange(age_timer_, 0));
    services_.loop.cancel(std::exchange(age_soon_timer_, 0));
    waiting_.clear();
    for (const auto& [name, destination] : active_) {
        services_.loop.cancel(std::exchange(destination->pause_timer, 0));
    }
    while (!idle_.empty()) {
        dismiss(idle_.begin()->first, false);
    }
    if (tasks_ != 0) {
        base::Handover<bool> ended(services_.loop);
        stopped_ = ended.giver();
        co_await ended;
    }
    active_.clear();
}

void Scheduler::nudge(std::vector<std::string> destinations) {
    services_.loop.post([this, names = std::move(destinations)] {
        if (stopping_) {
            return;
        }
        for (const std::string& name : names) {
            if (active_.contains(name) || is_due(name)) {
                activate(name);
            }
        }
        look_at_ages_soon();
    });
}

// A destination that sleeps because nobody can be reached is not woken by every new message for it.
bool Scheduler::is_due(const std::string& name) {
    if (active_.size() >= options_.destinations_max) {
        return false;
    }
    const auto record = load_destination(*services_.store.snapshot(), name);
    if (!record || !*record) {
        return false;
    }
    if ((*record)->wake <= services_.loop.clock().now()) {
        return true;
    }
    arm((*record)->wake);
    return false;
}

base::WallTime Scheduler::later(base::Duration span) const {
    return services_.loop.clock().now() +
           std::chrono::duration_cast<std::chrono::milliseconds>(span);
}

// Wakes whoever is due and asks to be called when the next one is.
void Scheduler::tick() {
    if (stopping_) {
        return;
    }
    const auto woken = wake_due();
    if (!woken) {
        services_.log.error("the queue cannot be read", {{"reason", woken.error().text}});
        arm(later(std::chrono::minutes(1)));
    }
}

Result<> Scheduler::wake_due() {
    const base::WallTime now = services_.loop.clock().now();
    std::vector<std::string> due;
    Result<std::optional<Woken>> next = std::optional<Woken>();
    std::string cursor;
    const auto visit = [&](std::string_view key, std::string_view) {
        auto woken = parse_wake_key(key);
        if (!woken) {
            return true;  // `staffetta check` tells of it
        }
        if (woken->wake > now) {
            next = std::optional(std::move(*woken));
            return false;
        }
        if (!active_.contains(woken->destination)) {
            due.push_back(std::move(woken->destination));
        }
        if (active_.size() + due.size() < options_.destinations_max) {
            return true;
        }
        cursor = key;
        return false;
    };
    // Behind the last of them it begins again: meanwhile others were put in front.
    const auto reader = services_.store.snapshot();
    for (bool whole = false; !whole && cursor.empty();) {
        whole = wake_cursor_.empty();
        const std::string begin = whole ? wake_prefix() : std::exchange(wake_cursor_, {});
        TRY_VOID(reader->scan(begin, store::prefix_end(wake_prefix()), visit));
    }
    wake_cursor_ = std::move(cursor);
    for (const std::string& name : due) {
        activate(name);
    }
    if (*next) {
        arm((*next)->wake);
    }
    return {};
}

void Scheduler::arm(base::WallTime when) {
    if (stopping_ || (timer_ != 0 && armed_ <= when)) {
        return;
    }
    services_.loop.cancel(timer_);
    armed_ = when;
    const base::Clock& clock = services_.loop.clock();
    const base::Duration span = std::max<base::Duration>(when - clock.now(), {});
    timer_ = services_.loop.call_at(clock.steady() + span, [this] {
        timer_ = 0;
        tick();
    });
}

void Scheduler::activate(const std::string& name) {
    DestinationRef& destination = active_[name];
    if (!destination) {
        destination = std::make_shared<Destination>();
        destination->name = name;
    }
    destination->dry = false;
    if (!destination->idle.empty()) {
        dismiss(*destination->idle.rbegin(), true);
        return;
    }
    review(DestinationRef(destination));
}

bool Scheduler::may_connect(const Destination& it) const {
    return !it.settling && !it.dry && it.idle.empty() && !it.failure &&
           it.paused_until <= services_.loop.clock().now() &&
           static_cast<double>(it.connections) < it.window &&
           it.connections < options_.connections_per_destination_max;
}

// Starts other conversations where there is something to say, and puts to sleep whom nobody is due for. A
// conversation may fail before it returns, so everything is asked anew for each.
void Scheduler::review(const DestinationRef& destination) {
    Destination& it = *destination;
    while (!stopping_ && !it.waiting && may_connect(it)) {
        if (connections_ >= options_.connections_max) {
            wait_for_connection(destination);
            return;
        }
        auto job = take_job(it);
        if (!job) {
            it.dry = true;
            break;
        }
        ++it.connections;
        ++connections_;
        connections_gauge_.add(1);
        begin(converse(destination, std::move(*job)));
    }
    const bool idle = it.connections == 0 && it.in_flight.empty() && !it.waiting;
    if (!stopping_ && !it.settling && idle && (it.dry || it.failure)) {
        it.settling = true;
        begin(settle(destination));
    }
}

// Who has one already goes on with that. The one that has been idle for longest makes room.
void Scheduler::wait_for_connection(const DestinationRef& destination) {
    if (destination->connections != 0) {
        return;
    }
    destination->waiting = true;
    waiting_.push_back(destination);
    if (!idle_.empty()) {
        dismiss(idle_.begin()->first, false);
    }
}

// A connection became free: for whoever waits longest.
void Scheduler::review_waiting() {
    while (!waiting_.empty() && connections_ < options_.connections_max) {
        const DestinationRef destination = std::move(waiting_.front());
        waiting_.pop_front();
        destination->waiting = false;
        review(destination);
    }
}

// The peer wants less: no new connection for a while, longer each time.
void Scheduler::pause(const DestinationRef& destination) {
    Destination& it = *destination;
    const base::Duration span = options_.throttle_backoff.after(++it.throttled);
    it.paused_until = later(span);
    look_again_in(destination, span);
}

void Scheduler::look_again_in(const DestinationRef& destination, base::Duration span) {
    services_.loop.cancel(destination->pause_timer);
    destination->pause_timer =
        services_.loop.call_at(services_.loop.clock().steady() + span, [this, destination] {
            destination->pause_timer = 0;
            destination->paused_until = {};
            destination->unreadable.clear();
            destination->dry = false;
            review(destination);
        });
}

// Into the store: when it wakes next. Messages may be queued for it meanwhile; the change sees those
// before it, and nudge() brings those after.
base::Task<> Scheduler::settle(DestinationRef destination) {
    Destination& it = *destination;
    const base::WallTime now = services_.loop.clock().now();
    const std::optional<RemoteReply> failure = std::exchange(it.failure, std::nullopt);
    it.dry = true;
    auto wake = std::make_shared<std::optional<base::WallTime>>();
    auto change = [wake, failure, now, name = it.name, backoff = options_.destination_backoff](
                      store::Transaction& transaction) -> Result<> {
        base::WallTime not_before = now;
        if (failure) {
            TRY(const auto before, load_destination(transaction, name));
            not_before += std::chrono::duration_cast<std::chrono::milliseconds>(
                backoff.after((before ? before->failures : 0) + 1));
        }
        TRY(*wake, queue::settle(transaction, name, now, not_before, failure));
        return {};
    };
    const bool committed = co_await commit(std::move(change));
    it.settling = false;
    if (!committed || stopping_) {
        co_return;
    }
    // Due all the same, so that the schedule's next moment is none to wait for.
    if (!failure && !it.unreadable.empty()) {
        if (it.pause_timer == 0) {
            look_again_in(destination, kUnreadablePause);
        }
        co_return;
    }
    const bool again = !failure && (!it.dry || (*wake && **wake <= now));
    if (again) {
        it.dry = false;
        review(destination);
        co_return;
    }
    services_.loop.cancel(std::exchange(it.pause_timer, 0));
    const bool was_full = active_.size() >= options_.destinations_max;
    active_.erase(it.name);
    if (was_full) {
        tick();
    } else if (*wake) {
        arm(**wake);
    }
}

void Scheduler::begin(base::Task<> task) {
    ++tasks_;
    base::spawn(std::move(task), [this](const std::exception_ptr& thrown) { on_end(thrown); });
}

// What a task threw is our own bug: it costs that conversation, and the store still has its recipients.
void Scheduler::on_end(const std::exception_ptr& thrown) {
    --tasks_;
    if (thrown) {
        try {
            std::rethrow_exception(thrown);
        } catch (const std::exception& bug) {
            services_.log.error("a bug ended a conversation of the queue", {{"bug", bug.what()}});
        }
    }
    if (tasks_ == 0 && stopped_) {
        std::exchange(stopped_, nullptr)(true);
    }
}

}  // namespace queue
