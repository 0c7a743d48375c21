// The arguments of NOTIFY (RFC 5465 8): which events of which mailboxes a client wants to hear of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "imap/grammar/fetch.h"

namespace imap {

enum NotifyEvent : std::uint32_t {
    kMessageNew = 1U << 0U,
    kMessageExpunge = 1U << 1U,
    kFlagChange = 1U << 2U,
    kMailboxName = 1U << 3U,
    kSubscriptionChange = 1U << 4U,
    kMailboxMetadataChange = 1U << 5U,
    kServerMetadataChange = 1U << 6U,
    kMessageEvents = kMessageNew | kMessageExpunge | kFlagChange,
};

// All of them, as BADEVENT lists them. AnnotationChange is none: there are no annotations of messages (RFC 5257).
inline constexpr std::string_view kNotifyEventNames =
    "MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange "
    "ServerMetadataChange";

inline constexpr std::size_t kNotifyGroupsMax = 100;
inline constexpr std::size_t kNotifyMailboxesMax = 1000;

struct NotifyGroup {
    enum class Filter : std::uint8_t {
        kSelected,
        kSelectedDelayed,
        kInboxes,
        kPersonal,
        kSubscribed,
        kSubtree,
        kMailboxes,
    };

    Filter filter = Filter::kSelected;
    std::vector<std::string> mailboxes;  // of kSubtree and kMailboxes, as on the wire
    std::uint32_t events = 0;            // NotifyEvent bits; 0: NONE
    std::vector<FetchItem> items;        // what to tell of new messages
};

struct NotifyArguments {
    bool status = false;              // STATUS of the mailboxes comes first
    std::vector<NotifyGroup> groups;  // none: NOTIFY NONE
};

// kSyntax; kTooLong: more than the bounds above; kUnsupported: an event there is none of.
[[nodiscard]] base::Result<NotifyArguments> parse_notify(std::string_view arguments);

}  // namespace imap
