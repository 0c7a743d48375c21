// The words of IMAP's grammar (RFC 9051 9, RFC 3501 9): atoms, strings, literals, numbers. A Scanner goes
// once through a whole command, whose literals stand in its text where the client put them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace imap {

// RFC 9051 9, over all 256 octets.
[[nodiscard]] bool is_atom_char(char c);
[[nodiscard]] bool is_astring_char(char c);  // ATOM-CHAR / resp-specials
[[nodiscard]] bool is_list_char(char c);  // list-char: ATOM-CHAR / list-wildcards / resp-specials
[[nodiscard]] bool is_tag_char(char c);   // ASTRING-CHAR except "+"

// Every parser fails with kSyntax and stays somewhere in the text: give the command up then. Views point
// into the text.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    [[nodiscard]] std::string_view rest() const { return rest_; }

    // The next octet, or NUL at the end.
    [[nodiscard]] char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

    // Takes `c` when it is next.
    [[nodiscard]] bool take(char c);
    // Takes `word`, whatever its case, when it is next and no more of an atom follows it.
    [[nodiscard]] bool take_word(std::string_view word);
    // A look at the same.
    [[nodiscard]] bool next_is_word(std::string_view word) const;

    [[nodiscard]] base::Result<> expect(char c);

    [[nodiscard]] base::Result<> space() { return expect(' '); }

    // Nothing may follow. One space may: clients that end lines with one are many.
    [[nodiscard]] base::Result<> end();

    [[nodiscard]] base::Result<std::string_view> atom();
    // An atom in upper case: a key word.
    [[nodiscard]] base::Result<std::string> word();
    [[nodiscard]] base::Result<std::string> string();
    [[nodiscard]] base::Result<std::string> astring();
    // A mailbox pattern (list-mailbox): an astring that may hold "%" and "*".
    [[nodiscard]] base::Result<std::string> list_mailbox();
    [[nodiscard]] base::Result<std::optional<std::string>> nstring();

    [[nodiscard]] base::Result<std::uint32_t> number();
    [[nodiscard]] base::Result<std::uint32_t> nz_number();
    // RFC 9051 number64: below 2^63.
    [[nodiscard]] base::Result<std::uint64_t> number64();

    // The octets for which `is` is true, perhaps none.
    template <class Is>
    [[nodiscard]] std::string_view take_while(Is is) {
        std::size_t octets = 0;
        while (octets < rest_.size() && is(rest_[octets])) {
            ++octets;
        }
        return cut(octets);
    }

  private:
    [[nodiscard]] std::string_view cut(std::size_t octets);
    [[nodiscard]] base::Result<std::string> quoted();
    [[nodiscard]] base::Result<std::string> literal();

    std::string_view rest_;
};

// A failed parse, in one word of the log; the client is shown the command's syntax instead.
[[nodiscard]] tl::unexpected<base::Error> syntax_error(const char* what);

}  // namespace imap
