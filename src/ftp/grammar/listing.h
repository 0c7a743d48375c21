// What LIST, MLSD and MLST say of a file: lines as `ls -l` prints them, and facts (RFC 3659 7). Writing for
// the server, reading of facts for the client.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace ftp {

enum class EntryType : std::uint8_t {
    kFile,
    kDirectory,
    kCurrent,
    kParent,
    kLink,
    kOther,  // as which the four below are read, too
    kFifo,
    kSocket,
    kCharacterDevice,
    kBlockDevice,
};

// A file as listings show it. The views live as long as what they were made from.
struct ListEntry {
    std::string_view name;
    EntryType type = EntryType::kFile;
    std::uint64_t size = 0;
    base::WallTime modified{};
    base::WallTime created{};
    unsigned mode = 0;  // the lower twelve bits of st_mode
    unsigned links = 1;
    std::string_view owner;
    std::string_view group;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::string_view perm;    // RFC 3659 7.5.5, letters
    std::string_view target;  // of a link
};

// The facts that MLST knows, in the order of their bits. RFC 3659 7.5, UNIX.* as servers name them.
enum Fact : std::uint16_t {
    kFactType = 1U << 0U,
    kFactSize = 1U << 1U,
    kFactModify = 1U << 2U,
    kFactCreate = 1U << 3U,
    kFactPerm = 1U << 4U,
    kFactUnique = 1U << 5U,
    kFactMode = 1U << 6U,
    kFactOwner = 1U << 7U,
    kFactGroup = 1U << 8U,
    kAllFacts = (1U << 9U) - 1,
    kDefaultFacts = kAllFacts & ~kFactCreate,  // which costs more than the others together
};

// "type*;size*;modify;": every fact, a star behind those of `chosen` (RFC 3659 7.8).
[[nodiscard]] std::string list_facts(std::uint16_t chosen);
// "Type;Size;": those of the names that are known; others are ignored (RFC 3659 7.9).
[[nodiscard]] std::uint16_t parse_facts(std::string_view names);
// The names of `chosen`, each with a semicolon, as OPTS answers.
[[nodiscard]] std::string name_facts(std::uint16_t chosen);

// entry = [ facts ] SP pathname    ; RFC 3659 7.2, without a line end. Appends to `out`.
void append_facts(std::string& out, const ListEntry& entry, std::uint16_t chosen);

// "-rw-r--r--   1 bob      staff        1024 Nov 21 13:40 name", without a line end: the date with a time
// when it is less than half a year from `now`, else with the year; in UTC. Appends to `out`.
void append_list_line(std::string& out, const ListEntry& entry, base::WallTime now);

// A line of MLSD or MLST as a client reads it.
struct ParsedEntry {
    std::string name;
    EntryType type = EntryType::kFile;
    std::optional<std::uint64_t> size;
    std::optional<base::WallTime> modified;
    std::map<std::string, std::string> facts;  // all of them, names in lower case
};

// kSyntax: no facts, no space behind them, no name.
[[nodiscard]] base::Result<ParsedEntry> parse_fact_line(std::string_view line);

}  // namespace ftp
