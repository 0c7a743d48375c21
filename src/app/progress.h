// A progress bar on standard error, where that is a terminal; elsewhere nothing.
//
//     INBOX  [========>           ]  41 %  12,345 messages
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace app {

class Progress {
  public:
    explicit Progress(const base::Clock& clock);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    // Wipes the line.
    ~Progress();

    // So much of `total` (octets, files: what `done` counts too) is done; drawn ten times a second at most.
    void show(const std::string& what,
              std::uint64_t done,
              std::uint64_t total,
              std::uint64_t messages);

  private:
    const base::Clock& clock_;
    const bool is_terminal_;
    bool is_drawn_ = false;
    base::SteadyTime next_{};
};

}  // namespace app
