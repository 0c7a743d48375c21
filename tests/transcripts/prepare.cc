// The clauses of a transcript's `given:`, made true before the first line (docs/guide/transcripts.md).
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <stdexcept>

#include "base/ascii.h"
#include "transcripts/player.h"

namespace transcripts {

void Player::prepare(std::string_view clause) {
    const auto [word, rest] = split_word(clause);
    if (!prepare_world(word, rest) && !prepare_network(word, rest) && !prepare_files(word, rest) &&
        word != "clock") {
        throw std::runtime_error(fmt::format("given: unknown clause: {}", clause));
    }
}

// Clauses about what the store holds. False: it is none of them.
bool Player::prepare_world(std::string_view word, std::string_view rest) {
    if (word == "domain") {
        while (!rest.empty()) {
            const std::string name(base::split_front(rest, ' '));
            first_domain_ = first_domain_.empty() ? name : first_domain_;
            world_.add_domain(name);
        }
        smtp_options_->hostname = first_domain_;
        pop3_options_->hostname = first_domain_;
        imap_options_->hostname = first_domain_;
        ftp_.options().hostname = first_domain_;
        world_.authenticator_options.default_domain = first_domain_;
        world_.make_authenticator();
    } else if (word == "users") {
        prepare_users(rest);
    } else if (word == "alias") {
        const std::string address(base::split_front(rest, '='));
        std::vector<std::string> members;
        while (!rest.empty()) {
            members.emplace_back(base::split_front(rest, ','));
        }
        world_.add_alias(address, members);
    } else if (word == "list") {
        prepare_list(rest);
    } else if (word == "owner") {
        const std::string list(base::split_front(rest, '='));
        world_.join_list(list, rest, account::Membership::kOwner);
    } else if (word == "message" || word == "recent") {
        const auto address = split_word(rest).first;
        world_.add_message(address, quoted(rest));
        if (word == "message") {
            world_.tell_of_messages(address);
        }
    } else if (word == "messages") {
        const auto [address, count] = split_word(rest);
        for (std::uint64_t i = 1; i <= base::parse_u64(count).value_or(0); ++i) {
            world_.add_message(address, fmt::format("Subject: {}\r\n\r\n", i));
        }
        world_.tell_of_messages(address);
    } else if (word == "legacy") {
        const std::string address(base::split_front(rest, ':'));
        world_.set_legacy_secret(address, rest);
    } else if (word == "disabled") {
        world_.disable(rest);
    } else if (word == "fail-commits") {
        world_.store.fail_next_commits(1,
                                       rest == "no-space" ? base::Errc::kNoSpace : base::Errc::kIo);
    } else {
        return false;
    }
    return true;
}

// Clauses about the port, the peer and the server's settings.
bool Player::prepare_network(std::string_view word, std::string_view rest) {
    if (word == "port") {
        smtp_options_->port = rest == "submission" ? smtp::Port::kSubmission
                              : rest == "lmtp"     ? smtp::Port::kLmtp
                                                   : smtp::Port::kRelay;
        pipe_.client.address = "127.0.0.1";
    } else if (word == "peer") {
        pipe_.client.address = rest;
    } else if (word == "tls") {
        pipe_.implicit_tls = true;
    } else if (word == "server-name") {
        pipe_.tls.server_name = rest;  // SNI
    } else if (word == "certificate") {
        // What a client certificate that was verified says of its owner.
        while (!rest.empty()) {
            pipe_.tls.client_names.emplace_back(base::split_front(rest, ' '));
        }
    } else if (word == "no-tls") {
        pipe_.can_start_tls = false;
    } else if (word == "no-plaintext") {
        world_.authenticator_options.allow_plaintext = false;
        world_.make_authenticator();
    } else if (word == "sender-domain") {
        sender_domain_ = rest == "missing"   ? smtp::DomainVerdict::kDoesNotExist
                         : rest == "unknown" ? smtp::DomainVerdict::kUnknownForNow
                                             : smtp::DomainVerdict::kExists;
    } else if (word == "dns") {
        ask_dns_ = true;
        world_.resolver.add(rest);
    } else if (word == "option") {
        prepare_option(rest);
    } else {
        return false;
    }
    return true;
}

// list ADDRESS[=member,member ...] [posting=WHO]
void Player::prepare_list(std::string_view text) {
    std::string_view members = base::split_front(text, ' ');
    const std::string address(base::split_front(members, '='));
    const auto posting = account::posting_named(text.substr(text.find('=') + 1));
    world_.add_list(address, posting.value_or(account::Posting::kMembers));
    while (!members.empty()) {
        world_.join_list(address, base::split_front(members, ','), account::Membership::kMember);
    }
}

// users NAME[@domain][:password[:quota[:messages]]][/Full_Name] ...
void Player::prepare_users(std::string_view text) {
    while (!text.empty()) {
        std::string_view user = base::split_front(text, ' ');
        std::string_view full_name = user;
        user = base::split_front(full_name, '/');
        std::string name(full_name);
        std::replace(name.begin(), name.end(), '_', ' ');
        const std::string_view address = base::split_front(user, ':');
        const std::string_view password = base::split_front(user, ':');
        const std::string whole = address.find('@') == std::string_view::npos
                                      ? fmt::format("{}@{}", address, first_domain_)
                                      : std::string(address);
        const std::uint64_t octets = base::parse_u64(base::split_front(user, ':')).value_or(0);
        world_.add_user(whole, password.empty() ? "secret" : password, octets, name);
        if (const auto messages = base::parse_u64(user)) {
            world_.set_message_quota(whole, *messages);
        }
    }
}

void Player::prepare_option(std::string_view text) {
    const std::string_view key = base::split_front(text, '=');
    const std::uint64_t number = base::parse_u64(text).value_or(0);
    const std::map<std::string_view, std::function<void()>> options = {
        {"message_octets_max",
         [&] { smtp_options_->message_octets_max = imap_options_->message_octets_max = number; }},
        {"recipients_max", [&] { smtp_options_->recipients_max = number; }},
        {"text_line_octets_max", [&] { smtp_options_->text_line_octets_max = number; }},
        {"received_fields_max", [&] { smtp_options_->received_fields_max = number; }},
        {"header_octets_max", [&] { smtp_options_->header_octets_max = number; }},
        {"errors_max",
         [&] {
             smtp_options_->errors_max = pop3_options_->errors_max = imap_options_->errors_max =
                 number;
         }},
        {"idle_commands_max", [&] { smtp_options_->idle_commands_max = number; }},
        {"vrfy_for_loopback", [&] { smtp_options_->vrfy_for_loopback = text == "true"; }},
        {"require_owned_sender", [&] { smtp_options_->require_owned_sender = text == "true"; }},
        {"accept_bare_addresses", [&] { smtp_options_->accept_bare_addresses = text == "true"; }},
        {"offer_auth_on_relay", [&] { smtp_options_->offer_auth_on_relay = text == "true"; }},
        {"queue", [&] { with_queue_ = text == "true"; }},
        {"release_max_s", [&] { smtp_options_->release_max = std::chrono::seconds(number); }},
        {"rewrite",
         [&] {
             const std::size_t arrow = text.find('>');
             smtp_options_->rewriting =
                 account::Rewriting::make({{.from = std::string(text.substr(0, arrow)),
                                            .to = std::string(text.substr(arrow + 1))}})
                     .value();
         }},
        {"srs",
         [&] { outgoing_.srs = std::make_shared<account::Srs>("the key of these transcripts"); }},
        {"relay_network",
         [&] { smtp_options_->relay_networks.push_back(net::AddressBlock::parse(text).value()); }},
        {"relay_domain",
         [&] {
             // DOMAIN[=ADDRESS,ADDRESS ...]
             const std::string domain(base::split_front(text, '='));
             std::string recipients(text);
             std::replace(recipients.begin(), recipients.end(), ',', '\n');
             smtp_options_->relay_domains =
                 smtp::RelayDomains::make({domain},
                                          recipients.empty()
                                              ? std::nullopt
                                              : std::optional<std::string_view>(recipients))
                     .value();
         }},
        {"complete_domain",
         [&] {
             smtp_options_->complete_messages = true;
             smtp_options_->complete_domain = text;
         }},
        {"exclusive", [&] { pop3_options_->exclusive = text == "true"; }},
        {"login_delay_s",
         [&] { pop3_options_->login_delay_s = static_cast<std::uint32_t>(number); }},
        {"login_failures_max", [&] { pop3_options_->login_failures_max = number; }},
        {"message_limit", [&] { imap_options_->message_limit = number; }},
        {"save_limit", [&] { imap_options_->save_limit = number; }},
        {"language", [&] { pop3_options_->language = text; }},
    };
    if (protocol_ == "ftp" && ftp_.set_option(key, text)) {
        return;
    }
    const auto option = options.find(key);
    if (option == options.end()) {
        throw std::runtime_error(fmt::format("given: unknown option: {}", key));
    }
    option->second();
}

}  // namespace transcripts
