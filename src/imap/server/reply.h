// The tagged answer to a command (RFC 9051 7.1): what a handler returns when its untagged ones are out.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/task.h"

namespace imap {

struct Reply {
    enum class Status : std::uint8_t { kOk, kNo, kBad };
    enum class Then : std::uint8_t {
        kGoOn,
        kClose,
        kStartTls,
        kCompress,
        kStopCompressing,
        kFinishOpening,
    };

    Status status = Status::kOk;
    std::string code;  // without brackets; may be empty
    std::string text;
    Then then = Then::kGoOn;
    // The command goes on without an answer: IDLE, until DONE.
    bool is_held = false;
};

// An error is the world's (end of file, timeout, a body that cannot be read to its end): it ends the
// session. All else is a Reply.
using Handled = base::Result<Reply>;

[[nodiscard]] inline Reply ok(std::string text, std::string code = {}) {
    return {Reply::Status::kOk, std::move(code), std::move(text)};
}

[[nodiscard]] inline Reply no(std::string text, std::string code = {}) {
    return {Reply::Status::kNo, std::move(code), std::move(text)};
}

[[nodiscard]] inline Reply bad(std::string text, std::string code = {}) {
    return {Reply::Status::kBad, std::move(code), std::move(text)};
}

// What failed in the rooms below, in words for the client (RFC 5530's codes).
[[nodiscard]] Reply reply_of(const base::Error& error);
// The same of a mailbox that was looked for: what cannot be a name is no mailbox either.
[[nodiscard]] Reply not_found(const base::Error& error);

}  // namespace imap
