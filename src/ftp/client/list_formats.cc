#include "ftp/client/list_formats.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "ftp/client/list_dates.h"

namespace ftp {
namespace {

void take_date(const ListDate& date, RemoteEntry& entry) {
    entry.modified = date.time;
    entry.precision = date.precision;
}

std::optional<RemoteEntry> named(RemoteEntry entry) {
    return entry.name.empty() ? std::nullopt : std::optional(std::move(entry));
}

std::string_view without_leading_spaces(std::string_view name) {
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    return name;
}

bool is_hexadecimal(std::string_view word) {
    return word.size() == 6 && std::all_of(word.begin(), word.end(), [](char c) {
               return base::is_digit(c) || (c >= 'A' && c <= 'F');
           });
}

// "01.03"
bool is_member_version(std::string_view word) {
    return word.size() == 5 && word[2] == '.' && base::parse_u64(word.substr(0, 2)) &&
           base::parse_u64(word.substr(3));
}

// What z/OS takes for letters in its names.
bool is_national(char c) {
    return c == '@' || c == '#' || c == '$';
}

// "JOB01906", "STC00012", "TSU00099", and "J0190600" where there are more.
bool is_job_number(std::string_view word) {
    constexpr std::size_t kOctets = 8;
    const std::size_t letters = std::min(word.find_first_of("0123456789"), word.size());
    const std::string_view kind = word.substr(0, letters);
    const bool is_kind = kind == "JOB" || kind == "STC" || kind == "TSU" || kind == "J" ||
                         kind == "S" || kind == "T";
    return is_kind && word.size() == kOctets &&
           std::all_of(
               word.begin() + static_cast<std::ptrdiff_t>(letters), word.end(), base::is_digit);
}

bool is_job_state(std::string_view word) {
    return word == "OUTPUT" || word == "ACTIVE" || word == "INPUT" || word == "HELD";
}

}  // namespace

std::optional<RemoteEntry> parse_os2(const Words& line, const ListingClock& clock) {
    RemoteEntry entry;
    entry.size = base::parse_u64(line.words[0]);
    const bool plain = parse_dos_date(line.from(1), clock).has_value();
    const std::size_t at = plain ? 1 : 2;
    const auto date = parse_dos_date(line.from(at), clock);
    if (!entry.size || !date || at + date->words >= line.size()) {
        return std::nullopt;
    }
    if (!plain && line.words[1].find("DIR") != std::string_view::npos) {
        entry.type = EntryType::kDirectory;
    }
    take_date(*date, entry);
    entry.name = without_leading_spaces(line.behind(at + date->words - 1));
    return named(std::move(entry));
}

std::optional<RemoteEntry> parse_os400(const Words& line, const ListingClock& clock) {
    if (line.size() < 6 || !line.words[4].starts_with('*')) {
        return std::nullopt;
    }
    RemoteEntry entry;
    entry.size = base::parse_u64(line.words[1]);
    const auto date = parse_dos_date(line.from(2), clock);
    if (!entry.size || !date || date->words != 2) {
        return std::nullopt;
    }
    take_date(*date, entry);
    std::string_view name = without_leading_spaces(line.behind(4));
    if (name.ends_with('/')) {
        entry.type = EntryType::kDirectory;
        name.remove_suffix(1);
    }
    entry.name = name;
    return named(std::move(entry));
}

// What has nothing to tell but its name: "V43525 Tape BASE.OLD", "TSO004 3390 VSAM BASE.INDEX", and what is not on a disk.
std::optional<RemoteEntry> parse_mvs_name(const Words& line) {
    const std::size_t count = line.size();
    const std::string_view second = line.words[1];
    const bool moved = count == 2 && base::iequals(line.words[0], "Migrated");
    const bool tape = count == 3 && base::iequals(second, "Tape");
    const bool folder = count == 3 && line.words[0] == "Pseudo" && second == "Directory";
    const bool index = count == 4 && line.words[2] == "VSAM";
    const bool elsewhere =
        count == 6 && line.line.find("Not Direct Access Device") != std::string_view::npos;
    if (!moved && !tape && !folder && !index && !elsewhere) {
        return std::nullopt;
    }
    RemoteEntry entry;
    entry.type = folder ? EntryType::kDirectory : EntryType::kFile;
    entry.name = line.words[count - 1];
    return entry;
}

// Volume, unit, date, extents, tracks, record format, record and block length, organisation, name.
std::optional<RemoteEntry> parse_mvs_data_set(const Words& line, const ListingClock& clock) {
    if (auto entry = parse_mvs_name(line)) {
        return entry;
    }
    RemoteEntry entry;
    const std::size_t last = line.size() - 1;
    const auto date = line.size() >= 7 ? parse_unix_date(line.from(2).first(1), clock)
                                       : std::optional<ListDate>();
    const std::string_view organisation = line.words[last - 1];
    const bool folder = organisation == "PO" || organisation == "PO-E";
    const bool known = folder || organisation == "PS" || organisation == "DA" ||
                       organisation == "VS" || organisation == "VSAM";
    if (line.size() < 7 || !known || (!date && line.words[2] != "**NONE**")) {
        return std::nullopt;
    }
    entry.type = folder ? EntryType::kDirectory : EntryType::kFile;
    if (date) {
        take_date(*date, entry);
    }
    entry.name = line.words[last];
    return named(std::move(entry));
}

// Its size is in lines, so nothing is said of octets; that of a load module is hexadecimal.
std::optional<RemoteEntry> parse_mvs_member(const Words& line, const ListingClock& clock) {
    RemoteEntry entry;
    if (line.size() >= 6 && is_hexadecimal(line.words[1]) && is_hexadecimal(line.words[2])) {
        entry.name = line.words[0];
        return entry;
    }
    if (line.size() < 5 || !is_member_version(line.words[1])) {
        return std::nullopt;
    }
    const auto date = parse_unix_date(line.from(3), clock);
    if (!date || date->words != 2) {
        return std::nullopt;
    }
    take_date(*date, entry);
    entry.name = line.words[0];
    return named(std::move(entry));
}

// Nothing but its name: no editor has written statistics.
std::optional<RemoteEntry> parse_mvs_bare_member(const Words& line) {
    constexpr std::size_t kOctetsMax = 8;
    const auto is_initial = [](char c) { return (c >= 'A' && c <= 'Z') || is_national(c); };
    if (line.size() != 1 || line.words[0].size() > kOctetsMax || !is_initial(line.words[0][0]) ||
        !std::all_of(line.words[0].begin(), line.words[0].end(), [&](char c) {
            return is_initial(c) || base::is_digit(c);
        })) {
        return std::nullopt;
    }
    RemoteEntry entry;
    entry.name = line.words[0];
    return entry;
}

// Name of the job, its number, with level 2 its owner, its state: RETR wants the number.
std::optional<RemoteEntry> parse_jes_job(const Words& line, const ListingClock& /*clock*/) {
    if (line.size() < 3 || !is_job_number(line.words[1]) ||
        (!is_job_state(line.words[2]) && (line.size() < 4 || !is_job_state(line.words[3])))) {
        return std::nullopt;
    }
    RemoteEntry entry;
    entry.name = line.words[1];
    return entry;
}

// Name, type, record format, record length, records, blocks, date, time, disk.
std::optional<RemoteEntry> parse_vm(const Words& line, const ListingClock& clock) {
    if (line.size() < 8 || (line.words[2] != "F" && line.words[2] != "V")) {
        return std::nullopt;
    }
    const auto length = base::parse_u64(line.words[3], UINT32_MAX);
    const auto records = base::parse_u64(line.words[4], UINT32_MAX);
    const auto date = parse_dos_date(line.from(6), clock);
    if (!length || !records || !date) {
        return std::nullopt;
    }
    RemoteEntry entry;
    entry.name = fmt::format("{}.{}", line.words[0], line.words[1]);
    if (line.words[2] == "F") {
        entry.size = *length * *records;
    }
    take_date(*date, entry);
    return entry;
}

// Name, code, octets, date, time, owner, rights in quotes; an O behind the code is an open file.
std::optional<RemoteEntry> parse_nonstop(const Words& line, const ListingClock& clock) {
    if (line.size() < 7 || !line.line.ends_with('"')) {
        return std::nullopt;
    }
    const std::size_t at = line.words[2] == "O" ? 3 : 2;
    RemoteEntry entry;
    entry.size = base::parse_u64(line.words[at]);
    const auto date = parse_vms_date(line.from(at + 1), clock);
    if (!entry.size || !date || date->words != 2) {
        return std::nullopt;
    }
    take_date(*date, entry);
    entry.name = line.words[0];
    return entry;
}

std::optional<RemoteEntry> parse_size_first(const Words& line, const ListingClock& clock) {
    RemoteEntry entry;
    entry.size = base::parse_u64(line.words[0]);
    auto date = parse_unix_date(line.from(1), clock);
    const bool dated = date && date->precision < std::chrono::days(1) && date->words != 3;
    if (!entry.size || !dated || date->words + 1 >= line.size()) {
        return std::nullopt;
    }
    take_date(*date, entry);
    std::string_view name = without_leading_spaces(line.behind(date->words));
    if (name.ends_with("<DIR>") || name.ends_with('/')) {
        entry.type = EntryType::kDirectory;
        name = base::trim(name.substr(0, name.size() - (name.ends_with('/') ? 1 : 5)));
    }
    entry.name = name;
    return named(std::move(entry));
}

}  // namespace ftp
