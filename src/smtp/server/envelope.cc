// MAIL (RFC 5321 4.1.1.2): who sends, and who is refused.
#include <fmt/format.h>

#include <utility>

#include "account/standing.h"
#include "smtp/server/session.h"

namespace smtp {

using base::Errc;

// RFC 5321 4.2.4, RFC 3463: 555 for a parameter we do not know, 501 for the rest.
Reply fault_reply(const Fault& fault, EnhancedCode bad_address) {
    const int code = fault.code == Errc::kUnsupported ? 555 : 501;
    return {code, fault.in_path ? bad_address : EnhancedCode{5, 5, 4}, std::string(fault.what)};
}

Reply directory_silence() {
    return {451, {4, 3, 0}, "the directory does not answer now, try again later"};
}

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

void Session::rewrite(Path& path, account::Place place) const {
    if (options_.rewriting.empty() || path.is_null()) {
        return;
    }
    const auto address = account::parse_address(path.to_string());
    auto becomes = address ? options_.rewriting.apply(*address, place) : std::nullopt;
    if (becomes) {
        path.local = std::move(becomes->local);
        path.domain = std::move(becomes->domain);
    }
}

base::Task<Handled> Session::on_mail(std::string_view arguments) {
    std::string completed;
    if (is_helped()) {
        completed = complete_path(arguments, options_.complete_domain);
        arguments = completed;
    }
    auto command = parse_mail(arguments);
    if (!command) {
        co_return fault_reply(command.error(), {5, 1, 7});
    }
    if (auto refusal = judge_path(command->sender, command->parameters.smtputf8)) {
        co_return std::move(*refusal);
    }
    rewrite(command->sender, account::kInSender);
    if (command->parameters.size.value_or(0) > options_.message_octets_max) {
        co_return Reply{
            552,
            {5, 3, 4},
            fmt::format("messages have at most {} octets", options_.message_octets_max)};
    }
    if (auto refusal = co_await judge_stranger()) {
        co_return std::move(*refusal);
    }
    if (auto refusal = co_await judge_sender(command->sender)) {
        co_return std::move(*refusal);
    }
    auto release = judge_release(command->parameters);
    if (!release) {
        co_return std::move(release.error());
    }
    transaction_ = std::make_unique<Transaction>();
    transaction_->release = *release;
    transaction_->sender = std::move(command->sender);
    transaction_->parameters = std::move(command->parameters);
    co_return Reply{250, {2, 1, 0}, "sender ok"};
}

// RFC 4865 3: for submission alone, since servers that relay do not hold back what others sent.
bool Session::offers_release() const {
    return options_.port == Port::kSubmission && services_.outgoing != nullptr &&
           options_.release_max.count() > 0;
}

// When the message may leave. RFC 4865 4.3 has what is too far away answered as bad syntax is; a moment
// that has passed is "now", because clocks differ.
base::Result<std::optional<base::WallTime>, Reply> Session::judge_release(
    const MailParameters& parameters) const {
    if (!parameters.hold_for && !parameters.hold_until) {
        return std::optional<base::WallTime>();
    }
    if (!offers_release()) {
        return tl::unexpected<Reply>(Reply{555, {5, 5, 4}, "messages are not held back here"});
    }
    const base::WallTime now = services_.clock.now();
    const base::WallTime release =
        parameters.hold_for ? now + *parameters.hold_for : *parameters.hold_until;
    if (release > now + options_.release_max) {
        return tl::unexpected<Reply>(
            Reply{501,
                  {5, 5, 4},
                  fmt::format("messages are held back for at most {} seconds",
                              options_.release_max.count())});
    }
    return release > now ? std::optional(release) : std::nullopt;
}

base::Task<std::optional<Reply>> Session::judge_sender(Path sender) {
    if (identity_ != nullptr && !account::may_stay(services_.store, identity_->account.id)) {
        co_return Reply{550, {5, 7, 1}, "your account may not be used any more"};
    }
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
        return directory_silence();
    }
    if (!*owned) {
        return Reply{553, {5, 7, 1}, "that sender address is not yours"};
    }
    return std::nullopt;
}

}  // namespace smtp
