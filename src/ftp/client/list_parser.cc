#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/ascii.h"
#include "ftp/client/list_dates.h"
#include "ftp/client/list_formats.h"
#include "ftp/client/list_headings.h"
#include "ftp/client/remote_entry.h"

namespace ftp {
namespace {

std::optional<EntryType> type_of_letter(char letter) {
    switch (letter) {
        case '-':
            return EntryType::kFile;
        case 'd':
        case 'D':
            return EntryType::kDirectory;
        case 'l':
            return EntryType::kLink;
        case 'b':
        case 'c':
        case 'p':
        case 's':
            return EntryType::kOther;
        default:
            return std::nullopt;
    }
}

// "rwxr-xr-x", with s and t in the places of x, S and T where x is not granted as well.
std::optional<unsigned> parse_mode(std::string_view text) {
    constexpr std::array<unsigned, 3> kSpecial{04000U, 02000U, 01000U};  // setuid, setgid, sticky
    unsigned mode = 0;
    for (std::size_t i = 0; i < 9; ++i) {
        const char c = text[i];
        const unsigned bit = 0400U >> i;
        if (c == "rwx"[i % 3]) {
            mode |= bit;
        } else if (c == 'S' || c == 'T') {
            mode |= kSpecial[i / 3];
        } else if (i % 3 == 2 && (c == 's' || c == 't')) {
            mode |= bit | kSpecial[i / 3];
        } else if (c != '-') {
            return std::nullopt;
        }
    }
    return mode;
}

void take_name(std::string_view name, RemoteEntry& entry) {
    if (entry.type == EntryType::kLink) {
        const std::size_t arrow = name.find(" -> ");
        if (arrow != std::string_view::npos) {
            entry.target = name.substr(arrow + 4);
            name = name.substr(0, arrow);
        }
    }
    entry.name = name;
}

// Looks for the date: columns before it differ from server to server, the size stands right before it.
bool take_columns(const Words& line, const ListingClock& clock, RemoteEntry& entry) {
    for (std::size_t at = 2; at < line.size(); ++at) {
        const auto size = base::parse_u64(line.words[at - 1]);
        if (!size) {
            continue;
        }
        const auto date = parse_unix_date(line.from(at), clock);
        const std::size_t used = date ? date->words : 3;
        // A name may be of spaces alone: no word, but a name.
        if (at + used > line.size() || line.behind(at + used - 1).empty() ||
            (!date && !is_unknown_date(line.from(at)))) {
            continue;
        }
        if (date) {
            entry.modified = date->time;
            entry.precision = date->precision;
        }
        if (entry.type != EntryType::kOther) {
            entry.size = size;
        }
        take_name(line.behind(at + used - 1), entry);
        return !entry.name.empty();
    }
    return false;
}

// "drwxr-xr-x  2 owner group  4096 Nov 21 13:40 name", with ACL's '+' or '.', with or without links or group.
std::optional<RemoteEntry> parse_unix(const Words& line, const ListingClock& clock) {
    const std::string_view permissions = line.words[0];
    const auto type = type_of_letter(permissions[0]);
    if (!type || permissions.size() < 10 || permissions.size() > 12) {
        return std::nullopt;
    }
    RemoteEntry entry;
    entry.type = *type;
    entry.mode = parse_mode(permissions.substr(1, 9));
    if (!entry.mode || !take_columns(line, clock, entry)) {
        return std::nullopt;
    }
    return entry;
}

// "d [R----F--] supervisor            512       Jan 16 18:53    login"
std::optional<RemoteEntry> parse_netware(const Words& line, const ListingClock& clock) {
    const std::string_view first = line.words[0];
    const std::size_t bracket = first.find('[');
    const bool apart = first.size() == 1 && line.size() > 1 && line.words[1].starts_with('[');
    const auto type = type_of_letter(first[0]);
    if (!type || (!apart && bracket != 1)) {
        return std::nullopt;
    }
    RemoteEntry entry;
    entry.type = *type;
    if (!take_columns(line, clock, entry)) {
        return std::nullopt;
    }
    entry.name.erase(0, entry.name.find_first_not_of(' '));  // NetWare pads
    return entry.name.empty() ? std::nullopt : std::optional(entry);
}

// "04-27-00  09:09PM       <DIR>          licensed", "07-18-00  10:16AM       33 x.txt"
std::optional<RemoteEntry> parse_dos(const Words& line, const ListingClock& clock) {
    const auto date = parse_dos_date(line.from(0), clock);
    if (!date || date->words + 1 >= line.size()) {
        return std::nullopt;
    }
    RemoteEntry entry;
    entry.modified = date->time;
    entry.precision = date->precision;
    const std::string_view what = line.words[date->words];
    std::string_view name = line.behind(date->words);
    if (what.starts_with('<')) {
        const bool folder = base::iequals(what, "<DIR>") || base::iequals(what, "<JUNCTION>") ||
                            base::iequals(what, "<SYMLINKD>");
        entry.type = folder ? EntryType::kDirectory : EntryType::kOther;
        // <DIR> is padded to the width of a size.
        name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    } else {
        std::string digits(what);
        std::erase(digits, ',');
        entry.size = base::parse_u64(digits);
        if (!entry.size) {
            return std::nullopt;
        }
    }
    entry.name = name;
    return entry.name.empty() ? std::nullopt : std::optional(entry);
}

// Blocks of 512 octets, used and allocated, and a date: servers differ in their order. "%RMS-E-PRV, ..." stands in place of
// both where we may not know them.
bool take_vms_facts(const Words& line, const ListingClock& clock, RemoteEntry& entry) {
    bool dated = false;
    for (std::size_t at = 1; at < line.size(); ++at) {
        std::string_view blocks = line.words[at];
        if (const auto date = parse_vms_date(line.from(at), clock)) {
            entry.modified = date->time;
            entry.precision = date->precision;
            dated = true;
            at += date->words - 1;
        } else if (const auto used = base::parse_u64(base::split_front(blocks, '/'), UINT32_MAX);
                   used && !entry.size && !entry.is_directory()) {
            entry.size = *used * 512;
        }
    }
    return dated || line.words[1].starts_with('%');
}

// "README.TXT;4  18/21  23-JAN-1996 11:07:44 [SYSTEM] (RWED,RE,,)"
std::optional<RemoteEntry> parse_vms(const Words& line, const ListingClock& clock) {
    std::string_view file = line.words[0];
    const std::string_view version = file.substr(std::min(file.find(';'), file.size()));
    if (version.size() < 2 || !base::parse_u64(version.substr(1)) || line.size() < 3) {
        return std::nullopt;
    }
    RemoteEntry entry;
    file.remove_suffix(version.size());
    entry.name = base::to_lower(file);
    if (entry.name.ends_with(".dir")) {
        entry.type = EntryType::kDirectory;
        entry.name.resize(entry.name.size() - 4);
    }
    if (entry.name.empty() || !take_vms_facts(line, clock, entry)) {
        return std::nullopt;
    }
    return entry;
}

// D. J. Bernstein's easily parsed LIST format: "+i8388621.48594,m825718503,r,s280,\tdjb.html"
std::optional<RemoteEntry> parse_eplf(std::string_view line) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos || tab + 1 == line.size()) {
        return std::nullopt;
    }
    RemoteEntry entry;
    entry.name = line.substr(tab + 1);
    std::string_view facts = line.substr(1, tab - 1);
    while (!facts.empty()) {
        const std::string_view fact = base::split_front(facts, ',');
        if (fact == "/") {
            entry.type = EntryType::kDirectory;
        } else if (fact.starts_with('s')) {
            entry.size = base::parse_u64(fact.substr(1));
        } else if (fact.starts_with('m')) {
            if (const auto seconds = base::parse_u64(fact.substr(1), UINT32_MAX)) {
                entry.modified = base::WallTime(std::chrono::seconds(*seconds));
            }
        }
    }
    return entry;
}

template <class Take>
void for_each_line(std::string_view text, Take take) {
    while (!text.empty()) {
        std::string_view line = base::split_front(text, '\n');
        while (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        take(line);
    }
}

// VMS wraps behind a long name.
bool is_lone_vms_name(std::string_view line) {
    const std::size_t semicolon = line.find(';');
    return semicolon != std::string_view::npos && line.find(' ') == std::string_view::npos &&
           base::parse_u64(line.substr(semicolon + 1)).has_value();
}

}  // namespace

std::optional<RemoteEntry> parse_list_line(std::string_view line, const ListingClock& clock) {
    if (line.starts_with('+')) {
        return parse_eplf(line);
    }
    const Words words(line);
    if (words.size() < 2) {
        return std::nullopt;
    }
    for (const auto parse : {parse_unix,
                             parse_netware,
                             parse_dos,
                             parse_vms,
                             parse_size_first,
                             parse_os2,
                             parse_os400,
                             parse_mvs_data_set,
                             parse_mvs_member,
                             parse_jes_job,
                             parse_vm,
                             parse_nonstop}) {
        if (auto entry = parse(words, clock)) {
            return entry;
        }
    }
    return std::nullopt;
}

std::optional<RemoteEntry> ListingReader::take(std::string_view line) {
    if (is_lone_vms_name(line)) {
        if (!wrapped_.empty() && !unread_) {
            unread_ = wrapped_;
        }
        wrapped_ = line;
        return std::nullopt;
    }
    const std::string whole = std::exchange(wrapped_, "").append(line);
    auto entry = parse_list_line(whole, clock_);
    are_members_ = are_members_ || is_members_heading(whole);
    if (!entry && are_members_) {
        entry = parse_mvs_bare_member(Words(whole));
    }
    if (!entry && !unread_ && !is_list_heading(whole)) {
        unread_ = whole;
    }
    return entry;
}

const std::string* ListingReader::unread() const {
    if (unread_) {
        return &*unread_;
    }
    return wrapped_.empty() ? nullptr : &wrapped_;
}

std::vector<RemoteEntry> parse_listing(std::string_view text, const ListingClock& clock) {
    std::vector<RemoteEntry> entries;
    ListingReader reader(clock);
    for_each_line(text, [&](std::string_view line) {
        if (auto entry = reader.take(line)) {
            entries.push_back(std::move(*entry));
        }
    });
    return entries;
}

std::vector<RemoteEntry> parse_fact_listing(std::string_view text) {
    std::vector<RemoteEntry> entries;
    for_each_line(text, [&entries](std::string_view line) {
        auto parsed = parse_fact_line(line);
        if (!parsed) {
            return;
        }
        RemoteEntry& entry = entries.emplace_back();
        entry.name = std::move(parsed->name);
        entry.type = parsed->type;
        entry.is_type_known = parsed->facts.contains("type");
        entry.size = parsed->size;
        entry.modified = parsed->modified;
        if (const auto mode = parsed->facts.find("unix.mode"); mode != parsed->facts.end()) {
            unsigned bits = 0;
            const bool octal = std::all_of(mode->second.begin(), mode->second.end(), [](char c) {
                return c >= '0' && c <= '7';
            });
            for (const char c : std::string_view(mode->second).substr(0, octal ? 5 : 0)) {
                bits = bits * 8 + static_cast<unsigned>(c - '0');
            }
            entry.mode = octal ? std::optional(bits & 07777U) : std::nullopt;
        }
    });
    return entries;
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." &&
           name.find_first_of(std::string_view("/\r\n\0", 4)) == std::string_view::npos;
}

}  // namespace ftp
