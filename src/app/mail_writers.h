// Mail on its way into files: a maildir with its folders, or mbox files. Nothing is written through a link that somebody
// put below the folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/mail_port.h"
#include "app/plain_tree.h"
#include "base/result.h"

namespace app {

// One mailbox of an account going out.
class MailWriter {
  public:
    MailWriter() = default;
    MailWriter(const MailWriter&) = delete;
    MailWriter& operator=(const MailWriter&) = delete;
    virtual ~MailWriter() = default;

    // False: it was there already.
    [[nodiscard]] virtual base::Result<bool> write(const CarriedMessage& message) = 0;
    [[nodiscard]] virtual base::Result<> finish() = 0;
};

// ROOT/.Folder/{cur,new,tmp}; files that an earlier export wrote stay as they are. `root` must outlive it.
[[nodiscard]] base::Result<std::unique_ptr<MailWriter>> open_maildir_writer(
    const PlainTree& root, const std::string& mailbox);
// ROOT/PATH.mbox, written anew each time. kInvalid: no file may have the mailbox's name. `root` must outlive it.
[[nodiscard]] base::Result<std::unique_ptr<MailWriter>> open_mbox_writer(
    const PlainTree& root, const std::string& mailbox);

// The maildir's list of subscribed mailboxes.
[[nodiscard]] base::Result<> write_subscriptions(const PlainTree& root,
                                                 const std::vector<std::string>& paths);

}  // namespace app
