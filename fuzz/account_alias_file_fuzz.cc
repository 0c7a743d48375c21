// Alias files: what is understood is written in a form that reads the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "account/alias_file.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const account::AliasFile file = account::parse_alias_file(text);
    CHECK(file.entries.size() + file.faults.size() <= size);
    CHECK(account::parse_included(text).size() <= size);
    for (account::AliasEntry entry : file.entries) {
        std::erase_if(entry.members, [](const account::AliasMember& member) {
            return member.kind == account::AliasMember::Kind::kOther;
        });
        if (entry.members.empty()) {
            continue;
        }
        std::string written;
        for (const std::string& line : account::format_alias_entry(entry)) {
            written += line + "\n";
        }
        const account::AliasFile again = account::parse_alias_file(written);
        CHECK(again.faults.empty() && again.entries.size() == 1);
        CHECK(again.entries.front().name == entry.name);
        CHECK(again.entries.front().members == entry.members);
    }
    return 0;
}
