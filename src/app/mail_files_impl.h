// What the formats of mail_files.h share.
#pragma once

#include <memory>
#include <string>

#include "app/left_out.h"
#include "app/mail_files.h"
#include "base/result.h"

namespace app {

// Where a path found in files lies when `mailbox` was asked for. kInvalid, kTooLong: no mailbox has such a name.
[[nodiscard]] base::Result<std::string> place_below(const std::string& mailbox,
                                                    const std::string& path);

[[nodiscard]] base::Result<std::unique_ptr<MailFiles>> open_maildir(const std::string& path,
                                                                    const std::string& mailbox,
                                                                    LeftOut& left_out);
[[nodiscard]] base::Result<std::unique_ptr<MailFiles>> open_mbox(const std::string& path,
                                                                 const std::string& mailbox,
                                                                 LeftOut& left_out);

}  // namespace app
