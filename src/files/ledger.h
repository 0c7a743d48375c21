// What a tree holds, counted as it changes, against what it may hold. Uploads on their way reserve first,
// so that many at once do not pass the quota together. Thread-safe; no I/O.
#pragma once

#include <cstdint>
#include <mutex>

#include "base/result.h"

namespace files {

struct Counts {
    std::uint64_t octets = 0;
    std::uint64_t files = 0;  // files, links and folders

    friend bool operator==(const Counts&, const Counts&) = default;
};

// What of `counts` is more than `known`.
[[nodiscard]] Counts less(Counts counts, Counts known);

// 0: no limit.
struct Limits {
    std::uint64_t octets = 0;
    std::uint64_t files = 0;
};

// A change of counts, either way.
struct Delta {
    std::int64_t octets = 0;
    std::int64_t files = 0;
};

// `counts` after `delta`; never below zero, should the counts have been wrong.
[[nodiscard]] Counts apply(Counts counts, Delta delta);

class Ledger {
  public:
    explicit Ledger(Counts counts) : used_(counts) {}

    // kOverQuota when `more`, on top of what is used and reserved, passes the limits.
    [[nodiscard]] base::Result<> reserve(Counts more, Limits limits);
    void release(Counts reserved);
    // What is there in any case, though no name in a tree stands for it: kept partials.
    void hold(Counts more);
    void let_go(Counts held);
    void book(Delta delta);
    // After a recount.
    void set(Counts counts);

    [[nodiscard]] Counts used() const;
    [[nodiscard]] Counts held() const;
    // Octets that could still be reserved; UINT64_MAX without a limit.
    [[nodiscard]] std::uint64_t left(Limits limits) const;

  private:
    [[nodiscard]] Counts taken() const;

    mutable std::mutex mutex_;
    Counts used_;
    Counts held_;
    Counts reserved_;
};

}  // namespace files
