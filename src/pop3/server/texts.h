// The words behind +OK and -ERR, in each language that LANG offers (RFC 6856 3). A program reads the status
// and the code in brackets; these are for people, students at a keyboard among them: what is wrong, and
// what to do.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace pop3 {

enum class Language : std::uint8_t { kEnglish, kItalian };

struct LanguageName {
    std::string_view tag;   // RFC 5646
    std::string_view name;  // in the language itself
};

// Indexed by Language.
[[nodiscard]] std::span<const LanguageName> languages();
// RFC 4647 3.4 lookup: `range` or what remains of it when subtags are taken off its end.
[[nodiscard]] std::optional<Language> find_language(std::string_view range);

enum class Text : std::uint8_t {
    kAccountClosed,
    kAlreadyDeleted,
    kAlreadyLoggedIn,
    kAuthCancelled,
    kBadSaslResponse,
    kBeginTls,
    kCapabilities,
    kDeleted,
    kGoodbye,
    kGoodbyeEmpty,
    kGoodbyeLeft,
    kInUse,
    kLanguageChanged,
    kLanguages,
    kLineTooLong,
    kLoggedIn,
    kLoginDelay,
    kMaildropDamaged,
    kMaildropHas,
    kMechanisms,
    kMessages,
    kNeedsTls,
    kNoApop,
    kNoInitialResponse,
    kNoSuchMechanism,
    kNoSuchMessage,
    kNoTls,
    kNotBase64,
    kNothingDeleted,
    kNotLoggedIn,
    kOctets,
    kOneMessage,
    kPlaintextRefused,
    kReady,
    kSendPass,
    kStopping,
    kStoreFails,
    kTlsActive,
    kTooManyErrors,
    kTooManyLogins,
    kTopFollows,
    kTryLater,
    kUidsFollow,
    kUnknownCommand,
    kUnknownLanguage,
    kUsage,
    kUserFirst,
    kUtf8On,
    kWrongPassword,
    kCount,
};

// With places for arguments as fmt has them.
[[nodiscard]] std::string_view text_of(Language language, Text text);

template <class... Arguments>
[[nodiscard]] std::string say(Language language, Text text, const Arguments&... arguments) {
    return fmt::format(fmt::runtime(text_of(language, text)), arguments...);
}

}  // namespace pop3
