// What an import or export could not carry, while the rest goes on: told at the end, each with its reason.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace app {

class LeftOut {
  public:
    // `what` is a file, a folder or a mailbox, and may come from a stranger's disk.
    void add(std::string_view what, std::string_view why);

    // An error whose text names what it is about.
    void add(const base::Error& error) { add(error.text, {}); }

    [[nodiscard]] std::uint64_t count() const { return count_; }

    // A line each on standard error, the first thousand of them.
    void print() const;
    // kExitOk when there is nothing, else kExitData.
    [[nodiscard]] int exit_status() const;

  private:
    std::vector<std::string> lines_;
    std::uint64_t count_ = 0;
};

// Whether the rest may go on after it: it was about one message, one folder or one mailbox. Not so a full disk, a used-up
// quota, a damaged store or a server that has gone, which the next one would meet as well.
[[nodiscard]] bool is_about_one(base::Errc code);

}  // namespace app
