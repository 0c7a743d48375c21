// Several names behind one command (SITE COPY, SITE SYMLINK, COMB), for which no RFC has a grammar:
//   names  = name *( 1*SP name )
//   name   = plain / quoted
//   plain  = 1*octet                                          ; no SP, and none that begins with DQUOTE
//   quoted = DQUOTE *( octet / "\" DQUOTE / "\" "\" / DQUOTE DQUOTE ) DQUOTE
// A name with spaces stands in quotes, as ProFTPD and SFTPGo have it. A quote inside of quotes bears a backslash there
// (ProFTPD), or is said twice (RFC 959 appendix II, SFTPGo): both are read, and a backslash before anything else is one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ftp {

// kSyntax: a quote is left open, or something stands right behind one that is closed.
[[nodiscard]] base::Result<std::vector<std::string>> parse_names(std::string_view text);

// `name` as one of several: in quotes, with backslashes, where that is needed.
[[nodiscard]] std::string quote_name(std::string_view name);

}  // namespace ftp
