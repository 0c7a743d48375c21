// base::Result, the value every fallible function returns, and the macros that hand an error on.
//
// The peer's faults (bad syntax, wrong order, a refused wish) and the world's (end of file, reset, a
// full disk) are values of this type. Our own bugs are not: they throw from CHECK (check.h).
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace base {

// What went wrong, coarse enough to choose a reply from in one place.
enum class Errc {
    kSyntax,       // malformed input
    kInvalid,      // well-formed, yet not an acceptable value
    kTooLong,      // a stated limit on length, size or count was reached
    kNotFound,     // there is no such thing
    kExists,       // there already is such a thing
    kDenied,       // not allowed, or wrong credentials
    kOverQuota,    // the account's quota is used up
    kInUse,        // somebody else holds it
    kUnsupported,  // not offered here
    kUnavailable,  // not now: shutting down, overloaded, a dependency is away
    kEof,          // the peer ended the stream in good order
    kReset,        // the peer or the network tore it down
    kRefused,      // nobody listens there
    kUnreachable,  // no way there from here
    kTimeout,      // a deadline passed
    kNoSpace,      // the disk is full
    kIo,           // the disk or the kernel failed otherwise
    kCorrupt,      // stored data does not match its checksum or its format
};

// "syntax", "no-space" ...: the name of a code in logs and metrics.
[[nodiscard]] std::string_view errc_name(Errc code);

// A failure: its class and one sentence for the log. What the peer is told is chosen by the
// protocol, never taken from `text`.
struct Error {
    Errc code = Errc::kIo;
    std::string text;

    friend bool operator==(const Error&, const Error&) = default;
};

template <class T = void, class E = Error>
class [[nodiscard]] Result : public tl::expected<T, E> {
  public:
    using tl::expected<T, E>::expected;
    using tl::expected<T, E>::operator=;
};

// return fail(Errc::kSyntax, "no colon after the field name");
[[nodiscard]] inline tl::unexpected<Error> fail(Errc code, std::string text) {
    return tl::unexpected<Error>(Error{code, std::move(text)});
}

// The error of `result` as a value that converts to any other Result with the same error type.
template <class T, class E>
[[nodiscard]] tl::unexpected<E> forward_error(Result<T, E>& result) {
    return tl::unexpected<E>(std::move(result.error()));
}

}  // namespace base

#define BASE_CONCAT_INNER(a, b) a##b
#define BASE_CONCAT(a, b) BASE_CONCAT_INNER(a, b)

// TRY(auto x, f());     declares x from f()'s value, or returns its error.
// TRY_VOID(f());        the same for Result<void>.
#define TRY(declaration, expression) \
    TRY_INTO(BASE_CONCAT(try_result_, __LINE__), declaration, expression, return)
#define TRY_VOID(expression) TRY_VOID_INTO(BASE_CONCAT(try_result_, __LINE__), expression, return)
// The same inside a coroutine: CO_TRY(auto x, co_await f());
#define CO_TRY(declaration, expression) \
    TRY_INTO(BASE_CONCAT(try_result_, __LINE__), declaration, expression, co_return)
#define CO_TRY_VOID(expression) \
    TRY_VOID_INTO(BASE_CONCAT(try_result_, __LINE__), expression, co_return)

#define TRY_INTO(name, declaration, expression, return_keyword) \
    auto name = (expression);                                   \
    if (!name) {                                                \
        return_keyword base::forward_error(name);               \
    }                                                           \
    declaration = std::move(*name)
#define TRY_VOID_INTO(name, expression, return_keyword) \
    if (auto name = (expression); name) {               \
    } else                                              \
        return_keyword base::forward_error(name)
