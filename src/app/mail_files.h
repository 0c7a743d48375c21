// Mail in files, message by message: a maildir with its folders, an mbox file, a folder of mbox files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/mail_port.h"
#include "base/result.h"

namespace app {

struct FoundMessage {
    std::string mailbox;  // its path
    CarriedMessage message;
};

// Reads what lies below a path. It holds names and one message, whatever the size of the mail.
class MailFiles {
  public:
    MailFiles() = default;
    MailFiles(const MailFiles&) = delete;
    MailFiles& operator=(const MailFiles&) = delete;
    virtual ~MailFiles() = default;

    // The next message, mailbox by mailbox; nothing at the end. A file that vanished meanwhile is passed
    // over.
    [[nodiscard]] virtual base::Result<std::optional<FoundMessage>> next() = 0;
    // How much of it has been read, in whatever unit.
    [[nodiscard]] virtual std::uint64_t done() const = 0;
    [[nodiscard]] virtual std::uint64_t total() const = 0;
};

// `format` is "maildir", "mbox" or "" to find out. What lies at the top goes to `mailbox`, by default INBOX;
// folders go below `mailbox`, by default to the top. kInvalid: it is neither.
[[nodiscard]] base::Result<std::unique_ptr<MailFiles>> open_mail_files(const std::string& path,
                                                                       std::string_view format,
                                                                       const std::string& mailbox);

}  // namespace app
