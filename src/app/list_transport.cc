// A mailing list as a destination of the queue: the message gets the list's header fields and goes to the
// members, a bounded number a change, each of them once. How far it has come is written down in the same
// changes, so a crash goes on where it stood.
//
// BUGS: after such a crash the members that were served are looked up again in one go, on the loop's thread.
// A list of a million members has all their addresses in memory while it sends.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "account/list_bounces.h"
#include "account/mailing_list.h"
#include "app/each_recipient.h"
#include "app/inside_transport.h"
#include "app/list_header.h"
#include "app/message_copy.h"
#include "mail/message_store.h"
#include "mail/thread_keys.h"
#include "queue/inside.h"
#include "queue/queue.h"

namespace app {
namespace {

using account::Address;
using account::MailingList;
using account::Membership;
using base::Errc;
using base::Result;
using queue::Job;
using queue::Outcome;
using queue::RecipientReport;

// Each change keeps all others waiting for its length: some milliseconds.
constexpr std::size_t kMembersAtOnce = 500;

RecipientReport failed(std::string enhanced, std::string text) {
    return {Outcome::kFailed, {.enhanced = std::move(enhanced), .text = std::move(text)}};
}

// In the order of visit_members.
std::pair<std::string, std::string> place_of(const Address& address) {
    return {address.domain, account::normalize_local(address.local)};
}

// Some members and where mail for them goes.
struct Batch {
    std::vector<account::LocalRecipient> local;
    std::vector<queue::NewRecipient> queued;
    std::string progress;  // behind them
};

// One message on its way to one list's members.
class Expansion {
  public:
    Expansion(InsideServices services,
              base::Loop& loop,
              const Job& job,
              const Job::Recipient& recipient)
        : services_(std::move(services)),
          loop_(loop),
          job_(job),
          recipient_(recipient) {}

    [[nodiscard]] base::Task<RecipientReport> run();

  private:
    [[nodiscard]] std::optional<RecipientReport> look_up();
    [[nodiscard]] base::Task<std::optional<RecipientReport>> write_copy();
    [[nodiscard]] base::Task<Result<>> hand_out();
    [[nodiscard]] Result<> catch_up();
    [[nodiscard]] Result<Batch> next_batch();
    [[nodiscard]] Result<> add_member(const store::Reader& reader,
                                      const Address& member,
                                      Batch& batch);
    void add_queued(const Address& address, std::string destination, Batch& batch);
    [[nodiscard]] base::Task<Result<>> commit(Batch batch);
    [[nodiscard]] store::Change make_change(Batch batch) const;
    [[nodiscard]] mail::Delivery make_delivery(std::string queue_id) const;
    [[nodiscard]] queue::NewMessage make_message(std::string queue_id) const;
    [[nodiscard]] std::string sender() const;

    InsideServices services_;
    base::Loop& loop_;
    const Job& job_;
    const Job::Recipient& recipient_;
    MailingList list_;
    std::optional<MessageCopy> copy_;
    std::string progress_;  // the last member that was served; kProgressEnd: all were
    std::set<account::AccountId> seen_accounts_;
    std::set<std::pair<std::string, std::string>> seen_addresses_;
    std::size_t here_ = 0;
    std::size_t elsewhere_ = 0;
};

base::Task<RecipientReport> Expansion::run() {
    if (auto end = look_up()) {
        co_return std::move(*end);
    }
    if (progress_ != queue::kProgressEnd) {
        if (auto end = co_await write_copy()) {
            co_return std::move(*end);
        }
        if (const auto done = co_await hand_out(); !done) {
            co_return deferred_by(done.error());
        }
    }
    // RFC 3461 5.2.7: for the author the list is where the message ends.
    co_return RecipientReport{
        .outcome = Outcome::kDelivered,
        .reply = {.enhanced = "2.1.5",
                  .text = fmt::format(
                      "given to the list's members, {} here and {} elsewhere", here_, elsewhere_)},
        .success = queue::Success::kDelivered};
}

// The list and how far it has come; or why there is no list to speak of.
std::optional<RecipientReport> Expansion::look_up() {
    const auto address = account::parse_address(recipient_.record.address);
    const auto reader = services_.store.snapshot();
    auto list = account::find_list(*reader, address.value_or(Address()));
    auto progress = queue::load_progress(*reader, recipient_.id);
    if (!list || !progress) {
        return deferred_by(list ? progress.error() : list.error());
    }
    if (!*list) {
        return failed("5.1.1", "there is no such list any more");
    }
    list_ = std::move(**list);
    progress_ = std::move(*progress);
    return std::nullopt;
}

// The message as the members get it; or why they do not.
base::Task<std::optional<RecipientReport>> Expansion::write_copy() {
    auto header = co_await read_header(loop_, job_.body);
    if (!header) {
        co_return header.error().code == Errc::kTooLong ? failed("5.6.0", header.error().text)
                                                        : deferred_by(header.error());
    }
    if (has_been_through(*header, list_.address)) {
        co_return failed("5.4.6", "the message has been through this list before");
    }
    auto copy = co_await copy_message(
        services_.store, loop_, job_.body, make_list_header(*header, list_), header->size());
    if (!copy) {
        co_return deferred_by(copy.error());
    }
    copy_ = std::move(*copy);
    co_return std::nullopt;
}

base::Task<Result<>> Expansion::hand_out() {
    CO_TRY_VOID(catch_up());
    while (progress_ != queue::kProgressEnd) {
        CO_TRY(Batch batch, next_batch());
        CO_TRY_VOID(co_await commit(std::move(batch)));
    }
    co_return Result<>();
}

// Whom an earlier run has served is known again before anybody else is.
Result<> Expansion::catch_up() {
    if (progress_.empty()) {
        return {};
    }
    TRY(const Address last, account::parse_address(progress_));
    const auto reader = services_.store.snapshot();
    std::vector<Address> served;
    TRY_VOID(account::visit_members(
        *reader, list_.address, Membership::kMember, std::nullopt, [&](const Address& member) {
            // The last one may have left the list; who stands behind it was not served.
            if (place_of(last) < place_of(member)) {
                return false;
            }
            served.push_back(member);
            return true;
        }));
    Batch forgotten;
    for (const Address& member : served) {
        TRY_VOID(add_member(*reader, member, forgotten));
    }
    return {};
}

Result<Batch> Expansion::next_batch() {
    std::optional<Address> after;
    if (!progress_.empty()) {
        TRY(after, account::parse_address(progress_));
    }
    const auto reader = services_.store.snapshot();
    std::vector<account::Member> members;
    TRY_VOID(account::visit_member_states(*reader,
                                          list_.address,
                                          Membership::kMember,
                                          after,
                                          [&members](const account::Member& member) {
                                              members.push_back(member);
                                              return members.size() < kMembersAtOnce;
                                          }));
    Batch batch;
    for (const account::Member& member : members) {
        if (!member.suspended) {
            TRY_VOID(add_member(*reader, member.address, batch));
        }
    }
    batch.progress = members.size() < kMembersAtOnce ? std::string(queue::kProgressEnd)
                                                     : members.back().address.to_string();
    return batch;
}

// A member that has gone is passed over: who is responsible for a list need not hear of it each time.
Result<> Expansion::add_member(const store::Reader& reader, const Address& member, Batch& batch) {
    auto resolution = account::resolve(reader, member);
    if (!resolution) {
        switch (resolution.error().code) {
            case Errc::kUnsupported:
                add_queued(member, {}, batch);
                return {};
            case Errc::kNotFound:
            case Errc::kDenied:
            case Errc::kTooLong:
                return {};
            default:
                return base::forward_error(resolution);
        }
    }
    for (account::LocalRecipient& local : resolution->local) {
        if (seen_accounts_.insert(local.account).second) {
            ++here_;
            batch.local.push_back(std::move(local));
        }
    }
    for (const Address& remote : resolution->remote) {
        add_queued(remote, {}, batch);
    }
    for (const Address& list : resolution->lists) {
        add_queued(list, queue::list_destination(list), batch);
    }
    return {};
}

void Expansion::add_queued(const Address& address, std::string destination, Batch& batch) {
    if (!seen_addresses_.insert(place_of(address)).second) {
        return;
    }
    ++elsewhere_;
    // RFC 3461 5.2.7: nothing of what the author asked for is handed on.
    batch.queued.push_back({.address = address,
                            .original = {},
                            .notify = queue::kNotifyFailure,
                            .destination = std::move(destination)});
}

std::string Expansion::sender() const {
    return account::list_name(list_.address, account::ListName::kBounces).to_string();
}

mail::Delivery Expansion::make_delivery(std::string queue_id) const {
    return {.blob = copy_->blob,
            .queue_id = std::move(queue_id),
            .message_id = job_.message.message_id,
            .return_path = sender(),
            .recipients = {},
            .summary = copy_->summary.packed(),
            .thread = mail::thread_keys(copy_->summary.fields()),
            .accepted = {.time = services_.clock.now(),
                         .kind = "accepted",
                         .session = {},
                         .text = fmt::format("from the list {}, which got it as {}",
                                             list_.address.to_string(),
                                             job_.queue_id)}};
}

queue::NewMessage Expansion::make_message(std::string queue_id) const {
    return {.blob = copy_->blob,
            .queue_id = std::move(queue_id),
            .sender = sender(),
            .envelope_id = {},
            .return_content = queue::ReturnContent::kHeader,
            .body = job_.message.body,
            .smtputf8 = job_.message.smtputf8,
            .message_id = job_.message.message_id,
            .recipients = {},
            .release = {}};
}

// The batch's members get their mail, and the list goes on behind them: both or neither.
store::Change Expansion::make_change(Batch batch) const {
    const std::string queue_id = queue::make_queue_id(services_.clock.now(), services_.random);
    mail::Delivery delivery = make_delivery(queue_id);
    delivery.recipients = std::move(batch.local);
    queue::NewMessage message = make_message(queue_id);
    message.recipients = std::move(batch.queued);
    return [delivery = std::move(delivery),
            message = std::move(message),
            next = std::move(batch.progress),
            before = progress_,
            id = recipient_.id,
            now = services_.clock.now(),
            &outgoing = services_.outgoing](store::Transaction& change) -> Result<> {
        TRY(const std::string progress, queue::load_progress(change, id));
        if (progress != before) {
            return base::fail(Errc::kInUse, "somebody else serves this list's members");
        }
        TRY_VOID(queue::set_progress(change, id, next));
        TRY(const auto outcomes, mail::deliver_into(change, delivery, now));
        queue::NewMessage queued = message;
        for (std::size_t i = 0; i < outcomes.size(); ++i) {
            if (!outcomes[i].delivered && !outcomes[i].gone) {
                queued.recipients.push_back({.address = delivery.recipients[i].address,
                                             .original = {},
                                             .notify = queue::kNotifyFailure,
                                             .destination = std::string(queue::kLocalDestination)});
            }
        }
        return queued.recipients.empty()
                   ? Result<>()
                   : queue::enqueue(change, queued, outgoing.route, outgoing.lifetimes, now);
    };
}

base::Task<Result<>> Expansion::commit(Batch batch) {
    std::vector<std::string> destinations{std::string(queue::kLocalDestination)};
    for (const queue::NewRecipient& recipient : batch.queued) {
        destinations.push_back(recipient.destination.empty()
                                   ? services_.outgoing.route(recipient.address, sender())
                                   : recipient.destination);
    }
    std::sort(destinations.begin(), destinations.end());
    destinations.erase(std::unique(destinations.begin(), destinations.end()), destinations.end());
    std::string next = batch.progress;
    CO_TRY_VOID(co_await services_.store.change(loop_, make_change(std::move(batch))));
    progress_ = std::move(next);
    services_.outgoing.nudge(std::move(destinations));
    co_return Result<>();
}

}  // namespace

std::unique_ptr<queue::Connection> make_list_connection(InsideServices services, base::Loop& loop) {
    return std::make_unique<EachRecipient<Expansion>>(std::move(services), loop, false);
}

}  // namespace app
