// Sequence sets: what is read is sorted and small, and its text reads as the same set.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "imap/grammar/sequence_set.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    imap::Scanner scanner(input);
    const auto set = imap::parse_sequence_set(scanner);
    if (!set || set->is_saved) {
        return 0;
    }
    CHECK(set->plain.ranges().size() <= input.size());
    const mail::UidSet all = set->resolve(100);
    CHECK(!set->to_end || all.contains(100));
    if (!all.empty()) {
        const std::string text = all.to_text();
        imap::Scanner again(text);
        const auto back = imap::parse_known_set(again);
        CHECK(back && *back == all && again.at_end());
    }
    return 0;
}
