#include "transcripts/transcript.h"

#include <fmt/format.h>

#include <optional>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/check.h"

namespace transcripts {
namespace {

using Kind = Step::Kind;

base::Result<std::int64_t> parse_wait(std::string_view text) {
    const std::size_t digits = text.find_first_not_of("0123456789");
    const auto number = base::parse_u64(text.substr(0, digits), 1'000'000'000);
    const std::string_view unit = digits == std::string_view::npos ? "" : text.substr(digits);
    std::int64_t ms = 0;
    if (unit == "ms") ms = 1;
    if (unit == "s") ms = 1000;
    if (unit == "m") ms = 60'000;
    if (unit == "h") ms = 3'600'000;
    if (unit == "d") ms = 86'400'000;
    if (!number || ms == 0) {
        return base::fail(base::Errc::kSyntax, fmt::format("no duration: {}", text));
    }
    return static_cast<std::int64_t>(*number) * ms;
}

void add_clauses(std::vector<std::string>& clauses, std::string_view text) {
    while (!text.empty()) {
        // A ';' inside quotes belongs to the clause.
        bool quoted = false;
        std::size_t end = 0;
        for (; end < text.size() && (quoted || text[end] != ';'); ++end) {
            quoted ^= text[end] == '"';
        }
        const std::string_view clause = base::trim(text.substr(0, end));
        if (!clause.empty()) {
            clauses.emplace_back(clause);
        }
        text.remove_prefix(end < text.size() ? end + 1 : end);
    }
}

// "S:", "C2:", "C|", "S!" at the front of a line: which, and for which connection.
struct Side {
    char who = 0;
    char sign = 0;
    int connection = 1;
    std::string_view text;
};

std::optional<Side> parse_side(std::string_view line) {
    if (line.size() < 2 || (line[0] != 'S' && line[0] != 'C')) {
        return std::nullopt;
    }
    Side side{.who = line[0]};
    std::size_t at = 1;
    if (base::is_digit(line[at])) {
        side.connection = line[at++] - '0';
    }
    if (at >= line.size() || std::string_view(":|!").find(line[at]) == std::string_view::npos) {
        return std::nullopt;
    }
    side.sign = line[at++];
    if (at < line.size() && line[at] == ' ') {
        ++at;
    }
    side.text = line.substr(at);
    return side;
}

base::Result<Step> dialogue_step(const Side& side) {
    Step step{.kind = Kind::kServer, .connection = side.connection, .text = std::string(side.text)};
    if (side.who == 'C' && side.sign == '|') {
        step.kind = Kind::kClientRaw;
        TRY(step.text, unescape(side.text));
    } else if (side.who == 'C' && side.sign == ':') {
        step.kind = Kind::kClient;
    } else if (side.who == 'S' && side.sign == '!') {
        step.kind = Kind::kServerNever;
    } else if (side.who != 'S' || side.sign != ':') {
        return base::fail(base::Errc::kSyntax, "neither S: S! C: nor C|");
    } else if (side.text == "...") {
        step.kind = Kind::kServerMore;
    } else if (side.text == "<closed>") {
        step.kind = Kind::kServerEnd;
    }
    return step;
}

// "D>", "D>|", "D<" or "D<|" at the front of a line.
bool is_data(std::string_view line) {
    return line.size() >= 2 && line[0] == 'D' && (line[1] == '<' || line[1] == '>');
}

base::Result<Step> data_step(std::string_view line) {
    const bool sends = line[1] == '>';
    line.remove_prefix(2);
    const bool raw = line.starts_with('|');
    line.remove_prefix(raw ? 1 : 0);
    line.remove_prefix(line.starts_with(' ') ? 1 : 0);
    Step step{.kind = sends ? Kind::kDataSend
                      : raw ? Kind::kDataOctets
                            : Kind::kDataLine,
              .text = std::string(line)};
    if (raw) {
        TRY(step.text, unescape(line));
    } else if (line == "<closed>") {
        step.kind = sends ? Kind::kDataClose : Kind::kDataEnd;
    } else if (line == "..." && !sends) {
        step.kind = Kind::kDataMore;
    } else if (sends) {
        step.text += "\r\n";
    }
    return step;
}

base::Result<> parse_directive(Transcript& transcript, std::string_view line, int number) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
        return base::fail(base::Errc::kSyntax, "no directive");
    }
    std::string_view word = line.substr(0, colon);
    const std::string_view text = base::trim(line.substr(colon + 1));
    int connection = 1;
    if (!word.empty() && base::is_digit(word.back())) {
        connection = word.back() - '0';
        word.remove_suffix(1);
    }
    const auto add = [&](Kind kind, std::int64_t wait_ms = 0) {
        transcript.steps.push_back({kind, connection, std::string(text), wait_ms, number});
    };
    if (word == "given") {
        add_clauses(transcript.given, text);
    } else if (word == "modes") {
        std::string_view rest = text;
        while (!rest.empty()) {
            const std::string_view mode = base::trim(base::split_front(rest, ','));
            if (mode != "written" && mode != "bytes" && mode != "burst" && mode != "cut") {
                return base::fail(base::Errc::kSyntax, fmt::format("unknown mode: {}", mode));
            }
            transcript.modes.emplace_back(mode);
        }
    } else if (word == "then") {
        std::vector<std::string> clauses;
        add_clauses(clauses, text);
        for (std::string& clause : clauses) {
            transcript.steps.push_back({Kind::kThen, connection, std::move(clause), 0, number});
        }
    } else if (word == "wait") {
        TRY(const std::int64_t wait_ms, parse_wait(text));
        add(Kind::kWait, wait_ms);
    } else if (word == "tls") {
        add(Kind::kTls);
    } else if (word == "close" && (text.empty() || text == "writing")) {
        add(Kind::kClientClose);
    } else if (word == "deflate") {
        add(Kind::kDeflate);
    } else if (word == "interrupt") {
        add(Kind::kInterrupt);
    } else if (word == "disk" && (text == "stalls" || text == "goes on")) {
        add(Kind::kDisk);
    } else if (word == "disable") {
        add(Kind::kDisable);
    } else {
        return base::fail(base::Errc::kSyntax, fmt::format("unknown directive: {}", word));
    }
    return {};
}

base::Result<> parse_line(Transcript& transcript, std::string_view line, int number) {
    if (base::trim(line).empty()) {
        return {};
    }
    if (line.front() == '#') {
        if (transcript.title.empty()) {
            transcript.title = base::trim(line.substr(1));
        }
        return {};
    }
    if (is_data(line)) {
        TRY(Step step, data_step(line));
        step.line = number;
        transcript.steps.push_back(std::move(step));
        return {};
    }
    if (const auto side = parse_side(line)) {
        TRY(Step step, dialogue_step(*side));
        step.line = number;
        transcript.steps.push_back(std::move(step));
        return {};
    }
    return parse_directive(transcript, line, number);
}

}  // namespace

base::Result<Transcript> parse_transcript(std::string_view text) {
    Transcript transcript;
    for (int number = 1; !text.empty(); ++number) {
        const std::string_view line = base::split_front(text, '\n');
        const base::Result<> parsed = parse_line(transcript, line, number);
        if (!parsed) {
            return base::fail(base::Errc::kSyntax,
                              fmt::format("line {}: {}: {}", number, parsed.error().text, line));
        }
    }
    return transcript;
}

bool matches(std::string_view pattern, std::string_view line) {
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) {
        return pattern == line;
    }
    if (!line.starts_with(pattern.substr(0, star))) {
        return false;
    }
    line.remove_prefix(star);
    pattern.remove_prefix(star + 1);
    if (pattern.empty()) {
        return true;
    }
    // The text up to the next star may stand anywhere further on: take the first place.
    const std::size_t next = pattern.find('*');
    const std::string_view text = pattern.substr(0, next);
    if (next == std::string_view::npos) {
        return line.ends_with(text);
    }
    const std::size_t at = line.find(text);
    return at != std::string_view::npos && matches(pattern, line.substr(at));
}

base::Result<std::string> unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        const char c = i + 1 < text.size() ? text[++i] : '\0';
        static constexpr std::string_view kNames = "rnt0\\\"";
        static constexpr std::string_view kValues{"\r\n\t\0\\\"", 6};
        if (const std::size_t at = kNames.find(c); at != std::string_view::npos) {
            out += kValues[at];
            continue;
        }
        const auto octet = c == 'x' ? base::hex_decode(text.substr(i + 1, 2)) : std::nullopt;
        if (!octet || octet->size() != 1) {
            return base::fail(base::Errc::kSyntax, fmt::format("unknown escape: \\{}", c));
        }
        out += *octet;
        i += 2;
    }
    return out;
}

std::pair<std::string_view, std::string_view> split_word(std::string_view text) {
    const std::string_view word = base::split_front(text, ' ');
    return {word, base::trim(text)};
}

std::string quoted(std::string_view text) {
    const std::size_t first = text.find('"');
    const std::size_t last = text.rfind('"');
    CHECK(first != std::string_view::npos && last > first);
    auto plain = unescape(text.substr(first + 1, last - first - 1));
    CHECK(plain.has_value());
    return std::move(*plain);
}

}  // namespace transcripts
