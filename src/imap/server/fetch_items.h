// Items of FETCH that need no message text: what the mailbox's entry and the email's record hold (RFC 9051
// 7.5.2); and the untagged answers about flags.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imap/grammar/fetch.h"
#include "imap/server/session.h"
#include "mail/kept_fields.h"
#include "mail/mailboxes.h"
#include "mail/summary.h"

namespace imap {

// "FLAGS (\Seen)", "UID 7", "MODSEQ (12)" as items within a FETCH answer's parentheses.
void append_flags_item(std::string& out, Session& session, const mail::Entry& entry);

// "* 5 FETCH (", or "* 305 UIDFETCH (" once UIDONLY is enabled (RFC 9586 3.3).
void append_fetch_begin(std::string& out,
                        const Session& session,
                        std::uint32_t number,
                        mail::Uid uid);
// "* 5 FETCH (FLAGS (...))" with whatever the session's extensions add.
void append_flags_news(std::string& out,
                       Session& session,
                       std::uint32_t number,
                       const mail::Entry& entry,
                       bool with_uid);
// "* 5 FETCH (MODSEQ (12))", for who knows the flags himself (RFC 7162 3.1.3).
void append_modseq_news(std::string& out,
                        Session& session,
                        std::uint32_t number,
                        const mail::Entry& entry,
                        bool with_uid);
// "* FLAGS (...)" and PERMANENTFLAGS (RFC 9051 7.3.5, 7.1); `rights` are what the session may change.
void put_flags_lines(Session& session,
                     const std::vector<std::string>& keywords,
                     mail::Rights rights);

// fetch.cc: the answers of FETCH, for messages that nobody asked for by name. No item sets \Seen.
[[nodiscard]] base::Task<base::Result<>> put_messages(Session& session,
                                                      mail::UidSet uids,
                                                      std::vector<FetchItem> items);

// Does the item need the email's record, and its summary?
[[nodiscard]] bool needs_email(const FetchItem& item);

// The same for the summary in it.
[[nodiscard]] bool needs_summary(const FetchItem& item);

// An email, as far as items need it.
struct EmailFacts {
    store::BlobId blob;
    std::string place;
    std::uint64_t thread = 0;
    mail::Summary summary;
};

// An item of one FETCH, and what all its answers share.
struct AskedItem {
    explicit AskedItem(FetchItem asked);

    FetchItem item;
    std::string name;  // "BODY[1.2]<0>" or "RFC822.TEXT", where it names a section
    std::optional<mail::FieldChoice> fields;  // chosen of the message's own header
};

// What is known of a message without reading it. `email` is null where no item needs one.
struct KnownMessage {
    const mail::Entry& entry;
    const EmailFacts* email = nullptr;
};

// Appends "NAME value" of an item, with `between` in front. False, with nothing appended: octets of the
// message are needed, even though there is a summary.
[[nodiscard]] bool append_item(std::string& out,
                               std::string_view between,
                               Session& session,
                               const AskedItem& asked,
                               const KnownMessage& message);

}  // namespace imap
