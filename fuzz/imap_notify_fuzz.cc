// NOTIFY's arguments (RFC 5465 8): whatever comes, the wishes stay within their bounds, and each says what it is of.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "imap/grammar/notify.h"

namespace {

constexpr std::uint32_t kAll = imap::kMessageEvents | imap::kMailboxName |
                               imap::kSubscriptionChange | imap::kMailboxMetadataChange |
                               imap::kServerMetadataChange;

void check_group(const imap::NotifyGroup& group) {
    using Filter = imap::NotifyGroup::Filter;
    const bool named = group.filter == Filter::kSubtree || group.filter == Filter::kMailboxes;
    CHECK(named != group.mailboxes.empty());
    CHECK((group.events & ~kAll) == 0);
    // RFC 5465 5: MessageNew and MessageExpunge come together, and FlagChange not without them.
    const std::uint32_t both = imap::kMessageNew | imap::kMessageExpunge;
    CHECK((group.events & imap::kMessageEvents) == 0 || (group.events & both) == both);
    const bool selected =
        group.filter == Filter::kSelected || group.filter == Filter::kSelectedDelayed;
    CHECK(group.items.empty() || (selected && (group.events & imap::kMessageNew) != 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto wishes = imap::parse_notify(input);
    if (!wishes) {
        CHECK(wishes.error().code == base::Errc::kSyntax ||
              wishes.error().code == base::Errc::kTooLong ||
              wishes.error().code == base::Errc::kUnsupported);
        return 0;
    }
    CHECK(wishes->groups.size() <= imap::kNotifyGroupsMax);
    CHECK(!wishes->status || !wishes->groups.empty());
    std::size_t mailboxes = 0;
    for (const imap::NotifyGroup& group : wishes->groups) {
        check_group(group);
        mailboxes += group.mailboxes.size();
    }
    CHECK(mailboxes <= imap::kNotifyMailboxesMax);
    return 0;
}
