// VRFY, EXPN and HELP (RFC 5321 3.5, 4.1.1.6-4.1.1.8), and the commands that time has taken (RFC 5321 F).
#include <fmt/format.h>

#include <utility>

#include "account/mailing_list.h"
#include "base/ascii.h"
#include "smtp/server/session.h"

namespace smtp {
namespace {

// "<bob@x.org>" and "bob@x.org" ask for the same.
std::string_view without_brackets(std::string_view text) {
    if (text.size() > 2 && text.starts_with('<') && text.ends_with('>')) {
        return text.substr(1, text.size() - 2);
    }
    return text;
}

// RFC 5321 3.5.1: "Full Name <user@domain>".
std::string describe(const account::Account& account) {
    return fmt::format("{}{}<{}>",
                       account.full_name,
                       account.full_name.empty() ? "" : " ",
                       account.address.to_string());
}

std::string describe(const account::MailingList& list) {
    return fmt::format("{}{}<{}>",
                       list.description,
                       list.description.empty() ? "" : " ",
                       list.address.to_string());
}

// RFC 6531 3.7.4.2: the parameter that both commands may have. Taken off the end of `arguments`.
bool take_smtputf8(std::string_view& arguments) {
    if (!base::iends_with(arguments, " SMTPUTF8")) {
        return false;
    }
    arguments.remove_suffix(9);
    arguments = base::trim(arguments);
    return true;
}

Reply utf8_reply(int code, EnhancedCode enhanced, std::string text, bool smtputf8) {
    if (!smtputf8 && !base::is_ascii(text)) {
        return {553, {5, 6, 8}, "the answer is not ASCII, ask with SMTPUTF8"};
    }
    return {code, enhanced, std::move(text)};
}

}  // namespace

// RFC 5321 7.3: who may ask is policy. Users may, and people at this machine where the setting says so.
bool Session::may_enquire() const {
    return identity_ != nullptr ||
           (options_.vrfy_for_loopback && lines_.stream().peer().is_loopback());
}

// Who is on a list is for those who are on it.
bool Session::may_see_members(const store::Reader& reader, const account::Address& list) const {
    using account::Membership;
    const auto is = [&](Membership membership) {
        return account::is_member(reader, list, membership, identity_->account.address)
            .value_or(false);
    };
    return identity_ == nullptr || is(Membership::kMember) || is(Membership::kOwner);
}

base::Task<Handled> Session::on_vrfy(std::string_view arguments) {
    const bool smtputf8 = take_smtputf8(arguments);
    if (arguments.empty()) {
        co_return Reply{501, {5, 5, 4}, "VRFY whom?"};
    }
    if (!may_enquire()) {
        co_return Reply{252, {2, 5, 2}, "cannot say, but will take a message and try"};
    }
    const auto reader = services_.store.snapshot();
    const auto found = account::verify(*reader, without_brackets(arguments));
    const auto list = account::find_list_called(*reader, without_brackets(arguments));
    if (!found || !list) {
        co_return directory_silence();
    }
    if (found->empty() && *list) {
        co_return utf8_reply(250, {2, 1, 5}, describe(**list), smtputf8);
    }
    if (found->empty()) {
        co_return Reply{550, {5, 1, 1}, "no such user here"};
    }
    if (found->size() == 1) {
        co_return utf8_reply(250, {2, 1, 5}, describe(found->front()), smtputf8);
    }
    std::string text = "ambiguous; possibilities are";
    for (const account::Account& account : *found) {
        text += '\n' + describe(account);
    }
    co_return utf8_reply(553, {5, 1, 4}, std::move(text), smtputf8);
}

base::Task<Handled> Session::on_expn(std::string_view arguments) {
    const bool smtputf8 = take_smtputf8(arguments);
    if (arguments.empty()) {
        co_return Reply{501, {5, 5, 4}, "EXPN which list?"};
    }
    if (!may_enquire()) {
        co_return Reply{550, {5, 7, 1}, "lists are not shown to strangers"};
    }
    const auto reader = services_.store.snapshot();
    const auto members = account::expand(*reader, without_brackets(arguments));
    const auto list = account::find_list_called(*reader, without_brackets(arguments));
    if ((!members && members.error().code != base::Errc::kNotFound) || !list) {
        co_return directory_silence();
    }
    if (*list && !may_see_members(*reader, (*list)->address)) {
        co_return Reply{550, {5, 7, 1}, "who is on that list only its members may know"};
    }
    if (!members || members->empty()) {
        co_return Reply{550, {5, 1, 1}, "no such list here"};
    }
    std::string text;
    for (const account::Address& member : *members) {
        const auto account = account::find_account(*reader, member);
        text += text.empty() ? "" : "\n";
        text += account && *account ? describe(**account) : fmt::format("<{}>", member.to_string());
    }
    co_return utf8_reply(250, {2, 1, 5}, std::move(text), smtputf8);
}

base::Task<Handled> Session::on_help(std::string_view arguments) {
    const unsigned port = options_.port == Port::kLmtp ? kLmtp : kSmtp;
    if (!arguments.empty()) {
        const Command* command = find_command(arguments);
        if (command == nullptr) {
            co_return Reply{504, {5, 5, 4}, "no help on that"};
        }
        co_return Reply{
            214, {2, 0, 0}, fmt::format("{} (RFC {})", command->syntax, command->section)};
    }
    std::string text = "These commands are known; HELP and a command says more:\n";
    for (const Command& command : commands()) {
        if ((command.flags & port) != 0 && command.handler != &Session::on_obsolete) {
            text += text.ends_with('\n') ? "" : " ";
            text += command.verb;
        }
    }
    co_return Reply{214, {2, 0, 0}, std::move(text)};
}

base::Task<Handled> Session::on_obsolete(std::string_view /*arguments*/) {
    co_return Reply{502, {5, 5, 1}, "that command is obsolete and not implemented"};
}

}  // namespace smtp
