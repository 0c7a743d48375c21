// Counters of commands by verb and result, looked up once for all sessions: a session that kept them itself took 1 KiB
// more.
#pragma once

#include <atomic>
#include <vector>

#include "base/metrics.h"

namespace ftp {

struct Command;

class CommandCounters {
  public:
    explicit CommandCounters(base::Metrics& metrics);

    // `command`: of commands(); null for what is none. Thread-safe.
    void count(const Command* command, bool ok);

  private:
    base::Metrics& metrics_;
    std::vector<std::atomic<base::Counter*>>
        counters_;  // a row's errors, then its successes; filled as needed
};

}  // namespace ftp
