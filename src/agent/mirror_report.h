// What a mirror has done, or would do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace agent {

struct MirrorReport {
    std::uint64_t copied = 0;
    std::uint64_t unchanged = 0;
    std::uint64_t removed = 0;
    std::uint64_t folders = 0;  // made
    std::uint64_t octets = 0;
    std::uint64_t links = 0;            // of the source: left out
    std::vector<std::string> failures;  // a sentence each; the rest was done
    std::vector<std::string> actions;   // "get a/b", "remove c/": what was done, or would be

    // What another round did; what it left as it is was counted before.
    void add(const MirrorReport& more);
};

// "3 copied (1.2 MiB), 4 unchanged, ..."
[[nodiscard]] std::string format_report(const MirrorReport& report, bool dry_run);

}  // namespace agent
