#include "files/ledger.h"

#include <algorithm>
#include <limits>

namespace files {
namespace {

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

std::uint64_t add(std::uint64_t count, std::int64_t delta) {
    if (delta >= 0) {
        return count + static_cast<std::uint64_t>(delta);
    }
    const std::uint64_t less = 0 - static_cast<std::uint64_t>(delta);
    return count - std::min(count, less);
}

std::uint64_t room(std::uint64_t limit, std::uint64_t taken) {
    return limit == 0 ? kUnlimited : limit - std::min(limit, taken);
}

}  // namespace

Counts less(Counts counts, Counts known) {
    return {.octets = counts.octets - std::min(counts.octets, known.octets),
            .files = counts.files - std::min(counts.files, known.files)};
}

Counts apply(Counts counts, Delta delta) {
    return {.octets = add(counts.octets, delta.octets), .files = add(counts.files, delta.files)};
}

// With the lock held.
Counts Ledger::taken() const {
    return {.octets = used_.octets + held_.octets + reserved_.octets,
            .files = used_.files + held_.files + reserved_.files};
}

base::Result<> Ledger::reserve(Counts more, Limits limits) {
    const std::lock_guard lock(mutex_);
    if (more.octets > room(limits.octets, taken().octets)) {
        return base::fail(base::Errc::kOverQuota, "The quota is used up.");
    }
    if (more.files > room(limits.files, taken().files)) {
        return base::fail(base::Errc::kOverQuota, "There are as many files as the quota allows.");
    }
    reserved_.octets += more.octets;
    reserved_.files += more.files;
    return {};
}

void Ledger::release(Counts reserved) {
    const std::lock_guard lock(mutex_);
    reserved_ = less(reserved_, reserved);
}

void Ledger::hold(Counts more) {
    const std::lock_guard lock(mutex_);
    held_.octets += more.octets;
    held_.files += more.files;
}

void Ledger::let_go(Counts held) {
    const std::lock_guard lock(mutex_);
    held_ = less(held_, held);
}

void Ledger::book(Delta delta) {
    const std::lock_guard lock(mutex_);
    used_ = apply(used_, delta);
}

void Ledger::set(Counts counts) {
    const std::lock_guard lock(mutex_);
    used_ = counts;
}

Counts Ledger::used() const {
    const std::lock_guard lock(mutex_);
    return used_;
}

Counts Ledger::held() const {
    const std::lock_guard lock(mutex_);
    return held_;
}

std::uint64_t Ledger::left(Limits limits) const {
    const std::lock_guard lock(mutex_);
    return room(limits.octets, taken().octets);
}

}  // namespace files
