#include "imap/server/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "imap/grammar/command.h"
#include "imap/server/handlers.h"
#include "imap/server/server.h"

namespace imap {
namespace {

constexpr std::uint8_t kNumbers = kArguments | kHoldsNumbers | kMessageNumbers;
constexpr std::uint8_t kMoves = kArguments | kMessageNumbers | kRemoves;
constexpr std::uint8_t kUids = kArguments | kUid | kReadsNews;

// clang-format off
// RFC 9051 6, RFC 3501 6 (CHECK, LSUB), and the extensions that the last column names.
constexpr std::array kCommands{
//          verb              handler             states             flags                   capability                   syntax                                                     section
    Command{"APPEND",         &on_append,         kLoggedIn,         kArguments | kStreams,  "MULTIAPPEND CATENATE",      "APPEND mailbox [(flags)] [date-time] literal ...",        "9051 6.3.12"},
    Command{"AUTHENTICATE",   &on_authenticate,   kNotAuthenticated, kArguments,             "SASL-IR",                   "AUTHENTICATE mechanism [initial-response]",               "9051 6.2.2"},
    Command{"CAPABILITY",     &on_capability,     kAnyState,         kBare,                  "",                          "CAPABILITY",                                              "9051 6.1.1"},
    Command{"CHECK",          &on_noop,           kSelected,         kBare,                  "",                          "CHECK",                                                   "3501 6.4.1"},
    Command{"CLOSE",          &on_close,          kSelected,         kBare,                  "",                          "CLOSE",                                                   "9051 6.4.1"},
    Command{"COMPRESS",       &on_compress,       kLoggedIn,         kArguments,             "COMPRESS=DEFLATE",          "COMPRESS DEFLATE",                                        "4978 3"},
    Command{"COPY",           &on_copy,           kSelected,         kNumbers,               "UIDPLUS",                   "COPY sequence-set mailbox",                               "9051 6.4.7"},
    Command{"CREATE",         &on_create,         kLoggedIn,         kArguments,             "CREATE-SPECIAL-USE",        "CREATE mailbox [(USE (use ...))]",                        "9051 6.3.4"},
    Command{"DELETE",         &on_delete,         kLoggedIn,         kArguments,             "",                          "DELETE mailbox",                                          "9051 6.3.5"},
    Command{"DELETEACL",      &on_deleteacl,      kLoggedIn,         kArguments,             "",                          "DELETEACL mailbox identifier",                            "4314 3.2"},
    Command{"ENABLE",         &on_enable,         kLoggedIn,         kArguments,             "ENABLE",                    "ENABLE capability ...",                                   "9051 6.3.1"},
    Command{"EXAMINE",        &on_examine,        kLoggedIn,         kArguments,             "",                          "EXAMINE mailbox [(parameters)]",                          "9051 6.3.3"},
    Command{"EXPUNGE",        &on_expunge,        kSelected,         kBare | kRemoves,       "",                          "EXPUNGE",                                                 "9051 6.4.3"},
    Command{"FETCH",          &on_fetch,          kSelected,         kNumbers,               "BINARY PARTIAL PREVIEW SAVEDATE OBJECTID", "FETCH sequence-set items [(modifiers)]",   "9051 6.4.5"},
    Command{"GETACL",         &on_getacl,         kLoggedIn,         kArguments,             "ACL RIGHTS=kxte",           "GETACL mailbox",                                          "4314 3.3"},
    Command{"GETMETADATA",    &on_getmetadata,    kLoggedIn,         kArguments,             "METADATA",                  "GETMETADATA [(options)] mailbox entries",                 "5464 4.2"},
    Command{"GETQUOTA",       &on_getquota,       kLoggedIn,         kArguments,             "QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE QUOTA=RES-MAILBOX QUOTA=RES-ANNOTATION-STORAGE","GETQUOTA root",                                           "9208 4.1.1"},
    Command{"GETQUOTAROOT",   &on_getquotaroot,   kLoggedIn,         kArguments,             "",                          "GETQUOTAROOT mailbox",                                    "9208 4.1.2"},
    Command{"ID",             &on_id,             kAnyState,         kArguments,             "ID",                        "ID (field value ...)",                                    "2971 3.1"},
    Command{"IDLE",           &on_idle,           kLoggedIn,         kBare,                  "IDLE",                      "IDLE",                                                    "2177 3"},
    Command{"LIST",           &on_list,           kLoggedIn,         kArguments,             "CHILDREN LIST-EXTENDED LIST-STATUS SPECIAL-USE", "LIST [(options)] reference pattern [RETURN (options)]", "9051 6.3.9"},
    Command{"LISTRIGHTS",     &on_listrights,     kLoggedIn,         kArguments,             "",                          "LISTRIGHTS mailbox identifier",                           "4314 3.4"},
    Command{"LOGIN",          &on_login,          kNotAuthenticated, kArguments,             "",                          "LOGIN user password",                                     "9051 6.2.3"},
    Command{"LOGOUT",         &on_logout,         kAnyState,         kBare,                  "",                          "LOGOUT",                                                  "9051 6.1.3"},
    Command{"LSUB",           &on_lsub,           kLoggedIn,         kArguments,             "",                          "LSUB reference pattern",                                  "3501 6.3.9"},
    Command{"MOVE",           &on_move,           kSelected,         kMoves,                 "MOVE",                      "MOVE sequence-set mailbox",                               "9051 6.4.8"},
    Command{"MYRIGHTS",       &on_myrights,       kLoggedIn,         kArguments,             "",                          "MYRIGHTS mailbox",                                        "4314 3.5"},
    Command{"NAMESPACE",      &on_namespace,      kLoggedIn,         kBare,                  "NAMESPACE",                 "NAMESPACE",                                               "9051 6.3.10"},
    Command{"NOOP",           &on_noop,           kAnyState,         kBare,                  "",                          "NOOP",                                                    "9051 6.1.2"},
    Command{"NOTIFY",         &on_notify,         kLoggedIn,         kArguments,             "NOTIFY",                    "NOTIFY SET [STATUS] (mailboxes (event ...)) ... / NOTIFY NONE","5465 3.1"},
    Command{"RENAME",         &on_rename,         kLoggedIn,         kArguments,             "",                          "RENAME mailbox mailbox",                                  "9051 6.3.6"},
    Command{"REPLACE",        &on_append,         kSelected,         kMoves | kStreams,      "REPLACE",                   "REPLACE sequence-number mailbox [(flags)] [date-time] literal","8508 3.3"},
    Command{"SEARCH",         &on_search,         kSelected,         kNumbers,               "ESEARCH SEARCHRES WITHIN",  "SEARCH [RETURN (options)] [CHARSET charset] key ...",     "9051 6.4.4"},
    Command{"SELECT",         &on_select,         kLoggedIn,         kArguments,             "CONDSTORE QRESYNC",         "SELECT mailbox [(parameters)]",                           "9051 6.3.2"},
    Command{"SETACL",         &on_setacl,         kLoggedIn,         kArguments,             "",                          "SETACL mailbox identifier rights",                        "4314 3.1"},
    Command{"SETMETADATA",    &on_setmetadata,    kLoggedIn,         kArguments,             "",                          "SETMETADATA mailbox (entry value ...)",                   "5464 4.3"},
    Command{"SETQUOTA",       &on_setquota,       kLoggedIn,         kArguments,             "",                          "SETQUOTA root (resource limit ...)",                      "9208 4.1.3"},
    Command{"SORT",           &on_sort,           kSelected,         kNumbers,               "SORT SORT=DISPLAY ESORT",   "SORT [RETURN (options)] (criteria) charset key ...",      "5256 3"},
    Command{"STARTTLS",       &on_starttls,       kNotAuthenticated, kBare,                  "STARTTLS",                  "STARTTLS",                                                "9051 6.2.1"},
    Command{"STATUS",         &on_status,         kLoggedIn,         kArguments,             "STATUS=SIZE",               "STATUS mailbox (items)",                                  "9051 6.3.11"},
    Command{"STORE",          &on_store,          kSelected,         kNumbers,               "",                          "STORE sequence-set [(UNCHANGEDSINCE n)] [+-]FLAGS[.SILENT] (flags)", "9051 6.4.6"},
    Command{"SUBSCRIBE",      &on_subscribe,      kLoggedIn,         kArguments,             "",                          "SUBSCRIBE mailbox",                                       "9051 6.3.7"},
    Command{"THREAD",         &on_thread,         kSelected,         kNumbers,               "THREAD=ORDEREDSUBJECT THREAD=REFERENCES THREAD=REFS","THREAD algorithm charset key ...",                        "5256 3"},
    Command{"UID COPY",       &on_copy,           kSelected,         kUids,                  "",                          "UID COPY sequence-set mailbox",                           "9051 6.4.9"},
    Command{"UID EXPUNGE",    &on_expunge,        kSelected,         kUids | kRemoves,       "",                          "UID EXPUNGE sequence-set",                                "4315 2.1"},
    Command{"UID FETCH",      &on_fetch,          kSelected,         kUids,                  "",                          "UID FETCH sequence-set items [(modifiers)]",              "9051 6.4.9"},
    Command{"UID MOVE",       &on_move,           kSelected,         kUids | kRemoves,       "",                          "UID MOVE sequence-set mailbox",                           "9051 6.4.9"},
    Command{"UID REPLACE",    &on_append,         kSelected,         kArguments | kUid | kStreams | kRemoves,"",                          "UID REPLACE uid mailbox [(flags)] [date-time] literal",   "8508 3.3"},
    Command{"UID SEARCH",     &on_search,         kSelected,         kUids,                  "",                          "UID SEARCH [RETURN (options)] [CHARSET charset] key ...", "9051 6.4.9"},
    Command{"UID SORT",       &on_sort,           kSelected,         kUids,                  "",                          "UID SORT [RETURN (options)] (criteria) charset key ...",  "5256 3"},
    Command{"UID STORE",      &on_store,          kSelected,         kUids,                  "",                          "UID STORE sequence-set [(UNCHANGEDSINCE n)] [+-]FLAGS[.SILENT] (flags)", "9051 6.4.9"},
    Command{"UID THREAD",     &on_thread,         kSelected,         kUids,                  "",                          "UID THREAD algorithm charset key ...",                    "5256 3"},
    Command{"UNAUTHENTICATE", &on_unauthenticate, kLoggedIn,         kBare,                  "UNAUTHENTICATE",            "UNAUTHENTICATE",                                          "8437 2"},
    Command{"UNSELECT",       &on_unselect,       kSelected,         kBare,                  "UNSELECT",                  "UNSELECT",                                                "9051 6.4.2"},
    Command{"UNSUBSCRIBE",    &on_unsubscribe,    kLoggedIn,         kArguments,             "",                          "UNSUBSCRIBE mailbox",                                     "9051 6.3.8"},
};
// clang-format on

static_assert(std::ranges::is_sorted(kCommands, {}, &Command::verb));
static_assert(std::ranges::adjacent_find(kCommands, {}, &Command::verb) == kCommands.end());
static_assert(std::ranges::all_of(kCommands, [](const Command& command) {
    return command.syntax.starts_with(command.verb) && command.states != 0 &&
           ((command.flags & kBare) == 0 || command.syntax == command.verb) &&
           (command.flags & kUid) == (command.verb.starts_with("UID ") ? kUid : 0) &&
           ((command.flags & kHoldsNumbers) == 0 || command.states == kSelected);
}));

std::string_view states_text(std::uint8_t states) {
    switch (states) {
        case kAnyState:
            return "any";
        case kNotAuthenticated:
            return "not authenticated";
        case kSelected:
            return "selected";
        default:
            return "authenticated";
    }
}

}  // namespace

std::span<const Command> commands() {
    return kCommands;
}

const Command* find_command(std::string_view verb) {
    const auto* const row = std::ranges::lower_bound(kCommands, verb, {}, &Command::verb);
    return row != kCommands.end() && row->verb == verb ? row : nullptr;
}

bool is_command(std::string_view line) {
    const auto head = parse_command_head(line);
    return head && find_command(head->verb) != nullptr;
}

Reply usage(const Command& command) {
    return bad(fmt::format("usage: {}", command.syntax));
}

Reply refuse(const Command& command, const base::Error& error) {
    return error.code == base::Errc::kTooLong
               ? no(error.text, "LIMIT")
               : bad(fmt::format("{}; usage: {}", error.text, command.syntax));
}

std::string dump_commands() {
    std::string text;
    for (const Command& command : kCommands) {
        fmt::format_to(std::back_inserter(text),
                       "{:<15} {:<18} {:<70} RFC {}\n",
                       command.verb,
                       states_text(command.states),
                       command.syntax,
                       command.section);
    }
    return text;
}

}  // namespace imap
