// The scheduler: decides which message goes to which destination and when, over a Transport.
//
// Each destination that has somebody due is active and has a few conversations at a time: one at first,
// more while the peer takes what it is given, fewer when it drops or throttles. When nobody can be reached it
// sleeps as a whole. Within a destination messages take turns, a hundred recipients each, so a list of
// 50,000 delays nobody; among destinations connections are given out in turns as well. What is in memory
// is what is under way: a million messages in the store cost nothing here.
//
// Everything runs on one loop; only nudge() may be called from other threads.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/task.h"
#include "queue/backoff.h"
#include "queue/manage.h"
#include "queue/notifier.h"
#include "queue/queue.h"
#include "queue/transport.h"
#include "store/store.h"

namespace queue {

struct SchedulerOptions {
    Reporter reporter;
    std::size_t connections_max = 100;
    std::size_t connections_per_destination_max = 20;
    std::size_t destinations_max = 5000;           // active at a time
    std::size_t recipients_per_transaction = 100;  // RFC 5321 4.5.3.1.8: what every peer takes
    std::size_t messages_per_connection = 100;
    base::Duration linger =
        std::chrono::seconds(2);  // an idle connection waits for the next message
    Backoff recipient_backoff;
    Backoff destination_backoff;
    Backoff throttle_backoff = {std::chrono::seconds(30), std::chrono::minutes(30)};
    std::uint64_t returned_octets_max = std::uint64_t{1} << 20U;  // of a whole message in a notice
};

struct SchedulerServices {
    base::Loop& loop;
    store::Store& store;
    Transport& transport;
    base::Random& random;
    base::Log& log;
    base::Metrics& metrics;
    Surroundings surroundings;
};

class Scheduler {
  public:
    // Keeps the references. start() and stop() on the loop.
    Scheduler(SchedulerServices services, SchedulerOptions options);
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;
    // Nothing may be under way any more: await stop() before.
    ~Scheduler();

    void start();
    // Begins nothing more, lets what is under way end, and says goodbye to every peer. It may be started again.
    [[nodiscard]] base::Task<> stop();
    // Messages were queued, released or given back for these destinations; ages may have changed. From
    // any thread, after the commit.
    void nudge(std::vector<std::string> destinations);

    [[nodiscard]] std::size_t connections() const { return connections_; }

    [[nodiscard]] std::size_t active_destinations() const { return active_.size(); }

  private:
    struct Destination;
    using DestinationRef = std::shared_ptr<Destination>;

    // A connection with nothing to do; give(true) sends it on, give(false) home.
    struct Idle {
        DestinationRef destination;
        std::function<void(bool)> give;
    };

    // scheduler.cc: who is active, who may connect, when to look again.
    void tick();
    [[nodiscard]] base::Result<> wake_due();
    void arm(base::WallTime when);
    [[nodiscard]] bool is_due(const std::string& name);
    void activate(const std::string& name);
    void review(const DestinationRef& destination);
    [[nodiscard]] bool may_connect(const Destination& it) const;
    void wait_for_connection(const DestinationRef& destination);
    void review_waiting();
    void pause(const DestinationRef& destination);
    void look_again_in(const DestinationRef& destination, base::Duration span);
    [[nodiscard]] base::Task<> settle(DestinationRef destination);
    void begin(base::Task<> task);
    void on_end(const std::exception_ptr& thrown);
    [[nodiscard]] base::WallTime later(base::Duration span) const;

    // conversation.cc: jobs and connections.
    [[nodiscard]] base::Result<std::vector<RecipientId>> next_recipients(
        const store::Reader& reader, Destination& destination) const;
    [[nodiscard]] base::Result<Job> load_job(const store::Reader& reader,
                                             const std::vector<RecipientId>& ids) const;
    [[nodiscard]] std::optional<Job> take_job(Destination& destination);
    [[nodiscard]] base::Task<> converse(DestinationRef destination, Job job);
    [[nodiscard]] base::Task<> send_all(DestinationRef destination,
                                        std::unique_ptr<Connection> connection,
                                        Job job);
    [[nodiscard]] base::Task<bool> linger(DestinationRef destination);
    void dismiss(std::uint64_t id, bool more);
    static void give_back(Destination& destination, const Job& job);
    [[nodiscard]] bool must_make_room(const Destination& destination) const;
    void on_unreachable(const DestinationRef& destination, Job job, Unreachable why);
    void adapt(const DestinationRef& destination, const Report& report);

    // outcome.cc: what became of recipients, into the store.
    [[nodiscard]] base::Task<> conclude(DestinationRef destination, Job job, Report report);
    // Nobody is on the way to these recipients any more.
    static void land(Destination& destination, const Job& job);
    [[nodiscard]] base::Counter& counter_of(Outcome outcome) const;
    [[nodiscard]] base::Task<bool> commit(store::Change change);

    // age.cc: delay notices, and the end of patience.
    void look_at_ages();
    void look_at_ages_in(base::Duration span);
    void look_at_ages_soon();
    struct OldMessage;
    [[nodiscard]] base::Task<> grow_old(std::string queue_id);
    [[nodiscard]] bool judge_age(const store::Reader& reader,
                                 const Listed& listed,
                                 OldMessage& old) const;
    [[nodiscard]] store::Change age_change(OldMessage old,
                                           std::vector<PlannedNotice> notices) const;
    [[nodiscard]] bool in_flight(const RecipientId& id, const std::string& destination) const;

    SchedulerServices services_;
    SchedulerOptions options_;
    Notifier notifier_;
    std::map<std::string, DestinationRef, std::less<>> active_;
    std::deque<DestinationRef> waiting_;  // for one of the connections that all share
    std::map<std::uint64_t, Idle> idle_;  // longest first
    std::uint64_t next_idle_ = 0;
    std::set<std::string, std::less<>> ageing_;  // messages that grow old right now
    std::set<RecipientId> given_up_;  // of them, and not yet in the store: not to be sent
    std::size_t connections_ = 0;
    std::size_t tasks_ = 0;
    bool stopping_ = false;
    std::function<void(bool)> stopped_;  // what stop() waits for
    base::Loop::TimerId timer_ = 0;
    base::WallTime armed_;
    std::string
        wake_cursor_;  // where the look for who is due goes on when there was no room for all
    base::Loop::TimerId age_timer_ = 0;
    base::Loop::TimerId age_soon_timer_ = 0;
    base::SteadyTime ages_looked_at_{};
    base::WallTime ages_seen_;  // whose time came before is in ageing_
    base::Gauge& connections_gauge_;
    base::Counter& delivered_;
    base::Counter& deferred_;
    base::Counter& failed_;
};

}  // namespace queue
