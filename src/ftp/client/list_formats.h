// One line of a listing in words, and the formats of servers that are neither Unix nor Windows; of list_parser.cc alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ftp/client/remote_entry.h"

namespace ftp {

// A line of a listing in words.
struct Words {
    // More than any format has before the name; the name may have many.
    static constexpr std::size_t kWordsMax = 14;

    std::vector<std::string_view> words;
    std::string_view line;

    explicit Words(std::string_view text) : line(text) {
        std::size_t at = 0;
        while (words.size() < kWordsMax) {
            at = text.find_first_not_of(" \t", at);
            if (at == std::string_view::npos) {
                return;
            }
            const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
            words.push_back(text.substr(at, end - at));
            at = end;
        }
    }

    [[nodiscard]] std::size_t size() const { return words.size(); }

    [[nodiscard]] std::span<const std::string_view> from(std::size_t index) const {
        return std::span(words).subspan(index);
    }

    // What stands behind word `index` and one space: a name may begin with spaces.
    [[nodiscard]] std::string_view behind(std::size_t index) const {
        const auto end =
            static_cast<std::size_t>(words[index].data() + words[index].size() - line.data());
        return line.substr(std::min(end + 1, line.size()));
    }
};

// "     612      A    07-28-95   16:45  air_tra1.bag", "  0           DIR   04-11-95   16:26  ADDRESS"
[[nodiscard]] std::optional<RemoteEntry> parse_os2(const Words& line, const ListingClock& clock);
// IBM i: "QSYS            77824 02/23/00 15:09:55 *DIR        IDC/"
[[nodiscard]] std::optional<RemoteEntry> parse_os400(const Words& line, const ListingClock& clock);
// z/OS: "WPTA01 3290   2004/03/04  1    3  FB     80  3125  PO  BASE.SOURCE", and "Migrated  BASE.OLD". A
// partitioned data set is a folder.
[[nodiscard]] std::optional<RemoteEntry> parse_mvs_data_set(const Words& line,
                                                            const ListingClock& clock);
// A member of one: "TESTPROC  01.03 2002/09/12 2002/10/22 10:12    16    16     0 BOB"
[[nodiscard]] std::optional<RemoteEntry> parse_mvs_member(const Words& line,
                                                          const ListingClock& clock);
// The same without statistics, a name alone: only below the heading of a library is it known to be one.
[[nodiscard]] std::optional<RemoteEntry> parse_mvs_bare_member(const Words& line);
// A job of z/OS, with SITE FILETYPE=JES: "BOBJOB1 JOB01906 BOB OUTPUT A RC=0000 3 spool files", without the owner at level 1.
// The name is JOB01906.
[[nodiscard]] std::optional<RemoteEntry> parse_jes_job(const Words& line,
                                                       const ListingClock& clock);

// z/VM: "MENU     TEXT     F        80      107        2 2025-10-04 15:28:42 060191". The name is MENU.TEXT.
[[nodiscard]] std::optional<RemoteEntry> parse_vm(const Words& line, const ListingClock& clock);
// HP NonStop, once Tandem's: "MENU  101  528  6-Apr-25 14:21:18 255,255 \"oooo\""
[[nodiscard]] std::optional<RemoteEntry> parse_nonstop(const Words& line,
                                                       const ListingClock& clock);
// VxWorks and VShell: "2048  Feb-28-2025  05:23:30   menus  <DIR>", "206876  Apr 04, 2025 21:06 menu".
[[nodiscard]] std::optional<RemoteEntry> parse_size_first(const Words& line,
                                                          const ListingClock& clock);

}  // namespace ftp
