#include "mime/received.h"

#include <array>
#include <utility>

#include "base/ascii.h"
#include "mime/lexer.h"

namespace mime {
namespace {

struct Clause {
    std::string_view word;
    std::string Received::*value;
};

// RFC 5321 4.4: From-domain By-domain Opt-info [CFWS] ";"; in practice in any order.
constexpr std::array kClauses = {
    Clause{"from", &Received::from},
    Clause{"by", &Received::by},
    Clause{"via", &Received::via},
    Clause{"with", &Received::with},
    Clause{"id", &Received::id},
    Clause{"for", &Received::for_address},
};

const Clause* find_clause(std::string_view word) {
    for (const Clause& clause : kClauses) {
        if (base::iequals(clause.word, word)) {
            return &clause;
        }
    }
    return nullptr;
}

bool is_hex(char c) {
    return base::is_digit(c) || (base::to_lower(c) >= 'a' && base::to_lower(c) <= 'f');
}

// The length of the dotted quad that `text` begins with, else 0.
std::size_t ipv4_length(std::string_view text) {
    std::size_t at = 0;
    for (int part = 0; part < 4; ++part) {
        const std::size_t begin = at;
        while (at < text.size() && at - begin < 4 && base::is_digit(text[at])) {
            ++at;
        }
        const auto value = base::parse_u64(text.substr(begin, at - begin), 255);
        if (!value || (part < 3 && (at == text.size() || text[at++] != '.'))) {
            return 0;
        }
    }
    return at;
}

// The length of what looks like an IPv6 address: hexadecimal digits with at least two colons.
std::size_t ipv6_length(std::string_view text) {
    std::size_t at = 0;
    std::size_t colons = 0;
    while (at < text.size() && at < 45 &&
           (is_hex(text[at]) || text[at] == ':' || (text[at] == '.' && colons > 1))) {
        colons += text[at++] == ':' ? 1 : 0;
    }
    return colons >= 2 ? at : 0;
}

// True when `before` ends with a word by which the client named itself: what follows is its claim.
bool ends_with_helo(std::string_view before) {
    while (!before.empty() &&
           (base::is_space(before.back()) || before.back() == '[' || before.back() == '=')) {
        before.remove_suffix(1);
    }
    return base::iends_with(before, "helo") || base::iends_with(before, "ehlo");
}

bool may_begin_address(std::string_view before, bool bracketed) {
    if (bracketed) {
        return before.ends_with('[');
    }
    return before.empty() || before.ends_with('@') ||
           (!is_atext(before.back()) && before.back() != '.' && before.back() != ':');
}

// The first IP address in `text`: one that stands in brackets before any other, since a name made
// of numbers proves nothing.
std::string_view find_address(std::string_view text) {
    for (const bool bracketed : {true, false}) {
        for (std::size_t at = 0; at < text.size(); ++at) {
            const std::string_view before = text.substr(0, at);
            if (!may_begin_address(before, bracketed)) {
                continue;
            }
            std::string_view rest = text.substr(at);
            if (base::istarts_with(rest, "IPv6:")) {
                rest.remove_prefix(5);
            }
            const std::size_t four = ipv4_length(rest);
            const std::size_t length = four != 0 ? four : ipv6_length(rest);
            if (length != 0 && !ends_with_helo(before)) {
                return rest.substr(0, length);
            }
        }
    }
    return {};
}

// A value without the brackets around it, the port behind them and a comma at its end.
std::string_view strip(std::string_view value) {
    while (value.ends_with(',')) {
        value.remove_suffix(1);
    }
    // Two layers at most: "[<...>]" has been seen, and each costs a look at the whole word.
    for (int layer = 0; layer < 2 && value.size() >= 2; ++layer) {
        if (value.front() == '<' || value.front() == '[') {
            value = value.substr(1, value.find(value.front() == '<' ? '>' : ']') - 1);
        }
    }
    if (base::istarts_with(value, "IPv6:")) {
        value.remove_prefix(5);
    }
    return value;
}

// A word up to white space, a comment or the semicolon.
std::string_view take_word(Lexer& lexer) {
    std::string_view word = lexer.take_until(" \t\r\n(;");
    if (word.empty()) {
        lexer.advance();  // a parenthesis that is never closed
    }
    return word;
}

class ReceivedReader {
  public:
    explicit ReceivedReader(std::string_view body) : lexer_(body) {}

    Received read();

  private:
    void on_comment(std::string_view comment);
    void on_word(std::string_view word);
    void note_address(std::string_view text);

    [[nodiscard]] bool in_from() const {
        return clause_ != nullptr && clause_->value == &Received::from;
    }

    Lexer lexer_;
    Received received_;
    const Clause* clause_ = nullptr;
    bool first_word_ = false;  // the next word is the value of clause_
};

// The client's address, where `text`, of the "from" clause, holds one.
void ReceivedReader::note_address(std::string_view text) {
    constexpr std::size_t kCommentMax = 1000;
    if (received_.from_address.empty()) {
        received_.from_address = find_address(text.substr(0, kCommentMax));
    }
}

void ReceivedReader::on_comment(std::string_view comment) {
    if (in_from()) {
        note_address(comment);
    } else if (received_.from.empty() && base::istarts_with(comment, "from ")) {
        // Sendmail's own submission program puts the whole clause into a comment.
        comment.remove_prefix(5);
        note_address(comment);
        received_.from = strip(comment.substr(0, comment.find(' ')));
    }
}

void ReceivedReader::on_word(std::string_view word) {
    if (const Clause* const next = find_clause(word)) {
        clause_ = (received_.*next->value).empty() ? next : nullptr;
        first_word_ = clause_ != nullptr;
        return;
    }
    if (clause_ == nullptr) {
        return;
    }
    std::string& value = received_.*clause_->value;
    if (first_word_) {
        value = strip(word);
    } else if (clause_->value == &Received::with) {
        value += " " + std::string(word);  // "Microsoft SMTP Server"
    } else if (in_from()) {
        note_address(word);
    }
    first_word_ = false;
}

// received = "Received:" [1*received-token / CFWS] ";" date-time CRLF      RFC 5322 3.6.7
Received ReceivedReader::read() {
    while (lexer_.skip_fws(), !lexer_.at_end() && !lexer_.consume(';')) {
        if (const auto comment = lexer_.comment()) {
            on_comment(*comment);
        } else if (const std::string_view word = take_word(lexer_); !word.empty()) {
            on_word(word);
        }
    }
    received_.date = parse_date(lexer_.rest());
    return std::move(received_);
}

}  // namespace

Received parse_received(std::string_view body) {
    return ReceivedReader(body).read();
}

}  // namespace mime
