// What mail for a list's members came to (RFC 3464), as a destination of the queue: the notice is read, failures are
// counted with the members, and whoever has too many gets nothing more, of which the owners are told. What cannot be read,
// or is about nobody on the list, goes on to the owners as it is.
//
// BUGS: whoever knows that somebody is on a list can forge notices about them; one a day counts, and the owners hear of it
// in the end. Envelope senders that name the member (VERP) would tell forgeries apart, at the price of a message for each
// member.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "account/list_bounces.h"
#include "account/mailing_list.h"
#include "app/each_recipient.h"
#include "app/inside_transport.h"
#include "app/message_copy.h"
#include "base/ascii.h"
#include "mime/builder.h"
#include "mime/parser.h"
#include "mime/report.h"
#include "queue/inside.h"
#include "queue/queue.h"

namespace app {
namespace {

using account::Address;
using account::ListName;
using account::MailingList;
using account::Member;
using base::Errc;
using base::Result;
using queue::Job;
using queue::Outcome;
using queue::RecipientReport;

constexpr std::size_t kReportOctetsMax = std::size_t{1}
                                         << 20U;  // with the message that failed, if it is there
constexpr std::size_t kMembersMax = 1000;         // that one change takes

// Somebody for whom a message failed, in the words of the server that gave up.
struct Failure {
    std::vector<Address>
        names;  // the one that the list has first: an alias or a forward may have led elsewhere
    std::string words;
};

RecipientReport done(std::string text) {
    return {.outcome = Outcome::kDelivered,
            .reply = {.enhanced = "2.1.5", .text = std::move(text)},
            .success = queue::Success::kDelivered};
}

std::vector<Failure> failures_of(const mime::DeliveryStatus& status) {
    std::vector<Failure> failures;
    for (const mime::DsnRecipient& recipient : status.recipients) {
        if (recipient.action != mime::DsnAction::kFailed || failures.size() == kMembersMax) {
            continue;
        }
        const std::string_view said = mime::typed_value(recipient.diagnostic_code);
        Failure& failure = failures.emplace_back();
        failure.words = said.empty() ? recipient.status : said;
        for (const std::string& text : {recipient.original_recipient, recipient.final_recipient}) {
            if (auto address = account::parse_address(mime::typed_value(text))) {
                failure.names.push_back(std::move(*address));
            }
        }
    }
    return failures;
}

// A member as the notice found them, and what they become.
struct Counted {
    Member before;
    Member after;
};

// One notice for one list.
class Reading {
  public:
    Reading(InsideServices services,
            base::Loop& loop,
            const Job& job,
            const Job::Recipient& recipient)
        : services_(std::move(services)),
          loop_(loop),
          job_(job),
          recipient_(recipient) {}

    [[nodiscard]] base::Task<RecipientReport> run();

  private:
    using Letter = Result<std::optional<queue::PlannedNotice>>;  // to the owners, or none

    // What becomes of the members' records.
    struct Outcomes {
        std::vector<Counted> counted;
        std::string suspended;  // a line each; empty: the owners need not hear of it
    };

    [[nodiscard]] std::optional<RecipientReport> look_up();
    [[nodiscard]] base::Task<Result<std::string>> read_message() const;
    [[nodiscard]] Result<Outcomes> judge(const std::string& message) const;
    [[nodiscard]] Result<std::optional<Member>> find(const store::Reader& reader,
                                                     const Failure& failure) const;
    [[nodiscard]] mime::Draft draft(const std::string& lines) const;
    [[nodiscard]] base::Task<Letter> write_letter(std::string lines) const;
    [[nodiscard]] base::Task<Letter> hand_on() const;
    [[nodiscard]] store::Change make_change(std::vector<Counted> counted,
                                            std::optional<queue::PlannedNotice> letter) const;
    [[nodiscard]] queue::PlannedNotice to_owners(store::NewBlob blob) const;

    InsideServices services_;
    base::Loop& loop_;
    const Job& job_;
    const Job::Recipient& recipient_;
    MailingList list_;
};

base::Task<RecipientReport> Reading::run() {
    if (auto end = look_up()) {
        co_return std::move(*end);
    }
    const auto message = co_await read_message();
    if (!message) {
        co_return deferred_by(message.error());
    }
    auto outcomes = judge(*message);
    if (!outcomes) {
        co_return deferred_by(outcomes.error());
    }
    Letter letter;
    if (outcomes->counted.empty()) {
        letter = co_await hand_on();
    } else if (!outcomes->suspended.empty()) {
        letter = co_await write_letter(outcomes->suspended);
    }
    if (!letter) {
        co_return deferred_by(letter.error());
    }
    const std::size_t counted = outcomes->counted.size();
    const auto committed = co_await services_.store.change(
        loop_, make_change(std::move(outcomes->counted), std::move(*letter)));
    if (!committed) {
        co_return deferred_by(committed.error());
    }
    co_return done(counted == 0 ? "handed to the list's owners"
                                : fmt::format("counted with {} of the list's members", counted));
}

// The list; or why there is nothing to do.
std::optional<RecipientReport> Reading::look_up() {
    const std::string_view destination = recipient_.record.destination;
    const auto address = account::parse_address(destination.substr(queue::kBouncesPrefix.size()));
    const auto reader = services_.store.snapshot();
    const auto list = account::find_list(*reader, address.value_or(Address()));
    const auto progress = queue::load_progress(*reader, recipient_.id);
    if (!list || !progress) {
        return deferred_by(list ? progress.error() : list.error());
    }
    if (!*list) {
        return done("the list is no more");
    }
    list_ = **list;
    return *progress == queue::kProgressEnd ? std::optional(done("counted")) : std::nullopt;
}

// Of a larger one the begin, where the report stands.
base::Task<Result<std::string>> Reading::read_message() const {
    std::string message(std::min<std::uint64_t>(job_.body->size(), kReportOctetsMax), '\0');
    CO_TRY(const std::size_t got, co_await job_.body->read(loop_, 0, message));
    message.resize(got);
    co_return message;
}

// Nobody is counted when the notice cannot be read, or is about nobody on the list.
Result<Reading::Outcomes> Reading::judge(const std::string& message) const {
    Outcomes outcomes;
    const auto report = mime::find_report(message, mime::parse(message));
    if (!report || !report->delivery) {
        return outcomes;
    }
    const auto reader = services_.store.snapshot();
    for (const Failure& failure : failures_of(*report->delivery)) {
        TRY(const auto member, find(*reader, failure));
        const auto is_known = [&member](const Counted& other) {
            return other.before.address == member->address;
        };
        if (!member || std::any_of(outcomes.counted.begin(), outcomes.counted.end(), is_known)) {
            continue;
        }
        Member after = account::after_failure(list_, *member, services_.clock.now());
        if (after.suspended && !member->suspended) {
            outcomes.suspended +=
                fmt::format("    {}: {}\n", after.address.to_string(), failure.words);
        }
        outcomes.counted.push_back({*member, std::move(after)});
    }
    return outcomes;
}

Result<std::optional<Member>> Reading::find(const store::Reader& reader,
                                            const Failure& failure) const {
    for (const Address& name : failure.names) {
        TRY(auto member, account::find_member(reader, list_.address, name));
        if (member) {
            return member;
        }
    }
    return std::optional<Member>();
}

mime::Draft Reading::draft(const std::string& lines) const {
    const auto mailbox = [this](account::ListName name) {
        const Address address = account::list_name(list_.address, name);
        return mime::Mailbox{.name = {}, .local = address.local, .domain = address.domain};
    };
    const std::string list = list_.address.to_string();
    mime::Draft draft;
    draft.date = services_.clock.now();
    draft.message_id = mime::make_message_id(services_.random, list_.address.domain);
    draft.from = {mailbox(ListName::kBounces)};
    draft.to = {mailbox(ListName::kOwner)};
    draft.subject = fmt::format("Members of {} whom mail does not reach", list);
    draft.fields = {{"Auto-Submitted", "auto-generated"}};  // RFC 3834 5
    draft.text = fmt::format(
        "Mail from {} has failed for these members on {} days, and they get nothing more:\n\n{}\n"
        "Take them off the list, or have the server's administrator let them on again:\n\n"
        "    staffetta list resume {} ADDRESS\n",
        list,
        list_.failures_max,
        lines,
        list);
    return draft;
}

base::Task<Reading::Letter> Reading::write_letter(std::string lines) const {
    const mime::Draft letter = draft(lines);
    const auto form =
        base::is_ascii(letter.text) ? mime::HeaderForm::kAscii : mime::HeaderForm::kUtf8;
    CO_TRY(const std::string octets,
           mime::build_message(letter, services_.random, {.form = form, .allow_8bit = true}));
    const auto writer = services_.store.new_blob();
    CO_TRY_VOID(co_await writer->append(loop_, "Return-Path: <>\r\n"));
    CO_TRY_VOID(co_await writer->append(loop_, octets));
    CO_TRY(auto blob, writer->finish());
    co_return to_owners(std::move(blob));
}

base::Task<Reading::Letter> Reading::hand_on() const {
    CO_TRY(const auto copy, co_await copy_message(services_.store, loop_, job_.body, {}, 0));
    co_return to_owners(copy.blob);
}

queue::PlannedNotice Reading::to_owners(store::NewBlob blob) const {
    return {.blob = std::move(blob),
            .queue_id = queue::make_queue_id(services_.clock.now(), services_.random),
            .to = account::list_name(list_.address, ListName::kOwner).to_string()};
}

// All of it or nothing, and with the mark that it is done: after a crash nobody is counted or told twice.
store::Change Reading::make_change(std::vector<Counted> counted,
                                   std::optional<queue::PlannedNotice> letter) const {
    return [list = list_.address,
            id = recipient_.id,
            counted = std::move(counted),
            letter = std::move(letter),
            deliver = services_.deliver_notice](store::Transaction& change) -> Result<> {
        for (const auto& [before, after] : counted) {
            TRY(const auto member, account::find_member(change, list, before.address));
            if (!member) {
                continue;  // whoever has left is nobody's concern
            }
            if (*member != before) {
                return base::fail(Errc::kInUse, "another notice about this member came first");
            }
            TRY_VOID(account::update_member(change, list, after));
        }
        TRY_VOID(queue::set_progress(change, id, queue::kProgressEnd));
        const auto told = letter ? deliver(change, *letter) : Result<>();
        return told || told.error().code != Errc::kNotFound ? told : Result<>();
    };
}

}  // namespace

std::unique_ptr<queue::Connection> make_bounces_connection(InsideServices services,
                                                           base::Loop& loop) {
    return std::make_unique<EachRecipient<Reading>>(std::move(services), loop, true);
}

}  // namespace app
