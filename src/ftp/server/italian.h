// The words of replies in Italian (RFC 2640 4): a code says what happened, the words are for people.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ftp {

// One sentence as handlers write it, and in Italian. "{}" stands for what differs, in the same order in both.
struct Sentence {
    std::string_view english;
    std::string_view italian;
};

[[nodiscard]] std::span<const Sentence> sentences();

// `text` with each line that is one of the sentences in Italian, and all others, names of files among them, as they
// are. Handlers so need not know of languages: they write English, and the one place that sends asks here.
[[nodiscard]] std::string in_italian(std::string_view text);

}  // namespace ftp
