#include "imap/grammar/notify.h"

#include <algorithm>
#include <array>
#include <utility>

#include "imap/grammar/scanner.h"

namespace imap {

using base::Errc;
using base::Result;

namespace {

using Filter = NotifyGroup::Filter;

struct EventName {
    std::string_view name;
    std::uint32_t event;
};

constexpr std::array<EventName, 7> kEvents = {{
    {"FLAGCHANGE", kFlagChange},
    {"MAILBOXMETADATACHANGE", kMailboxMetadataChange},
    {"MAILBOXNAME", kMailboxName},
    {"MESSAGEEXPUNGE", kMessageExpunge},
    {"MESSAGENEW", kMessageNew},
    {"SERVERMETADATACHANGE", kServerMetadataChange},
    {"SUBSCRIPTIONCHANGE", kSubscriptionChange},
}};

struct FilterName {
    std::string_view name;
    Filter filter;
};

constexpr std::array<FilterName, 7> kFilters = {{
    {"SELECTED", Filter::kSelected},
    {"SELECTED-DELAYED", Filter::kSelectedDelayed},
    {"INBOXES", Filter::kInboxes},
    {"PERSONAL", Filter::kPersonal},
    {"SUBSCRIBED", Filter::kSubscribed},
    {"SUBTREE", Filter::kSubtree},
    {"MAILBOXES", Filter::kMailboxes},
}};

bool is_selected(Filter filter) {
    return filter == Filter::kSelected || filter == Filter::kSelectedDelayed;
}

class NotifyParser {
  public:
    explicit NotifyParser(std::string_view text) : scanner_(text) {}

    //  notify     = "NOTIFY" SP (notify-set / notify-none)
    //  notify-set = "SET" [SP "STATUS"] SP event-group *(SP event-group)
    Result<NotifyArguments> run() {
        NotifyArguments arguments;
        if (scanner_.take_word("NONE")) {
            TRY_VOID(scanner_.end());
            return arguments;
        }
        if (!scanner_.take_word("SET")) {
            return syntax_error("SET or NONE");
        }
        TRY_VOID(scanner_.space());
        if (scanner_.take_word("STATUS")) {
            arguments.status = true;
            TRY_VOID(scanner_.space());
        }
        do {
            TRY(NotifyGroup one, group());
            arguments.groups.push_back(std::move(one));
            if (arguments.groups.size() > kNotifyGroupsMax) {
                return base::fail(Errc::kTooLong, "too many groups of events");
            }
        } while (scanner_.take(' '));
        TRY_VOID(scanner_.end());
        const auto selected = std::ranges::count_if(
            arguments.groups, [](const NotifyGroup& one) { return is_selected(one.filter); });
        if (selected > 1) {
            return syntax_error("SELECTED twice");
        }
        if (unsupported_) {
            return base::fail(Errc::kUnsupported, "no such event");
        }
        return arguments;
    }

  private:
    //  event-group = "(" filter-mailboxes SP events ")"
    Result<NotifyGroup> group() {
        NotifyGroup group;
        TRY_VOID(scanner_.expect('('));
        TRY(const std::string name, scanner_.word());
        const auto* const row = std::ranges::find(kFilters, name, &FilterName::name);
        if (row == kFilters.end()) {
            return syntax_error("no such mailboxes");
        }
        group.filter = row->filter;
        if (group.filter == Filter::kSubtree || group.filter == Filter::kMailboxes) {
            TRY_VOID(scanner_.space());
            TRY_VOID(mailboxes(group));
        }
        TRY_VOID(scanner_.space());
        TRY_VOID(events(group));
        TRY_VOID(scanner_.expect(')'));
        TRY_VOID(check(group));
        return group;
    }

    //  one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")"
    Result<> mailboxes(NotifyGroup& group) {
        const bool is_list = scanner_.take('(');
        do {
            TRY(std::string name, scanner_.astring());
            group.mailboxes.push_back(std::move(name));
            if (++mailboxes_ > kNotifyMailboxesMax) {
                return base::fail(Errc::kTooLong, "too many mailboxes");
            }
        } while (is_list && scanner_.take(' '));
        return is_list ? scanner_.expect(')') : Result<>();
    }

    //  events = ("(" event *(SP event) ")") / "NONE"
    // The examples of RFC 5465 3.1 leave the parentheses out, and so may clients.
    Result<> events(NotifyGroup& group) {
        if (scanner_.take_word("NONE")) {
            return {};
        }
        const bool is_list = scanner_.take('(');
        do {
            TRY(const std::string name, scanner_.word());
            const auto* const row = std::ranges::find(kEvents, name, &EventName::name);
            if (row == kEvents.end()) {
                unsupported_ = true;
                continue;
            }
            group.events |= row->event;
            if (row->event == kMessageNew && scanner_.rest().starts_with(" (")) {
                TRY_VOID(scanner_.space());
                TRY(group.items, parse_fetch_items(scanner_));
            }
        } while (scanner_.take(' '));
        return is_list ? scanner_.expect(')') : Result<>();
    }

    // RFC 5465 5, 6.1: MessageNew and MessageExpunge come together, FlagChange with both, and of the
    // selected mailbox there are no others.
    static Result<> check(const NotifyGroup& group) {
        const std::uint32_t pair = group.events & (kMessageNew | kMessageExpunge);
        if ((group.events & kMessageEvents) != 0 && pair != (kMessageNew | kMessageExpunge)) {
            return syntax_error(
                "MessageNew and MessageExpunge belong together, and FlagChange wants both");
        }
        if (is_selected(group.filter) && (group.events & ~kMessageEvents) != 0) {
            return syntax_error(
                "of the selected mailbox there are MessageNew, MessageExpunge and FlagChange");
        }
        if (!is_selected(group.filter) && !group.items.empty()) {
            return syntax_error("what FETCH tells is for the selected mailbox");
        }
        return {};
    }

    Scanner scanner_;
    std::size_t mailboxes_ = 0;
    bool unsupported_ = false;
};

}  // namespace

Result<NotifyArguments> parse_notify(std::string_view arguments) {
    return NotifyParser(arguments).run();
}

}  // namespace imap
