#include "stories/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/ascii.h"
#include "base/check.h"
#include "net/tls_client_context.h"
#include "transcripts/transcript.h"

namespace stories {
namespace {

using base::Result;
using transcripts::matches;
using transcripts::split_word;

constexpr std::string_view kHere = "crepes.example";  // who has mailboxes here
constexpr std::size_t kAtOnce = 1000;

[[noreturn]] void misunderstand(std::string_view what, std::string_view text) {
    throw std::runtime_error(fmt::format("unknown {}: \"{}\"", what, text));
}

std::uint64_t number(std::string_view text) {
    const auto value = base::parse_u64(text);
    if (!value) {
        misunderstand("number", text);
    }
    return *value;
}

// "90s", "5m", "4h", "5d", or several: "4h 1m".
base::Duration span(std::string_view text) {
    using namespace std::chrono_literals;
    base::Duration whole{};
    while (!text.empty()) {
        const std::string_view one = base::split_front(text, ' ');
        const char unit = one.empty() ? ' ' : one.back();
        const base::Duration each = unit == 's'   ? base::Duration(1s)
                                    : unit == 'm' ? base::Duration(1min)
                                    : unit == 'h' ? base::Duration(1h)
                                    : unit == 'd' ? base::Duration(24h)
                                                  : base::Duration(0);
        if (each == base::Duration(0)) {
            misunderstand("span", one);
        }
        whole += each * static_cast<std::int64_t>(number(one.substr(0, one.size() - 1)));
    }
    return whole;
}

std::string by_domain(const account::Address& recipient, std::string_view) {
    return "mx:" + recipient.domain;
}

std::uint8_t notify_of(std::string_view text) {
    std::uint8_t bits = 0;
    while (!text.empty()) {
        const std::string_view word = base::split_front(text, ',');
        bits |= word == "never"     ? queue::kNotifyNever
                : word == "success" ? queue::kNotifySuccess
                : word == "failure" ? queue::kNotifyFailure
                : word == "delay"   ? queue::kNotifyDelay
                                    : 0;
    }
    return bits;
}

}  // namespace

Story::Story() {
    transport_ = std::make_unique<smtp::QueueTransport>(
        network_,
        resolver_,
        random_,
        smtp::QueueTransportOptions{
            .hostname = "mail.crepes.example",
            .mx = {.own_names = {"mail.crepes.example"}},
            // The pipe's handshake asks nothing of it.
            .tls_context = std::make_shared<net::TlsClientContext>(nullptr),
            .find_way = [this](std::string_view destination) -> std::optional<smtp::Way> {
                CHECK(destination.starts_with("mx:"));
                const std::string domain(destination.substr(3));
                if (const auto host = lmtp_.find(domain); host != lmtp_.end()) {
                    return smtp::Way{
                        .kind = smtp::Way::Kind::kLmtp, .host = host->second, .tls = tls_};
                }
                return smtp::Way{.host = domain, .tls = tls_};
            },
            .policy = [this](base::Loop&,
                             const std::string&,
                             const smtp::MailHost& host) { return judge_host(host.name); }});
    options_.reporter = {.hostname = "mail.crepes.example", .postmaster = {}};
    start();
}

Story::~Story() {
    stop();
    loop_.run_for(std::chrono::hours(2));  // the hosts hang up
}

base::Task<Result<smtp::TlsUse, smtp::Verdict>> Story::judge_host(std::string host) const {
    const auto found = policies_.find(host);
    if (found == policies_.end()) {
        co_return smtp::TlsUse::kNever;  // it asks for nothing
    }
    if (found->second == "verified") {
        co_return smtp::TlsUse::kVerified;
    }
    co_return tl::unexpected<smtp::Verdict>(
        smtp::refuse(smtp::Verdict::Kind::kTemporary, {4, 7, 1}, found->second, "policy"));
}

void Story::start() {
    queue::Surroundings surroundings;
    surroundings.deliver_notice = [this](store::Transaction& change,
                                         const queue::PlannedNotice& notice) {
        return deliver_notice(change, notice);
    };
    scheduler_ = std::make_unique<queue::Scheduler>(
        queue::SchedulerServices{.loop = loop_,
                                 .store = store_,
                                 .transport = *transport_,
                                 .random = random_,
                                 .log = log_,
                                 .metrics = metrics_,
                                 .surroundings = std::move(surroundings)},
        options_);
    scheduler_->start();
}

void Story::stop() {
    bool stopped = false;
    base::spawn(stop_scheduler(stopped), [](const std::exception_ptr& thrown) { CHECK(!thrown); });
    loop_.run_ready();
    transport_->close_all();
    CHECK(loop_.run_until([&] { return stopped; }));
    scheduler_.reset();
}

base::Task<> Story::stop_scheduler(bool& stopped) {
    co_await scheduler_->stop();
    stopped = true;
}

std::optional<std::string> Story::play(std::string_view text) {
    for (int at = 1; !text.empty() && !fault_; ++at) {
        const std::string_view line = base::trim(base::split_front(text, '\n'));
        if (line.empty() || line.starts_with('#')) {
            continue;
        }
        try {
            perform(line);
        } catch (const std::runtime_error& wrong) {
            fault(wrong.what());
        }
        check_sound();
        if (fault_) {
            fault_ = fmt::format("line {}: {}\n{}\n{}", at, line, *fault_, log_text_);
        }
    }
    return fault_;
}

void Story::fault(std::string text) {
    if (!fault_) {
        fault_ = std::move(text);
    }
}

void Story::perform(std::string_view line) {
    std::string_view rest = line;
    const auto [word, name] = split_word(base::split_front(rest, ':'));
    rest = base::trim(rest);
    if (word == "zone") {
        resolver_.add(rest);
    } else if (word == "forget") {
        resolver_.remove(rest);
    } else if (word == "new-host") {
        add_host(rest);
    } else if (word == "host") {
        while (!rest.empty()) {
            change_host(name, base::trim(base::split_front(rest, ';')));
        }
    } else if (word == "tls") {
        tls_ = rest == "required"   ? smtp::TlsUse::kRequired
               : rest == "verified" ? smtp::TlsUse::kVerified
                                    : smtp::TlsUse::kOpportunistic;
    } else if (word == "lmtp") {
        lmtp_[std::string(name)] = rest;
    } else if (word == "policy") {
        policies_[std::string(name)] = rest;
    } else if (word == "send") {
        send(rest);
    } else if (word == "queue") {
        administer(rest);
    } else if (word == "wait") {
        loop_.run_for(span(rest));
    } else if (word == "restart") {
        stop();
        start();
    } else if (word == "then") {
        read_notices();
        while (!rest.empty() && !fault_) {
            check(base::trim(base::split_front(rest, ';')));
        }
    } else {
        misunderstand("step", line);
    }
}

// NAME ADDRESS
void Story::add_host(std::string_view rest) {
    const auto [name, address] = split_word(rest);
    resolver_.add(fmt::format("{} A {}", name, address));
    auto& place = network_.host({.address = std::string(address), .port = 25, .path = ""});
    hosts_[std::string(name)] = std::make_unique<RemoteHost>(loop_, place, std::string(name));
}

RemoteHost& Story::host(std::string_view name) {
    const auto found = hosts_.find(name);
    if (found == hosts_.end()) {
        misunderstand("host", name);
    }
    return *found->second;
}

void Story::change_host(std::string_view name, std::string_view clause) {
    using Answer = fakes::RemoteHost::Answer;
    RemoteHost& it = host(name);
    const auto [verb, rest] = split_word(clause);
    if (verb == "is") {
        it.place().answer = rest == "away"     ? Answer::kRefuse
                            : rest == "silent" ? Answer::kSilent
                            : rest == "lost"   ? Answer::kUnreachable
                                               : Answer::kAccept;
    } else if (verb == "greylists") {
        it.behaviour.greylists = span(rest);
    } else if (verb == "throttles") {
        it.behaviour.throttles = static_cast<unsigned>(number(rest));
    } else if (verb == "drops") {
        it.behaviour.drops = static_cast<unsigned>(number(rest));
    } else if (verb == "takes-at-once") {
        it.behaviour.messages_max = static_cast<unsigned>(number(rest));
    } else if (verb == "hangs-up") {
        it.behaviour.hangs_up = true;
    } else if (verb == "drips") {
        it.behaviour.drips = span(rest);
    } else if (verb == "slow") {
        it.behaviour.slow = span(rest);
    } else if (verb == "offers-tls") {
        it.behaviour.tls = true;
        it.place().pipe.tls.distrust = rest;
    } else if (verb == "breaks-tls") {
        it.behaviour.tls = it.behaviour.tls_broken = true;
    } else if (verb == "offers-dsn") {
        it.behaviour.dsn = true;
    } else if (verb == "says") {
        const auto [recipient, reply] = split_word(rest);
        it.behaviour.says[std::string(recipient)] = reply;
    } else if (verb == "behaves") {
        it.behaviour = {};
        it.place().pipe.tls.distrust.clear();
    } else {
        misunderstand("behaviour", clause);
    }
}

base::Task<> Story::write_blob(std::string octets, std::optional<store::NewBlob>& blob) {
    auto writer = store_.new_blob();
    CHECK(co_await writer->append(loop_, octets));
    blob = writer->finish().value();
}

void Story::commit(const store::Change& change) {
    std::optional<Result<>> done;
    store_.submit(change, [&done](Result<> result) { done = std::move(result); });
    CHECK(loop_.run_until([&] { return done.has_value(); }, std::chrono::seconds(10)));
    CHECK(*done);
}

// ID from SENDER to RECIPIENT ... [notify WORDS] [release SPAN] [whole] [list N DOMAIN]
void Story::send(std::string_view rest) {
    const std::string id(base::split_front(rest, ' '));
    std::optional<store::NewBlob> blob;
    base::spawn(write_blob(fmt::format("Subject: {}\r\n\r\nDo you like ketchup?\r\n", id), blob),
                [](const std::exception_ptr& thrown) { CHECK(!thrown); });
    CHECK(loop_.run_until([&] { return blob.has_value(); }));
    queue::NewMessage message{.blob = *blob, .queue_id = id, .message_id = id + "@crepes.example"};
    const auto add = [&message](std::string_view address) {
        message.recipients.push_back({account::parse_address(address).value(), {}, 0});
    };
    while (!rest.empty()) {
        const std::string_view word = base::split_front(rest, ' ');
        if (word == "whole") {
            message.return_content = queue::ReturnContent::kFull;
            continue;
        }
        const std::string_view value = base::split_front(rest, ' ');
        if (word == "from") {
            message.sender = value == "<>" ? "" : value;
        } else if (word == "to") {
            add(value);
        } else if (word == "notify") {
            message.recipients.back().notify = notify_of(value);
        } else if (word == "release") {
            const auto time = std::chrono::duration_cast<std::chrono::seconds>(span(value));
            message.release = clock_.now() + time;
            message.release_request = fmt::format("for;{}", time.count());
        } else if (word == "list") {
            const std::string_view domain = base::split_front(rest, ' ');
            for (std::uint64_t i = 0; i < number(value); ++i) {
                add(fmt::format("member{}@{}", i, domain));
            }
        } else {
            misunderstand("word", word);
        }
    }
    enqueue(message);
}

void Story::enqueue(const queue::NewMessage& message) {
    commit([&](store::Transaction& change) {
        return queue::enqueue(change, message, by_domain, lifetimes_, clock_.now());
    });
    std::vector<std::string> destinations;
    for (const queue::NewRecipient& recipient : message.recipients) {
        destinations.push_back(by_domain(recipient.address, {}));
    }
    scheduler_->nudge(std::move(destinations));
    loop_.run_ready();
}

// hold|release|retry|remove|bounce [ID] [recipient=...] [sender=...]
void Story::administer(std::string_view rest) {
    static constexpr std::pair<std::string_view, queue::Action> kActions[] = {
        {"hold", queue::Action::kHold},
        {"release", queue::Action::kRelease},
        {"retry", queue::Action::kRetry},
        {"remove", queue::Action::kRemove},
        {"bounce", queue::Action::kReturn}};
    const std::string_view verb = base::split_front(rest, ' ');
    const auto* const action = std::find_if(
        std::begin(kActions), std::end(kActions), [&](const auto& it) { return it.first == verb; });
    if (action == std::end(kActions)) {
        misunderstand("action", verb);
    }
    queue::Filter filter;
    while (!rest.empty()) {
        std::string_view value = base::split_front(rest, ' ');
        const std::string_view key = base::split_front(value, '=');
        (key == "recipient" ? filter.recipient
         : key == "sender"  ? filter.sender
                            : filter.queue_id) = value.empty() ? key : value;
    }
    queue::Step step;
    commit([&](store::Transaction& change) -> Result<> {
        TRY(step, queue::act(change, action->second, filter, {{}, kAtOnce}, clock_.now()));
        return {};
    });
    if (step.recipients == 0) {
        fault("nobody was meant");
    }
    scheduler_->nudge(step.destinations);
    loop_.run_ready();
}

// Who is here reads it; to others it goes by the queue, as app/relay.cc has it.
Result<> Story::deliver_notice(store::Transaction& change, const queue::PlannedNotice& notice) {
    if (notice.to == "postmaster" || notice.to.ends_with(kHere)) {
        TRY_VOID(change.refer(notice.blob));
        notices_.push_back(notice);
        return {};
    }
    TRY(const account::Address address, account::parse_address(notice.to));
    queue::NewMessage message{.blob = notice.blob,
                              .queue_id = notice.queue_id,
                              .recipients = {{address, {}, 0}},
                              .double_bounce = notice.double_bounce};
    return queue::enqueue(change, message, by_domain, lifetimes_, clock_.now());
}

std::string Story::read(const store::BlobId& id) {
    auto reader = store_.snapshot()->open_blob(id).value();
    std::string octets(reader->size(), '\0');
    std::optional<Result<std::size_t>> got;
    const auto keep = [](store::BlobReader& from,
                         base::Loop& loop,
                         std::string& into,
                         std::optional<Result<std::size_t>>& out) -> base::Task<> {
        out = co_await from.read(loop, 0, into);
    };
    base::spawn(keep(*reader, loop_, octets, got),
                [](const std::exception_ptr& thrown) { CHECK(!thrown); });
    CHECK(loop_.run_until([&] { return got.has_value(); }));
    return octets;
}

void Story::read_notices() {
    for (const queue::PlannedNotice& notice : std::exchange(notices_, {})) {
        told_.push_back({notice.to, read(notice.blob.id())});
    }
}

}  // namespace stories
