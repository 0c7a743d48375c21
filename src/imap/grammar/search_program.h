// The keys of a search program (RFC 9051 6.4.4), as search.h's commands have them at their end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "imap/grammar/search.h"

namespace imap {

// What the texts of a program are in.
struct SearchCharset {
    std::string_view name;  // iconv's, as mime::canonical_charset gives it; empty: UTF-8,
    bool is_utf8 = false;   // as the client says itself, so that nothing else is taken for it
};

class SearchParser {
  public:
    SearchParser(Scanner& scanner, SearchCharset charset) : scanner_(scanner), charset_(charset) {}

    // search-key *(SP search-key), to the end. Call once.
    [[nodiscard]] base::Result<SearchProgram> run();

  private:
    struct Row;
    enum class Takes : std::uint8_t;

    // The nesting is bounded by mail::kSearchDepthMax.
    [[nodiscard]] base::Result<mail::SearchKey> key(std::size_t depth);
    [[nodiscard]] base::Result<mail::SearchKey> keys_until(char end, std::size_t depth);
    [[nodiscard]] base::Result<mail::SearchKey> named(const Row& row, std::size_t depth);
    [[nodiscard]] base::Result<mail::SearchKey> set(bool is_uids);
    [[nodiscard]] base::Result<mail::SearchKey> uids_beside(bool after);
    [[nodiscard]] base::Result<mail::SearchKey> modseq();
    [[nodiscard]] base::Result<mail::SearchKey> header();
    [[nodiscard]] base::Result<mail::SearchKey> either(std::size_t depth);
    [[nodiscard]] base::Result<std::string> text();

    static const Row* find_row(std::string_view name);

    Scanner& scanner_;
    SearchCharset charset_;
    SearchProgram program_;
    std::size_t keys_ = 0;
    std::size_t texts_ = 0;
};

}  // namespace imap
