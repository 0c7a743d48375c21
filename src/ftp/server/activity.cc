#include "ftp/server/activity.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace ftp {
namespace {

bool is_full(std::uint64_t count, std::uint64_t limit) {
    return limit != 0 && count >= limit;
}

// All anonymous users are one in the accounts' counts; no address begins so.
constexpr std::string_view kAnonymousKey = "\nanonymous";

// Of those who have left and not paid so many are no reason to look through all.
constexpr std::size_t kDebtorsMax = 1000;

}  // namespace

Activity::~Activity() = default;

Activity::Place::Place(Activity& activity, std::string address, SessionView view)
    : activity_(activity),
      address_(std::move(address)),
      view_(std::move(view)) {}

Activity::Place::~Place() {
    log_out();
    const std::scoped_lock lock(activity_.mutex_);
    activity_.places_.erase(this);
    --activity_.total_.sessions;
    activity_.leave(activity_.by_address_, address_);
}

std::unique_ptr<Activity::Place> Activity::enter(std::string address, SessionView view) {
    const std::scoped_lock lock(mutex_);
    const auto known = by_address_.find(address);
    const std::uint64_t there = known == by_address_.end() ? 0 : known->second.sessions;
    if (is_full(total_.sessions, options_.total.sessions) ||
        is_full(there, options_.per_address.sessions)) {
        return nullptr;
    }
    Count& count = by_address_[address];
    auto place = std::make_unique<Place>(*this, std::move(address), std::move(view));
    ++total_.sessions;
    ++count.sessions;
    places_.insert(place.get());
    return place;
}

// Forgets whom nobody is counted for any more, so that the maps stay as small as the sessions are few; but not what they
// have moved and not paid for, or to come again would be faster than to stay.
void Activity::leave(std::map<std::string, Count>& counts, const std::string& key) {
    const auto at = counts.find(key);
    CHECK(at != counts.end() && at->second.sessions > 0);
    if (--at->second.sessions == 0 && at->second.free_at <= charged_at_) {
        counts.erase(at);
    }
    if (counts.size() > 2 * places_.size() + kDebtorsMax) {
        forget_the_paid(counts);
    }
}

void Activity::forget_the_paid(std::map<std::string, Count>& counts) const {
    std::erase_if(counts, [this](const auto& one) {
        return one.second.sessions == 0 && one.second.free_at <= charged_at_;
    });
}

const Limits& Activity::account_limits(const Place& place) const {
    return place.anonymous_ ? options_.anonymous : options_.per_account;
}

bool Activity::Place::log_in(std::string account, bool anonymous) {
    log_out();
    const std::scoped_lock lock(activity_.mutex_);
    anonymous_ = anonymous;
    const std::string key = anonymous ? std::string(kAnonymousKey) : account;
    const auto known = activity_.by_account_.find(key);
    const std::uint64_t there = known == activity_.by_account_.end() ? 0 : known->second.sessions;
    if (is_full(there, activity_.account_limits(*this).sessions)) {
        return false;
    }
    ++activity_.by_account_[key].sessions;
    account_key_ = key;
    view_.account = std::move(account);
    return true;
}

void Activity::Place::log_out() {
    const std::scoped_lock lock(activity_.mutex_);
    if (account_key_.empty()) {
        return;
    }
    activity_.leave(activity_.by_account_, account_key_);
    account_key_.clear();
    view_.account.clear();
    view_.directory.clear();
}

void Activity::Place::set_directory(std::string_view directory) {
    const std::scoped_lock lock(activity_.mutex_);
    view_.directory = directory;
}

void Activity::Place::set_tls(bool on, std::string binding) {
    const std::scoped_lock lock(activity_.mutex_);
    view_.tls = on;
    tls_binding_ = std::move(binding);
}

bool Activity::Place::has_neighbour(std::string_view binding) const {
    const std::scoped_lock lock(activity_.mutex_);
    if (binding.empty() || account_key_.empty() || anonymous_) {
        return false;
    }
    return std::any_of(activity_.places_.begin(), activity_.places_.end(), [&](const Place* other) {
        return other->tls_binding_ == binding && other->account_key_ == account_key_ &&
               !other->anonymous_ && other->address_ == address_;
    });
}

bool Activity::Place::begin_transfer(std::string doing,
                                     std::optional<std::uint64_t> size,
                                     base::WallTime now) {
    const std::scoped_lock lock(activity_.mutex_);
    Count& address = activity_.by_address_[address_];
    Count& account = activity_.by_account_[account_key_];
    const ActivityOptions& options = activity_.options_;
    if (is_full(activity_.total_.transfers, options.total.transfers) ||
        is_full(address.transfers, options.per_address.transfers) ||
        is_full(account.transfers, activity_.account_limits(*this).transfers)) {
        return false;
    }
    ++activity_.total_.transfers;
    ++address.transfers;
    ++account.transfers;
    transferring_ = true;
    view_.doing = std::move(doing);
    view_.size = size;
    view_.octets = 0;
    view_.doing_since = now;
    return true;
}

void Activity::Place::end_transfer(base::WallTime now) {
    const std::scoped_lock lock(activity_.mutex_);
    if (!std::exchange(transferring_, false)) {
        return;
    }
    --activity_.total_.transfers;
    --activity_.by_address_[address_].transfers;
    --activity_.by_account_[account_key_].transfers;
    view_.doing = "idle";
    view_.octets = 0;
    view_.size.reset();
    view_.doing_since = now;
}

// What was moved is paid for at the rate's pace: a bucket that is never ahead of its time.
base::SteadyTime Activity::pay(Count& count,
                               const Limits& limits,
                               std::uint64_t octets,
                               base::SteadyTime now) {
    if (limits.octets_per_second == 0) {
        return now;
    }
    const double seconds =
        static_cast<double>(octets) / static_cast<double>(limits.octets_per_second);
    count.free_at = std::max(count.free_at, now) + std::chrono::duration_cast<base::Duration>(
                                                       std::chrono::duration<double>(seconds));
    return count.free_at;
}

base::SteadyTime Activity::Place::charge(std::uint64_t octets, base::SteadyTime now) {
    const std::scoped_lock lock(activity_.mutex_);
    activity_.charged_at_ = std::max(activity_.charged_at_, now);
    view_.octets += octets;
    const ActivityOptions& options = activity_.options_;
    return std::max(
        {pay(activity_.total_, options.total, octets, now),
         pay(activity_.by_address_[address_], options.per_address, octets, now),
         pay(activity_.by_account_[account_key_], activity_.account_limits(*this), octets, now)});
}

std::uint64_t Activity::Place::slowest_rate() const {
    const ActivityOptions& options = activity_.options_;
    std::uint64_t slowest = 0;
    for (const std::uint64_t rate : {options.total.octets_per_second,
                                     options.per_address.octets_per_second,
                                     activity_.account_limits(*this).octets_per_second}) {
        slowest = rate != 0 && (slowest == 0 || rate < slowest) ? rate : slowest;
    }
    return slowest;
}

std::vector<SessionView> Activity::sessions() const {
    const std::scoped_lock lock(mutex_);
    std::vector<SessionView> views;
    views.reserve(places_.size());
    for (const Place* place : places_) {
        views.push_back(place->view_);
    }
    return views;
}

}  // namespace ftp
