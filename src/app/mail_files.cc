#include "app/mail_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "app/files.h"
#include "app/mail_files_impl.h"
#include "mail/mailbox_tree.h"
#include "mail/mailboxes.h"

namespace app {
namespace {

namespace fs = std::filesystem;

}  // namespace

base::Result<std::string> place_below(const std::string& mailbox, const std::string& path) {
    const mail::MailboxLimits limits;
    std::string whole = path;
    if (!mailbox.empty()) {
        whole = path == mail::kInboxName ? mailbox : mailbox + "/" + path;
    }
    if (whole.size() > limits.path_octets_max) {
        return base::fail(base::Errc::kTooLong, "a path that is too long");
    }
    // Two levels more where the mailbox asked for is another's, below "Other Users".
    TRY(const auto levels, mail::parse_levels(whole, limits.depth_max + 2, limits.name_octets_max));
    if (mailbox.empty() && levels.front() == mail::kOthersName) {
        return base::fail(base::Errc::kInvalid, "a name that stands for other people's mailboxes");
    }
    return mail::join_levels(levels);
}

base::Result<std::unique_ptr<MailFiles>> open_mail_files(const std::string& path,
                                                         std::string_view format,
                                                         const std::string& mailbox,
                                                         LeftOut& left_out) {
    std::error_code failed;
    if (!fs::exists(path, failed)) {
        return base::fail(base::Errc::kNotFound, fmt::format("{}: there is no such file", path));
    }
    if (::access(path.c_str(), R_OK) != 0) {
        return file_error(path);
    }
    if (auto place = place_below(mailbox, std::string(mail::kInboxName)); !place) {
        place.error().text = fmt::format("{}: {}", mailbox, place.error().text);
        return base::forward_error(place);
    }
    const bool is_maildir = fs::is_directory(fs::path(path) / "cur", failed);
    if (format == "mbox" || (format.empty() && !is_maildir)) {
        return open_mbox(path, mailbox, left_out);
    }
    if (!is_maildir) {
        return base::fail(base::Errc::kInvalid,
                          fmt::format("{} is no maildir: it has no folder \"cur\"", path));
    }
    return open_maildir(path, mailbox, left_out);
}

}  // namespace app
