// Makes a message's summary (mail/summary.h) while its octets come in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "mail/summary.h"
#include "mime/parser.h"

namespace mail {

inline constexpr std::size_t kSummaryFieldsOctetsMax = std::size_t{16} * 1024;
inline constexpr std::size_t kSummaryHeldOctetsMax = std::size_t{32} * 1024;
inline constexpr std::size_t kSummaryAnswerOctetsMax = std::size_t{4} * 1024;

// Makes a summary out of the octets of a message, in pieces of any size. It holds the parser's state and
// the first kSummaryHeldOctetsMax octets, no more: a header or a text beyond them is told of as not known.
// A message that is no longer than that is parsed when it is finished, on whatever thread that is.
class Summarizer {
  public:
    Summarizer();
    void feed(std::string_view octets);
    // The message has ended. Call once.
    [[nodiscard]] Summary finish();

  private:
    mime::Parser parser_;
    bool is_parsing_ = false;  // what came is with the parser too
    std::string held_;         // the message's beginning: its header, and the text for the preview
};

// Of a message that is all there.
[[nodiscard]] Summary summarize(std::string_view message);

}  // namespace mail
