// Encoded words: RFC 2047, with the language suffix of RFC 2231 section 5, read as the world writes
// them and written as the standard says.
//
// Read although wrong: words that touch text or each other, spaces and folds inside a word,
// multibyte characters and base64 groups split between words, words in quoted strings, a missing
// "?=" at the end of a word, raw 8-bit text beside them. Decoded text holds no line end and no NUL,
// so a stranger's encoded word cannot smuggle a header line into what is made from it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mime {

struct EncodedWord {
    std::string_view charset;  // without the language
    std::string_view text;     // still encoded
    char encoding = 'Q';       // 'B' or 'Q'
    std::size_t size = 0;      // octets from "=?" to "?="
};

// The encoded word that `text` begins with. Views into `text`. Looks at no octet behind the next
// "=?", so that a search over a whole field is linear.
[[nodiscard]] std::optional<EncodedWord> match_encoded_word(std::string_view text);

// Puts together text out of literal pieces and encoded words, by the rules for the white space
// between them (RFC 2047 6.2): between two encoded words it counts for nothing.
class EncodedText {
  public:
    // Literal text: UTF-8, or octets of a charset to be guessed. Line ends are dropped.
    void add_text(std::string_view text);
    // White space; line ends in it are dropped.
    void add_space(std::string_view space);
    void add_word(const EncodedWord& word);
    // Splits `text` into the three; the whole of an unstructured body, or the inside of a quoted
    // string.
    void add_mixed(std::string_view text);
    // What was added, as UTF-8. The object is spent.
    [[nodiscard]] std::string take();

  private:
    void add_literal(std::string_view text);
    void flush_word();
    void flush_literal();

    std::string out_;
    std::string literal_;  // literal octets not yet converted: a charset is guessed from all
    std::string space_;    // held until it is known what follows an encoded word
    std::string charset_;  // of octets_
    std::string octets_;   // decoded octets of a run of words in one charset
    std::string base64_;   // characters of an incomplete group at the end of octets_
    bool in_run_ = false;  // the last thing added, white space apart, was an encoded word
};

// The text of an unstructured body (Subject, Comments, Content-Description), folded or not, as
// UTF-8 on one line, without white space at both ends.
[[nodiscard]] std::string decode_unstructured(std::string_view body);

// What becomes of encoded words.
enum class EncodedWords {
    kDecode,
    kKeep,  // they stay as they are written
};

// The text of a phrase (a display name): quoted strings without quotes, encoded words decoded or kept,
// comments left out, white space between words as one space.
[[nodiscard]] std::string decode_phrase(std::string_view phrase,
                                        EncodedWords words = EncodedWords::kDecode);

enum class HeaderForm {
    kAscii,  // encoded words for all that is not US-ASCII
    kUtf8,   // RFC 6532: UTF-8 as it stands
};

// `utf8` as a body for an unstructured field or as a phrase. Encoded words (of at most 75
// characters) stand only where they are needed, with single spaces between them, at which the
// caller may fold. decode_unstructured and decode_phrase give `utf8` back, where it holds no
// control characters.
[[nodiscard]] std::string encode_unstructured(std::string_view utf8,
                                              HeaderForm form = HeaderForm::kAscii);
[[nodiscard]] std::string encode_phrase(std::string_view utf8,
                                        HeaderForm form = HeaderForm::kAscii);

}  // namespace mime
