// The small languages of the FTP client's prompt: words, globs, names and the status of a pget. Properties: what is
// quoted is read back, expansion is bounded, time is.
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/glob.h"
#include "agent/name_map.h"
#include "agent/segment_status.h"
#include "agent/terminal.h"
#include "agent/words.h"
#include "base/ascii.h"
#include "base/check.h"

namespace {

void check_words(std::string_view line) {
    static_cast<void>(agent::last_word(line));
    const auto words = agent::split_words(line);
    if (!words) {
        return;
    }
    for (const std::string& word : *words) {
        const auto again = agent::split_words("get " + agent::quote_word(word));
        CHECK(word.empty() || (again && again->size() == 2 && (*again)[1] == word));
    }
}

void check_globs(std::string_view pattern, std::string_view text) {
    static_cast<void>(agent::glob_matches(pattern, text));
    CHECK(agent::expand_braces(pattern).size() <= 1000);
    CHECK(agent::unescape_glob(pattern).size() <= pattern.size());
    static_cast<void>(agent::map_name(text, pattern, text));
    static_cast<void>(agent::map_name(pattern, text, pattern));
    CHECK(agent::translate_name(text, pattern, text).size() <= text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    CHECK(agent::without_controls(input).find('\x1b') == std::string::npos);
    if (const auto status = agent::parse_segment_status(input)) {
        CHECK(agent::parse_segment_status(agent::format_segment_status(*status)) == *status);
    }
    check_words(input);
    const std::string_view pattern = base::split_front(input, '\n');
    check_globs(pattern, input);
    return 0;
}
