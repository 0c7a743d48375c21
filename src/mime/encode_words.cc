// The writing half of encoded_word.h.
#include <algorithm>
#include <vector>

#include "base/ascii.h"
#include "base/base64.h"
#include "mime/charset.h"
#include "mime/encoded_word.h"
#include "mime/lexer.h"

namespace mime {
namespace {

// An encoded word has at most 75 characters (RFC 2047 2), of which these are not text.
constexpr std::string_view kOpenQ = "=?utf-8?Q?";
constexpr std::string_view kOpenB = "=?utf-8?B?";
constexpr std::string_view kClose = "?=";
constexpr std::size_t kTextMax = 75 - kOpenQ.size() - kClose.size();
constexpr std::size_t kOctetsMaxB = kTextMax / 4 * 3;
// A word without spaces cannot be folded; one that would not fit the 998 characters of a line must
// be encoded whatever it holds.
constexpr std::size_t kPlainWordMax = 900;

// The characters that RFC 2047 5 (3) lets stand for themselves, within a phrase too.
bool is_plain_q(char c) {
    return base::is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
}

std::size_t q_length(char c) {
    return is_plain_q(c) || c == ' ' ? 1 : 3;
}

void append_q(char c, std::string& out) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    const auto octet = static_cast<unsigned char>(c);
    if (is_plain_q(c)) {
        out += c;
    } else if (c == ' ') {
        out += '_';
    } else {
        out += '=';
        out += kHex[octet >> 4U];
        out += kHex[octet & 15U];
    }
}

// The octets of the character that `text` begins with; the text is well-formed UTF-8.
std::size_t character_length(std::string_view text) {
    std::size_t length = 1;
    while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xc0U) == 0x80) {
        ++length;
    }
    return length;
}

std::string encoded_word(std::string_view text, bool q) {
    std::string word(q ? kOpenQ : kOpenB);
    if (q) {
        for (const char c : text) {
            append_q(c, word);
        }
    } else {
        word += base::base64_encode(text);
    }
    word += kClose;
    return word;
}

// `text` as encoded words: Q where most of it is US-ASCII, which people can then read, else B (RFC
// 2047 4). No character is cut in two (RFC 2047 5).
void append_encoded(std::string_view text, std::string& out) {
    const bool q = std::count_if(text.begin(), text.end(), base::is_8bit) * 2 <=
                   static_cast<std::ptrdiff_t>(text.size());
    std::size_t begin = 0;
    std::size_t cost = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = character_length(text.substr(at));
        std::size_t more = length;
        if (q) {
            more = 0;
            for (const char c : text.substr(at, length)) {
                more += q_length(c);
            }
        }
        if (cost + more > (q ? kTextMax : kOctetsMaxB)) {
            out += encoded_word(text.substr(begin, at - begin), q) + " ";
            begin = at;
            cost = 0;
        }
        cost += more;
        at += length;
    }
    out += encoded_word(text.substr(begin), q);
}

struct Word {
    std::string_view text;
    bool encode = false;
};

// The words between single spaces. Where spaces double, or stand at an end, the words beside them
// are empty and must be encoded together with a neighbour to survive.
template <class Predicate>
std::vector<Word> split_words(std::string_view text, Predicate must_encode) {
    std::vector<Word> words;
    while (true) {
        const std::size_t space = text.find(' ');
        const std::string_view word = text.substr(0, space);
        words.push_back({word, word.empty() || must_encode(word)});
        if (space == std::string_view::npos) {
            break;
        }
        text.remove_prefix(space + 1);
    }
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].text.empty()) {
            words[i > 0 ? i - 1 : i].encode = true;
            words[i + 1 < words.size() ? i + 1 : i].encode = true;
        }
    }
    return words;
}

// Runs of words that must be encoded become encoded words, spaces between them included.
template <class Predicate>
std::string encode_runs(std::string_view text, Predicate must_encode) {
    std::string out;
    const auto words = split_words(text, must_encode);
    for (std::size_t i = 0; i < words.size(); ++i) {
        out += i > 0 ? " " : "";
        if (!words[i].encode) {
            out += words[i].text;
            continue;
        }
        std::size_t last = i;
        while (last + 1 < words.size() && words[last + 1].encode) {
            ++last;
        }
        const char* const end = words[last].text.data() + words[last].text.size();
        append_encoded({words[i].text.data(), static_cast<std::size_t>(end - words[i].text.data())},
                       out);
        i = last;
    }
    return out;
}

// What no header can hold in any form is a space, never a new line of the header.
std::string tidy(std::string_view utf8) {
    std::string text = scrub_utf8(utf8);
    make_one_line(text, ' ');
    return text;
}

bool is_plain(std::string_view word, HeaderForm form) {
    return word.size() <= kPlainWordMax && word.find("=?") == std::string_view::npos &&
           std::none_of(word.begin(), word.end(), [form](char c) {
               return base::is_control(c) || (form == HeaderForm::kAscii && base::is_8bit(c));
           });
}

bool is_plain_phrase(std::string_view text) {
    while (true) {
        const std::size_t space = text.find(' ');
        if (!is_atom(text.substr(0, space))) {
            return false;
        }
        if (space == std::string_view::npos) {
            return true;
        }
        text.remove_prefix(space + 1);
    }
}

}  // namespace

std::string encode_unstructured(std::string_view utf8, HeaderForm form) {
    if (utf8.empty()) {
        return {};
    }
    return encode_runs(tidy(utf8), [form](std::string_view word) { return !is_plain(word, form); });
}

std::string encode_phrase(std::string_view utf8, HeaderForm form) {
    if (utf8.empty()) {
        return {};
    }
    const std::string text = tidy(utf8);
    if (is_plain(text, form)) {
        return is_plain_phrase(text) ? text : quote(text);
    }
    return encode_runs(
        text, [form](std::string_view word) { return !is_plain(word, form) || !is_atom(word); });
}

}  // namespace mime
