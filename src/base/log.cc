#include "base/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/ascii.h"

namespace base {
namespace {

std::string_view level_name(LogLevel level) {
    switch (level) {
        case LogLevel::kDebug:
            return "debug";
        case LogLevel::kInfo:
            return "info";
        case LogLevel::kWarning:
            return "warning";
        case LogLevel::kError:
            return "error";
    }
    return "unknown";
}

bool needs_quotes(std::string_view value) {
    return value.empty() || std::any_of(value.begin(), value.end(), [](char c) {
               return is_control(c) || c == ' ' || c == '"' || c == '=' || c == '\\' || is_8bit(c);
           });
}

std::string text_line(WallTime now, LogLevel level, std::string_view event, Log::Fields fields) {
    std::string line =
        fmt::format("{} {:<7} {}", format_rfc3339(now), level_name(level), json_escape(event));
    for (const LogField& field : fields) {
        if (field.is_number || !needs_quotes(field.value)) {
            fmt::format_to(std::back_inserter(line), " {}={}", field.key, field.value);
        } else {
            fmt::format_to(
                std::back_inserter(line), " {}=\"{}\"", field.key, json_escape(field.value));
        }
    }
    line += '\n';
    return line;
}

std::string json_line(WallTime now, LogLevel level, std::string_view event, Log::Fields fields) {
    std::string line = fmt::format(R"({{"time":"{}","level":"{}","event":"{}")",
                                   format_rfc3339(now),
                                   level_name(level),
                                   json_escape(event));
    for (const LogField& field : fields) {
        const std::string_view quote = field.is_number ? "" : "\"";
        fmt::format_to(std::back_inserter(line),
                       ",\"{}\":{}{}{}",
                       field.key,
                       quote,
                       json_escape(field.value),
                       quote);
    }
    line += "}\n";
    return line;
}

// The length of the well-formed UTF-8 character at the front of `text`, or 0.
std::size_t utf8_length(std::string_view text) {
    for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
        if (is_utf8(text.substr(0, length))) {
            return length;
        }
    }
    return 0;
}

}  // namespace

void Log::write(LogLevel level, std::string_view event, Fields fields) {
    if (!enabled(level)) {
        return;
    }
    const WallTime now = clock_.now();
    const std::string line = format_ == LogFormat::kJson ? json_line(now, level, event, fields)
                                                         : text_line(now, level, event, fields);
    const std::scoped_lock lock(mutex_);
    sink_(line);
}

std::string format_rfc3339(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                       static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()),
                       clock.hours().count(),
                       clock.minutes().count(),
                       clock.seconds().count(),
                       clock.subseconds().count());
}

std::string json_escape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const char c = text.front();
        const std::size_t utf8 = is_8bit(c) ? utf8_length(text) : 1;
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\r') {
            out += "\\r";
        } else if (c == '\t') {
            out += "\\t";
        } else if (is_control(c)) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
        } else if (!is_8bit(c)) {
            out += c;
        } else if (utf8 > 0) {
            out += text.substr(0, utf8);
        } else {
            out += "\xef\xbf\xbd";
        }
        text.remove_prefix(utf8 > 0 ? utf8 : 1);
    }
    return out;
}

}  // namespace base
