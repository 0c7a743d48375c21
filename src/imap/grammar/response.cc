#include "imap/grammar/response.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "imap/grammar/literal.h"
#include "imap/grammar/scanner.h"

namespace imap {
namespace {

using base::Result;
using Items = std::vector<ResponseItem>;
using Kind = ResponseItem::Kind;

constexpr std::array<std::string_view, 5> kConditions = {"OK", "NO", "BAD", "PREAUTH", "BYE"};

bool is_condition(std::string_view name) {
    return std::ranges::find(kConditions, name) != kConditions.end();
}

// Flags ("\Seen", "\*"), sets ("1:3,*") and names of entries are written as atoms are, or nearly.
bool is_item_char(char c) {
    return is_list_char(c) || c == '\\';
}

// Inside a response code "]" ends it.
bool is_code_char(char c) {
    return is_item_char(c) && c != ']';
}

// What ends a list of items, and what may stand in it.
enum class Place : std::uint8_t { kData, kFetch, kCode };

// Items one behind the other, lists in lists without recursion.
class ItemReader {
  public:
    ItemReader(Scanner& scanner, Place place) : scanner_(scanner), place_(place) {}

    // Up to the end of the text, or of the code.
    Result<Items> run() {
        while (true) {
            TRY_VOID(item());
            while (depth_ > 0 && scanner_.take(')')) {
                --depth_;
                list_ended_ = true;
            }
            if (depth_ == 0 && is_end()) {
                return std::move(items_);
            }
            TRY_VOID(separator());
        }
    }

  private:
    [[nodiscard]] bool is_end() const {
        return place_ == Place::kCode ? scanner_.peek() == ']' : scanner_.at_end();
    }

    // body = "(" 1*body SP media-subtype ... ")", threads, addresses: what follows a list may be one without a space.
    Result<> separator() {
        if (began_list_ || (list_ended_ && scanner_.peek() == '(')) {
            return {};
        }
        return scanner_.space();
    }

    Result<> item() {
        list_ended_ = began_list_ = false;
        if (scanner_.take('(')) {
            items_.push_back({Kind::kList, depth_++, {}});
            began_list_ = scanner_.peek() != ')';
            return {};
        }
        const bool is_string =
            scanner_.peek() == '"' || scanner_.peek() == '{' || scanner_.rest().starts_with("~{");
        return is_string ? string() : atom();
    }

    Result<> string() {
        TRY(std::string text, scanner_.string());
        items_.push_back({Kind::kString, depth_, std::move(text)});
        return {};
    }

    Result<> atom() {
        std::string text(scanner_.take_while(place_ == Place::kCode ? is_code_char : is_item_char));
        if (text.empty()) {
            return syntax_error("no item");
        }
        if (base::iequals(text, "NIL")) {
            items_.push_back({Kind::kNil, depth_, {}});
            return {};
        }
        // "BODY[HEADER.FIELDS" and "BODY[]<0>" are atoms to look at, but for what stands behind a space.
        if (place_ == Place::kFetch && depth_ == 1 && text.find('[') != std::string::npos) {
            TRY_VOID(section(text));
        }
        items_.push_back({Kind::kAtom, depth_, std::move(text)});
        return {};
    }

    //  section = "[" [section-spec] "]"      section-spec =/ "HEADER.FIELDS" [".NOT"] SP header-list
    //  header-list = "(" header-fld-name *(SP header-fld-name) ")"
    Result<> section(std::string& text) {
        if (text.find(']') != std::string::npos) {
            return {};
        }
        const std::string_view list = scanner_.rest();
        TRY_VOID(scanner_.space());
        TRY_VOID(scanner_.expect('('));
        do {
            TRY_VOID(scanner_.astring());
        } while (scanner_.take(' '));
        TRY_VOID(scanner_.expect(')'));
        TRY_VOID(scanner_.expect(']'));
        text += list.substr(0, list.size() - scanner_.rest().size());
        text += scanner_.take_while(is_item_char);
        return {};
    }

    Scanner& scanner_;
    Place place_;
    Items items_;
    std::uint32_t depth_ = 0;
    bool began_list_ = false;  // and something stands in it
    bool list_ended_ = false;
};

//  resp-text = ["[" resp-text-code "]" SP] [text]
Result<> read_text(Scanner& scanner, Response& response) {
    if (scanner.take('[')) {
        TRY(response.code, ItemReader(scanner, Place::kCode).run());
        TRY_VOID(scanner.expect(']'));
        TRY_VOID(scanner.space());
    }
    response.text = scanner.rest();
    const bool sayable = std::ranges::none_of(
        response.text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
    const bool named = response.code.empty() || response.code.front().kind == Kind::kAtom;
    return sayable && named && base::is_utf8(response.text)
               ? Result<>()
               : Result<>(syntax_error("no text for people"));
}

//  msg-att = "(" (msg-att-dynamic / msg-att-static) *(SP ...) ")"      each of them a name and a value
bool holds_pairs(const Items& items) {
    std::size_t at_first = 0;
    bool named = true;
    for (const ResponseItem& item : items) {
        if (item.depth == 1) {
            named = named && (at_first % 2 == 1 || item.kind == Kind::kAtom);
            ++at_first;
        }
    }
    const auto lists = std::ranges::count(items, 0U, &ResponseItem::depth);
    return named && lists == 1 && items.front().kind == Kind::kList && at_first > 0 &&
           at_first % 2 == 0;
}

//  mailbox-data =/ number SP "EXISTS" / number SP "RECENT"
//  message-data = nz-number SP ("EXPUNGE" / ("FETCH" SP msg-att))      and UIDFETCH, RFC 9586 3.3
bool has_shape(const Response& response) {
    const std::string& name = response.name;
    if (name == "FETCH" || name == "UIDFETCH") {
        return response.number.value_or(0) != 0 && holds_pairs(response.items);
    }
    if (name == "EXPUNGE") {
        return response.number.value_or(0) != 0 && response.items.empty();
    }
    const bool counts = name == "EXISTS" || name == "RECENT";
    return counts == response.number.has_value() && (!counts || response.items.empty());
}

Result<> read_data(Scanner& scanner, Response& response) {
    response.kind = Response::Kind::kData;
    if (base::is_digit(scanner.peek())) {
        TRY(response.number, scanner.number());
        TRY_VOID(scanner.space());
    }
    TRY(response.name, scanner.word());
    if (!response.number && is_condition(response.name)) {
        response.kind = Response::Kind::kStatus;
        TRY_VOID(scanner.space());
        return read_text(scanner, response);
    }
    if (!scanner.at_end()) {
        TRY_VOID(scanner.space());
        const Place place = response.number ? Place::kFetch : Place::kData;
        TRY(response.items, ItemReader(scanner, place).run());
    }
    return has_shape(response) ? Result<>() : Result<>(syntax_error("no such answer"));
}

// Only data has literals: text for people may end with "{5}".
bool may_hold_literals(std::string_view stream) {
    if (!stream.starts_with("* ")) {
        return false;
    }
    const std::string_view name = stream.substr(2, stream.find_first_of(" \r", 2) - 2);
    return !is_condition(base::to_upper(name));
}

}  // namespace

std::optional<std::size_t> first_response(std::string_view stream) {
    const bool literals = may_hold_literals(stream);
    std::size_t begin = 0;
    while (true) {
        const std::size_t end = stream.find("\r\n", begin);
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        const auto literal =
            literals ? find_literal(stream.substr(begin, end - begin)) : std::nullopt;
        if (!literal) {
            return end + 2;
        }
        if (literal->octets > stream.size() - end - 2) {
            return std::nullopt;
        }
        begin = end + 2 + static_cast<std::size_t>(literal->octets);
    }
}

//  response     = *(continue-req / response-data) response-done
//  continue-req = "+" SP (resp-text / base64) CRLF
Result<Response> parse_response(std::string_view octets) {
    Response response;
    Scanner scanner(octets);
    if (scanner.take('+')) {
        TRY_VOID(scanner.space());
        TRY_VOID(read_text(scanner, response));
        return response;
    }
    if (scanner.take('*')) {
        TRY_VOID(scanner.space());
        TRY_VOID(read_data(scanner, response));
        return response;
    }
    response.kind = Response::Kind::kTagged;
    response.tag = scanner.take_while(is_tag_char);
    TRY_VOID(scanner.space());
    TRY(response.name, scanner.word());
    TRY_VOID(scanner.space());
    TRY_VOID(read_text(scanner, response));
    const bool ends = response.name == "OK" || response.name == "NO" || response.name == "BAD";
    return ends && !response.tag.empty() ? Result<Response>(std::move(response))
                                         : Result<Response>(syntax_error("no answer"));
}

}  // namespace imap
