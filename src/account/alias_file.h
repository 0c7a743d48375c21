// Files of aliases as sendmail began them and Postfix and Exim read them (/etc/aliases), and the files that
// they include: cut into names and members, nothing looked up.
//
//     file    = *( comment / entry )
//     comment = *WSP [ "#" *octet ] LF
//     entry   = name *WSP ":" members LF          a line that begins with white space continues it
//     members = [ member *( "," member ) ]
//     member  = address / name / ":include:" path / "|" command / "/" path, each quoted perhaps
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace account {

struct AliasMember {
    enum class Kind {
        kAddress,  // `bob@hamburger.example`, or a local part by itself
        kInclude,  // a file with more of them
        kProgram,  // "|/usr/bin/vacation"
        kFile,     // "/var/mail/archive"
        kOther,    // Exim's ":fail: ..." and its like, and what cannot be read
    };

    Kind kind = Kind::kAddress;
    std::string text;  // unquoted: the address, the path, the command

    friend bool operator==(const AliasMember&, const AliasMember&) = default;
};

struct AliasEntry {
    std::size_t line = 0;  // where it begins, from 1
    std::string name;      // unquoted
    std::vector<AliasMember> members;
};

// A line that is no entry, and what is wrong with it.
struct AliasFault {
    std::size_t line = 0;
    std::string what;
};

struct AliasFile {
    std::vector<AliasEntry> entries;
    std::vector<AliasFault> faults;
};

// Time and memory in proportion to the text. Never fails: what cannot be read is among the faults.
[[nodiscard]] AliasFile parse_alias_file(std::string_view text);
// An included file: members separated by commas or line ends, with comments.
[[nodiscard]] std::vector<AliasMember> parse_included(std::string_view text);
// An entry as lines of such a file, a member a line; read again it is the same, but for kOther.
[[nodiscard]] std::vector<std::string> format_alias_entry(const AliasEntry& entry);

}  // namespace account
