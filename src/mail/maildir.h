// Maildir: the names of its files, folders and keywords, as qmail, Courier (Maildir++) and Dovecot have
// them. Names and values only; who reads folders is elsewhere.
//
//     .Sent.2026/cur/1795255200.M123P45.host,S=1234:2,FSa
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/types.h"

namespace mail {

// The keywords that the letters a to z of a folder stand for (Dovecot's dovecot-keywords); empty: none.
using MaildirKeywords = std::array<std::string, 26>;

// "0 $Forwarded\n1 Work\n". Lines that are none are passed over.
[[nodiscard]] MaildirKeywords parse_maildir_keywords(std::string_view text);
[[nodiscard]] std::string format_maildir_keywords(const MaildirKeywords& keywords);

struct MaildirName {
    std::string unique;  // before the colon
    std::uint32_t flags = 0;
    std::vector<std::string> keywords;  // "$Forwarded" for P, then those of letters
};

// A file's name in cur or new; nothing for what is no message's (a dot in front).
[[nodiscard]] std::optional<MaildirName> parse_maildir_name(std::string_view name,
                                                            const MaildirKeywords& keywords);
// ":2," and the flags in order. A keyword without a letter gets the next free one in `keywords`; those
// beyond 26 are left out.
[[nodiscard]] std::string format_maildir_name(const MaildirName& name, MaildirKeywords& keywords);

// A mailbox's path, "Sent/2026", in UTF-8, as the name of its folder, ".Sent.2026", in modified UTF-7
// (RFC 3501 5.1.3) with dots inside a level encoded too; and back. INBOX is the empty name, the maildir
// itself.
[[nodiscard]] std::string format_maildir_folder(std::string_view path);
// Nothing for what is no folder's name.
[[nodiscard]] std::optional<std::string> parse_maildir_folder(std::string_view name);

// The paths in a maildir's file "subscriptions", a line each, as Dovecot writes it: levels with a dot between them; or,
// behind a first line "V", tab, "2", with a tab, and the characters that this takes escaped. Lines that are no names are
// passed over.
[[nodiscard]] std::vector<std::string> parse_maildir_subscriptions(std::string_view text);
// The same in the later form.
[[nodiscard]] std::string format_maildir_subscriptions(const std::vector<std::string>& paths);

}  // namespace mail
