#include "agent/transfer_words.h"

#include <utility>

namespace agent {

std::optional<TransferWords> read_transfer_words(const std::vector<std::string>& words) {
    TransferWords read;
    std::string target;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "-c") {
            read.resume = true;
        } else if (word == "-E") {
            read.remove_source = true;
        } else if (word == "-o" || word == "-O") {
            std::string& named = word == "-o" ? target : read.folder;
            if (++i == words.size() || !named.empty()) {
                return std::nullopt;
            }
            named = words[i];
        } else {
            read.words.push_back(word);
        }
    }
    if (!target.empty()) {
        read.words.push_back(std::move(target));
    }
    return read;
}

}  // namespace agent
