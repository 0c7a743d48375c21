// What LIST, STATUS and NOTIFY tell of a mailbox (RFC 9051 7.3.1 and 7.3.4).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "imap/server/session.h"
#include "mail/mailboxes.h"

namespace imap {

// "\HasChildren \Sent"; without `info` there is no mailbox of that name.
[[nodiscard]] std::string mailbox_attributes(const mail::MailboxInfo* info, bool subscribed);
// "* LIST (attributes) "/" name", without the end of the line.
[[nodiscard]] std::string list_line(const Session& session,
                                    std::string_view attributes,
                                    std::string_view name);
// Names are kept in NFC. Whoever speaks IMAP4rev2 and named a mailbox in another form is told its name as it is
// now (RFC 9051 6.3.9.7): "* LIST (...) "/" name ("OLDNAME" (supplied))". `supplied` and `name` differ where it
// was renamed.
void tell_normalized(Session& session, std::string_view supplied, std::string_view name);
// "* STATUS name (...)" with `items` of StatusItem, and the end of the line.
[[nodiscard]] std::string status_line(Session& session,
                                      const mail::MailboxInfo& info,
                                      std::uint32_t items);

}  // namespace imap
