#include "ftp/client/list_formats.h"

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

// "01.03"
bool is_member_version(std::string_view word) {
    return word.size() == 5 && word[2] == '.' && base::parse_u64(word.substr(0, 2)) &&
           base::parse_u64(word.substr(3));
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
    std::string_view name = line.behind(at + date->words - 1);
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    entry.name = name;
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
    std::string_view name = line.behind(4);
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    if (name.ends_with('/')) {
        entry.type = EntryType::kDirectory;
        name.remove_suffix(1);
    }
    entry.name = name;
    return named(std::move(entry));
}

// Volume, unit, date, extents, tracks, record format, record and block length, organisation, name.
std::optional<RemoteEntry> parse_mvs_data_set(const Words& line, const ListingClock& clock) {
    RemoteEntry entry;
    if (line.size() == 2 && (line.words[0] == "Migrated" || line.words[0] == "MIGRATED")) {
        entry.name = line.words[1];
        return entry;
    }
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

// Its size is in lines, so nothing is said of octets.
std::optional<RemoteEntry> parse_mvs_member(const Words& line, const ListingClock& clock) {
    if (line.size() < 5 || !is_member_version(line.words[1])) {
        return std::nullopt;
    }
    RemoteEntry entry;
    const auto date = parse_unix_date(line.from(3), clock);
    if (!date || date->words != 2) {
        return std::nullopt;
    }
    take_date(*date, entry);
    entry.name = line.words[0];
    return named(std::move(entry));
}

}  // namespace ftp
