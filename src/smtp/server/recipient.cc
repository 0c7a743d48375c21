// RCPT (RFC 5321 4.1.1.3): who receives, and who is refused. All that can be known is judged here, so that
// nothing is accepted first and bounced later.
#include <algorithm>
#include <utility>

#include "account/list_bounces.h"
#include "account/mailing_list.h"
#include "base/ascii.h"
#include "smtp/server/session.h"

namespace smtp {
namespace {

using base::Errc;

tl::unexpected<Reply> refuse(Reply reply) {
    return tl::unexpected<Reply>(std::move(reply));
}

}  // namespace

base::Task<Handled> Session::on_rcpt(std::string_view arguments) {
    std::string completed;
    if (is_helped()) {
        completed = complete_path(arguments, options_.complete_domain);
        arguments = completed;
    }
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
    const Path typed = command->recipient;
    rewrite(command->recipient, account::kInRecipient);
    if (typed != command->recipient && !command->parameters.orcpt && typed.is_ascii()) {
        command->parameters.orcpt = OriginalRecipient{"rfc822", typed.to_string()};
    }
    auto recipient = resolve_recipient(std::move(*command));
    if (!recipient) {
        co_return std::move(recipient.error());
    }
    if (recipient->domain.empty() && !recipient->remote.empty() && !may_relay()) {
        if (auto refusal = co_await judge_way(recipient->remote.front())) {
            co_return std::move(*refusal);
        }
    }
    transaction_->recipients.push_back(std::move(*recipient));
    co_return Reply{250, {2, 1, 5}, "recipient ok"};
}

bool Session::in_relay_network() const {
    const net::Endpoint& peer = lines_.stream().peer();
    return std::any_of(
        options_.relay_networks.begin(),
        options_.relay_networks.end(),
        [&peer](const net::AddressBlock& block) { return block.contains(peer.address); });
}

// Who logged in, and the networks that the configuration names (RFC 5321 7.9).
bool Session::may_relay() const {
    return identity_ != nullptr || in_relay_network();
}

// Programs whose messages may be unfinished, and who are ours to help.
bool Session::is_helped() const {
    return options_.complete_messages && in_relay_network();
}

// Of an address that is not ours. What a local part says of a further way ("bob%other.example",
// "other.example!bob") is the next server's to follow, so no stranger gets it there in our name.
std::optional<Reply> Session::judge_relaying(const account::Address& address) const {
    const bool covered = options_.relay_domains.cover(address.domain);
    const bool leads_on = address.local.find_first_of("%!@") != std::string::npos;
    if (!may_relay() && (!covered || leads_on)) {
        return Reply{550, {5, 7, 1}, "relaying denied"};
    }
    if (covered && !options_.relay_domains.has(address)) {
        return Reply{550, {5, 1, 1}, "no such user there, as far as is known here"};
    }
    return std::nullopt;
}

// What strangers send to a domain that we take mail for must have somewhere to go: a bounce later would go to
// whoever they say they are.
base::Task<std::optional<Reply>> Session::judge_way(account::Address address) {
    const Outgoing* outgoing = services_.outgoing;
    if (outgoing == nullptr || !outgoing->check_way ||
        !options_.relay_domains.cover(address.domain)) {
        co_return std::nullopt;
    }
    co_return co_await outgoing->check_way(
        lines_.stream().loop(), std::move(address), transaction_->sender.to_string());
}

// RFC 5321 4.5.1: <Postmaster>, and postmaster at the very address that the client reached.
bool Session::is_our_postmaster(const Path& path) const {
    return path.domain.empty() ||
           (base::iequals(path.local, "postmaster") &&
            base::iequals(path.domain, address_literal(lines_.stream().local())));
}

base::Result<account::Address, Reply> Session::recipient_address(const Path& path) const {
    if (is_our_postmaster(path)) {
        // The host's own, where its name is a domain with mail, else the administrator.
        const auto local = account::is_local_domain(*services_.store.snapshot(), options_.hostname);
        return account::Address{"postmaster", local.value_or(false) ? options_.hostname : ""};
    }
    auto address = account::parse_address(path.to_string());
    if (!address) {
        return refuse({553, {5, 1, 3}, "bad recipient address"});
    }
    return std::move(*address);
}

base::Result<account::Resolution, Reply> Session::resolve(const store::Reader& reader,
                                                          const account::Address& address) const {
    if (const auto sender = rewritten_sender(address)) {
        return account::Resolution{.local = {}, .remote = {*sender}, .lists = {}};
    }
    auto resolution = account::resolve(reader, address);
    if (resolution) {
        return std::move(*resolution);
    }
    switch (resolution.error().code) {
        case Errc::kUnsupported:
            if (auto refusal = judge_relaying(address)) {
                return refuse(std::move(*refusal));
            }
            return account::Resolution{.local = {}, .remote = {address}, .lists = {}};
        case Errc::kNotFound:
            return refuse({550, {5, 1, 1}, "no such user here"});
        case Errc::kDenied:
            return refuse({550, {5, 2, 1}, "that mailbox is disabled"});
        default:
            return refuse(directory_silence());
    }
}

// What became of a message that an alias of ours has sent on goes to its first sender. Notices alone: for
// anything else the address is as unknown as it looks.
std::optional<account::Address> Session::rewritten_sender(const account::Address& address) const {
    const Outgoing* outgoing = services_.outgoing;
    if (outgoing == nullptr || outgoing->srs == nullptr || !transaction_->sender.is_null() ||
        !account::Srs::is_rewritten(address) ||
        !account::is_local_domain(*services_.store.snapshot(), address.domain).value_or(false)) {
        return std::nullopt;
    }
    auto sender = outgoing->srs->reverse(address, services_.clock.now());
    return sender ? std::optional(std::move(*sender)) : std::nullopt;
}

// A notice for LIST-bounces is read by the server itself, with its queue; a person's letter is for the owners.
base::Result<std::optional<account::Address>, Reply> Session::bounced_list(
    const store::Reader& reader, const account::Address& address) const {
    if (!transaction_->sender.is_null() || services_.outgoing == nullptr) {
        return std::optional<account::Address>();
    }
    auto list = account::find_bounced_list(reader, address);
    if (!list) {
        return refuse(directory_silence());
    }
    return std::move(*list);
}

base::Result<Recipient, Reply> Session::resolve_recipient(RcptCommand command) const {
    const auto reader = services_.store.snapshot();
    TRY(const account::Address address, recipient_address(command.recipient));
    TRY(auto bounced, bounced_list(*reader, address));
    if (bounced) {
        return Recipient{.path = std::move(command.recipient),
                         .parameters = std::move(command.parameters),
                         .local = {},
                         .remote = {},
                         .lists = {},
                         .bounced = std::move(bounced),
                         .domain = address.domain};
    }
    TRY(account::Resolution resolution, resolve(*reader, address));
    const bool stays = resolution.remote.empty() && resolution.lists.empty();
    // Nothing is promised that cannot be kept: without a queue no part of it can leave this server.
    if (!stays && services_.outgoing == nullptr) {
        return refuse({451, {4, 4, 0}, "this server does not send to other domains"});
    }
    for (const account::Address& list : resolution.lists) {
        if (auto refusal = judge_post(*reader, list)) {
            return refuse(std::move(*refusal));
        }
    }
    if (stays && resolution.local.size() == 1) {
        if (auto refusal = judge_quota(resolution.local.front())) {
            return refuse(std::move(*refusal));
        }
    }
    // A rewritten sender of ours is nobody's address: what comes for it goes on as if it had its own.
    const bool ours = !account::Srs::is_rewritten(address) &&
                      account::is_local_domain(*reader, address.domain).value_or(false);
    return Recipient{std::move(command.recipient),
                     std::move(command.parameters),
                     std::move(resolution.local),
                     std::move(resolution.remote),
                     std::move(resolution.lists),
                     std::nullopt,
                     ours ? address.domain : std::string()};
}

// Who may post to a list is known from who sends. What has no sender is about an earlier message, and is
// for NAME-bounces: given to the list it would reach everybody.
std::optional<Reply> Session::judge_post(const store::Reader& reader,
                                         const account::Address& address) const {
    const auto list = account::find_list(reader, address);
    if (!list || !*list) {
        return directory_silence();
    }
    const auto sender = account::parse_address(transaction_->sender.to_string());
    if (transaction_->sender.is_null() || !sender) {
        return Reply{550, {5, 7, 1}, "a list takes no notices"};
    }
    auto allowed = account::may_post(reader, **list, *sender);
    if (allowed && !*allowed && identity_ != nullptr) {
        allowed = account::may_post(reader, **list, identity_->account.address);
    }
    if (!allowed) {
        return directory_silence();
    }
    if (*allowed) {
        return std::nullopt;
    }
    return Reply{550,
                 {5, 7, 1},
                 (*list)->posting == account::Posting::kOwners
                     ? "only the owners of this list may post to it"
                     : "only members of this list may post to it"};
}

// By what SIZE says; without it, whether anything fits at all. A list is never refused for the one
// member whose mailbox is full.
std::optional<Reply> Session::judge_quota(const account::LocalRecipient& recipient) const {
    const std::uint64_t octets =
        std::max<std::uint64_t>(transaction_->parameters.size.value_or(1), 1);
    if (recipient.quota_octets == 0 && recipient.quota_messages == 0) {
        return std::nullopt;
    }
    const auto fits = services_.messages.fits(recipient, octets);
    if (!fits) {
        return directory_silence();
    }
    if (*fits) {
        return std::nullopt;
    }
    return quota_refusal(recipient, octets);
}

Reply quota_refusal(const account::LocalRecipient& recipient, std::uint64_t octets) {
    if (recipient.quota_octets != 0 && octets > recipient.quota_octets) {
        return {552, {5, 2, 2}, "the message is larger than the whole mailbox may be"};
    }
    return {452, {4, 2, 2}, "the mailbox is full"};
}

}  // namespace smtp
