#include "transcripts/client_player.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/ascii.h"
#include "fakes/string_blob.h"
#include "net/tls_client_context.h"

namespace transcripts {
namespace {

using Kind = Step::Kind;
using smtp::Verdict;

std::string_view name(Verdict::Kind kind) {
    return kind == Verdict::Kind::kAccepted    ? "accepted"
           : kind == Verdict::Kind::kTemporary ? "temporary"
                                               : "permanent";
}

bool is_verdict(const Verdict& verdict, std::string_view rest) {
    const auto [kind, pattern] = split_word(rest);
    return name(verdict.kind) == kind &&
           matches(pattern.empty() ? "*" : pattern, verdict.to_string());
}

smtp::TlsUse tls_use(std::string_view text) {
    return text == "required"        ? smtp::TlsUse::kRequired
           : text == "verified"      ? smtp::TlsUse::kVerified
           : text == "opportunistic" ? smtp::TlsUse::kOpportunistic
                                     : smtp::TlsUse::kNever;
}

}  // namespace

ClientPlayer::ClientPlayer(const Transcript& transcript, ClientPlayOptions options)
    : transcript_(transcript),
      options_(options) {
    pipe_.receive_octets_max = options.receive_octets_max;
    client_options_.hostname = "bar.com";
    client_options_.tls = smtp::TlsUse::kNever;
    // The pipe's handshake asks nothing of it.
    client_options_.tls_context = std::make_shared<net::TlsClientContext>(nullptr);
    client_options_.watch = [this](char side, std::string_view octets) {
        dialogue_ += fmt::format("{}: {}", side, octets);
    };
}

void ClientPlayer::fault(const Step& step, const std::string& text) {
    if (!fault_) {
        fault_ = fmt::format("line {}: {}\n{}", step.line, text, dialogue_);
    }
}

std::optional<std::string> ClientPlayer::play() {
    for (const std::string& clause : transcript_.given) {
        prepare(clause);
    }
    start();
    for (const Step& step : transcript_.steps) {
        if (step.kind != Kind::kThen) {
            perform(step);
        }
        if (fault_) {
            return fault_;
        }
        if (options_.cut_after && server_lines_ > *options_.cut_after) {
            check_cut();
            return fault_;
        }
    }
    if (!loop_.run_until([this] { return ended_; }, std::chrono::hours(2))) {
        return "the client does not end\n" + dialogue_;
    }
    for (const Step& step : transcript_.steps) {
        if (step.kind == Kind::kThen) {
            check(step);
        }
    }
    return fault_;
}

void ClientPlayer::prepare(std::string_view clause) {
    const auto [word, rest] = split_word(clause);
    if (word == "from") {
        const auto [sender, parameters] = split_word(rest);
        envelope_.sender = sender == "<>" ? "" : sender;
        envelope_.parameters =
            smtp::parse_mail_parameters(parameters.empty() ? "" : fmt::format(" {}", parameters))
                .value();
    } else if (word == "to") {
        const auto [address, parameters] = split_word(rest);
        envelope_.recipients.push_back(
            {.address = std::string(address),
             .parameters = smtp::parse_rcpt_parameters(
                               parameters.empty() ? "" : fmt::format(" {}", parameters))
                               .value()});
    } else if (word == "message") {
        messages_.push_back(quoted(rest));
    } else if (word == "long-message") {
        messages_.push_back("Subject: long\r\n\r\n" +
                            std::string(base::parse_u64(rest).value_or(0), 'x') + "\r\n");
    } else if (word == "lmtp") {
        client_options_.lmtp = true;
    } else if (word == "login") {
        std::string_view password = rest;
        const std::string user(base::split_front(password, ':'));
        client_options_.login = {.user = user, .password = std::string(password)};
    } else if (word == "distrust") {
        pipe_.tls.distrust = rest;
    } else if (word == "option") {
        std::string_view value = rest;
        const std::string_view key = base::split_front(value, '=');
        prepare_option(key, value);
    } else {
        throw std::runtime_error(fmt::format("given: unknown clause: {}", clause));
    }
}

void ClientPlayer::prepare_option(std::string_view key, std::string_view value) {
    if (key == "tls") {
        client_options_.tls = tls_use(value);
        client_options_.tls_name = "foo.com";
    } else if (key == "hostname") {
        client_options_.hostname = value;
    } else if (key == "login_in_clear") {
        client_options_.login_in_clear = value == "true";
    } else if (key == "recipients_max") {
        client_options_.recipients_max = base::parse_u64(value).value_or(1);
    } else if (key == "convert_octets_max") {
        client_options_.convert_octets_max = base::parse_u64(value).value_or(0);
    } else {
        throw std::runtime_error(fmt::format("given: unknown option: {}", key));
    }
}

// A dialogue that went wrong leaves the client waiting.
ClientPlayer::~ClientPlayer() {
    if (client_ && !ended_) {
        stream_->close();
        static_cast<void>(loop_.run_until([this] { return ended_; }, std::chrono::hours(2)));
    }
}

void ClientPlayer::start() {
    std::tie(server_, stream_) = net::make_pipe(loop_, pipe_);
    client_ = std::make_unique<smtp::Client>(*stream_, client_options_, random_);
    base::spawn(converse(), [this](const std::exception_ptr& thrown) {
        ended_ = true;
        if (thrown) {
            std::rethrow_exception(thrown);
        }
    });
}

base::Task<> ClientPlayer::converse() {
    const auto opened = co_await client_->open();
    if (!opened) {
        not_open_ = opened.error();
    }
    for (std::size_t i = 0; opened && i < messages_.size(); ++i) {
        if (!reports_.empty() && !reports_.back().usable) {
            break;
        }
        fakes::StringBlob blob(messages_[i]);
        reports_.push_back(co_await client_->send(envelope_, blob));
    }
    co_await client_->quit();
}

void ClientPlayer::perform(const Step& step) {
    switch (step.kind) {
        case Kind::kServer:
            server_->push(step.text + "\r\n");
            ++server_lines_;
            loop_.run_ready();
            break;
        case Kind::kClient:
        case Kind::kClientRaw:
            expect(step);
            break;
        case Kind::kServerEnd:
            server_->close();
            loop_.run_ready();
            break;
        case Kind::kTls:
            loop_.run_ready();
            server_->grant_tls();
            loop_.run_ready();
            break;
        case Kind::kWait:
            loop_.run_for(std::chrono::milliseconds(step.wait_ms));
            break;
        case Kind::kClientClose:
            if (!loop_.run_until([this] { return server_->ended(); }, std::chrono::minutes(1))) {
                fault(step, "the client does not hang up");
            }
            break;
        default:
            fault(step, "no step of a client's transcript");
    }
}

// A line that matches, or these very octets.
void ClientPlayer::expect(const Step& step) {
    const bool raw = step.kind == Kind::kClientRaw;
    const auto has_enough = [&] {
        received_ += server_->take();
        return raw ? received_.size() >= step.text.size()
                   : received_.find("\r\n") != std::string::npos;
    };
    if (!loop_.run_until(has_enough, std::chrono::minutes(1))) {
        fault(step, fmt::format("the client says nothing more, but \"{}\"", received_));
        return;
    }
    const std::size_t octets = raw ? step.text.size() : received_.find("\r\n");
    const std::string got = received_.substr(0, octets);
    received_.erase(0, octets + (raw ? 0 : 2));
    if (raw ? got != step.text : !matches(step.text, got)) {
        fault(step, fmt::format("the client says \"{}\"", got));
    }
}

// Whatever it waited for: it ends at once, and believes nothing that was not said.
void ClientPlayer::check_cut() {
    const bool accepted = std::any_of(reports_.begin(), reports_.end(), [](const auto& report) {
        return std::any_of(report.recipients.begin(), report.recipients.end(), [](const auto& it) {
            return it.accepted();
        });
    });
    server_->close();
    if (!loop_.run_until([this] { return ended_; }, std::chrono::seconds(1))) {
        fault_ =
            fmt::format("cut after {}: the client waits on\n{}", *options_.cut_after, dialogue_);
    }
    const bool ends_accepted = !reports_.empty() && !not_open_ &&
                               std::any_of(reports_.back().recipients.begin(),
                                           reports_.back().recipients.end(),
                                           [](const auto& it) { return it.accepted(); });
    if (!accepted && ends_accepted && dialogue_.find("octets)") == std::string::npos) {
        fault_ = fmt::format("cut after {}: delivered?\n{}", *options_.cut_after, dialogue_);
    }
}

void ClientPlayer::check(const Step& step) {
    std::string_view clauses = step.text;
    while (!clauses.empty()) {
        const std::string_view clause = base::trim(base::split_front(clauses, ';'));
        if (!clause.empty() && !holds(clause)) {
            std::string state = not_open_ ? "open: " + not_open_->to_string() : "";
            for (const auto& report : reports_) {
                for (const Verdict& verdict : report.recipients) {
                    state += fmt::format("\n{} {}", name(verdict.kind), verdict.to_string());
                }
            }
            fault(step, fmt::format("not so: {}\n{}\n", clause, state));
        }
    }
}

bool ClientPlayer::holds(std::string_view clause) const {
    const auto [word, rest] = split_word(clause);
    if (word == "open") {
        return not_open_ && is_verdict(*not_open_, rest);
    }
    if (word == "tls-failed") {
        return client_->tls_failed();
    }
    if (word == "watched") {
        const auto [how, text] = split_word(rest);
        return (dialogue_.find(quoted(text)) != std::string::npos) == (how == "contains");
    }
    if (reports_.empty()) {
        return false;
    }
    const smtp::DeliveryReport& report = reports_.back();
    if (word == "usable" || word == "unusable") {
        return report.usable == (word == "usable");
    }
    if (word == "throttled" || word == "converted" || word == "notifies") {
        return word == "throttled"   ? report.throttled
               : word == "converted" ? report.converted
                                     : report.peer_notifies;
    }
    return holds_for(word, rest);
}

bool ClientPlayer::holds_for(std::string_view address, std::string_view rest) const {
    bool found = false;
    for (std::size_t i = 0; i < envelope_.recipients.size(); ++i) {
        if (envelope_.recipients[i].address == address) {
            found = true;
            if (!is_verdict(reports_.back().recipients.at(i), rest)) {
                return false;
            }
        }
    }
    return found;
}

}  // namespace transcripts
