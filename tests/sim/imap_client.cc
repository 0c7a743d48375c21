#include "sim/imap_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "imap/grammar/literal.h"
#include "imap/grammar/response.h"

namespace sim {
namespace {

constexpr std::size_t kDialogueLines = 60;

std::uint64_t number_at(std::string_view text) {
    return base::parse_u64(text.substr(0, text.find_first_not_of("0123456789"))).value_or(0);
}

// What stands behind `name` in FETCH's items.
std::optional<std::string_view> item(std::string_view items, std::string_view name) {
    for (std::size_t at = items.find(name); at != std::string_view::npos;
         at = items.find(name, at + 1)) {
        if (at > 0 && (items[at - 1] == '(' || items[at - 1] == ' ')) {
            return items.substr(at + name.size());
        }
    }
    return std::nullopt;
}

void replace_all(std::string& text, std::string_view old, std::string_view replacement) {
    for (std::size_t at = text.find(old); at != std::string::npos;
         at = text.find(old, at + replacement.size())) {
        text.replace(at, old.size(), replacement);
    }
}

Flags parse_flags(std::string_view text) {
    Flags flags;
    text = text.substr(0, text.find(')'));
    while (!text.empty()) {
        flags.emplace(base::split_front(text, ' '));
    }
    flags.erase("\\Recent");
    return flags;
}

}  // namespace

std::optional<std::string> Answer::code(std::string_view word) const {
    std::vector<std::string> lines = untagged;
    lines.push_back(text);
    for (const std::string& line : lines) {
        const std::size_t at = line.find(fmt::format("[{} ", word));
        if (at != std::string::npos) {
            const std::size_t begin = at + word.size() + 2;
            return line.substr(begin, line.find(']', begin) - begin);
        }
    }
    return std::nullopt;
}

mail::UidSet parse_set(std::string_view text) {
    mail::UidSet set;
    while (!text.empty()) {
        std::string_view range = base::split_front(text, ',');
        const auto first = static_cast<mail::Uid>(number_at(base::split_front(range, ':')));
        const auto last = range.empty() ? first : static_cast<mail::Uid>(number_at(range));
        set.add(std::min(first, last), std::max(first, last));
    }
    return set;
}

void ImapClient::fault(std::string_view what) {
    faults_.push_back(fmt::format("{}\n{}", what, dialogue()));
}

std::string ImapClient::dialogue() const {
    std::string text;
    for (const std::string& line : dialogue_) {
        text += line + "\n";
    }
    return text;
}

void ImapClient::send(std::string_view octets) {
    dialogue_.push_back(fmt::format("C: {}", octets));
    stream_->push(octets);
}

void ImapClient::begin(std::string_view command) {
    static constexpr std::array<std::string_view, 6> kHolding = {
        "FETCH", "STORE", "SEARCH", "COPY", "SORT", "THREAD"};
    std::string_view rest = command;
    const std::string_view verb = base::split_front(rest, ' ');
    Sent sent{.tag = fmt::format("t{}", ++tags_), .answer = {}};
    sent.holds_numbers = std::ranges::find(kHolding, verb) != kHolding.end();
    std::string line = fmt::format("{} {}\r\n", sent.tag, command);
    if (tamper_ && tamper_->in_commands) {
        replace_all(line, tamper_->text, tamper_->replacement.value_or(""));
    }
    send(line);
    sent_.push_back(std::move(sent));
}

std::vector<Answer> ImapClient::finish() {
    const bool all =
        world_.loop.run_until([&] { return listen(), sent_.empty(); }, std::chrono::minutes(1));
    if (!all) {
        fault("a command has no answer");
        sent_.clear();
    }
    return std::exchange(answers_, {});
}

Answer ImapClient::run(std::string_view command) {
    begin(command);
    auto answers = finish();
    return answers.empty() ? Answer{} : std::move(answers.front());
}

Answer ImapClient::select(std::string_view command, std::vector<KnownMessage> known) {
    messages_ = std::move(known);
    selecting_ = true;
    exists_ = 0;
    fetched_.clear();
    const Answer answer = run(command);
    end_selection(answer);
    return answer;
}

void ImapClient::end_selection(const Answer& answer) {
    selecting_ = false;
    if (!answer.ok()) {
        messages_.clear();
        return;
    }
    if (exists_ < messages_.size()) {
        fault("more messages are kept than exist");
    }
    messages_.resize(exists_);
    for (const auto& [number, items] : std::exchange(fetched_, {})) {
        apply_fetch(number, items);
    }
}

void ImapClient::idle() {
    idle_ = true;
    continued_ = false;
    begin("IDLE");
    if (!world_.loop.run_until([&] { return listen(), continued_; }, std::chrono::minutes(1))) {
        fault("IDLE is not answered");
    }
}

Answer ImapClient::done() {
    send("DONE\r\n");
    auto answers = finish();
    idle_ = false;
    return answers.empty() ? Answer{} : std::move(answers.front());
}

void ImapClient::hang_up() {
    stream_->close();
}

bool ImapClient::hears_bye() {
    bye_expected_ = true;
    if (!idle_) {
        send("bye NOOP\r\n");
    }
    return world_.loop.run_until([&] { return listen(), heard_bye_; }, std::chrono::minutes(1));
}

// A line without its end and without its literals, the last of which is kept.
std::optional<std::string> ImapClient::next_line() {
    std::string line;
    literal_.reset();
    for (std::size_t at = 0;;) {
        const std::size_t end = received_.find("\r\n", at);
        if (end == std::string::npos) {
            return std::nullopt;
        }
        const std::string_view part = std::string_view(received_).substr(at, end - at);
        line += part;
        const auto literal = imap::find_literal(part);
        if (!literal) {
            if (!imap::parse_response(std::string_view(received_).substr(0, end))) {
                fault("against the grammar: " + received_.substr(0, end));
            }
            received_.erase(0, end + 2);
            return line;
        }
        at = end + 2 + static_cast<std::size_t>(literal->octets);
        if (at > received_.size()) {
            return std::nullopt;
        }
        literal_ = received_.substr(end + 2, at - end - 2);
    }
}

void ImapClient::listen() {
    received_ += stream_->take();
    while (auto line = next_line()) {
        if (tamper_ && !tamper_->in_commands && line->find(tamper_->text) != std::string::npos) {
            if (!tamper_->replacement) {
                continue;
            }
            replace_all(*line, tamper_->text, *tamper_->replacement);
        }
        dialogue_.push_back("S: " + *line);
        while (dialogue_.size() > kDialogueLines) {
            dialogue_.pop_front();
        }
        if (line->starts_with("* ")) {
            if (!sent_.empty()) {
                sent_.front().answer.untagged.push_back(line->substr(2));
            }
            if (!sent_.empty() && literal_) {
                sent_.front().answer.literals.emplace_back(line->substr(2), *literal_);
            }
            apply(line->substr(2));
        } else if (line->starts_with("+")) {
            continued_ = true;
        } else if (sent_.empty() || !line->starts_with(sent_.front().tag + " ")) {
            fault("an answer to nothing");
        } else {
            end_answer(*line);
        }
    }
}

void ImapClient::end_answer(const std::string& line) {
    std::string_view rest = line;
    static_cast<void>(base::split_front(rest, ' '));
    Answer answer = std::move(sent_.front().answer);
    sent_.pop_front();
    answer.status = base::split_front(rest, ' ');
    answer.text = rest;
    apply_modseq(answer.text);
    answers_.push_back(std::move(answer));
}

// RFC 7162 6: what it says holds, whatever MODSEQ was seen before.
void ImapClient::apply_modseq(std::string_view text) {
    static constexpr std::string_view kCode = "[HIGHESTMODSEQ ";
    if (text.starts_with(kCode)) {
        highest_modseq_ = number_at(text.substr(kCode.size()));
    }
}

void ImapClient::apply(const std::string& line) {
    std::string_view rest = line;
    const std::string_view word = base::split_front(rest, ' ');
    if (const auto number = base::parse_number<std::uint32_t>(word)) {
        apply_numbered(*number, rest);
    } else if (word == "VANISHED") {
        apply_vanished(rest);
    } else if (word == "STATUS") {
        apply_status(rest);
    } else if (word == "OK") {
        apply_modseq(rest);
    } else if (word == "BYE" && bye_expected_) {
        heard_bye_ = true;
    } else if (word == "BYE" || word == "BAD" || word == "NO") {
        fault("unexpected: " + line);
    }
}

void ImapClient::apply_numbered(std::uint32_t number, std::string_view rest) {
    const std::string_view word = base::split_front(rest, ' ');
    if (word == "EXISTS" && selecting_) {
        exists_ = number;
    } else if (word == "EXISTS") {
        if (number < messages_.size()) {
            fault(fmt::format("EXISTS takes messages away: {} were there", messages_.size()));
        }
        messages_.resize(std::max<std::size_t>(number, messages_.size()));
    } else if (word == "EXPUNGE") {
        may_expunge();
        if (number == 0 || number > messages_.size()) {
            return fault("EXPUNGE of a number that is not there");
        }
        messages_.erase(messages_.begin() + number - 1);
    } else if (word == "FETCH" && selecting_) {
        fetched_.emplace_back(number, rest);
    } else if (word == "FETCH") {
        apply_fetch(number, rest);
    } else if (word == "UIDFETCH") {
        apply_uidfetch(number, rest);
    } else if (word != "RECENT") {
        fault("an answer that is none");
    }
}

//  STATUS mailbox (item number ...)
void ImapClient::apply_status(std::string_view rest) {
    std::string name(base::split_front(rest, ' '));
    while (name.starts_with('"') && !name.ends_with('"') && !rest.empty()) {
        name.append(" ").append(base::split_front(rest, ' '));
    }
    const auto known = names_.find(name);
    KnownStatus& status = statuses_[known == names_.end() ? name : known->second];
    const auto messages = item(rest, "MESSAGES ");
    const auto uid_next = item(rest, "UIDNEXT ");
    status.messages = messages ? number_at(*messages) : status.messages;
    status.uid_next = uid_next ? number_at(*uid_next) : status.uid_next;
}

// RFC 9051 7.5.1: in no answer to FETCH, STORE, SEARCH, nor while no command is in progress.
void ImapClient::may_expunge() {
    if (!expunged_at_once_ && (sent_.empty() || sent_.front().holds_numbers)) {
        fault("EXPUNGE while numbers must stay");
    }
}

void ImapClient::apply_fetch(std::uint32_t number, std::string_view items) {
    if (number == 0 || number > messages_.size()) {
        return fault("FETCH of a number that is not there");
    }
    KnownMessage& message = messages_[number - 1];
    if (const auto uid = item(items, "UID ")) {
        const auto told = static_cast<mail::Uid>(number_at(*uid));
        if (message.uid != 0 && message.uid != told) {
            fault(fmt::format("number {} is UID {}, not {}", number, message.uid, told));
        }
        message.uid = told;
    }
    if (const auto flags = item(items, "FLAGS (")) {
        message.flags = parse_flags(*flags);
    }
    if (const auto modseq = item(items, "MODSEQ (")) {
        message.modseq = number_at(*modseq);
        highest_modseq_ = std::max(highest_modseq_, message.modseq);
    }
}

// RFC 9586 3.3. Without numbers nothing says where among the messages whose UIDs were not told yet this one is:
// it takes the place of any.
void ImapClient::apply_uidfetch(mail::Uid uid, std::string_view items) {
    auto message = std::ranges::find(messages_, uid, &KnownMessage::uid);
    if (message == messages_.end()) {
        const auto unknown = std::ranges::find(messages_, 0U, &KnownMessage::uid);
        if (unknown == messages_.end()) {
            return fault("UIDFETCH of a message that is not there");
        }
        messages_.erase(unknown);
        const auto behind = std::ranges::find_if(
            messages_, [uid](const KnownMessage& known) { return known.uid > uid; });
        message = messages_.insert(behind, {.uid = uid, .flags = {}});
    }
    apply_fetch(static_cast<std::uint32_t>(message - messages_.begin()) + 1, items);
}

void ImapClient::apply_vanished(std::string_view rest) {
    const bool earlier = rest.starts_with("(EARLIER) ");
    rest.remove_prefix(earlier ? 10 : 0);
    if (!earlier) {
        may_expunge();
    }
    parse_set(rest).for_each([&](mail::Uid uid) {
        const auto gone = place_of(uid);
        const bool known = gone != messages_.end() && gone->uid == uid;
        if (earlier && !selecting_ && known) {
            fault("VANISHED (EARLIER) of a message that is there");
        } else if (!earlier && gone == messages_.end()) {
            fault("VANISHED of a message that was never there");
        } else if (known || !earlier) {
            messages_.erase(gone);
        }
    });
}

// The message of that UID, or one that may be it: its own was not told, and it stands where that one would.
std::vector<KnownMessage>::iterator ImapClient::place_of(mail::Uid uid) {
    if (uid_only_) {
        const auto known = std::ranges::find(messages_, uid, &KnownMessage::uid);
        return known != messages_.end() ? known
                                        : std::ranges::find(messages_, 0U, &KnownMessage::uid);
    }
    auto unknown = messages_.end();
    for (auto message = messages_.begin(); message != messages_.end(); ++message) {
        if (message->uid == uid) {
            return message;
        }
        if (message->uid > uid) {
            break;
        }
        unknown = message->uid == 0 ? message : messages_.end();
    }
    return unknown;
}

}  // namespace sim
