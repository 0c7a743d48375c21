// Slows down those who guess passwords, by where they come from: an IPv4 address, or the /64 of an IPv6
// one. After a few failures each attempt waits longer than the one before, then the source is blocked
// for a time. Failures count against sources, never against accounts: nobody can lock somebody else out.
//
// Who logged in from a source stands apart there: from then on that user's attempts have a budget of
// their own, so a guesser behind the same NAT does not lock out those who have been working there. And
// the same wrong guess twice counts once: a phone with an old password is no guesser.
//
// BUGS: failures are kept in memory: a restart forgets them, and several servers do not share them. A
// guesser with very many addresses can push others' entries out of the table.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace account {

struct ThrottleOptions {
    // How many failures are free, and by how much each further one makes the next attempt wait.
    std::uint32_t failures_free = 3;
    base::Duration delay_first = std::chrono::seconds(1);  // doubles with each failure
    base::Duration delay_max = std::chrono::seconds(15);
    // Attempts at once must wait in line; beyond this they are refused.
    base::Duration line_max = std::chrono::seconds(30);
    std::uint32_t attempts_at_once = 64;
    std::uint32_t failures_block = 20;
    base::Duration block = std::chrono::minutes(15);
    // One failure is forgotten each such span.
    base::Duration forgive_each = std::chrono::minutes(3);
    base::Duration trusted_for = std::chrono::hours(24 * 7);  // since the last success
    std::size_t sources_max = 20'000;
    // From the machine itself (people learning, web mail, tests): no block, and short delays.
    base::Duration loopback_delay_max = std::chrono::seconds(1);
};

// Thread-safe.
class Throttle {
  public:
    // Where an attempt comes from, and for whom it is.
    struct Source {
        std::string address;  // textual; "" for a unix socket, which counts as loopback
        bool loopback = false;
        std::string user;  // folded, known or not
    };

    // An attempt that was let in. Ends without a verdict when it is destroyed (the client went away,
    // the server is busy), which costs nothing and tells nothing.
    class Attempt {
      public:
        Attempt(Attempt&& other) noexcept;
        Attempt& operator=(Attempt&&) = delete;
        Attempt(const Attempt&) = delete;
        Attempt& operator=(const Attempt&) = delete;
        ~Attempt();

        // When it may be judged; sleep until then.
        [[nodiscard]] base::SteadyTime when() const { return when_; }

        // After the sleep: was the source blocked meanwhile?
        [[nodiscard]] bool blocked() const;
        // `guess` is the same for the same wrong guess and never zero; zero when that is not known.
        void failed(std::uint64_t guess);
        void succeeded();

      private:
        friend class Throttle;
        Attempt(Throttle& throttle, std::string key, Source source, base::SteadyTime when);

        Throttle* throttle_;  // nothing once it has ended
        std::string key_;
        Source source_;
        base::SteadyTime when_;
    };

    Throttle(const base::Clock& clock, ThrottleOptions options);

    // kUnavailable: the source is blocked, or has too many attempts waiting.
    [[nodiscard]] base::Result<Attempt> begin(Source source);

    [[nodiscard]] std::size_t sources() const;

  private:
    // What is known of a source, or of one user at a source.
    struct Entry {
        std::string key;
        std::uint32_t failures = 0;
        std::uint32_t pending = 0;
        base::SteadyTime forgiven_until;  // failures are forgiven up to here
        base::SteadyTime next;            // no attempt is judged before
        base::SteadyTime blocked_until;
        base::SteadyTime trusted_until;  // of a user at a source
        std::vector<std::uint64_t> guesses;
    };

    using Entries = std::list<Entry>;

    [[nodiscard]] std::string choose_key(const Source& source);
    Entry* find(std::string_view key);
    Entry& find_or_add(const std::string& key);
    void drop_if_idle(std::string_view key);
    void forgive(Entry& entry) const;
    [[nodiscard]] base::Duration delay(const Entry& entry, bool loopback) const;
    void end(const Attempt& attempt);
    void count_failure(const Attempt& attempt, std::uint64_t guess);
    void trust(const Source& source);

    const base::Clock& clock_;
    const ThrottleOptions options_;
    mutable std::mutex mutex_;
    Entries entries_;  // the one used last stands first
    std::unordered_map<std::string_view, Entries::iterator> by_key_;
};

// What stands for `address` in the table: itself for IPv4 and for IPv4 mapped into IPv6, the /64 for
// IPv6, the text for what is neither.
[[nodiscard]] std::string throttle_source(std::string_view address);

}  // namespace account
