// A charset by way of the C library's iconv, as UTF-8, in pieces of any size. Only mime's own table and readers
// name the charsets, so no stranger does.
#pragma once

#include <iconv.h>

#include <string>
#include <string_view>

namespace mime {

class IconvConverter {
  public:
    // `unit_octets`: how many octets are one U+FFFD where they mean nothing, for input that is made of
    // characters of this one length.
    explicit IconvConverter(std::string_view charset, std::size_t unit_octets = 1);
    IconvConverter(const IconvConverter&) = delete;
    IconvConverter& operator=(const IconvConverter&) = delete;
    ~IconvConverter();

    // False when this machine's C library lacks the charset; nothing else may be called then.
    [[nodiscard]] bool valid() const;

    // Appends UTF-8 to `out`. An incomplete character at the end of a piece waits for the next.
    void feed(std::string_view octets, std::string& out);
    // The end of the text; another may follow.
    void finish(std::string& out);

  private:
    void convert(std::string_view octets, std::string& out);
    // How many octets at the begin of these mean nothing together. 0: it takes more of them to tell.
    [[nodiscard]] std::size_t meaningless(std::string_view octets) const;

    iconv_t handle_;
    std::size_t unit_octets_;
    bool is_shifting_;  // escape sequences decide what pairs of seven-bit octets mean
    std::string held_;
};

}  // namespace mime
