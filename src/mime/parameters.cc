#include "mime/parameters.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "base/ascii.h"
#include "mime/charset.h"
#include "mime/lexer.h"

namespace mime {
namespace {

constexpr std::uint64_t kWhole = std::numeric_limits<std::uint64_t>::max();

int hex_value(char c) {
    if (base::is_digit(c)) return c - '0';
    const char lower = base::to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// ext-octet = "%" 2(DIGIT / "A" / "B" / "C" / "D" / "E" / "F")      RFC 2231 7
std::string percent_decode(std::string_view text) {
    std::string octets;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
            hex_value(text[i + 2]) >= 0) {
            octets += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            octets += text[i];
        }
    }
    return octets;
}

//  ext-octet = "%" 2(HEXDIG)     RFC 2231 7
std::string percent_encode(std::string_view value) {
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out = "utf-8''";
    for (const char c : value) {
        if (base::is_alnum(c) || c == '.' || c == '-' || c == '_') {
            out += c;
        } else {
            const auto octet = static_cast<unsigned char>(c);
            out.append("%").append(1, kHex[octet >> 4U]).append(1, kHex[octet & 0xfU]);
        }
    }
    return out;
}

// What is kept of how a value was written.
std::string as_written(std::string written, const Parameter& parameter) {
    const bool is_plain =
        std::all_of(written.begin(), written.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
    const bool is_kept = is_plain && !parameter.charset.empty() &&
                         !base::is_ascii(parameter.value) &&
                         written != percent_encode(parameter.value);
    return is_kept ? std::move(written) : std::string();
}

// One "name*3*=value" as it was written.
struct Section {
    std::string name;               // without stars, lower case
    std::uint64_t number = kWhole;  // of a continuation; kWhole for a value in one piece
    bool extended = false;          // the name ends with a star: charset, language and "%XX"
    std::string value;
};

// attribute [ "*" section ] [ "*" ]      RFC 2231 7. A number beyond all reason sorts last.
Section split_name(std::string_view name) {
    Section section;
    if (name.size() > 1 && name.ends_with('*')) {
        section.extended = true;
        name.remove_suffix(1);
    }
    const std::size_t star = name.rfind('*');
    if (star != std::string_view::npos && star > 0) {
        const std::string_view digits = name.substr(star + 1);
        if (!digits.empty() && std::all_of(digits.begin(), digits.end(), base::is_digit)) {
            section.number = base::parse_u64(digits, kWhole - 1).value_or(kWhole - 1);
            name = name.substr(0, star);
        }
    }
    section.name = base::to_lower(name);
    return section;
}

// Reads "; name=value" again and again, from sloppy to strict.
class ParameterReader {
  public:
    explicit ParameterReader(std::string_view body) : lexer_(body) {}

    // Type and subtype, before the first parameter.
    std::string word();
    bool slash();
    // What stands between here and the next semicolon.
    void skip_junk();
    std::vector<Section> sections();

    Lexer& lexer() { return lexer_; }

  private:
    bool section(Section& out);
    std::string unquoted_value();
    [[nodiscard]] bool at_parameter() const;

    Lexer lexer_;
};

std::string ParameterReader::word() {
    lexer_.skip_cfws();
    return base::to_lower(lexer_.take_until(" \t\r\n;/(\"="));
}

bool ParameterReader::slash() {
    lexer_.skip_cfws();
    return lexer_.consume('/');
}

// True before "attribute =": what ends an unquoted value when the semicolon is missing.
bool ParameterReader::at_parameter() const {
    Lexer ahead(lexer_.rest());
    const std::string_view name = ahead.token();
    return !name.empty() && ahead.consume('=') && name != "=" && !ahead.rest().starts_with('?');
}

// value = token / quoted-string      RFC 2045 5.1
// "name=my file.pdf" is read whole, as meant; encoded words may hold anything.
std::string ParameterReader::unquoted_value() {
    std::string value;
    while (!lexer_.at_end() && lexer_.peek() != ';') {
        if (const auto word = match_encoded_word(lexer_.rest())) {
            value += lexer_.rest().substr(0, word->size);
            lexer_.advance(word->size);
        } else {
            value += lexer_.peek();
            lexer_.advance();
            value += lexer_.take_until(" \t\r\n;=(");
        }
        if (!is_fws(lexer_.peek()) && lexer_.peek() != '(') {
            continue;
        }
        if (lexer_.skip_cfws() && !lexer_.at_end() && lexer_.peek() != ';') {
            if (at_parameter()) {
                break;
            }
            value += ' ';
        }
    }
    return value;
}

bool ParameterReader::section(Section& out) {
    std::string name;
    lexer_.skip_cfws();
    while (!lexer_.at_end() && lexer_.peek() != '=' && lexer_.peek() != ';') {
        // White space around the stars is tolerated, as RFC 2231's grammar lets it stand.
        name += lexer_.take_until(" \t\r\n=;(\"");
        if (lexer_.peek() == '"' || (!lexer_.skip_cfws() && lexer_.peek() == '(')) {
            lexer_.advance();
        }
    }
    if (!lexer_.consume('=')) {
        return false;
    }
    out = split_name(name);
    lexer_.skip_cfws();
    if (auto quoted = lexer_.quoted_string()) {
        out.value = std::move(*quoted);
        skip_junk();
    } else if (lexer_.consume('"')) {
        // No closing quote: all that is left is the value.
        out.value = unescape(lexer_.rest());
        lexer_.advance(lexer_.rest().size());
    } else {
        out.value = unquoted_value();
    }
    return !out.name.empty();
}

void ParameterReader::skip_junk() {
    while (lexer_.skip_cfws(), !lexer_.at_end() && lexer_.peek() != ';' && !at_parameter()) {
        lexer_.advance();
        lexer_.take_until(" \t\r\n;(");
    }
}

std::vector<Section> ParameterReader::sections() {
    std::vector<Section> sections;
    skip_junk();
    while (!lexer_.at_end() && sections.size() < kSectionsMax) {
        if (lexer_.consume(';')) {
            continue;
        }
        const std::size_t before = lexer_.position();
        Section next;
        if (section(next) && !next.value.empty()) {
            sections.push_back(std::move(next));
        }
        lexer_.skip_cfws();
        if (lexer_.position() == before) {
            lexer_.advance();
        }
    }
    return sections;
}

// A value that no star marks: encoded words are read though RFC 2047 5 (3) forbids them here, and
// raw octets in whatever charset they are.
std::string plain_value(const std::string& value) {
    if (value.find("=?") == std::string::npos) {
        return to_utf8(value, {});
    }
    EncodedText text;
    text.add_mixed(value);
    return text.take();
}

// The sections of one name, joined in the order of their numbers (RFC 2231 3); a number seen twice
// counts once, a gap for nothing.
Parameter join_sections(std::vector<const Section*> sections) {
    std::stable_sort(sections.begin(), sections.end(), [](const Section* a, const Section* b) {
        return a->number < b->number;
    });
    Parameter result;
    result.name = sections.front()->name;
    const bool extended = std::any_of(
        sections.begin(), sections.end(), [](const Section* section) { return section->extended; });
    std::string octets;
    std::string written;
    bool is_written_so = true;  // all sections have their stars
    const Section* last = nullptr;
    for (const Section* section : sections) {
        if (last != nullptr && last->number == section->number) {
            continue;
        }
        std::string_view value = section->value;
        // extended-initial-value = [charset] "'" [language] "'" extended-other-values
        const std::size_t first = value.find('\'');
        const std::size_t second =
            first == std::string_view::npos ? first : value.find('\'', first + 1);
        if (last == nullptr && section->extended && second != std::string_view::npos) {
            result.charset = value.substr(0, first);
            result.language = value.substr(first + 1, second - first - 1);
            value.remove_prefix(second + 1);
        }
        octets += section->extended ? percent_decode(value) : std::string(value);
        written += section->value;
        is_written_so = is_written_so && section->extended;
        last = section;
    }
    result.value = extended ? to_utf8(octets, result.charset) : plain_value(octets);
    if (is_written_so) {
        result.written = as_written(std::move(written), result);
    }
    return result;
}

struct Named {
    const Section* plain = nullptr;             // name=value
    const Section* extended = nullptr;          // name*=value
    std::vector<const Section*> continuations;  // name*0=..., name*1*=...
};

Parameters assemble(const std::vector<Section>& sections) {
    std::unordered_map<std::string_view, std::size_t> index;
    std::vector<Named> names;
    for (const Section& section : sections) {
        const auto [found, fresh] = index.try_emplace(section.name, names.size());
        if (fresh) {
            if (names.size() >= kParametersMax) {
                index.erase(found);
                continue;
            }
            names.emplace_back();
        }
        Named& named = names[found->second];
        if (section.number != kWhole) {
            named.continuations.push_back(&section);
        } else if (const Section*& slot = section.extended ? named.extended : named.plain; !slot) {
            slot = &section;
        }
    }
    Parameters parameters;
    for (const Named& named : names) {
        if (named.extended != nullptr) {
            parameters.list.push_back(join_sections({named.extended}));
        } else if (!named.continuations.empty()) {
            parameters.list.push_back(join_sections(named.continuations));
        } else {
            parameters.list.push_back(join_sections({named.plain}));
        }
    }
    return parameters;
}

}  // namespace

std::string extended_value(const Parameter& parameter) {
    return parameter.written.empty() ? percent_encode(parameter.value) : parameter.written;
}

const std::string* Parameters::find(std::string_view name) const {
    const auto found = std::find_if(list.begin(), list.end(), [name](const Parameter& parameter) {
        return parameter.name == name;
    });
    return found == list.end() ? nullptr : &found->value;
}

std::string_view Parameters::get(std::string_view name, std::string_view absent) const {
    const std::string* const value = find(name);
    return value == nullptr ? absent : std::string_view(*value);
}

void Parameters::set(std::string_view name, std::string_view value) {
    for (Parameter& parameter : list) {
        if (parameter.name == name) {
            parameter.value = value;
            parameter.written.clear();
            return;
        }
    }
    list.push_back({std::string(name), std::string(value), {}, {}, {}});
}

// content := "Content-Type" ":" type "/" subtype *(";" parameter)      RFC 2045 5.1
std::optional<ContentType> parse_content_type(std::string_view body) {
    ParameterReader reader(body);
    ContentType content;
    content.type = reader.word();
    content.subtype = reader.slash() ? reader.word() : std::string();
    if (content.subtype.empty() && (content.type == "text" || content.type == "multipart")) {
        content.subtype = content.type == "text" ? "plain" : "mixed";
    }
    if (content.type.empty() || content.subtype.empty()) {
        return std::nullopt;
    }
    content.parameters = assemble(reader.sections());
    return content;
}

// disposition := "Content-Disposition" ":" disposition-type *(";" disposition-parm)      RFC 2183 2
Disposition parse_disposition(std::string_view body) {
    ParameterReader reader(body);
    Disposition disposition;
    disposition.type = reader.word();
    if (disposition.type.empty()) {
        disposition.type = base::to_lower(reader.lexer().quoted_string().value_or(""));
    }
    if (reader.lexer().peek() == '=') {
        return {"", parse_parameters(body)};  // "filename=x": the type was left out
    }
    disposition.parameters = assemble(reader.sections());
    return disposition;
}

Parameters parse_parameters(std::string_view body) {
    return assemble(ParameterReader(body).sections());
}

}  // namespace mime
