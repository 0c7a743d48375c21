// What the queue tells senders: undelivered, delayed, delivered (RFC 3461, 3462, 3464, 6533).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "mime/report.h"
#include "queue/records.h"

namespace queue {

enum class NoticeKind : std::uint8_t {
    kFailed,
    kDelayed,
    kDelivered,  // into a mailbox, or to a list
    kExpanded,   // an alias' members have it, and success ends there
    kRelayed,    // to a peer that will not tell of success itself
};

struct NoticeRecipient {
    RecipientRecord record;
    RemoteReply reply;
};

// Who reports, as configured.
struct Reporter {
    std::string hostname;
    std::string postmaster;  // whom a person may ask; empty: postmaster@HOSTNAME
};

// Whether this recipient's NOTIFY wants such a notice (RFC 3461 4.1). Without NOTIFY: failure and delay.
[[nodiscard]] bool wants_notice(std::uint8_t notify, NoticeKind kind);

struct Notice {
    NoticeKind kind = NoticeKind::kFailed;
    std::string to;  // the sender, or postmaster for what has none
    std::string queue_id;
    MessageRecord message;
    std::vector<NoticeRecipient> recipients;
    mime::ReportedMessage original;  // its header, or all of it
    base::WallTime now;
};

// The report as a message, to be sent with an empty reverse-path.
[[nodiscard]] base::Result<std::string> compose_notice(const Notice& notice,
                                                       const Reporter& reporter,
                                                       base::Random& random);

}  // namespace queue
