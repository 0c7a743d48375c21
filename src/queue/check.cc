// The queue's invariants, each told by one sentence where it does not hold.
#include <fmt/format.h>

#include <map>

#include "queue/queue.h"
#include "store/key.h"

namespace queue {
namespace {

using base::Result;
using store::Reader;

class Checker {
  public:
    explicit Checker(const Reader& reader) : reader_(reader) {}

    Result<std::vector<std::string>> run() {
        TRY_VOID(each(message_prefix(), &Checker::on_message));
        TRY_VOID(each(recipient_prefix(), &Checker::on_recipient));
        finish_message();
        TRY_VOID(each(schedule_prefix(), &Checker::on_scheduled));
        TRY_VOID(each(destination_prefix(), &Checker::on_destination));
        TRY_VOID(each(wake_prefix(), &Checker::on_wake));
        TRY_VOID(each(age_prefix(), &Checker::on_age));
        TRY_VOID(each(progress_prefix(), &Checker::on_progress));
        return std::move(findings_);
    }

  private:
    using Visit = Result<> (Checker::*)(std::string_view key, std::string_view value);

    template <class... Values>
    void find(fmt::format_string<Values...> text, Values&&... values) {
        if (findings_.size() < kFindingsMax) {
            findings_.push_back(fmt::format(text, std::forward<Values>(values)...));
        }
    }

    Result<> each(const std::string& prefix, Visit visit) {
        Result<> failed;
        TRY_VOID(reader_.scan(
            prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view value) {
                const auto judged = (this->*visit)(key, value);
                if (!judged) {
                    find("the queue has a damaged record: {}", judged.error().text);
                }
                return true;
            }));
        return failed;
    }

    Result<bool> has(const std::string& key) const {
        TRY(const auto value, reader_.get(key));
        return value.has_value();
    }

    Result<> on_message(std::string_view key, std::string_view value) {
        TRY(const std::string id, parse_message_key(key));
        TRY(const MessageRecord message, decode_message(value));
        if (message.pending == 0) {
            find("queued message {} waits for nobody", id);
        }
        TRY(const bool aged, has(age_key(message.age_event, id)));
        if (!aged) {
            find("queued message {} would never grow old: it is missing in the order of ages", id);
        }
        return {};
    }

    // Recipients come message by message; their number is judged when the next message begins.
    void finish_message() {
        if (current_.empty()) {
            return;
        }
        const auto message = load_message(reader_, current_);
        if (!message || !*message) {
            find("{} recipients wait in the queue for message {}, which is not there",
                 recipients_,
                 current_);
        } else if ((*message)->pending != recipients_) {
            find("queued message {} counts {} recipients, and {} are there",
                 current_,
                 (*message)->pending,
                 recipients_);
        }
    }

    Result<> on_recipient(std::string_view key, std::string_view value) {
        TRY(const RecipientId id, parse_recipient_key(key));
        TRY(const RecipientRecord recipient, decode_recipient(value));
        if (id.queue_id != current_) {
            finish_message();
            current_ = id.queue_id;
            recipients_ = 0;
        }
        ++recipients_;
        const bool waits = !recipient.held && !recipient.returned;
        TRY(const bool scheduled, has(schedule_key({recipient.destination, recipient.due, id})));
        if (waits != scheduled) {
            find("recipient {} of queued message {} is {}in the schedule",
                 recipient.address,
                 id.queue_id,
                 scheduled ? "held, yet " : "not ");
        }
        return {};
    }

    Result<> on_scheduled(std::string_view key, std::string_view) {
        TRY(const Scheduled entry, parse_schedule_key(key));
        TRY(const auto recipient, load_recipient(reader_, entry.recipient));
        if (!recipient || recipient->destination != entry.destination ||
            recipient->due != entry.due) {
            find("the schedule of {} names recipient {} of message {}, which is not so",
                 entry.destination,
                 entry.recipient.number,
                 entry.recipient.queue_id);
        }
        if (entry.destination != scheduled_) {
            scheduled_ = entry.destination;
            TRY(const auto known, load_destination(reader_, entry.destination));
            if (!known) {
                find("destination {} is scheduled and would never be woken", entry.destination);
            } else if (entry.due < known->first_due) {
                find("destination {} would never look for who is due first", entry.destination);
            }
        }
        return {};
    }

    Result<> on_destination(std::string_view key, std::string_view value) {
        TRY(const std::string name, parse_destination_key(key));
        TRY(const DestinationRecord destination, decode_destination(value));
        TRY(const bool wakes, has(wake_key(destination.wake, name)));
        if (!wakes) {
            find("destination {} is missing in the order of waking", name);
        }
        return {};
    }

    Result<> on_wake(std::string_view key, std::string_view) {
        TRY(const Woken woken, parse_wake_key(key));
        TRY(const auto destination, load_destination(reader_, woken.destination));
        if (!destination || destination->wake != woken.wake) {
            find("the order of waking names destination {} at a wrong time", woken.destination);
        }
        return {};
    }

    Result<> on_age(std::string_view key, std::string_view) {
        TRY(const Aged aged, parse_age_key(key));
        TRY(const auto message, load_message(reader_, aged.queue_id));
        if (!message || message->age_event != aged.time) {
            find("the order of ages names message {} at a wrong time", aged.queue_id);
        }
        return {};
    }

    Result<> on_progress(std::string_view key, std::string_view) {
        TRY(const RecipientId id, parse_progress_key(key));
        TRY(const bool known, has(recipient_key(id)));
        if (!known) {
            find("progress is noted for recipient {} of message {}, which is not there",
                 id.number,
                 id.queue_id);
        }
        return {};
    }

    static constexpr std::size_t kFindingsMax = 1000;

    const Reader& reader_;
    std::vector<std::string> findings_;
    std::string current_;  // the message whose recipients are being counted
    std::uint64_t recipients_ = 0;
    std::string scheduled_;  // the destination whose schedule is being read
};

}  // namespace

Result<std::vector<std::string>> check(const Reader& reader) {
    return Checker(reader).run();
}

}  // namespace queue
