#include "imap/grammar/section.h"

#include <utility>

#include "base/ascii.h"
#include "imap/grammar/writer.h"

namespace imap {
namespace {

using base::Result;

constexpr std::string_view kFields = "HEADER.FIELDS";
constexpr std::string_view kFieldsNot = "HEADER.FIELDS.NOT";

bool is_section_char(char c) {
    return base::is_alnum(c) || c == '.';
}

// Cuts `word` off the end of `text`, with the dot before it.
bool cut_suffix(std::string_view& text, std::string_view word) {
    if (!base::iends_with(text, word)) {
        return false;
    }
    const std::string_view before = text.substr(0, text.size() - word.size());
    if (!before.empty() && !before.ends_with('.')) {
        return false;
    }
    text = before.substr(0, before.empty() ? 0 : before.size() - 1);
    return true;
}

//  header-list     = "(" header-fld-name *(SP header-fld-name) ")"
//  header-fld-name = astring
Result<std::vector<std::string>> parse_header_list(Scanner& scanner) {
    std::vector<std::string> names;
    TRY_VOID(scanner.expect('('));
    do {
        TRY(std::string name, scanner.astring());
        if (names.size() == kHeaderNamesMax) {
            return base::fail(base::Errc::kTooLong, "HEADER.FIELDS takes 1000 names at most");
        }
        names.push_back(std::move(name));
    } while (scanner.take(' '));
    TRY_VOID(scanner.expect(')'));
    return names;
}

}  // namespace

//  section         = "[" [section-spec] "]"
//  section-spec    = section-msgtext / (section-part ["." section-text])
//  section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"
//  section-text    = section-msgtext / "MIME"
Result<SectionSpec> parse_section_spec(Scanner& scanner) {
    SectionSpec spec;
    TRY_VOID(scanner.expect('['));
    std::string_view text = scanner.take_while(is_section_char);
    if (cut_suffix(text, kFieldsNot)) {
        spec.choice = SectionSpec::Names::kFieldsNot;
    } else if (cut_suffix(text, kFields)) {
        spec.choice = SectionSpec::Names::kFields;
    }
    TRY(spec.part, mime::parse_section(text));
    if (spec.choice != SectionSpec::Names::kNone) {
        if (spec.part.text != mime::SectionText::kAll) {
            return syntax_error("two section texts");
        }
        spec.part.text = mime::SectionText::kHeader;
        TRY_VOID(scanner.space());
        TRY(spec.names, parse_header_list(scanner));
    }
    TRY_VOID(scanner.expect(']'));
    return spec;
}

//  section-binary = "[" [section-part] "]"
Result<mime::PartPath> parse_section_binary(Scanner& scanner) {
    TRY(SectionSpec spec, parse_section_spec(scanner));
    if (spec.part.text != mime::SectionText::kAll) {
        return syntax_error("BINARY takes part numbers only");
    }
    return std::move(spec.part.path);
}

//  partial = "<" number64 "." nz-number64 ">"
Result<std::optional<Partial>> parse_partial(Scanner& scanner) {
    if (!scanner.take('<')) {
        return std::nullopt;
    }
    Partial partial;
    TRY(partial.offset, scanner.number64());
    TRY_VOID(scanner.expect('.'));
    TRY(partial.octets, scanner.number64());
    TRY_VOID(scanner.expect('>'));
    if (partial.octets == 0) {
        return syntax_error("a partial of nothing");
    }
    return partial;
}

std::string format_section(const SectionSpec& section) {
    std::string text = mime::format_part_path(section.part.path);
    std::string_view word;
    switch (section.part.text) {
        case mime::SectionText::kAll:
            return text;
        case mime::SectionText::kMime:
            word = "MIME";
            break;
        case mime::SectionText::kText:
            word = "TEXT";
            break;
        case mime::SectionText::kHeader:
            word = section.choice == SectionSpec::Names::kNone     ? "HEADER"
                   : section.choice == SectionSpec::Names::kFields ? kFields
                                                                   : kFieldsNot;
            break;
    }
    text.append(text.empty() ? "" : ".").append(word);
    for (std::size_t i = 0; i < section.names.size(); ++i) {
        text += i == 0 ? " (" : " ";
        append_astring(text, section.names[i], mime::HeaderForm::kUtf8);
    }
    return text.append(section.names.empty() ? "" : ")");
}

}  // namespace imap
