// SEARCH with its results (RFC 9051 6.4.4, RFC 4731, RFC 5182), SORT and THREAD (RFC 5256) of the model's clients.
#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "sim/imap_model.h"

namespace sim {
namespace {

std::string prefix(bool by_uid) {
    return by_uid ? "UID " : "";
}

// "1:3,7" in its order.
std::vector<std::uint32_t> parse_list(std::string_view text) {
    std::vector<std::uint32_t> numbers;
    while (!text.empty()) {
        std::string_view range = base::split_front(text, ',');
        const auto first = base::parse_number<std::uint32_t>(base::split_front(range, ':'));
        const auto last = range.empty() ? first : base::parse_number<std::uint32_t>(range);
        for (std::uint32_t number = first.value_or(1); number <= last.value_or(0); ++number) {
            numbers.push_back(number);
        }
    }
    return numbers;
}

// What stands behind `word` in ESEARCH.
std::optional<std::string_view> esearch_item(std::string_view line, std::string_view word) {
    const std::size_t at = line.find(fmt::format(" {} ", word));
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    line.remove_prefix(at + word.size() + 2);
    return base::split_front(line, ' ');
}

// The first untagged line of that name.
std::optional<std::string_view> line_of(const Answer& answer, std::string_view name) {
    for (const std::string_view line : answer.untagged) {
        if (line == name || line.starts_with(fmt::format("{} ", name))) {
            return line.substr(std::min(line.size(), name.size() + 1));
        }
    }
    return std::nullopt;
}

std::string text_of(const std::vector<std::uint32_t>& numbers) {
    return fmt::format("{}", fmt::join(numbers, ","));
}

// RFC 9394 3.1: the second to the fourth, or the last two.
std::string compare_partial(std::string_view line,
                            const std::string& returns,
                            const std::vector<std::uint32_t>& right) {
    const std::size_t at = returns.find("PARTIAL ");
    if (at == std::string::npos) {
        return {};
    }
    const std::string range = returns.substr(at + 8);
    const std::size_t count = right.size();
    const bool from_the_end = range.starts_with('-');
    const std::size_t first =
        from_the_end ? count - std::min<std::size_t>(count, 2) : std::min<std::size_t>(count, 1);
    const std::size_t last = from_the_end ? count : std::min<std::size_t>(count, 4);
    mail::UidSet numbers;
    for (std::size_t i = first; i < last; ++i) {
        numbers.add(right[i]);
    }
    const std::string wanted =
        fmt::format("PARTIAL ({} {})", range, numbers.empty() ? "NIL" : numbers.to_text());
    return line.find(wanted) == std::string_view::npos ? "it should say " + wanted : "";
}

// Says what ESEARCH has wrong, or nothing.
std::string compare_esearch(std::string_view line,
                            const std::string& returns,
                            const std::vector<std::uint32_t>& right) {
    const auto told = [line](std::string_view word) {
        const auto item = esearch_item(line, word);
        return item ? parse_list(*item) : std::vector<std::uint32_t>();
    };
    const bool all = returns.empty() || returns == "ALL";
    if ((all || returns.find("ALL") != std::string::npos) && told("ALL") != right) {
        return fmt::format("ALL should be {}", text_of(right));
    }
    if (const std::string wrong = compare_partial(line, returns, right); !wrong.empty()) {
        return wrong;
    }
    if (returns.find("COUNT") != std::string::npos && told("COUNT").front() != right.size()) {
        return fmt::format("COUNT should be {}", right.size());
    }
    for (const auto& [word, first] : {std::pair("MIN", true), std::pair("MAX", false)}) {
        if (returns.find(word) == std::string::npos) {
            continue;
        }
        std::vector<std::uint32_t> end;
        if (!right.empty()) {
            end.push_back(first ? right.front() : right.back());
        }
        if (told(word) != end) {
            return fmt::format("{} should be {}", word, text_of(end));
        }
    }
    return {};
}

}  // namespace

ImapModelRun::Key ImapModelRun::some_key() {
    const auto has = [](const char* flag) {
        return [flag](const ModelMessage& message) { return message.flags.contains(flag); };
    };
    const auto lacks = [](const char* flag) {
        return [flag](const ModelMessage& message) { return !message.flags.contains(flag); };
    };
    const auto large = [](const ModelMessage& m) { return m.content.octets.size() > 150; };
    const std::array<Key, 12> keys = {{
        {"ALL", [](const ModelMessage&) { return true; }},
        {"FLAGGED", has("\\Flagged")},
        {"UNSEEN", lacks("\\Seen")},
        {"DELETED", has("\\Deleted")},
        {"KEYWORD $a", has("$a")},
        {"UNKEYWORD $b", lacks("$b")},
        {"NOT ANSWERED", lacks("\\Answered")},
        {"SUBJECT BANANA", [](const ModelMessage& m) { return m.content.subject == "banana"; }},
        {"FROM ann", [](const ModelMessage& m) { return m.content.from == "ann"; }},
        {"BODY word1",
         [](const ModelMessage& m) { return m.content.body().find("word1") != std::string::npos; }},
        {"LARGER 150", large},
        {"OR SENTSINCE 5-Jan-2026 DRAFT",
         [](const ModelMessage& m) { return m.content.day >= 5 || m.flags.contains("\\Draft"); }},
    }};
    return keys[random_.below(keys.size())];
}

// By number the messages that the client knows, by UID all that there are: it is told of them first.
std::vector<ImapModelRun::Fitting> ImapModelRun::fitting(Actor& actor,
                                                         const Key& key,
                                                         bool by_uid) {
    std::vector<Fitting> found;
    ModelMailbox& mailbox = model_.at(actor.mailbox);
    if (by_uid) {
        for (const ModelMessage& message : mailbox.messages) {
            if (key.holds(message)) {
                found.push_back({message.uid, &message});
            }
        }
        return found;
    }
    const std::vector<KnownMessage>& known = actor.client->messages();
    for (std::size_t i = 0; i < known.size(); ++i) {
        const ModelMessage* const message = mailbox.find(known[i].uid);
        if (message != nullptr && key.holds(*message)) {
            found.push_back({static_cast<std::uint32_t>(i + 1), message});
        }
    }
    return found;
}

// Says what the answer has wrong, or nothing. Without results that are asked for it may be of either form.
std::string ImapModelRun::compare_search(const Answer& answer,
                                         const std::string& returns,
                                         const std::vector<std::uint32_t>& right) const {
    if (const auto line = line_of(answer, "ESEARCH")) {
        return compare_esearch(*line, returns, right);
    }
    if (returns == "SAVE") {
        return {};
    }
    for (const char* const name : {"SEARCH", "SORT"}) {
        if (const auto line = line_of(answer, name)) {
            std::string listed(*line);
            std::ranges::replace(listed, ' ', ',');
            return listed == text_of(right) ? "" : fmt::format("it should be {}", text_of(right));
        }
    }
    return "no answer";
}

// RFC 5182 2.4
void ImapModelRun::save_result(Actor& actor,
                               const std::string& returns,
                               const std::vector<Fitting>& found) {
    if (returns.find("SAVE") == std::string::npos) {
        return;
    }
    const auto wants = [&returns](const char* word) {
        return returns.find(word) != std::string::npos;
    };
    const bool all = wants("ALL") || wants("COUNT") || (!wants("MIN") && !wants("MAX"));
    actor.saved = {};
    for (const Fitting& one : found) {
        if (all || (wants("MIN") && &one == &found.front()) ||
            (wants("MAX") && &one == &found.back())) {
            actor.saved.add(one.message->uid);
        }
    }
}

void ImapModelRun::search(Actor& actor) {
    static constexpr std::array<const char*, 10> kReturns = {"",
                                                             "",
                                                             "ALL",
                                                             "MIN MAX COUNT",
                                                             "SAVE",
                                                             "SAVE ALL",
                                                             "SAVE MIN",
                                                             "SAVE MAX MIN",
                                                             "PARTIAL 2:4",
                                                             "COUNT PARTIAL -1:-2"};
    const bool by_uid = some_by_uid(actor);
    const std::string returns = kReturns[random_.below(kReturns.size())];
    Key key = some_key();
    if (chance(5)) {
        const mail::UidSet saved = actor.saved;
        key = {"$ " + key.text, [saved, holds = key.holds](const ModelMessage& message) {
                   return saved.contains(message.uid) && holds(message);
               }};
    }
    const std::vector<Fitting> found = fitting(actor, key, by_uid);
    std::vector<std::uint32_t> right;
    std::ranges::transform(found, std::back_inserter(right), &Fitting::number);
    save_result(actor, returns, found);
    const std::string command =
        fmt::format("{}SEARCH {}{}",
                    prefix(by_uid),
                    returns.empty() ? "" : fmt::format("RETURN ({}) ", returns),
                    key.text);
    const Answer answer = actor.client->run(command);
    check_answer(actor, answer, answer.ok(), command);
    if (const std::string wrong = compare_search(answer, returns, right); !wrong.empty()) {
        fault(actor, fmt::format("{}: {}", command, wrong));
    }
    check_after(actor, by_uid);
}

void ImapModelRun::sort(Actor& actor) {
    struct Criterion {
        const char* text;
        std::function<bool(const Content&, const Content&)> before;
    };

    static const std::array<Criterion, 4> kCriteria = {{
        {"SUBJECT", [](const Content& a, const Content& b) { return a.subject < b.subject; }},
        {"FROM", [](const Content& a, const Content& b) { return a.from < b.from; }},
        {"DATE", [](const Content& a, const Content& b) { return a.day < b.day; }},
        {"SIZE",
         [](const Content& a, const Content& b) { return a.octets.size() < b.octets.size(); }},
    }};
    const bool by_uid = some_by_uid(actor);
    const bool returns = chance(3);
    const Key key = some_key();
    std::vector<Fitting> found = fitting(actor, key, by_uid);
    std::string text;
    std::vector<std::pair<const Criterion*, bool>> criteria;
    for (std::uint64_t i = 0; i <= random_.below(3); ++i) {
        criteria.emplace_back(&kCriteria[random_.below(kCriteria.size())], chance(2));
        text += fmt::format("{}{}{}",
                            text.empty() ? "" : " ",
                            criteria.back().second ? "REVERSE " : "",
                            criteria.back().first->text);
    }
    std::ranges::stable_sort(found, [&](const Fitting& a, const Fitting& b) {
        for (const auto& [criterion, reverse] : criteria) {
            const Content& first = (reverse ? b : a).message->content;
            const Content& second = (reverse ? a : b).message->content;
            if (criterion->before(first, second) || criterion->before(second, first)) {
                return criterion->before(first, second);
            }
        }
        return false;
    });
    std::vector<std::uint32_t> right;
    std::ranges::transform(found, std::back_inserter(right), &Fitting::number);
    const std::string command = fmt::format(
        "{}SORT {}({}) UTF-8 {}", prefix(by_uid), returns ? "RETURN (ALL) " : "", text, key.text);
    const Answer answer = actor.client->run(command);
    check_answer(actor, answer, answer.ok(), command);
    if (const std::string wrong = compare_search(answer, "", right); !wrong.empty()) {
        fault(actor, fmt::format("{}: {}", command, wrong));
    }
    check_after(actor, by_uid);
}

// ORDEREDSUBJECT has one right answer. Of REFERENCES and REFS: each message stands there once, and an answer
// below what it answers, where that is among them.
void ImapModelRun::thread(Actor& actor) {
    static constexpr std::array<const char*, 3> kAlgorithms = {
        "ORDEREDSUBJECT", "REFERENCES", "REFS"};
    const bool by_uid = some_by_uid(actor);
    const std::string algorithm = kAlgorithms[random_.below(kAlgorithms.size())];
    const Key key = some_key();
    const std::vector<Fitting> found = fitting(actor, key, by_uid);
    std::vector<std::pair<std::uint32_t, const Content*>> contents;
    std::map<std::uint32_t, const Content*> by_number;
    for (const Fitting& one : found) {
        contents.emplace_back(one.number, &one.message->content);
        by_number.emplace(contents.back());
    }
    const std::string command =
        fmt::format("{}THREAD {} UTF-8 {}", prefix(by_uid), algorithm, key.text);
    const Answer answer = actor.client->run(command);
    check_answer(actor, answer, answer.ok(), command);
    const auto line = line_of(answer, "THREAD");
    const std::vector<Threaded> told = line ? parse_threads(*line) : std::vector<Threaded>();
    bool right = line && told.size() == contents.size();
    if (algorithm == "ORDEREDSUBJECT") {
        right = right && told == threads_by_subject(contents);
    } else {
        right = right && follow_references(told, by_number);
    }
    if (!right) {
        fault(actor, fmt::format("{}: not the threads there are", command));
    }
    check_after(actor, by_uid);
}

bool ImapModelRun::follow_references(const std::vector<Threaded>& told,
                                     const std::map<std::uint32_t, const Content*>& contents) {
    std::set<std::uint32_t> seen;
    std::set<std::string> ids;
    for (const auto& [number, content] : contents) {
        ids.insert(content->id);
    }
    return std::ranges::all_of(told, [&](const Threaded& one) {
        const auto content = contents.find(one.number);
        if (content == contents.end() || !seen.insert(one.number).second) {
            return false;
        }
        const std::string& parent = content->second->parent;
        if (parent.empty() || !ids.contains(parent)) {
            return true;
        }
        const auto above = contents.find(one.parent);
        return above != contents.end() && above->second->id == parent;
    });
}

}  // namespace sim
