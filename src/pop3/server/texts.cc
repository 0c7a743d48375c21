#include "pop3/server/texts.h"

#include <array>

#include "base/ascii.h"
#include "base/check.h"

namespace pop3 {
namespace {

constexpr std::array kLanguageNames{
    LanguageName{"en", "English"},
    LanguageName{"it", "Italiano"},
};

struct Row {
    Text text{};
    std::array<std::string_view, kLanguageNames.size()> words;
};

// clang-format off
constexpr std::array<Row, static_cast<std::size_t>(Text::kCount)> kTexts{{
    {Text::kAccountClosed,      {"this account may not be used any more, goodbye", "questo account non si può più usare, arrivederci"}},
    {Text::kAlreadyDeleted,     {"message {} already deleted", "il messaggio {} è già cancellato"}},
    {Text::kAlreadyLoggedIn,    {"not after logging in", "non dopo l'accesso"}},
    {Text::kAuthCancelled,      {"authentication cancelled", "autenticazione annullata"}},
    {Text::kBadSaslResponse,    {"the response is not what the mechanism prescribes", "la risposta non è quella che il meccanismo prescrive"}},
    {Text::kBeginTls,           {"begin TLS negotiation", "inizia la negoziazione TLS"}},
    {Text::kCapabilities,       {"capability list follows", "segue l'elenco delle capacità"}},
    {Text::kDeleted,            {"message {} deleted", "messaggio {} cancellato"}},
    {Text::kGoodbye,            {"{} POP3 server signing off", "il server POP3 {} saluta"}},
    {Text::kGoodbyeEmpty,       {"{} POP3 server signing off (maildrop empty)", "il server POP3 {} saluta (casella vuota)"}},
    {Text::kGoodbyeLeft,        {"{} POP3 server signing off ({} left)", "il server POP3 {} saluta (restano {})"}},
    {Text::kInUse,              {"another session has this maildrop open", "un'altra sessione tiene aperta la casella"}},
    {Text::kLanguageChanged,    {"language is English", "la lingua è l'italiano"}},
    {Text::kLanguages,          {"language listing follows:", "segue l'elenco delle lingue:"}},
    {Text::kLineTooLong,        {"the line is longer than {} octets", "la riga supera i {} ottetti"}},
    {Text::kLoggedIn,           {"{}'s maildrop has {}", "la casella di {} ha {}"}},
    {Text::kLoginDelay,         {"log in at most once every {} seconds", "un accesso ogni {} secondi, non di più"}},
    {Text::kMaildropDamaged,    {"the maildrop cannot be read, tell the administrator", "la casella non si può leggere, avvisa l'amministratore"}},
    {Text::kMaildropHas,        {"maildrop has {}", "la casella ha {}"}},
    {Text::kMechanisms,         {"mechanism list follows", "segue l'elenco dei meccanismi"}},
    {Text::kMessages,           {"{} messages ({} octets)", "{} messaggi ({} ottetti)"}},
    {Text::kNeedsTls,           {"this mechanism needs TLS, send STLS first", "questo meccanismo vuole TLS, manda prima STLS"}},
    {Text::kNoApop,             {"APOP is not offered here, see CAPA", "APOP non è offerto qui, vedi CAPA"}},
    {Text::kNoInitialResponse,  {"with this mechanism the server speaks first", "con questo meccanismo il primo a parlare è il server"}},
    {Text::kNoSuchMechanism,    {"no such mechanism, CAPA lists them", "meccanismo sconosciuto, CAPA li elenca"}},
    {Text::kNoSuchMessage,      {"no such message, only {} in maildrop", "messaggio inesistente, la casella ne ha {}"}},
    {Text::kNoTls,              {"TLS is not available here", "TLS non è disponibile qui"}},
    {Text::kNotBase64,          {"that is not base64", "questo non è base64"}},
    {Text::kNothingDeleted,     {"nothing was deleted, the mail store fails", "nulla è stato cancellato, l'archivio non va"}},
    {Text::kNotLoggedIn,        {"log in first, with USER and PASS", "prima l'accesso, con USER e PASS"}},
    {Text::kOctets,             {"{} octets", "{} ottetti"}},
    {Text::kOneMessage,         {"1 message ({} octets)", "1 messaggio ({} ottetti)"}},
    {Text::kPlaintextRefused,   {"no password in clear on this connection, send STLS first", "niente password in chiaro su questa connessione, manda prima STLS"}},
    {Text::kReady,              {"POP3 server ready", "server POP3 pronto"}},
    {Text::kSendPass,           {"now send PASS", "ora manda PASS"}},
    {Text::kStopping,           {"the server is stopping, come back later", "il server si ferma, torna più tardi"}},
    {Text::kStoreFails,         {"the mail store fails, try again later", "l'archivio non va, riprova più tardi"}},
    {Text::kTlsActive,          {"TLS is active already", "TLS è già attivo"}},
    {Text::kTooManyErrors,      {"too many errors, goodbye", "troppi errori, arrivederci"}},
    {Text::kTooManyLogins,      {"too many failed logins, goodbye", "troppi accessi falliti, arrivederci"}},
    {Text::kTopFollows,         {"top of message follows", "segue l'inizio del messaggio"}},
    {Text::kTryLater,           {"too many failed logins from your address, come back later", "troppi accessi falliti dal tuo indirizzo, torna più tardi"}},
    {Text::kUidsFollow,         {"unique-id listing follows", "segue l'elenco degli identificatori"}},
    {Text::kUnknownCommand,     {"unknown command, CAPA lists what there is", "comando sconosciuto, CAPA elenca ciò che c'è"}},
    {Text::kUnknownLanguage,    {"no such language, LANG lists them", "lingua sconosciuta, LANG le elenca"}},
    {Text::kUsage,              {"usage: {}", "si scrive: {}"}},
    {Text::kUserFirst,          {"send USER first", "manda prima USER"}},
    {Text::kUtf8On,             {"UTF-8 mode", "modo UTF-8"}},
    {Text::kWrongPassword,      {"wrong user name or password", "nome o password sbagliati"}},
}};

// clang-format on

constexpr bool is_in_order() {
    for (std::size_t i = 0; i < kTexts.size(); ++i) {
        if (static_cast<std::size_t>(kTexts[i].text) != i) {
            return false;
        }
    }
    return true;
}

static_assert(is_in_order(), "a row for each Text, in the order of the enumeration");

}  // namespace

std::span<const LanguageName> languages() {
    return kLanguageNames;
}

std::optional<Language> find_language(std::string_view range) {
    while (!range.empty()) {
        for (std::size_t i = 0; i < kLanguageNames.size(); ++i) {
            if (base::iequals(range, kLanguageNames[i].tag)) {
                return static_cast<Language>(i);
            }
        }
        const std::size_t subtag = range.rfind('-');
        range = range.substr(0, subtag == std::string_view::npos ? 0 : subtag);
    }
    return std::nullopt;
}

std::string_view text_of(Language language, Text text) {
    CHECK(text < Text::kCount);
    return kTexts[static_cast<std::size_t>(text)].words[static_cast<std::size_t>(language)];
}

}  // namespace pop3
