// Names of a maildir: folders survive there and back, and so do flags.
#include "base/check.h"
#include "mail/maildir.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto path = mail::parse_maildir_folder(text)) {
        CHECK(mail::parse_maildir_folder(mail::format_maildir_folder(*path)) ==
              (mail::format_maildir_folder(*path).empty() ? "INBOX" : *path));
    }
    mail::MaildirKeywords keywords = mail::parse_maildir_keywords(text);
    if (const auto name = mail::parse_maildir_name(text, keywords)) {
        const auto again =
            mail::parse_maildir_name(mail::format_maildir_name(*name, keywords), keywords);
        CHECK(again && again->flags == name->flags && again->unique == name->unique);
    }
    return 0;
}
