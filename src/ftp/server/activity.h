// Who is there and what they do: the sessions of the server, their limits, and how fast they may go. What
// `staffetta ftp who` shows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace ftp {

// How many, and how fast, for one account, one address or all together. Zero: no limit.
struct Limits {
    std::uint64_t sessions = 0;
    std::uint64_t transfers = 0;
    std::uint64_t octets_per_second = 0;
};

struct ActivityOptions {
    Limits total;
    Limits per_address;
    Limits per_account;
    Limits anonymous;  // all anonymous sessions together, instead of per_account
};

// One session as others see it.
struct SessionView {
    std::string id;
    std::string peer;     // "192.0.2.1:49152"
    std::string account;  // empty before a login
    bool tls = false;
    base::WallTime since;
    std::string directory;
    std::string doing;                  // "RETR /pub/a.iso", or "idle"
    std::uint64_t octets = 0;           // of the transfer that runs
    std::optional<std::uint64_t> size;  // of its file, where known
    base::WallTime doing_since;
};

// Thread-safe: sessions of several loops share it, and the control socket reads it.
class Activity {
  public:
    explicit Activity(ActivityOptions options) : options_(options) {}

    Activity(const Activity&) = delete;
    Activity& operator=(const Activity&) = delete;
    ~Activity();

    // A session's place; given back when destroyed. Its view is changed under the activity's lock.
    class Place {
      public:
        Place(Activity& activity, std::string address, SessionView view);
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place();

        // False when the account has its share of sessions. Empty: the anonymous users'.
        [[nodiscard]] bool log_in(std::string account, bool anonymous);
        void log_out();
        void set_directory(std::string_view directory);
        // `binding`: net::Stream::tls_binding() of the control connection.
        void set_tls(bool on, std::string binding);
        // Whether there is a session of that binding now whose user is this one's, by account and address. Anonymous
        // users are not each other.
        [[nodiscard]] bool has_neighbour(std::string_view binding) const;

        // False when somebody has their share of transfers.
        [[nodiscard]] bool begin_transfer(std::string doing,
                                          std::optional<std::uint64_t> size,
                                          base::WallTime now);
        void end_transfer(base::WallTime now);
        // `octets` more were moved: when the next may be, at the rates that hold for this session.
        [[nodiscard]] base::SteadyTime charge(std::uint64_t octets, base::SteadyTime now);
        // The most that may be moved between two charges; zero: no rate holds.
        [[nodiscard]] std::uint64_t slowest_rate() const;

      private:
        friend class Activity;

        Activity& activity_;
        const std::string address_;
        std::string account_key_;
        bool anonymous_ = false;
        bool transferring_ = false;
        std::string tls_binding_;
        SessionView view_;
    };

    // Null when the address, or all, have their share of sessions.
    [[nodiscard]] std::unique_ptr<Place> enter(std::string address, SessionView view);

    [[nodiscard]] std::vector<SessionView> sessions() const;

  private:
    // What is counted for one address, account, or all.
    struct Count {
        std::uint64_t sessions = 0;
        std::uint64_t transfers = 0;
        base::SteadyTime free_at{};  // the rate's: when what was moved has been paid for
    };

    [[nodiscard]] const Limits& account_limits(const Place& place) const;
    static base::SteadyTime pay(Count& count,
                                const Limits& limits,
                                std::uint64_t octets,
                                base::SteadyTime now);
    void leave(std::map<std::string, Count>& counts, const std::string& key);
    void forget_the_paid(std::map<std::string, Count>& counts) const;

    const ActivityOptions options_;
    mutable std::mutex mutex_;
    Count total_;
    base::SteadyTime charged_at_{};  // last
    std::map<std::string, Count> by_address_;
    std::map<std::string, Count> by_account_;
    std::set<Place*> places_;
};

}  // namespace ftp
