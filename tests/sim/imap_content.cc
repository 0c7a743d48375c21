#include "sim/imap_content.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/ascii.h"

namespace sim {

std::string_view Content::header() const {
    return std::string_view(octets).substr(0, octets.find("\r\n\r\n") + 4);
}

std::string_view Content::body() const {
    return std::string_view(octets).substr(octets.find("\r\n\r\n") + 4);
}

Content some_content(base::SeededRandom& random, std::vector<std::string>& ids) {
    static constexpr std::array<std::string_view, 3> kSubjects = {"apple", "Banana", "cherry"};
    static constexpr std::array<std::string_view, 3> kPeople = {"ann", "Bea", "cid"};
    const std::string_view subject = kSubjects[random.below(kSubjects.size())];
    const std::string_view from = kPeople[random.below(kPeople.size())];
    Content content;
    content.subject = base::to_lower(subject);
    content.from = base::to_lower(from);
    content.day = 1 + static_cast<unsigned>(random.below(9));
    content.id = fmt::format("<{}@sim.example>", ids.size());
    if (!ids.empty() && random.below(2) == 0) {
        content.parent = ids[random.below(ids.size())];
    }
    ids.push_back(content.id);
    content.octets = fmt::format(
        "From: {}@crepes.example\r\nSubject: {}{}\r\nDate: {} Jan 2026 00:00:00 +0000\r\n"
        "Message-ID: {}\r\n{}\r\nword{}\r\n",
        from,
        random.below(2) == 0 ? "Re: " : "",
        subject,
        content.day,
        content.id,
        content.parent.empty() ? "" : fmt::format("References: {}\r\n", content.parent),
        random.below(4));
    return content;
}

std::vector<Threaded> parse_threads(std::string_view text) {
    std::vector<Threaded> threads;
    std::vector<std::uint32_t> open;  // the message that each parenthesis stands behind
    std::uint32_t before = 0;
    while (!text.empty()) {
        const char c = text.front();
        const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
        if (digits > 0) {
            const auto number =
                base::parse_number<std::uint32_t>(text.substr(0, digits)).value_or(0);
            threads.push_back({number, before});
            before = number;
            text.remove_prefix(digits);
            continue;
        }
        if (c == '(') {
            open.push_back(before);
        } else if (c == ')' && !open.empty()) {
            before = open.back();
            open.pop_back();
        }
        text.remove_prefix(1);
    }
    return threads;
}

std::vector<Threaded> threads_by_subject(
    const std::vector<std::pair<std::uint32_t, const Content*>>& contents) {
    auto by_date = contents;
    std::ranges::stable_sort(by_date, {}, [](const auto& message) { return message.second->day; });
    std::vector<std::string> subjects;  // as the threads begin
    std::map<std::string, std::vector<std::uint32_t>> threads;
    for (const auto& [number, content] : by_date) {
        auto& thread = threads[content->subject];
        if (thread.empty()) {
            subjects.push_back(content->subject);
        }
        thread.push_back(number);
    }
    std::vector<Threaded> told;
    for (const std::string& subject : subjects) {
        const auto& thread = threads[subject];
        for (const std::uint32_t number : thread) {
            told.push_back({number, number == thread.front() ? 0 : thread.front()});
        }
    }
    return told;
}

}  // namespace sim
