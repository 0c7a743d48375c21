// MAIL and RCPT (RFC 5321 4.1.1.2, 4.1.1.3): who sends, who receives, and who is refused.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "smtp/server/session.h"

namespace smtp {
namespace {

using base::Errc;

// RFC 5321 4.2.4, RFC 3463: 555 for a parameter we do not know, 501 for the rest.
Reply fault_reply(const Fault& fault, EnhancedCode bad_address) {
    const int code = fault.code == Errc::kUnsupported ? 555 : 501;
    return {code, fault.in_path ? bad_address : EnhancedCode{5, 5, 4}, std::string(fault.what)};
}

Reply no_answer() {
    return {451, {4, 3, 0}, "the directory does not answer now, try again later"};
}

}  // namespace

// What holds for both paths.
std::optional<Reply> Session::judge_path(const Path& path, bool smtputf8) const {
    // A person at a keyboard may leave the brackets out; a program that pipelines may not.
    if (!path.bracketed && (!options_.accept_bare_addresses || lines_.has_input())) {
        return Reply{501, {5, 5, 2}, "the address belongs in angle brackets"};
    }
    // RFC 6531 3.5
    if (!smtputf8 && !path.is_ascii()) {
        return Reply{553, {5, 6, 7}, "an address outside ASCII needs SMTPUTF8"};
    }
    return std::nullopt;
}

base::Task<Handled> Session::on_mail(std::string_view arguments) {
    auto command = parse_mail(arguments);
    if (!command) {
        co_return fault_reply(command.error(), {5, 1, 7});
    }
    if (auto refusal = judge_path(command->sender, command->parameters.smtputf8)) {
        co_return std::move(*refusal);
    }
    if (command->parameters.size.value_or(0) > options_.message_octets_max) {
        co_return Reply{
            552,
            {5, 3, 4},
            fmt::format("messages have at most {} octets", options_.message_octets_max)};
    }
    if (auto refusal = co_await judge_sender(command->sender)) {
        co_return std::move(*refusal);
    }
    transaction_ = std::make_unique<Transaction>();
    transaction_->sender = std::move(command->sender);
    transaction_->parameters = std::move(command->parameters);
    co_return Reply{250, {2, 1, 0}, "sender ok"};
}

base::Task<std::optional<Reply>> Session::judge_sender(Path sender) {
    if (sender.is_null()) {
        co_return std::nullopt;
    }
    const auto address = account::parse_address(sender.to_string());
    if (!address) {
        co_return Reply{553, {5, 1, 7}, "bad sender address"};
    }
    if (identity_ != nullptr) {
        co_return judge_owner(*address);
    }
    if (!must_check_domain(*address)) {
        co_return std::nullopt;
    }
    switch (co_await services_.check_sender_domain(lines_.stream().loop(), address->domain)) {
        case DomainVerdict::kDoesNotExist:
            co_return Reply{550, {5, 1, 8}, "the sender's domain does not exist"};
        case DomainVerdict::kTakesNoMail:  // RFC 7505 4.2
            co_return Reply{
                550, {5, 7, 27}, "the sender's domain takes no mail, not even a bounce"};
        case DomainVerdict::kUnknownForNow:
            co_return Reply{451, {4, 1, 8}, "the sender's domain cannot be looked up now"};
        case DomainVerdict::kExists:
            break;
    }
    co_return std::nullopt;
}

// Programs of this machine and the server behind LMTP are trusted to know their senders, and our own domains
// may be unknown to the DNS.
bool Session::must_check_domain(const account::Address& sender) const {
    if (!services_.check_sender_domain || options_.port != Port::kRelay ||
        lines_.stream().peer().is_loopback() || sender.domain.starts_with('[')) {
        return false;
    }
    return !account::is_local_domain(*services_.store.snapshot(), sender.domain).value_or(false);
}

// RFC 6409 6.1: who logged in sends in their own name.
std::optional<Reply> Session::judge_owner(const account::Address& address) const {
    if (!options_.require_owned_sender) {
        return std::nullopt;
    }
    const auto reader = services_.store.snapshot();
    const auto owned = account::owns_address(*reader, identity_->account, address);
    if (!owned) {
        return no_answer();
    }
    if (!*owned) {
        return Reply{553, {5, 7, 1}, "that sender address is not yours"};
    }
    return std::nullopt;
}

base::Task<Handled> Session::on_rcpt(std::string_view arguments) {
    auto command = parse_rcpt(arguments);
    if (!command) {
        co_return fault_reply(command.error(), {5, 1, 3});
    }
    if (auto refusal = judge_path(command->recipient, transaction_->parameters.smtputf8)) {
        co_return std::move(*refusal);
    }
    // RFC 5321 4.5.3.1.10: the client sends the rest in another transaction.
    if (transaction_->recipients.size() >= options_.recipients_max) {
        co_return Reply{452, {4, 5, 3}, "too many recipients"};
    }
    auto recipient = resolve_recipient(std::move(*command));
    if (!recipient) {
        co_return std::move(recipient.error());
    }
    transaction_->recipients.push_back(std::move(*recipient));
    co_return Reply{250, {2, 1, 5}, "recipient ok"};
}

// Who logged in, and the networks that the configuration names (RFC 5321 7.9).
bool Session::may_relay() const {
    const net::Endpoint& peer = lines_.stream().peer();
    return identity_ != nullptr || std::any_of(options_.relay_networks.begin(),
                                               options_.relay_networks.end(),
                                               [&](const net::AddressBlock& block) {
                                                   return block.contains(peer.address);
                                               });
}

// RFC 5321 4.5.1: <Postmaster>, and postmaster at the very address that the client reached.
bool Session::is_our_postmaster(const Path& path) const {
    return path.domain.empty() ||
           (base::iequals(path.local, "postmaster") &&
            base::iequals(path.domain, address_literal(lines_.stream().local())));
}

base::Result<Recipient, Reply> Session::resolve_recipient(RcptCommand command) const {
    const auto refuse = [](Reply reply) { return tl::unexpected<Reply>(std::move(reply)); };
    const auto reader = services_.store.snapshot();
    auto address = account::parse_address(command.recipient.to_string());
    if (is_our_postmaster(command.recipient)) {
        // The host's own, where its name is a domain with mail, else the administrator.
        const auto local = account::is_local_domain(*reader, options_.hostname);
        address = account::Address{"postmaster", local.value_or(false) ? options_.hostname : ""};
    }
    if (!address) {
        return refuse({553, {5, 1, 3}, "bad recipient address"});
    }
    auto resolution = account::resolve(*reader, *address);
    if (!resolution && resolution.error().code == Errc::kUnsupported) {
        if (!may_relay()) {
            return refuse({550, {5, 7, 1}, "relaying denied"});
        }
        resolution = account::Resolution{{}, {*address}};
    }
    if (!resolution && resolution.error().code == Errc::kNotFound) {
        return refuse({550, {5, 1, 1}, "no such user here"});
    }
    if (!resolution && resolution.error().code == Errc::kDenied) {
        return refuse({550, {5, 2, 1}, "that mailbox is disabled"});
    }
    if (!resolution) {
        return refuse(no_answer());
    }
    // Nothing is promised that cannot be kept: without a queue no part of it can leave this server.
    if (!resolution->remote.empty() && services_.outgoing == nullptr) {
        return refuse({451, {4, 4, 0}, "this server does not send to other domains"});
    }
    if (resolution->local.size() == 1 && resolution->remote.empty()) {
        if (auto refusal = judge_quota(resolution->local.front())) {
            return refuse(std::move(*refusal));
        }
    }
    return Recipient{std::move(command.recipient),
                     std::move(command.parameters),
                     std::move(resolution->local),
                     std::move(resolution->remote)};
}

// By what SIZE says; without it, whether anything fits at all. A list is never refused for the one
// member whose mailbox is full.
std::optional<Reply> Session::judge_quota(const account::LocalRecipient& recipient) const {
    const std::uint64_t octets =
        std::max<std::uint64_t>(transaction_->parameters.size.value_or(1), 1);
    if (recipient.quota_octets == 0) {
        return std::nullopt;
    }
    const auto fits = services_.messages.fits(recipient.account, recipient.quota_octets, octets);
    if (!fits) {
        return no_answer();
    }
    if (*fits) {
        return std::nullopt;
    }
    return quota_refusal(recipient, octets);
}

Reply quota_refusal(const account::LocalRecipient& recipient, std::uint64_t octets) {
    if (octets > recipient.quota_octets) {
        return {552, {5, 2, 2}, "the message is larger than the whole mailbox may be"};
    }
    return {452, {4, 2, 2}, "the mailbox is full"};
}

}  // namespace smtp
