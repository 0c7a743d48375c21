// ASCII as the protocols use it: case-insensitive comparison and the one bounded number parser. Never
// the C library's, which listens to the locale.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace base {

[[nodiscard]] constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

[[nodiscard]] constexpr bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

[[nodiscard]] constexpr bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

[[nodiscard]] constexpr bool is_alpha(char c) {
    return is_upper(c) || is_lower(c);
}

[[nodiscard]] constexpr bool is_alnum(char c) {
    return is_alpha(c) || is_digit(c);
}

[[nodiscard]] constexpr bool is_space(char c) {
    return c == ' ' || c == '\t';
}

// Outside US-ASCII: an octet with its high bit set.
[[nodiscard]] constexpr bool is_8bit(char c) {
    return (static_cast<unsigned char>(c) & 0x80U) != 0;
}

// A control character of US-ASCII, DEL included.
[[nodiscard]] constexpr bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

[[nodiscard]] constexpr char to_lower(char c) {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] constexpr char to_upper(char c) {
    return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
}

[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] std::string to_upper(std::string_view text);

// Equality, prefix and suffix without regard to the case of ASCII letters.
[[nodiscard]] bool iequals(std::string_view a, std::string_view b);
[[nodiscard]] bool istarts_with(std::string_view text, std::string_view prefix);
[[nodiscard]] bool iends_with(std::string_view text, std::string_view suffix);

// `text` without spaces and tabs at both ends; a view into `text`.
[[nodiscard]] std::string_view trim(std::string_view text);
// True when no octet of `text` has its high bit set.
[[nodiscard]] bool is_ascii(std::string_view text);
// True when `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, up to U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view text);

// The digits of `text`, all of it, as a number of at most `max`; nothing for an empty text, a sign, a
// space, any other character or a larger number. Leading zeros are allowed.
[[nodiscard]] std::optional<std::uint64_t> parse_u64(
    std::string_view text, std::uint64_t max = std::numeric_limits<std::uint64_t>::max());

template <class Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text,
                                                 Number max = std::numeric_limits<Number>::max()) {
    static_assert(std::is_unsigned_v<Number>);
    const auto value = parse_u64(text, max);
    if (!value) {
        return std::nullopt;
    }
    return static_cast<Number>(*value);
}

// Cuts `text` at the first `separator`: returns what stood before and leaves the rest in `text`.
// Without a separator everything is returned and `text` becomes empty.
[[nodiscard]] std::string_view split_front(std::string_view& text, char separator);

}  // namespace base
