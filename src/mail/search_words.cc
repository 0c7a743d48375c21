#include "mail/search_words.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "mime/utf8.h"

namespace mail {
namespace {

static_assert(kWordOctetsMax % 2 == 0 && kWordOverlapOctets == kWordOctetsMax / 2 + 1);

bool is_word_octet(char c) {
    return base::is_alnum(c) || base::is_8bit(c);
}

struct Script {
    char32_t first;
    char32_t last;
};

constexpr std::array kSpaceless = std::to_array<Script>({
    {0x0e00, 0x0eff},    // Thai, Lao
    {0x1000, 0x109f},    // Myanmar
    {0x1780, 0x17ff},    // Khmer
    {0x2e80, 0xa4cf},    // ideographs, kana, bopomofo, Yi
    {0xf900, 0xfaff},    // compatibility ideographs
    {0x1b000, 0x1b16f},  // kana supplements
    {0x20000, 0x3ffff},  // more ideographs
});

// The length of the first character of `text`, and whether it is of a script without spaces.
std::size_t first_character(std::string_view text, bool& is_spaceless) {
    if (!base::is_8bit(text.front())) {
        is_spaceless = false;
        return 1;
    }
    std::string_view rest = text;
    const char32_t character = mime::take_utf8(rest);
    is_spaceless = std::any_of(kSpaceless.begin(), kSpaceless.end(), [=](Script script) {
        return character >= script.first && character <= script.last;
    });
    return text.size() - rest.size();
}

// The next run of characters of one kind, off the front of `rest`; empty at the end.
std::string_view take_run(std::string_view& rest, bool& is_spaceless) {
    const auto* const begin = std::find_if(rest.begin(), rest.end(), is_word_octet);
    rest.remove_prefix(static_cast<std::size_t>(begin - rest.begin()));
    if (rest.empty()) {
        return {};
    }
    std::size_t length = first_character(rest, is_spaceless);
    while (length < rest.size() && is_word_octet(rest[length])) {
        bool other = false;
        const std::size_t octets = first_character(rest.substr(length), other);
        if (other != is_spaceless) {
            break;
        }
        length += octets;
    }
    const std::string_view run = rest.substr(0, length);
    rest.remove_prefix(length);
    return run;
}

std::size_t character_octets(std::string_view text) {
    bool is_spaceless = false;
    return text.empty() ? 0 : first_character(text, is_spaceless);
}

}  // namespace

std::string_view WordIterator::next() {
    bool is_begin = false;
    if (run_.empty()) {
        run_ = take_run(rest_, is_spaceless_);
        is_begin = true;
    }
    if (!is_spaceless_) {
        const std::string_view word = run_.substr(0, kWordOctetsMax);
        run_ = run_.size() <= kWordOctetsMax ? std::string_view{} : run_.substr(kWordOctetsMax / 2);
        return word;
    }
    const std::size_t first = character_octets(run_);
    const std::size_t second = character_octets(run_.substr(first));
    const std::string_view pair = run_.substr(0, first + second);
    run_.remove_prefix(first);
    if (second == 0 && !is_begin) {  // the run's last character: it was in the pair before
        run_ = {};
        return next();
    }
    return pair;
}

WordQuery word_query(std::string_view folded) {
    WordQuery query;
    std::string_view rest = folded;
    bool is_spaceless = false;
    for (std::string_view run = take_run(rest, is_spaceless); !run.empty();
         run = take_run(rest, is_spaceless)) {
        if (!is_spaceless) {
            query.pieces.emplace_back(run.substr(0, kWordOverlapOctets));
            query.is_exact = run.size() == folded.size() && run.size() <= kWordOverlapOctets;
            if (run.size() > kWordOverlapOctets) {
                query.pieces.emplace_back(run.substr(run.size() - kWordOverlapOctets));
            }
            continue;
        }
        WordIterator pairs(run);
        std::size_t count = 0;
        for (std::string_view pair = pairs.next(); !pair.empty(); pair = pairs.next(), ++count) {
            query.pieces.emplace_back(pair);
        }
        query.is_exact = run.size() == folded.size() && count == 1;
    }
    std::sort(query.pieces.begin(), query.pieces.end());
    query.pieces.erase(std::unique(query.pieces.begin(), query.pieces.end()), query.pieces.end());
    return query;
}

}  // namespace mail
