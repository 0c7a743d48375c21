// The corpus of `scripts/bench mime` in memory, and how its programs measure.
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace bench {

// Messages by kind: "plain", "alternative" ...
using Corpus = std::map<std::string, std::vector<std::string>>;

inline Corpus read_corpus(const std::filesystem::path& folder) {
    Corpus corpus;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == ".eml") {
            std::ifstream in(entry.path(), std::ios::binary);
            corpus[entry.path().parent_path().filename()].emplace_back(
                std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
        }
    }
    return corpus;
}

// MB/s of the best pass over all texts within `seconds`: nothing but disturbance makes one slower.
template <class Function>
double best_rate(const std::vector<std::string>& texts, double seconds, Function function) {
    using Clock = std::chrono::steady_clock;
    std::size_t total = 0;
    for (const std::string& text : texts) {
        total += text.size();
    }
    double best = 0;
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    while (Clock::now() < end) {
        const auto begin = Clock::now();
        for (const std::string& text : texts) {
            function(text);
        }
        const std::chrono::duration<double> took = Clock::now() - begin;
        best = std::max(best, static_cast<double>(total) / took.count() / 1e6);
    }
    return best;
}

}  // namespace bench
