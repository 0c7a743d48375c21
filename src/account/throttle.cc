#include "account/throttle.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace account {
namespace {

constexpr std::size_t kGuessesRemembered = 8;
constexpr std::size_t kPrefixOctets = 8;  // a /64: what one customer is given at least
constexpr std::uint32_t kDoublingsMax = 20;

bool is_loopback(const Throttle::Source& source) {
    return source.loopback || source.address.empty();
}

std::string user_key(const Throttle::Source& source) {
    return throttle_source(source.address) + '\0' + source.user;
}

}  // namespace

std::string throttle_source(std::string_view address) {
    std::array<unsigned char, sizeof(in6_addr)> octets{};
    // The zone of a link-local address is a name of ours for one network.
    std::string text(address.substr(0, address.find('%')));
    if (inet_pton(AF_INET6, text.c_str(), octets.data()) != 1) {
        return text;
    }
    in6_addr parsed{};
    std::copy(octets.begin(), octets.end(), reinterpret_cast<unsigned char*>(&parsed));
    if (IN6_IS_ADDR_V4MAPPED(&parsed)) {
        std::array<char, INET_ADDRSTRLEN> dotted{};
        inet_ntop(AF_INET, octets.data() + 12, dotted.data(), dotted.size());
        return dotted.data();
    }
    return "6" + std::string(octets.begin(), octets.begin() + kPrefixOctets);
}

Throttle::Attempt::Attempt(Throttle& throttle,
                           std::string key,
                           Source source,
                           base::SteadyTime when)
    : throttle_(&throttle),
      key_(std::move(key)),
      source_(std::move(source)),
      when_(when) {}

Throttle::Attempt::Attempt(Attempt&& other) noexcept
    : throttle_(std::exchange(other.throttle_, nullptr)),
      key_(std::move(other.key_)),
      source_(std::move(other.source_)),
      when_(other.when_) {}

Throttle::Attempt::~Attempt() {
    if (throttle_ != nullptr) {
        throttle_->end(*this);
    }
}

bool Throttle::Attempt::blocked() const {
    const std::scoped_lock lock(throttle_->mutex_);
    const Entry* entry = throttle_->find(key_);
    return entry != nullptr && entry->blocked_until > throttle_->clock_.steady();
}

void Throttle::Attempt::failed(std::uint64_t guess) {
    Throttle& throttle = *std::exchange(throttle_, nullptr);
    throttle.count_failure(*this, guess);
    throttle.end(*this);
}

void Throttle::Attempt::succeeded() {
    Throttle& throttle = *std::exchange(throttle_, nullptr);
    throttle.end(*this);
    throttle.trust(source_);
}

Throttle::Throttle(const base::Clock& clock, ThrottleOptions options)
    : clock_(clock),
      options_(options) {}

base::Result<Throttle::Attempt> Throttle::begin(Source source) {
    const bool loopback = is_loopback(source);
    const std::scoped_lock lock(mutex_);
    const std::string key = choose_key(source);
    const base::SteadyTime now = clock_.steady();
    Entry& entry = find_or_add(key);
    forgive(entry);
    if (entry.blocked_until > now) {
        return base::fail(base::Errc::kUnavailable,
                          "too many failed logins from " + source.address);
    }
    base::SteadyTime when = now;
    if (const base::Duration wait = delay(entry, loopback); wait > base::Duration::zero()) {
        when = std::max(now, entry.next) + wait;
    }
    if (when - now > options_.line_max || entry.pending >= options_.attempts_at_once) {
        return base::fail(base::Errc::kUnavailable,
                          "too many logins at once from " + source.address);
    }
    entry.next = when;
    ++entry.pending;
    return Attempt(*this, key, std::move(source), when);
}

std::size_t Throttle::sources() const {
    const std::scoped_lock lock(mutex_);
    return entries_.size();
}

// The user's own entry once there was a success, else the source's.
std::string Throttle::choose_key(const Source& source) {
    std::string own = user_key(source);
    const Entry* entry = find(own);
    if (entry != nullptr && entry->trusted_until > clock_.steady()) {
        return own;
    }
    return throttle_source(source.address);
}

Throttle::Entry* Throttle::find(std::string_view key) {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : &*found->second;
}

Throttle::Entry& Throttle::find_or_add(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
        entries_.splice(entries_.begin(), entries_, found->second);
        return entries_.front();
    }
    if (entries_.size() >= options_.sources_max) {
        by_key_.erase(entries_.back().key);
        entries_.pop_back();
    }
    entries_.emplace_front();
    entries_.front().key = key;
    entries_.front().forgiven_until = clock_.steady();
    by_key_.emplace(entries_.front().key, entries_.begin());
    return entries_.front();
}

// Sources that never fail take no room.
void Throttle::drop_if_idle(std::string_view key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) {
        return;
    }
    const auto entry = found->second;
    const base::SteadyTime now = clock_.steady();
    if (entry->failures == 0 && entry->pending == 0 && entry->trusted_until <= now &&
        entry->blocked_until <= now) {
        by_key_.erase(found);
        entries_.erase(entry);
    }
}

void Throttle::forgive(Entry& entry) const {
    const base::SteadyTime now = clock_.steady();
    const auto spans = (now - entry.forgiven_until) / options_.forgive_each;
    entry.forgiven_until += spans * options_.forgive_each;
    entry.failures -= static_cast<std::uint32_t>(
        std::min<std::int64_t>(spans, static_cast<std::int64_t>(entry.failures)));
    if (entry.failures == 0) {
        entry.guesses.clear();
    }
}

base::Duration Throttle::delay(const Entry& entry, bool loopback) const {
    if (entry.failures < options_.failures_free) {
        return base::Duration::zero();
    }
    const std::uint32_t doublings =
        std::min(entry.failures - options_.failures_free, kDoublingsMax);
    return std::min(options_.delay_first * (std::int64_t{1} << doublings),
                    loopback ? options_.loopback_delay_max : options_.delay_max);
}

void Throttle::end(const Attempt& attempt) {
    const std::scoped_lock lock(mutex_);
    if (Entry* entry = find(attempt.key_); entry != nullptr && entry->pending > 0) {
        --entry->pending;
    }
    drop_if_idle(attempt.key_);
}

void Throttle::count_failure(const Attempt& attempt, std::uint64_t guess) {
    const std::scoped_lock lock(mutex_);
    Entry& entry = find_or_add(attempt.key_);
    forgive(entry);
    auto& guesses = entry.guesses;
    if (guess != 0 && std::find(guesses.begin(), guesses.end(), guess) != guesses.end()) {
        return;
    }
    if (guess != 0) {
        if (guesses.size() == kGuessesRemembered) {
            guesses.erase(guesses.begin());
        }
        guesses.push_back(guess);
    }
    ++entry.failures;
    if (entry.failures >= options_.failures_block && !is_loopback(attempt.source_)) {
        entry.blocked_until = clock_.steady() + options_.block;
    }
}

void Throttle::trust(const Source& source) {
    const std::scoped_lock lock(mutex_);
    find_or_add(user_key(source)).trusted_until = clock_.steady() + options_.trusted_for;
}

}  // namespace account
