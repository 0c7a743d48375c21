// DATA (RFC 5321 4.1.1.4) and BDAT (RFC 3030): a message comes in.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "smtp/server/session.h"

namespace smtp {
namespace {

using base::Errc;

// The rest of what the client sends cannot be read in reasonable time: answer and hang up.
Reply too_large() {
    return {552, {5, 3, 4}, "the message is far too large", After::kClose};
}

Reply stranger_as_sender() {
    return {550, {5, 7, 1}, "an address in From or Sender is not yours"};
}

}  // namespace

TraceFacts Session::trace_facts(std::string_view protocol) const {
    TraceFacts facts;
    facts.client_name = hello_->name;
    facts.peer = &lines_.stream().peer();
    facts.hostname = options_.hostname;
    facts.protocol = protocol;
    facts.tls = lines_.stream().tls();
    facts.queue_id = transaction_->queue_id;
    if (transaction_->recipients.size() == 1) {
        facts.only_recipient = &transaction_->recipients.front().path;
    }
    facts.now = services_.clock.now();
    return facts;
}

std::string Session::protocol() const {
    return protocol_name(hello_->greeting,
                         lines_.stream().tls() != nullptr,
                         identity_ != nullptr,
                         transaction_->parameters.smtputf8);
}

// Whose a submitted message is that does not say so: the envelope's sender, or who logged in. Empty for nobody.
std::string Session::author() const {
    mime::Mailbox author{
        .name = {}, .local = transaction_->sender.local, .domain = transaction_->sender.domain};
    if (identity_ != nullptr) {
        const account::Account& account = identity_->account;
        author.name = account.full_name;
        if (transaction_->sender.is_null()) {
            author.local = account.address.local;
            author.domain = account.address.domain;
        }
    }
    return mime::format_mailbox(author);
}

std::unique_ptr<Incoming> Session::make_incoming(Framing framing) {
    transaction_->queue_id = queue::make_queue_id(services_.clock.now(), services_.random);
    IncomingRules rules;
    rules.framing = framing;
    // Another server's message is not ours to mend, and what it smuggles is not ours to guess: it is
    // refused. Programs that submit and the hub behind LMTP are ours to help.
    rules.is_submission = identity_ != nullptr || is_helped();
    rules.bare = options_.port == Port::kRelay && !rules.is_submission ? BareNewlines::kReport
                                                                       : BareNewlines::kMend;
    if (transaction_->parameters.body == Body::kBinaryMime) {
        rules.bare = BareNewlines::kKeep;
    }
    rules.is_summarized =
        std::any_of(transaction_->recipients.begin(),
                    transaction_->recipients.end(),
                    [](const Recipient& recipient) { return !recipient.local.empty(); });
    rules.octets_max = options_.message_octets_max;
    rules.text_line_octets_max = options_.text_line_octets_max;
    rules.header_octets_max = options_.header_octets_max;
    rules.received_fields_max = options_.received_fields_max;
    rules.rewriting =
        rules.is_submission && !options_.rewriting.empty() ? &options_.rewriting : nullptr;
    if (is_helped()) {
        rules.complete_domain = options_.complete_domain;
    }
    rules.submission = {options_.hostname, transaction_->queue_id, services_.clock.now(), author()};
    const std::string name = protocol();
    std::string trace = return_path_field(transaction_->sender) + received_field(trace_facts(name));
    return std::make_unique<Incoming>(
        services_.store, rules, std::move(trace), [this](const HeaderFacts& facts) {
            return judge_header(facts);
        });
}

// RFC 6409 6.1 and 8.1: the authors are who logged in, and so is whoever sends, or sends again, in their name.
std::optional<Reply> Session::judge_header(const HeaderFacts& facts) const {
    if (identity_ == nullptr || !options_.require_owned_sender) {
        return std::nullopt;
    }
    for (const mime::Mailbox& sender : facts.senders) {
        const auto address = account::parse_address(mime::format_addr_spec(sender));
        if (!address) {
            return stranger_as_sender();
        }
        if (auto refusal = judge_owner(*address)) {
            // 451 stays: the directory did not answer.
            return refusal->code < 500 ? std::move(*refusal) : stranger_as_sender();
        }
    }
    return std::nullopt;
}

// More of the message. A server that stops still takes the message that is under way.
base::Task<base::Result<std::string_view>> Session::next_octets(base::SteadyTime end) {
    while (true) {
        const auto octets = co_await lines_.peek(std::min(end, deadline(options_.data_timeout)));
        if (octets || octets.error().code != Errc::kUnavailable) {
            co_return octets;
        }
        stopping_ = true;
    }
}

base::Task<Handled> Session::on_data(std::string_view /*arguments*/) {
    // RFC 3030 3: binary data has no lines, and so no final dot.
    if (transaction_->parameters.body == Body::kBinaryMime) {
        co_return Reply{503, {5, 5, 1}, "BINARYMIME comes with BDAT"};
    }
    const auto incoming = make_incoming(Framing::kDot);
    say({354, {}, "send the message, a line with a single dot ends it"});
    CO_TRY_VOID(co_await receive_dotted(*incoming));
    if (incoming->is_endless()) {
        co_return too_large();
    }
    co_return co_await conclude(*incoming);
}

base::Task<base::Result<>> Session::receive_dotted(Incoming& incoming) {
    const base::SteadyTime end = deadline(options_.message_timeout);
    while (!incoming.done() && !incoming.is_endless()) {
        CO_TRY(const std::string_view octets, co_await next_octets(end));
        lines_.consume(incoming.feed(octets));
        if (incoming.is_full()) {
            co_await incoming.write(lines_.stream().loop());
        }
    }
    co_return base::Result<>();
}

// Reads a chunk of `left` octets; without a message to put them in they are thrown away, since RFC 3030
// 2 has them on the wire whatever the answer will be.
base::Task<base::Result<>> Session::receive_counted(Incoming* incoming, std::uint64_t left) {
    const base::SteadyTime end = deadline(options_.message_timeout);
    while (left > 0 && (incoming == nullptr || !incoming->is_endless())) {
        CO_TRY(std::string_view octets, co_await next_octets(end));
        octets = octets.substr(0, std::min<std::uint64_t>(octets.size(), left));
        left -= octets.size();
        if (incoming == nullptr) {
            lines_.consume(octets.size());
            continue;
        }
        lines_.consume(incoming->feed(octets));
        if (incoming->is_full()) {
            co_await incoming->write(lines_.stream().loop());
        }
    }
    co_return base::Result<>();
}

// Legal in every state, as the table says, because the chunk has to be read in any case.
base::Task<Handled> Session::on_bdat(std::string_view arguments) {
    const auto command = parse_bdat(arguments);
    if (!command) {
        // Where the next command begins cannot be known.
        co_return Reply{501, {5, 5, 4}, std::string(command.error().what), After::kClose};
    }
    if (auto refusal = judge_chunk()) {
        if (command->octets > options_.message_octets_max) {
            co_return too_large();
        }
        CO_TRY_VOID(co_await receive_counted(nullptr, command->octets));
        co_return std::move(*refusal);
    }
    if (transaction_->incoming == nullptr) {
        transaction_->incoming = make_incoming(Framing::kCounted);
    }
    Incoming& incoming = *transaction_->incoming;
    CO_TRY_VOID(co_await receive_counted(&incoming, command->octets));
    idle_ = command->octets > 0 ? 0 : idle_;  // a large message may come in many chunks
    if (incoming.is_endless()) {
        co_return too_large();
    }
    if (command->last) {
        const auto owned = std::move(transaction_->incoming);
        co_return co_await conclude(*owned);
    }
    if (incoming.refusal()) {
        co_return *incoming.refusal();
    }
    co_return Reply{250, {2, 0, 0}, fmt::format("{} octets received", command->octets)};
}

std::optional<Reply> Session::judge_chunk() const {
    if (needs_login()) {
        return Reply{530, {5, 7, 0}, "log in first"};
    }
    switch (state()) {
        case kRcpt:
        case kChunks:
            return std::nullopt;
        case kMail:
            return Reply{
                options_.port == Port::kLmtp ? 503 : 554, {5, 5, 1}, "no valid recipients"};
        default:
            return Reply{503, {5, 5, 1}, "MAIL and RCPT come first"};
    }
}

// The end of the data: the transaction is over, whatever the answer (RFC 5321 4.1.1.4).
base::Task<Reply> Session::conclude(Incoming& incoming) {
    auto blob = co_await incoming.finish(lines_.stream().loop());
    std::vector<Reply> replies;
    if (blob) {
        replies = co_await deliver(std::move(*blob), incoming);
    } else {
        replies.assign(transaction_->recipients.size(), *incoming.refusal());
    }
    Reply reply = answer(std::move(replies), incoming);
    transaction_.reset();
    co_return reply;
}

}  // namespace smtp
