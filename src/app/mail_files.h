// Mail in files, message by message: a maildir with its folders, an mbox file, a folder of mbox files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/left_out.h"
#include "app/mail_port.h"
#include "base/result.h"

namespace app {

struct FoundMailbox {
    std::string path;    // where it goes
    std::string source;  // the folder or file that it lies in
};

struct FoundMessage {
    std::string source;  // its file, and where in it
    CarriedMessage message;
};

// Reads what lies below a path. It holds names and one message, whatever the size of the mail. Folders and messages that
// cannot be read are left out, and said so; a file that vanished meanwhile is passed over.
class MailFiles {
  public:
    MailFiles() = default;
    MailFiles(const MailFiles&) = delete;
    MailFiles& operator=(const MailFiles&) = delete;
    virtual ~MailFiles() = default;

    // The next mailbox, whatever is left of the one before; nothing at the end.
    [[nodiscard]] virtual std::optional<FoundMailbox> next_mailbox() = 0;
    // Its next message; nothing at its end.
    [[nodiscard]] virtual std::optional<FoundMessage> next_message() = 0;

    // The mailboxes that the files say are subscribed, by path; nothing when they do not say.
    [[nodiscard]] virtual std::optional<std::vector<std::string>> subscriptions() { return {}; }

    // How much of it has been read, in whatever unit.
    [[nodiscard]] virtual std::uint64_t done() const = 0;
    [[nodiscard]] virtual std::uint64_t total() const = 0;
};

// `format` is "maildir", "mbox" or "" to find out. What lies at the top goes to `mailbox`, by default INBOX;
// folders go below `mailbox`, by default to the top. kInvalid: it is neither, or `mailbox` is no mailbox's name.
// `left_out` must outlive it.
[[nodiscard]] base::Result<std::unique_ptr<MailFiles>> open_mail_files(const std::string& path,
                                                                       std::string_view format,
                                                                       const std::string& mailbox,
                                                                       LeftOut& left_out);

}  // namespace app
