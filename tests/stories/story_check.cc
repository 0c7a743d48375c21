// What a story says must be so.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "base/ascii.h"
#include "stories/story.h"
#include "transcripts/transcript.h"

namespace stories {
namespace {

using transcripts::matches;
using transcripts::split_word;

// "at most 3", "at least 3", "3".
bool is_count(std::size_t count, std::string_view said) {
    const bool most = said.starts_with("at most ");
    const bool least = said.starts_with("at least ");
    const std::string_view digits = said.substr(most ? 8 : least ? 9 : 0);
    const auto bound = base::parse_u64(digits);
    if (!bound) {
        throw std::runtime_error(fmt::format("unknown count: \"{}\"", said));
    }
    return most ? count <= *bound : least ? count >= *bound : count == *bound;
}

bool has_line(std::string_view text, std::string_view pattern) {
    while (!text.empty()) {
        std::string_view line = base::split_front(text, '\n');
        line.remove_suffix(line.ends_with('\r') ? 1 : 0);
        if (matches(pattern, line)) {
            return true;
        }
    }
    return false;
}

}  // namespace

void Story::check(std::string_view clause) {
    const auto [word, rest] = split_word(clause);
    if (word == "told") {
        check_told(rest);
    } else if (word == "waiting") {
        check_waiting(rest);
    } else if (word == "logged") {
        if (!has_line(log_text_, fmt::format("*{}*", rest))) {
            fault(fmt::format("never logged: {}", rest));
        }
    } else if (word == "asleep") {
        if (scheduler_->active_destinations() != 0 || scheduler_->connections() != 0) {
            fault("somebody is still at work");
        }
    } else {
        check_host(host(word), rest);
    }
}

// took N | took ID | never ID | conversations N | at-once N | in-clear N
void Story::check_host(const RemoteHost& it, std::string_view clause) {
    const auto [verb, rest] = split_word(clause);
    const auto& taken = it.taken();
    const bool has = std::find(taken.begin(), taken.end(), rest) != taken.end();
    const bool counts = base::parse_u64(rest).has_value() || rest.starts_with("at ");
    const bool holds = verb == "took"            ? (counts ? is_count(taken.size(), rest) : has)
                       : verb == "never"         ? !has
                       : verb == "conversations" ? is_count(it.conversations(), rest)
                       : verb == "at-once"       ? is_count(it.most_at_once(), rest)
                       : verb == "in-clear"      ? is_count(it.in_clear(), rest)
                                                 : throw std::runtime_error("unknown clause");
    if (!holds) {
        fault(fmt::format("not so; it took {} ({}) in {} conversations, {} at once, {} in clear",
                          taken.size(),
                          taken.empty() ? "" : taken.back(),
                          it.conversations(),
                          it.most_at_once(),
                          it.in_clear()));
    }
}

// "N" notices so far, or "TO ACTION RECIPIENT [PATTERN]": one says so, and has such a line.
void Story::check_told(std::string_view rest) {
    if (base::parse_u64(rest)) {
        if (!is_count(told_.size(), rest)) {
            fault(fmt::format("{} notices were sent", told_.size()));
        }
        return;
    }
    const auto [to, about] = split_word(rest);
    const auto [action, more] = split_word(about);
    const auto [recipient, pattern] = split_word(more);
    std::string all;
    for (const Told& told : told_) {
        const bool says = told.to == to && has_line(told.text, fmt::format("Action: {}", action)) &&
                          has_line(told.text, fmt::format("Final-Recipient: *; {}", recipient));
        if (says && (pattern.empty() || has_line(told.text, pattern))) {
            return;
        }
        all += fmt::format("to {}:\n{}\n", told.to, told.text);
    }
    fault(fmt::format("nobody was told so\n{}", all));
}

// "N" recipients, or an address.
void Story::check_waiting(std::string_view rest) {
    std::vector<std::string> waiting;
    const auto walked = queue::list(*store_.snapshot(), {}, [&](const queue::Listed& listed) {
        waiting.push_back(listed.recipient.address);
        return true;
    });
    const bool counts = base::parse_u64(rest).has_value() || rest.starts_with("at ");
    const bool holds = counts ? is_count(waiting.size(), rest)
                              : std::find(waiting.begin(), waiting.end(), rest) != waiting.end();
    if (!walked || !holds) {
        fault(fmt::format("{} recipients wait, {}", waiting.size(), fmt::join(waiting, " ")));
    }
}

void Story::check_sound() {
    const auto findings = queue::check(*store_.snapshot());
    if (!findings || !findings->empty()) {
        fault(fmt::format(
            "the queue is unsound: {}",
            findings ? fmt::format("{}", fmt::join(*findings, "\n")) : findings.error().text));
    }
}

}  // namespace stories
