// What BSD's client makes of a file's name on its way to the other side: case, ntrans and nmap, in this order.
#pragma once

#include <string>
#include <string_view>

namespace agent {

struct NameMap {
    bool lower_case = false;    // case: a name without lower-case letters
    std::string characters_in;  // ntrans
    std::string characters_out;
    std::string pattern_in = {};  // nmap
    std::string pattern_out = {};
};

// ntrans: each character of `in` becomes the one at its place in `out`, or goes where `out` is shorter.
[[nodiscard]] std::string translate_name(std::string_view name,
                                         std::string_view in,
                                         std::string_view out);

// nmap: "$1.$2" takes a name apart, "[$2,file]-$1" puts it together: $0 is the whole name, [a,b] is a unless a is empty,
// a backslash keeps the next character as it is. A name that matches only so far leaves the other parts empty.
[[nodiscard]] std::string map_name(std::string_view name,
                                   std::string_view in,
                                   std::string_view out);

// All three. A name that would come to lead out of its folder ("..:x" by "$1:$2", "$1/$2") stays what it was.
[[nodiscard]] std::string rename_by(const NameMap& map, std::string_view name);

}  // namespace agent
