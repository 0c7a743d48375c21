// Structured logs: an event, and fields. One line an event, logfmt by default or JSON by setting, one id
// a session and one a message. Never a password, never a body: what the caller does not hand over
// cannot leak.
//     log.info("message accepted", {{"session", id}, {"queue_id", queue_id}, {"octets", size}});
#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace base {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

// One key and its value. Numbers are printed bare, texts quoted where needed.
struct LogField {
    std::string_view key;
    std::string value;
    bool is_number = false;

    LogField(std::string_view k, std::string_view v) : key(k), value(v) {}

    LogField(std::string_view k, const char* v) : key(k), value(v) {}

    LogField(std::string_view k, const std::string& v) : key(k), value(v) {}

    template <std::integral Number>
    LogField(std::string_view k, Number v) : key(k),
                                             value(std::to_string(v)),
                                             is_number(true) {}
};

class Log {
  public:
    // Each finished line, newline included, goes to `sink`, one call at a time.
    using Sink = std::function<void(std::string_view line)>;
    using Fields = std::initializer_list<LogField>;

    Log(const Clock& clock,
        Sink sink,
        LogFormat format = LogFormat::kText,
        LogLevel level = LogLevel::kInfo)
        : clock_(clock),
          sink_(std::move(sink)),
          format_(format),
          level_(level) {}

    void debug(std::string_view event, Fields fields = {}) {
        write(LogLevel::kDebug, event, fields);
    }

    void info(std::string_view event, Fields fields = {}) { write(LogLevel::kInfo, event, fields); }

    void warning(std::string_view event, Fields fields = {}) {
        write(LogLevel::kWarning, event, fields);
    }

    void error(std::string_view event, Fields fields = {}) {
        write(LogLevel::kError, event, fields);
    }

    void write(LogLevel level, std::string_view event, Fields fields);

    [[nodiscard]] bool enabled(LogLevel level) const { return level >= level_; }

  private:
    const Clock& clock_;
    Sink sink_;
    LogFormat format_;
    LogLevel level_;
    std::mutex mutex_;
};

// 2026-01-01T00:00:00.000Z (RFC 3339, in UTC).
[[nodiscard]] std::string format_rfc3339(WallTime time);

// `text` as the inside of a JSON string: quotes, backslashes and controls escaped, octets that are not
// UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string json_escape(std::string_view text);

}  // namespace base
