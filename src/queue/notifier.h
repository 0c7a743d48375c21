// Decides who is told what about a message, writes the notices, and brings them on their way in the same
// change that notes their reason.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/loop.h"
#include "base/random.h"
#include "base/task.h"
#include "queue/notice.h"
#include "store/store.h"

namespace queue {

// A notice that is written and not yet on its way.
struct PlannedNotice {
    store::NewBlob blob;
    std::string queue_id;
    std::string to;  // a sender; "postmaster" when it is about a message without one
    bool double_bounce = false;
};

// What the rooms beside the queue do for it. Each is called inside a change.
struct Surroundings {
    // Writes down what happened to a message. May be empty.
    std::function<void(store::Transaction& change,
                       std::string_view queue_id,
                       std::string_view message_id,
                       std::string_view kind,
                       std::string_view text)>
        trace;
    // Brings a notice on its way with an empty reverse-path: into mailboxes here, or into the queue.
    // kNotFound: there is no such sender any more; the notice is dropped.
    std::function<base::Result<>(store::Transaction& change, const PlannedNotice& notice)>
        deliver_notice;
};

// One thing to tell about one recipient.
struct Told {
    NoticeKind kind = NoticeKind::kFailed;
    NoticeRecipient recipient;
};

class Notifier {
  public:
    // Keeps the references.
    Notifier(base::Loop& loop,
             store::Store& store,
             base::Random& random,
             base::Log& log,
             const Surroundings& surroundings,
             Reporter reporter,
             std::uint64_t returned_octets_max)
        : loop_(loop),
          store_(store),
          random_(random),
          log_(log),
          surroundings_(surroundings),
          reporter_(std::move(reporter)),
          returned_octets_max_(returned_octets_max) {}

    // One notice a kind, for those recipients that want it (wants_notice). A message with an empty
    // sender is never answered; what fails of it is told to postmaster, once (a double bounce). An error:
    // the store takes none now, and nothing may be settled that they tell of.
    [[nodiscard]] base::Task<base::Result<std::vector<PlannedNotice>>> plan(
        std::string queue_id, MessageRecord message, std::vector<Told> told) const;
    // Inside the change. A notice that nobody can get is logged and dropped.
    [[nodiscard]] base::Result<> deliver(store::Transaction& change,
                                         const std::vector<PlannedNotice>& notices) const;

    void trace(store::Transaction& change,
               std::string_view queue_id,
               const MessageRecord& message,
               std::string_view kind,
               std::string_view text) const;

  private:
    [[nodiscard]] base::Task<mime::ReportedMessage> read_original(MessageRecord message,
                                                                  bool whole) const;
    [[nodiscard]] base::Result<std::string> compose(const Notice& notice) const;
    [[nodiscard]] base::Task<base::Result<PlannedNotice>> write(std::string to,
                                                                std::string octets) const;

    base::Loop& loop_;
    store::Store& store_;
    base::Random& random_;
    base::Log& log_;
    const Surroundings& surroundings_;
    Reporter reporter_;
    std::uint64_t returned_octets_max_;
};

}  // namespace queue
