#include "imap/server/progress.h"

#include <fmt/format.h>

namespace imap {

//  resp-text-code =/ "INPROGRESS" [SP "(" inprogress-tag SP inprogress-state ")"]
//  inprogress-tag = quoted / nil
std::string progress_line(std::string_view tag, const Progress& progress) {
    const bool sayable = tag.find(']') == std::string_view::npos;
    const std::string name = sayable ? fmt::format("\"{}\"", tag) : "NIL";
    if (progress.goal == 0 || progress.done >= progress.goal) {
        return fmt::format("* OK [INPROGRESS ({} NIL NIL)] still working on this\r\n", name);
    }
    return fmt::format("* OK [INPROGRESS ({} {} {})] processed {}% of the messages\r\n",
                       name,
                       progress.done,
                       progress.goal,
                       progress.done * 100 / progress.goal);
}

}  // namespace imap
