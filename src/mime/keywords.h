// Lists of phrases: the Keywords field of RFC 5322 section 3.6.5, Content-Language (RFC 3282) and
// others of their form.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mime {

// The phrases between commas, as UTF-8; empty ones are left out. At most `keywords_max` of them.
[[nodiscard]] std::vector<std::string> parse_keywords(std::string_view body,
                                                      std::size_t keywords_max = 1000);

}  // namespace mime
