#include "ftp/client/list_headings.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/ascii.h"
#include "ftp/client/list_formats.h"

namespace ftp {
namespace {

// As GNU's ls says it in the language of its server; BSD's, AIX's and NetWare's speak English.
constexpr std::array<std::string_view, 22> kTotals = {"total",
                                                      "totale",
                                                      "totaal",
                                                      "totalt",
                                                      "insgesamt",
                                                      "gesamt",
                                                      "celkem",
                                                      "razem",
                                                      "skupaj",
                                                      "spolu",
                                                      "ukupno",
                                                      "\u00f6sszesen",
                                                      "toplam",
                                                      "yhteens\u00e4",
                                                      "kokku",
                                                      "\u0438\u0442\u043e\u0433\u043e",
                                                      "\u0437\u0430\u0433\u0430\u043b\u043e\u043c",
                                                      "\u03c3\u03cd\u03bd\u03bf\u03bb\u03bf",
                                                      "\u5408\u8ba1",
                                                      "\u5408\u8a08",
                                                      "\u603b\u7528\u91cf",
                                                      "\ud569\uacc4"};

// "total 12", "total 4.0K"
bool is_total(const Words& line) {
    return line.size() == 2 && base::is_digit(line.words[1][0]) &&
           std::any_of(kTotals.begin(), kTotals.end(), [&](std::string_view total) {
               return base::iequals(line.words[0], total);
           });
}

constexpr std::string_view kMembersBeginning = "Name VV.MM Created";

// Their first words, with one space between them.
constexpr std::array<std::string_view, 10> kBeginnings = {
    "Volume Unit Referred",              // z/OS, data sets
    "Volume Referred Ext",               // the same, older
    kMembersBeginning,                   // z/OS, members
    "Name Size TTR",                     // z/OS, load modules
    "JOBNAME JOBID OWNER",               // z/OS, jobs
    "File Code EOF",                     // NonStop
    "size date time name",               // VxWorks
    "Volume in drive",                   // MS-DOS
    "Volume Serial Number is",           // MS-DOS
    "%DIRECT-W-NOFILES, no files found"  // VMS: an empty folder
};

// With one space behind each word.
std::string evenly_spaced(const Words& line) {
    std::string text;
    for (const std::string_view word : line.words) {
        text.append(word).append(1, ' ');
    }
    return text;
}

bool is_known_beginning(const Words& line) {
    const std::string text = evenly_spaced(line);
    return std::any_of(kBeginnings.begin(), kBeginnings.end(), [&](std::string_view beginning) {
        return base::istarts_with(text, std::string(beginning) + ' ');
    });
}

// "Directory USERS:[ANON]" of VMS, "Directory of C:\MENUS" of MS-DOS.
bool is_folder_name(const Words& line) {
    if (!base::iequals(line.words[0], "Directory")) {
        return false;
    }
    const bool vms = line.size() == 2 && line.words[1].find(":[") != std::string_view::npos &&
                     line.words[1].ends_with(']');
    return vms || (line.size() >= 3 && base::iequals(line.words[1], "of"));
}

// "Total of 2 files, 4/6 blocks" and "Grand total of 1 directory, ..." of VMS, "2 File(s) 33 bytes" of MS-DOS.
bool is_count(const Words& line) {
    const std::size_t at = base::iequals(line.words[0], "Grand") ? 1 : 0;
    if (line.size() >= at + 4 && base::iequals(line.words[at], "total") &&
        base::iequals(line.words[at + 1], "of")) {
        return base::parse_u64(line.words[at + 2]).has_value();
    }
    return line.size() >= 2 && base::parse_u64(line.words[0]) &&
           (base::iequals(line.words[1], "File(s)") || base::iequals(line.words[1], "Dir(s)"));
}

}  // namespace

bool is_list_heading(std::string_view line) {
    const Words words(line);
    const bool ruled = line.find_first_not_of("- \t") == std::string_view::npos;  // VxWorks
    return ruled || is_total(words) || is_known_beginning(words) || is_folder_name(words) ||
           is_count(words);
}

bool is_members_heading(std::string_view line) {
    return base::istarts_with(evenly_spaced(Words(line)), std::string(kMembersBeginning) + ' ');
}

}  // namespace ftp
