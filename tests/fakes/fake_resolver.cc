#include "fakes/fake_resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/ascii.h"

namespace fakes {
namespace {

using net::Answer;

constexpr std::array kTypes = {"A", "AAAA", "MX", "TXT", "TLSA", "PTR", "CNAME"};
constexpr int kChainMax = 8;

std::string canonical(std::string_view name) {
    std::string lower = base::to_lower(name);
    if (lower.ends_with('.')) {
        lower.pop_back();
    }
    return lower;
}

// The next word of `line`, which loses it.
std::string take_word(std::string_view& line) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    const auto begin = std::find_if_not(line.begin(), line.end(), blank);
    const auto end = std::find_if(begin, line.end(), blank);
    std::string word(begin, end);
    const auto rest = std::find_if_not(end, line.end(), blank);
    line.remove_prefix(static_cast<std::size_t>(rest - line.begin()));
    return word;
}

net::MxRecord to_mx(std::string_view data) {
    const std::string preference = take_word(data);
    return {.preference = base::parse_number<std::uint16_t>(preference).value(),
            .host = canonical(take_word(data))};
}

std::string to_octets(std::string_view hexadecimal) {
    std::string octets;
    while (!hexadecimal.empty()) {
        octets += static_cast<char>(std::stoi(take_word(hexadecimal), nullptr, 16));
    }
    return octets;
}

void fill(Answer& answer, net::RecordType type, const std::vector<std::string>& records) {
    answer.status = Answer::kFound;
    for (const std::string& data : records) {
        switch (type) {
            case net::RecordType::kMx:
                answer.mx.push_back(to_mx(data));
                break;
            case net::RecordType::kTlsa:
                answer.records.push_back(to_octets(data));
                break;
            case net::RecordType::kPtr:
            case net::RecordType::kCname:
                answer.records.push_back(canonical(data));
                break;
            default:
                answer.records.push_back(data);
        }
    }
}

}  // namespace

void FakeResolver::add(std::string_view zone) {
    while (!zone.empty()) {
        const std::size_t end = std::min(zone.find('\n'), zone.size());
        add_line(zone.substr(0, std::min(end, zone.find('#'))));
        zone.remove_prefix(std::min(end + 1, zone.size()));
    }
}

void FakeResolver::add_line(std::string_view line) {
    const std::string name = canonical(take_word(line));
    if (name.empty()) {
        return;
    }
    const std::string type = take_word(line);
    while (line.ends_with(' ') || line.ends_with('\t') || line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    Name& entry = names_[name];
    if (std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end()) {
        entry.records[type].emplace_back(line);
    } else if (type == "DELAY" && line.ends_with('s')) {
        line.remove_suffix(1);
        entry.delay = std::chrono::seconds(base::parse_number<unsigned>(line).value());
    } else if (type == "SECURE") {
        entry.secure = true;
    } else if (type == "TIMEOUT" || type == "SERVFAIL" || type == "BOGUS") {
        entry.fault = type;
    } else {
        throw std::runtime_error(fmt::format("the zone has {} {}: no such type", name, type));
    }
}

void FakeResolver::remove(std::string_view name) {
    names_.erase(canonical(name));
}

// A name that only stands between others exists too, without records (RFC 8020).
bool FakeResolver::exists(const std::string& name) const {
    return std::any_of(names_.begin(), names_.end(), [&name](const auto& entry) {
        return entry.first == name || entry.first.ends_with("." + name);
    });
}

base::Task<Answer> FakeResolver::lookup(base::Loop& loop, std::string name, net::RecordType type) {
    const std::string type_name(net::record_type_name(type));
    Answer answer{.ttl = std::chrono::hours(1), .canonical = canonical(name)};
    questions_.push_back(type_name + " " + answer.canonical);
    for (int hops = 0; hops < kChainMax; ++hops) {
        const auto found = names_.find(answer.canonical);
        if (found == names_.end()) {
            answer.status = exists(answer.canonical) ? Answer::kNoData : Answer::kNoDomain;
            answer.why = fmt::format("{} has no {} record", answer.canonical, type_name);
            co_return answer;
        }
        const Name entry = found->second;  // a test may change the zone while we wait
        co_await base::sleep_until(loop, loop.clock().steady() + entry.delay);
        if (entry.fault == "TIMEOUT") {
            co_await base::sleep_until(loop, loop.clock().steady() + std::chrono::seconds(10));
            answer.status = Answer::kTimeout;
            answer.why = "no answer in time";
            co_return answer;
        }
        if (!entry.fault.empty()) {
            answer.status = Answer::kFailed;
            answer.why = entry.fault == "BOGUS" ? "the signature is wrong" : "SERVFAIL";
            co_return answer;
        }
        answer.secure = entry.secure;
        if (const auto records = entry.records.find(type_name); records != entry.records.end()) {
            fill(answer, type, records->second);
            co_return answer;
        }
        const auto alias = entry.records.find("CNAME");
        if (alias == entry.records.end()) {
            answer.status = Answer::kNoData;
            answer.why = fmt::format("{} has no {} record", answer.canonical, type_name);
            co_return answer;
        }
        answer.canonical = canonical(alias->second.front());
    }
    answer.status = Answer::kFailed;
    answer.why = "the chain of CNAME records does not end";
    co_return answer;
}

}  // namespace fakes
