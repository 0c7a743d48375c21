// Search programs: whatever comes, the tree stays within the bounds that mail's search gives.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "imap/grammar/search.h"

namespace {

// Returns the depth.
std::size_t check_key(const mail::SearchKey& key, const imap::SearchProgram& program) {
    CHECK(key.kind != mail::SearchKind::kUids || key.number < program.sets.size());
    CHECK(key.kind != mail::SearchKind::kNot || key.children.size() == 1);
    CHECK(key.kind != mail::SearchKind::kOr || key.children.size() == 2);
    CHECK(base::is_utf8(key.text) && key.text.size() <= 4 * mail::kSearchTextOctetsMax);
    std::size_t depth = 0;
    for (const mail::SearchKey& child : key.children) {
        depth = std::max(depth, check_key(child, program));
    }
    return depth + 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (const auto search = imap::parse_search(input)) {
        CHECK(check_key(search->program.key, search->program) <= 2 * mail::kSearchDepthMax);
    }
    if (const auto sort = imap::parse_sort(input)) {
        CHECK(!sort->keys.empty());
    }
    static_cast<void>(imap::parse_thread(input));
    return 0;
}
