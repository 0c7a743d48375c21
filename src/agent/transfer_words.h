// The words behind get, put, mget and mput, with the flags that lftp's users know.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace agent {

struct TransferWords {
    std::vector<std::string>
        words;            // the verb, and what is no flag; the target that -o names comes last
    std::string folder;   // -O: what they go into
    bool resume = false;  // -c: what is missing
    bool remove_source = false;  // -E: move rather than copy
};

// Nothing where a flag's own word is missing, or stands twice.
[[nodiscard]] std::optional<TransferWords> read_transfer_words(
    const std::vector<std::string>& words);

}  // namespace agent
