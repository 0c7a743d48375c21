#include "ftp/client/list_months.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace ftp {
namespace {

struct MonthName {
    std::string_view name;  // its ASCII letters in lower case
    unsigned month;
};

// English first; then what ls says in other tongues, where that differs, in UTF-8 and as ISO 8859-1 has it.
constexpr std::array kMonths{
    // clang-format off
    MonthName{"jan", 1}, MonthName{"feb", 2}, MonthName{"mar", 3}, MonthName{"apr", 4},
    MonthName{"may", 5}, MonthName{"jun", 6}, MonthName{"jul", 7}, MonthName{"aug", 8},
    MonthName{"sep", 9}, MonthName{"oct", 10}, MonthName{"nov", 11}, MonthName{"dec", 12},
    MonthName{"june", 6}, MonthName{"july", 7}, MonthName{"sept", 9},
    // German
    MonthName{"m\u00e4r", 3}, MonthName{"m\xe4r", 3}, MonthName{"m\u00e4rz", 3},
    MonthName{"m\xe4rz", 3}, MonthName{"mrz", 3}, MonthName{"mai", 5}, MonthName{"juni", 6},
    MonthName{"juli", 7}, MonthName{"okt", 10}, MonthName{"dez", 12},
    // French
    MonthName{"janv", 1}, MonthName{"f\u00e9v", 2}, MonthName{"f\xe9v", 2},
    MonthName{"f\u00e9vr", 2}, MonthName{"f\xe9vr", 2}, MonthName{"mars", 3}, MonthName{"avr", 4},
    MonthName{"avril", 4}, MonthName{"juin", 6}, MonthName{"juil", 7}, MonthName{"ao\u00fb", 8},
    MonthName{"ao\xfb", 8}, MonthName{"ao\u00fbt", 8}, MonthName{"ao\xfbt", 8},
    MonthName{"d\u00e9c", 12}, MonthName{"d\xe9" "c", 12},
    // Spanish, Italian, Portuguese
    MonthName{"ene", 1}, MonthName{"abr", 4}, MonthName{"ago", 8}, MonthName{"dic", 12},
    MonthName{"gen", 1}, MonthName{"mag", 5}, MonthName{"giu", 6}, MonthName{"lug", 7},
    MonthName{"set", 9}, MonthName{"ott", 10}, MonthName{"fev", 2}, MonthName{"out", 10},
    // Dutch, Danish, Norwegian, Swedish
    MonthName{"mrt", 3}, MonthName{"mei", 5}, MonthName{"maj", 5}, MonthName{"des", 12},
    // Polish, Czech
    MonthName{"sty", 1}, MonthName{"lut", 2}, MonthName{"kwi", 4}, MonthName{"cze", 6},
    MonthName{"lip", 7}, MonthName{"sie", 8}, MonthName{"wrz", 9}, MonthName{"pa\u017a", 10},
    MonthName{"lis", 11}, MonthName{"gru", 12}, MonthName{"led", 1}, MonthName{"\u00fano", 2},
    MonthName{"b\u0159e", 3}, MonthName{"dub", 4}, MonthName{"kv\u011b", 5},
    MonthName{"\u010den", 6}, MonthName{"\u010dec", 7}, MonthName{"srp", 8},
    MonthName{"z\u00e1\u0159", 9}, MonthName{"\u0159\u00edj", 10}, MonthName{"pro", 12},
    // Hungarian, Turkish
    MonthName{"febr", 2}, MonthName{"m\u00e1rc", 3}, MonthName{"\u00e1pr", 4},
    MonthName{"m\u00e1j", 5}, MonthName{"j\u00fan", 6}, MonthName{"j\u00fal", 7},
    MonthName{"szept", 9}, MonthName{"oca", 1}, MonthName{"\u015fub", 2}, MonthName{"nis", 4},
    MonthName{"haz", 6}, MonthName{"tem", 7}, MonthName{"a\u011fu", 8}, MonthName{"eyl", 9},
    MonthName{"eki", 10}, MonthName{"kas", 11}, MonthName{"ara", 12},
    // Russian
    MonthName{"\u044f\u043d\u0432", 1}, MonthName{"\u0444\u0435\u0432", 2},
    MonthName{"\u043c\u0430\u0440", 3}, MonthName{"\u0430\u043f\u0440", 4},
    MonthName{"\u043c\u0430\u0439", 5}, MonthName{"\u043c\u0430\u044f", 5},
    MonthName{"\u0438\u044e\u043d", 6}, MonthName{"\u0438\u044e\u043b", 7},
    MonthName{"\u0430\u0432\u0433", 8}, MonthName{"\u0441\u0435\u043d", 9},
    MonthName{"\u043e\u043a\u0442", 10}, MonthName{"\u043d\u043e\u044f", 11},
    MonthName{"\u0434\u0435\u043a", 12}
    // clang-format on
};

}  // namespace

std::string_view without_marks(std::string_view word) {
    while (word.ends_with('.') || word.ends_with(',')) {
        word.remove_suffix(1);
    }
    return word;
}

std::optional<unsigned> parse_counted(std::string_view word, unsigned max) {
    word = without_marks(word);
    const auto* const end = std::find_if_not(word.begin(), word.end(), base::is_digit);
    const std::string_view unit = word.substr(static_cast<std::size_t>(end - word.begin()));
    if (!unit.empty() && static_cast<unsigned char>(unit[0]) < 0x80) {
        return std::nullopt;
    }
    const auto number = base::parse_number<unsigned>(
        word.substr(0, static_cast<std::size_t>(end - word.begin())), max);
    return number && *number >= 1 ? number : std::nullopt;
}

std::optional<unsigned> parse_month(std::string_view word) {
    word = without_marks(word);
    const auto* found = std::find_if(kMonths.begin(), kMonths.end(), [word](const MonthName& row) {
        return base::iequals(word, row.name);
    });
    if (found != kMonths.end()) {
        return found->month;
    }
    const bool has_unit = !word.empty() && base::is_digit(word[0]) && !base::is_digit(word.back());
    return has_unit ? parse_counted(word, 12) : std::nullopt;
}

}  // namespace ftp
