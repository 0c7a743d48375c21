#include "ftp/grammar/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"
#include "ftp/grammar/time_val.h"

namespace ftp {
namespace {

using base::Errc;
using base::fail;

struct FactName {
    Fact fact;
    std::string_view name;
};

constexpr std::array kFactNames = {
    FactName{kFactType, "type"},
    FactName{kFactSize, "size"},
    FactName{kFactModify, "modify"},
    FactName{kFactCreate, "create"},
    FactName{kFactPerm, "perm"},
    FactName{kFactUnique, "unique"},
    FactName{kFactMode, "UNIX.mode"},
    FactName{kFactOwner, "UNIX.ownername"},
    FactName{kFactGroup, "UNIX.groupname"},
};

// In the order of EntryType, as are the letters that `ls` has for them.
constexpr std::array<std::string_view, 10> kTypeNames = {"file",
                                                         "dir",
                                                         "cdir",
                                                         "pdir",
                                                         "OS.unix=symlink",
                                                         "OS.unix=other",
                                                         "OS.unix=fifo",
                                                         "OS.unix=socket",
                                                         "OS.unix=chr",
                                                         "OS.unix=blk"};
constexpr std::string_view kTypeLetters = "-dddl-pscb";
static_assert(kTypeLetters.size() == kTypeNames.size());

// Listings of 200,000 entries are made of these: no formatting library in between.
void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append_padded(std::string& out, std::uint64_t number, std::size_t width, char fill) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    const auto count = static_cast<std::size_t>(end - digits.data());
    out.append(width > count ? width - count : 0, fill);
    out.append(digits.data(), end);
}

void append_text(std::string& out, std::string_view text, std::size_t width) {
    out += text;
    out.append(width > text.size() ? width - text.size() : 0, ' ');
}

void append_hex(std::string& out, std::uint64_t number) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    out.append(digits.data(), end);
}

void append_time_val(std::string& out, base::WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    append_padded(
        out, static_cast<std::uint64_t>(std::max(0, static_cast<int>(date.year()))), 4, '0');
    append_padded(out, static_cast<unsigned>(date.month()), 2, '0');
    append_padded(out, static_cast<unsigned>(date.day()), 2, '0');
    append_padded(out, static_cast<std::uint64_t>(clock.hours().count()), 2, '0');
    append_padded(out, static_cast<std::uint64_t>(clock.minutes().count()), 2, '0');
    append_padded(out, static_cast<std::uint64_t>(clock.seconds().count()), 2, '0');
    if (clock.subseconds().count() != 0) {
        out += '.';
        append_padded(out, static_cast<std::uint64_t>(clock.subseconds().count()), 3, '0');
    }
}

void append_value(std::string& out, const ListEntry& entry, Fact fact) {
    switch (fact) {
        case kFactType:
            out += kTypeNames[static_cast<std::size_t>(entry.type)];
            return;
        case kFactSize:
            return append_number(out, entry.size);
        case kFactModify:
            return append_time_val(out, entry.modified);
        case kFactCreate:
            return append_time_val(out, entry.created);
        case kFactPerm:
            out += entry.perm;
            return;
        case kFactUnique:
            append_hex(out, entry.device);
            out += 'g';
            return append_hex(out, entry.inode);
        case kFactMode:
            out += '0';
            out += static_cast<char>('0' + (entry.mode >> 6U & 7U));
            out += static_cast<char>('0' + (entry.mode >> 3U & 7U));
            out += static_cast<char>('0' + (entry.mode & 7U));
            return;
        case kFactOwner:
            out += entry.owner;
            return;
        case kFactGroup:
            out += entry.group;
            return;
        default:
            return;
    }
}

// Whether the fact says anything of this entry: RFC 3659 7.5.1 has no size for a directory.
bool applies(const ListEntry& entry, Fact fact) {
    switch (fact) {
        case kFactSize:
            return entry.type == EntryType::kFile;
        case kFactCreate:
            return entry.created != base::WallTime{};
        case kFactUnique:
            return entry.inode != 0;
        case kFactOwner:
            return !entry.owner.empty();
        case kFactGroup:
            return !entry.group.empty();
        default:
            return true;
    }
}

void append_mode(std::string& out, const ListEntry& entry) {
    static constexpr std::string_view kLetters = "rwxrwxrwx";
    out += kTypeLetters[static_cast<std::size_t>(entry.type)];
    for (unsigned bit = 0; bit < kLetters.size(); ++bit) {
        out += (entry.mode >> (8 - bit) & 1U) != 0 ? kLetters[bit] : '-';
    }
}

void append_date(std::string& out, base::WallTime time, base::WallTime now) {
    static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    out += kMonths.substr((static_cast<unsigned>(date.month()) - std::size_t{1}) * 3, 3);
    out += ' ';
    append_padded(out, static_cast<unsigned>(date.day()), 2, ' ');
    out += ' ';
    // Half a year back, and an hour ahead for clocks that differ: as ls does, so that parsers agree.
    if (time > now - std::chrono::days(180) && time < now + std::chrono::hours(1)) {
        append_padded(out, static_cast<std::uint64_t>(clock.hours().count()), 2, '0');
        out += ':';
        append_padded(out, static_cast<std::uint64_t>(clock.minutes().count()), 2, '0');
    } else {
        append_padded(
            out, static_cast<std::uint64_t>(std::max(0, static_cast<int>(date.year()))), 5, ' ');
    }
}

EntryType parse_type_fact(std::string_view value) {
    for (std::size_t at = 0; at < kTypeNames.size(); ++at) {
        if (base::iequals(value, kTypeNames[at])) {
            return std::min(static_cast<EntryType>(at), EntryType::kOther);
        }
    }
    // "OS.unix=slink:target" and the like.
    const bool link =
        base::istarts_with(value, "OS.unix=slink") || base::istarts_with(value, "OS.unix=symlink");
    return link ? EntryType::kLink : EntryType::kOther;
}

}  // namespace

std::string list_facts(std::uint16_t chosen) {
    std::string list;
    for (const FactName& fact : kFactNames) {
        list += fmt::format("{}{};", fact.name, (chosen & fact.fact) != 0 ? "*" : "");
    }
    return list;
}

std::uint16_t parse_facts(std::string_view names) {
    std::uint16_t chosen = 0;
    while (!names.empty()) {
        const std::string_view name = base::split_front(names, ';');
        for (const FactName& fact : kFactNames) {
            chosen |= base::iequals(name, fact.name) ? fact.fact : 0;
        }
    }
    return chosen;
}

std::string name_facts(std::uint16_t chosen) {
    std::string names;
    for (const FactName& fact : kFactNames) {
        names += (chosen & fact.fact) != 0 ? fmt::format("{};", fact.name) : "";
    }
    return names;
}

void append_facts(std::string& out, const ListEntry& entry, std::uint16_t chosen) {
    for (const FactName& fact : kFactNames) {
        if ((chosen & fact.fact) == 0 || !applies(entry, fact.fact)) {
            continue;
        }
        out += fact.name;
        out += '=';
        append_value(out, entry, fact.fact);
        out += ';';
    }
    out += ' ';
    out += entry.name;
}

void append_list_line(std::string& out, const ListEntry& entry, base::WallTime now) {
    append_mode(out, entry);
    out += ' ';
    append_padded(out, entry.links, 3, ' ');
    out += ' ';
    append_text(out, entry.owner.empty() ? "ftp" : entry.owner, 8);
    out += ' ';
    append_text(out, entry.group.empty() ? "ftp" : entry.group, 8);
    out += ' ';
    append_padded(out, entry.size, 12, ' ');
    out += ' ';
    append_date(out, entry.modified, now);
    out += ' ';
    out += entry.name;
    if (entry.type == EntryType::kLink && !entry.target.empty()) {
        out += " -> ";
        out += entry.target;
    }
}

base::Result<ParsedEntry> parse_fact_line(std::string_view line) {
    ParsedEntry entry;
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || space + 1 == line.size()) {
        return fail(Errc::kSyntax, "no name behind the facts");
    }
    entry.name = line.substr(space + 1);
    std::string_view facts = line.substr(0, space);
    while (!facts.empty()) {
        std::string_view value = base::split_front(facts, ';');
        if (value.find('=') == std::string_view::npos) {
            return fail(Errc::kSyntax, "a fact without a value");
        }
        const std::string name = base::to_lower(base::split_front(value, '='));
        entry.facts.insert_or_assign(name, std::string(value));
    }
    for (const auto& [name, value] : entry.facts) {
        if (name == "type") {
            entry.type = parse_type_fact(value);
        } else if (name == "size" || name == "sizd") {
            entry.size = base::parse_u64(value);
        } else if (name == "modify") {
            if (const auto time = parse_time_val(value)) {
                entry.modified = *time;
            }
        }
    }
    return entry;
}

}  // namespace ftp
