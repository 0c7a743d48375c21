// IMAP's commands: the head, then the arguments of every kind, over one text with its literals in it.
// Properties: nothing is read beyond the text, secrets are hidden, what a section says is said again the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "imap/grammar/append.h"
#include "imap/grammar/arguments.h"
#include "imap/grammar/command.h"
#include "imap/grammar/date.h"
#include "imap/grammar/fetch.h"
#include "imap/grammar/list.h"

namespace {

void check_fetch(std::string_view text) {
    const auto fetch = imap::parse_fetch(text);
    if (!fetch) {
        return;
    }
    CHECK(!fetch->items.empty() && fetch->items.size() <= imap::kFetchItemsMax);
    for (const imap::FetchItem& item : fetch->items) {
        const std::string written = "[" + imap::format_section(item.section) + "]";
        imap::Scanner scanner(written);
        const auto again = imap::parse_section_spec(scanner);
        CHECK(again && *again == item.section && scanner.at_end());
    }
}

void check_append(std::string_view text) {
    for (const bool is_replace : {false, true}) {
        imap::Scanner scanner(text);
        if (imap::parse_append_head(scanner, is_replace) && imap::parse_append_options(scanner)) {
            static_cast<void>(imap::parse_message_literal(scanner));
            static_cast<void>(imap::parse_catenate_part(scanner));
        }
    }
    static_cast<void>(imap::parse_message_url(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto head = imap::parse_command_head(input);
    if (head) {
        CHECK(input.starts_with(head->tag) && input.ends_with(head->arguments));
        CHECK(head->verb != "LOGIN" || imap::redact(input).size() <= head->tag.size() + 12);
    }
    const std::string_view text = head ? head->arguments : input;
    check_fetch(text);
    check_append(text);
    static_cast<void>(imap::parse_login(text));
    static_cast<void>(imap::parse_authenticate(text));
    static_cast<void>(imap::parse_id(text));
    static_cast<void>(imap::parse_enable(text));
    static_cast<void>(imap::parse_create(text));
    static_cast<void>(imap::parse_copy(text));
    static_cast<void>(imap::parse_status(text));
    const auto select = imap::parse_select(text);
    CHECK(!select || !select->qresync ||
          select->qresync->match_numbers.size() == select->qresync->match_uids.size());
    const auto store = imap::parse_store(text);
    CHECK(!store || store->flags.keywords.size() <= imap::kFlagsMax);
    const auto list = imap::parse_list(text);
    CHECK(!list || !list->patterns.empty());
    return 0;
}
