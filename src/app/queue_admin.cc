// `staffetta queue`: what waits to leave, why, and what an administrator does about it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/administration.h"
#include "app/exit_status.h"
#include "app/units.h"
#include "base/ascii.h"
#include "base/log.h"
#include "mime/json_writer.h"
#include "queue/manage.h"

namespace app {
namespace {

using base::Errc;
using base::Result;

constexpr std::size_t kRecipientsAtOnce = 1000;
constexpr std::uint64_t kCountMax = 1'000'000;
constexpr std::size_t kRecipientsInAReply = 10'000;
constexpr std::uint64_t kShownMax = 1000;  // recipients in a table; a queue may have a million

Result<queue::Filter> read_filter(const AdminRequest& request, base::WallTime now) {
    queue::Filter filter{.queue_id = request.arguments.empty() ? "" : request.arguments.front(),
                         .recipient = option(request, "recipient"),
                         .sender = option(request, "sender"),
                         .destination = option(request, "destination"),
                         .before = {},
                         .held = {}};
    if (const std::string older = option(request, "older-than"); !older.empty()) {
        const auto age = parse_duration(older);
        if (!age) {
            return base::fail(
                Errc::kInvalid,
                fmt::format("\"{}\" is no age; write a number with m, h or d, as 4h", older));
        }
        filter.before = now - std::chrono::duration_cast<std::chrono::milliseconds>(*age);
    }
    if (option(request, "held") == "yes") {
        filter.held = true;
    }
    return filter;
}

// An action on everything is meant only when it is said.
bool narrows(const queue::Filter& filter) {
    return !filter.queue_id.empty() || !filter.recipient.empty() || !filter.sender.empty() ||
           !filter.destination.empty() || filter.before || filter.held;
}

// "2h", "5m": the largest unit, rounded down.
std::string about(base::Duration span) {
    using namespace std::chrono_literals;
    for (const auto& [unit, sign] :
         {std::pair<base::Duration, char>{24h, 'd'}, {1h, 'h'}, {1min, 'm'}}) {
        if (span >= unit) {
            return fmt::format("{}{}", span / unit, sign);
        }
    }
    return fmt::format("{}s", std::max<base::Duration>(span, {}) / 1s);
}

std::string about_octets(std::uint64_t octets) {
    constexpr std::uint64_t kKi = 1024;
    return octets < 10 * kKi         ? fmt::format("{} B", octets)
           : octets < 10 * kKi * kKi ? fmt::format("{} KiB", octets / kKi)
                                     : fmt::format("{} MiB", octets / kKi / kKi);
}

std::string_view state_of(const queue::RecipientRecord& recipient) {
    return recipient.returned ? "returned" : recipient.held ? "held" : "waiting";
}

// What somebody who asks "where is my message, and why?" wants to read.
std::string describe(const queue::Listed& listed,
                     const std::optional<queue::DestinationRecord>& destination,
                     base::WallTime now) {
    const queue::RecipientRecord& recipient = listed.recipient;
    std::string text = fmt::format("    {}  by {}", recipient.address, recipient.destination);
    base::WallTime next = recipient.due;
    queue::RemoteReply last = recipient.last;
    if (destination && destination->failures != 0) {
        next = std::max(next, destination->wake);
        if (last.text.empty()) {
            last = destination->last;
        }
    }
    if (recipient.held || recipient.returned) {
        text += fmt::format("  {}", state_of(recipient));
    } else if (next > now) {
        const bool asked = recipient.attempts == 0 && !listed.message.release_request.empty();
        text += fmt::format(
            "  {} in {}", asked ? "its sender has it sent" : "next attempt", about(next - now));
    } else {
        text += "  under way";
    }
    text += "\n";
    if (const std::string said = last.to_string(); !said.empty()) {
        text += fmt::format("        {}\n", said);
    }
    return text;
}

class Table {
  public:
    Table(const store::Reader& reader, base::WallTime now) : reader_(reader), now_(now) {}

    void add(const queue::Listed& listed) {
        const bool shown = recipients_++ < kShownMax;
        if (listed.id.queue_id != queue_id_) {
            queue_id_ = listed.id.queue_id;
            ++messages_;
            if (shown) {
                add_message(listed);
            }
        }
        if (shown) {
            const auto destination = queue::load_destination(reader_, listed.recipient.destination);
            text_ += describe(listed, destination.value_or(std::nullopt), now_);
        }
    }

    [[nodiscard]] std::string take() {
        if (messages_ == 0) {
            return "the queue is empty\n";
        }
        if (recipients_ > kShownMax) {
            text_ += fmt::format(
                "... and {} recipients more; --recipient, --sender, --destination and --older-than "
                "narrow, --json shows all\n",
                recipients_ - kShownMax);
        }
        return text_ + fmt::format("{} message{} for {} recipient{}\n",
                                   messages_,
                                   messages_ == 1 ? "" : "s",
                                   recipients_,
                                   recipients_ == 1 ? "" : "s");
    }

  private:
    void add_message(const queue::Listed& listed) {
        text_ += fmt::format("{}  {} old  {}  from <{}>\n",
                             queue_id_,
                             about(now_ - listed.message.created),
                             about_octets(listed.message.octets),
                             listed.message.sender);
    }

    const store::Reader& reader_;
    base::WallTime now_;
    std::string text_;
    std::string queue_id_;
    std::uint64_t messages_ = 0;
    std::uint64_t recipients_ = 0;
};

void add_json(mime::JsonWriter& json, const queue::Listed& listed) {
    const queue::RecipientRecord& recipient = listed.recipient;
    json.open_object();
    json.member("queue_id", listed.id.queue_id);
    json.member("created", base::format_rfc3339(listed.message.created));
    json.member("expires", base::format_rfc3339(listed.message.expires));
    json.member("octets", listed.message.octets);
    json.member("message_id", listed.message.message_id);
    json.member("sender", listed.message.sender);
    json.member("release_request", listed.message.release_request);
    json.member("recipient", recipient.address);
    json.member("destination", recipient.destination);
    json.member("state", state_of(recipient));
    json.member("attempts", recipient.attempts);
    json.member("due", base::format_rfc3339(recipient.due));
    json.key("last_reply");
    json.open_object();
    json.member("code", static_cast<std::uint64_t>(recipient.last.code));
    json.member("enhanced", recipient.last.enhanced);
    json.member("text", recipient.last.text);
    json.member("host", recipient.last.host);
    json.member("command", recipient.last.command);
    json.close();
    json.close();
}

// place = queue-id "/" number; empty: the begin.
Result<queue::RecipientId> read_place(std::string_view text) {
    queue::RecipientId place;
    if (text.empty()) {
        return place;
    }
    const std::size_t slash = text.rfind('/');
    const auto number = slash == std::string_view::npos
                            ? std::nullopt
                            : base::parse_number<std::uint32_t>(text.substr(slash + 1));
    if (!number) {
        return base::fail(Errc::kInvalid, fmt::format("\"{}\" is no place in the queue", text));
    }
    place.queue_id = text.substr(0, slash);
    place.number = *number;
    return place;
}

// `array` is a whole one; of several, each but the first begins with the comma that it needs.
std::string part_of_array(const std::string& array, bool first, bool last) {
    if (first && last) {
        return array;
    }
    std::string_view members = std::string_view(array).substr(1, array.rfind(']') - 1);
    members = members.substr(0, members.find_last_not_of(" \n") + 1);
    return fmt::format("{}{}{}",
                       first             ? "["
                       : members.empty() ? ""
                                         : ",",
                       members,
                       last ? "\n]\n" : "");
}

}  // namespace

Administration::Outcome Administration::queue_list(const AdminRequest& request) const {
    const base::WallTime now = clock_.now();
    TRY(const queue::Filter filter, read_filter(request, now));
    const auto reader = store_.snapshot();
    Table table(*reader, now);
    TRY_VOID(queue::list(*reader, filter, [&](const queue::Listed& listed) {
        table.add(listed);
        return true;
    }));
    return table.take();
}

// `queue list --json`: as many as one reply holds. All replies together are one array.
Result<AdminReply> Administration::queue_page(const AdminRequest& request) const {
    TRY(const queue::Filter filter, read_filter(request, clock_.now()));
    const std::string begin = option(request, "from");
    TRY(const queue::RecipientId from, read_place(begin));
    const auto reader = store_.snapshot();
    mime::JsonWriter json;
    json.open_array();
    TRY(const auto next,
        queue::list_some(
            *reader, filter, from, kRecipientsInAReply, [&json](const queue::Listed& listed) {
                add_json(json, listed);
            }));
    json.close();
    return AdminReply{.status = kExitOk,
                      .text = part_of_array(json.take(), begin.empty(), !next),
                      .next = next ? fmt::format("{}/{}", next->queue_id, next->number) : ""};
}

Administration::Outcome Administration::queue_destinations(const AdminRequest& /*request*/) const {
    const base::WallTime now = clock_.now();
    TRY(const auto destinations, queue::list_destinations(*store_.snapshot(), kCountMax));
    std::string text;
    for (const queue::ListedDestination& destination : destinations) {
        const queue::DestinationRecord& record = destination.record;
        text += fmt::format("{}  {} recipients", destination.name, destination.scheduled);
        if (record.failures != 0) {
            text += fmt::format("  unreachable for {} ({} attempts), next in {}\n    {}",
                                about(now - record.failing_since),
                                record.failures,
                                about(record.wake - now),
                                record.last.to_string());
        }
        text += "\n";
    }
    return text.empty() ? "nobody waits\n" : text;
}

// `queue show`: the message's place in the queue, then its life so far.
Administration::Outcome Administration::queue_show(const AdminRequest& request) const {
    TRY(const auto message, queue::load_message(*store_.snapshot(), request.arguments.front()));
    if (!message) {
        return base::fail(Errc::kNotFound,
                          fmt::format("{} is not in the queue; `staffetta trace {}` may tell what "
                                      "became of it",
                                      request.arguments.front(),
                                      request.arguments.front()));
    }
    TRY(std::string text, queue_list(request));
    TRY(const std::string life, trace(request));
    return text + life;
}

Administration::Outcome Administration::queue_act(const AdminRequest& request) const {
    static constexpr std::pair<std::string_view, queue::Action> kActions[] = {
        {"queue retry", queue::Action::kRetry},
        {"queue hold", queue::Action::kHold},
        {"queue release", queue::Action::kRelease},
        {"queue remove", queue::Action::kRemove},
        {"queue bounce", queue::Action::kReturn},
    };
    const auto* const action =
        std::find_if(std::begin(kActions), std::end(kActions), [&](const auto& candidate) {
            return candidate.first == request.command;
        });
    const base::WallTime now = clock_.now();
    TRY(const queue::Filter filter, read_filter(request, now));
    if (!narrows(filter) && option(request, "all") != "yes") {
        return base::fail(Errc::kInvalid,
                          "say which messages: a queue id, --recipient, --sender, --destination, "
                          "--older-than, --held, or --all");
    }
    queue::Step step;
    std::size_t recipients = 0;
    do {
        const auto from = step.next;
        TRY_VOID(store_.change_and_wait([&](store::Transaction& change) -> Result<> {
            TRY(step, queue::act(change, action->second, filter, {from, kRecipientsAtOnce}, now));
            return {};
        }));
        recipients += step.recipients;
        if (nudge_) {
            nudge_(step.destinations);
        }
    } while (step.next);
    if (recipients == 0 && !filter.queue_id.empty()) {
        return base::fail(Errc::kNotFound,
                          fmt::format("{}: no such recipient waits in the queue", filter.queue_id));
    }
    return fmt::format("{} recipient{}\n", recipients, recipients == 1 ? "" : "s");
}

}  // namespace app
