#include "imap/grammar/fetch.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"

namespace imap {
namespace {

using base::Result;

struct PlainItem {
    std::string_view name;
    FetchKind kind;
};

// What is a word alone. BODY is also the beginning of BODY[...].
constexpr std::array<PlainItem, 15> kPlainItems = {{
    {"BODY", FetchKind::kBody},
    {"BODYSTRUCTURE", FetchKind::kBodyStructure},
    {"EMAILID", FetchKind::kEmailId},
    {"ENVELOPE", FetchKind::kEnvelope},
    {"FLAGS", FetchKind::kFlags},
    {"INTERNALDATE", FetchKind::kInternalDate},
    {"MODSEQ", FetchKind::kModseq},
    {"PREVIEW", FetchKind::kPreview},
    {"RFC822", FetchKind::kRfc822},
    {"RFC822.HEADER", FetchKind::kRfc822Header},
    {"RFC822.SIZE", FetchKind::kSize},
    {"RFC822.TEXT", FetchKind::kRfc822Text},
    {"SAVEDATE", FetchKind::kSaveDate},
    {"THREADID", FetchKind::kThreadId},
    {"UID", FetchKind::kUid},
}};

FetchItem item_of(FetchKind kind) {
    FetchItem item;
    item.kind = kind;
    item.is_peek = kind != FetchKind::kRfc822 && kind != FetchKind::kRfc822Text;
    if (kind == FetchKind::kRfc822Header) {
        item.section.part.text = mime::SectionText::kHeader;
    } else if (kind == FetchKind::kRfc822Text) {
        item.section.part.text = mime::SectionText::kText;
    }
    return item;
}

//  fetch-att =/ "BODY" section ["<" number "." nz-number ">"] / "BODY.PEEK" section [partial] /
//               "BINARY" [".PEEK"] section-binary [partial] / "BINARY.SIZE" section-binary
Result<FetchItem> parse_bracketed(std::string_view name, Scanner& scanner) {
    FetchItem item;
    item.is_peek = name.ends_with(".PEEK") || name == "BINARY.SIZE";
    if (name == "BODY" || name == "BODY.PEEK") {
        item.kind = FetchKind::kSection;
        TRY(item.section, parse_section_spec(scanner));
    } else if (name == "BINARY" || name == "BINARY.PEEK" || name == "BINARY.SIZE") {
        item.kind = name == "BINARY.SIZE" ? FetchKind::kBinarySize : FetchKind::kBinary;
        TRY(item.section.part.path, parse_section_binary(scanner));
    } else {
        return syntax_error("no such item");
    }
    if (item.kind != FetchKind::kBinarySize) {
        TRY(item.partial, parse_partial(scanner));
    }
    return item;
}

bool is_item_char(char c) {
    return base::is_alnum(c) || c == '.';
}

//  fetch-att =/ "PREVIEW" [SP "(" preview-mod *(SP preview-mod) ")"]     ; RFC 8970 6; preview-mod = "LAZY"
Result<FetchItem> parse_item(Scanner& scanner) {
    const std::string name = base::to_upper(scanner.take_while(is_item_char));
    if (scanner.peek() == '[') {
        return parse_bracketed(name, scanner);
    }
    const auto* const plain = std::ranges::lower_bound(kPlainItems, name, {}, &PlainItem::name);
    if (plain == kPlainItems.end() || plain->name != name) {
        return syntax_error("no such item");
    }
    FetchItem item = item_of(plain->kind);
    if (item.kind == FetchKind::kPreview && scanner.rest().starts_with(" (")) {
        static_cast<void>(scanner.take(' '));
        static_cast<void>(scanner.take('('));
        item.is_lazy = scanner.take_word("LAZY");
        if (!item.is_lazy || !scanner.take(')')) {
            return syntax_error("no such modifier of PREVIEW");
        }
    }
    return item;
}

//  fetch = ... ("ALL" / "FULL" / "FAST" / ...)
std::vector<FetchItem> macro(Scanner& scanner) {
    std::vector<FetchItem> items;
    const bool full = scanner.take_word("FULL");
    const bool all = full || scanner.take_word("ALL");
    if (all || scanner.take_word("FAST")) {
        items = {item_of(FetchKind::kFlags),
                 item_of(FetchKind::kInternalDate),
                 item_of(FetchKind::kSize)};
    }
    if (all) {
        items.push_back(item_of(FetchKind::kEnvelope));
    }
    if (full) {
        items.push_back(item_of(FetchKind::kBody));
    }
    return items;
}

//  fetch-modifier = "CHANGEDSINCE" SP mod-sequence-value / "VANISHED" / "PARTIAL" SP partial-range
Result<> parse_modifier(Scanner& scanner, FetchArguments& arguments) {
    if (scanner.take_word("VANISHED")) {
        arguments.vanished = true;
        return {};
    }
    if (scanner.take_word("CHANGEDSINCE")) {
        TRY_VOID(scanner.space());
        TRY(arguments.changed_since, scanner.number64());
        return {};
    }
    if (scanner.take_word("PARTIAL")) {
        if (arguments.page) {
            return syntax_error("PARTIAL twice");
        }
        TRY_VOID(scanner.space());
        TRY(arguments.page, parse_page(scanner));
        return {};
    }
    return syntax_error("no such modifier of FETCH");
}

}  // namespace

std::pair<std::size_t, std::size_t> Page::of(std::size_t count) const {
    const std::size_t begin = std::min<std::size_t>(first - 1, count);
    const std::size_t end = std::min<std::size_t>(last, count);
    return from_the_end ? std::pair(count - end, count - begin) : std::pair(begin, end);
}

std::string Page::to_text() const {
    const std::string sign = from_the_end ? "-" : "";
    return sign + std::to_string(is_reversed ? last : first) + ":" + sign +
           std::to_string(is_reversed ? first : last);
}

//  partial-range-first = nz-number ":" nz-number       partial-range-last = MINUS nz-number ":" MINUS nz-number
Result<Page> parse_page(Scanner& scanner) {
    Page page;
    page.from_the_end = scanner.take('-');
    TRY(page.first, scanner.nz_number());
    TRY_VOID(scanner.expect(':'));
    if (page.from_the_end) {
        TRY_VOID(scanner.expect('-'));
    }
    TRY(page.last, scanner.nz_number());
    page.is_reversed = page.first > page.last;
    if (page.is_reversed) {
        std::swap(page.first, page.last);
    }
    return page;
}

Result<std::vector<FetchItem>> parse_fetch_items(Scanner& scanner) {
    std::vector<FetchItem> items = macro(scanner);
    if (!items.empty()) {
        return items;
    }
    const bool is_list = scanner.take('(');
    do {
        TRY(FetchItem item, parse_item(scanner));
        if (items.size() == kFetchItemsMax) {
            return base::fail(base::Errc::kTooLong, "FETCH takes 200 items at most");
        }
        if (std::find(items.begin(), items.end(), item) == items.end()) {
            items.push_back(std::move(item));
        }
    } while (is_list && scanner.take(' '));
    if (is_list) {
        TRY_VOID(scanner.expect(')'));
    }
    return items;
}

//  fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")")
//          [SP "(" fetch-modifier *(SP fetch-modifier) ")"]
Result<FetchArguments> parse_fetch(std::string_view text) {
    Scanner scanner(text);
    FetchArguments arguments;
    TRY(arguments.set, parse_sequence_set(scanner));
    TRY_VOID(scanner.space());
    TRY(arguments.items, parse_fetch_items(scanner));
    if (scanner.rest().starts_with(" (")) {
        TRY_VOID(scanner.space());
        TRY_VOID(scanner.expect('('));
        do {
            TRY_VOID(parse_modifier(scanner, arguments));
        } while (scanner.take(' '));
        TRY_VOID(scanner.expect(')'));
    }
    TRY_VOID(scanner.end());
    return arguments;
}

}  // namespace imap
