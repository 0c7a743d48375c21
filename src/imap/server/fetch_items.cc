#include "imap/server/fetch_items.h"

#include <fmt/format.h>

#include <iterator>

#include "imap/grammar/date.h"
#include "imap/grammar/flags.h"
#include "imap/grammar/writer.h"
#include "mime/nstring.h"

namespace imap {
namespace {

// Section texts that the summary holds: chosen fields of the message's own header.
std::optional<std::string> fields_of(const FetchItem& item, const mail::Summary& summary) {
    const bool chosen = item.kind == FetchKind::kSection && item.section.part.path.empty() &&
                        item.section.choice == SectionSpec::Names::kFields;
    return chosen ? mail::select_fields(summary, item.section.names) : std::nullopt;
}

std::string cut(const std::string& text, const std::optional<Partial>& partial) {
    if (!partial) {
        return text;
    }
    return partial->offset >= text.size() ? std::string()
                                          : text.substr(partial->offset, partial->octets);
}

}  // namespace

void append_flags_item(std::string& out, Session& session, const mail::Entry& entry) {
    const View& view = session.view();
    out += "FLAGS (";
    const std::size_t begin = out.size();
    append_flags(out, entry.flags, entry.keywords, view.latest()->keywords());
    if (!session.enabled(kRev2) && view.is_recent(entry.uid)) {
        out += out.size() == begin ? "\\Recent" : " \\Recent";
    }
    out += ')';
}

std::string fetch_begin(const Session& session, std::uint32_t number, mail::Uid uid) {
    return session.enabled(kUidOnly) ? fmt::format("* {} UIDFETCH (", uid)
                                     : fmt::format("* {} FETCH (", number);
}

namespace {

// The same with the UID inside, where it was asked for by UID or where QRESYNC wants it.
std::string news_begin(const Session& session, std::uint32_t number, mail::Uid uid, bool with_uid) {
    std::string line = fetch_begin(session, number, uid);
    if ((with_uid || session.enabled(kQresync)) && !session.enabled(kUidOnly)) {
        fmt::format_to(std::back_inserter(line), "UID {} ", uid);
    }
    return line;
}

}  // namespace

void put_flags_news(Session& session,
                    std::uint32_t number,
                    const mail::Entry& entry,
                    bool with_uid) {
    std::string line = news_begin(session, number, entry.uid, with_uid);
    if (session.enabled(kCondstore)) {
        fmt::format_to(std::back_inserter(line), "MODSEQ ({}) ", entry.modseq);
    }
    append_flags_item(line, session, entry);
    session.put(line + ")\r\n");
}

void put_modseq_news(Session& session,
                     std::uint32_t number,
                     const mail::Entry& entry,
                     bool with_uid) {
    session.put(fmt::format(
        "{}MODSEQ ({}))\r\n", news_begin(session, number, entry.uid, with_uid), entry.modseq));
}

void put_flags_lines(Session& session) {
    const View& view = session.view();
    std::string flags;
    append_flags(flags, mail::kAllFlags, ~std::uint64_t{0}, view.latest()->keywords());
    session.put(fmt::format("* FLAGS ({})\r\n", flags));
    std::uint32_t permanent = 0;
    permanent |= view.may(mail::kRightWrite) ? mail::kAnswered | mail::kFlagged | mail::kDraft : 0U;
    permanent |= view.may(mail::kRightSeen) ? mail::kSeen : 0U;
    permanent |= view.may(mail::kRightDeleteMessages) ? mail::kDeleted : 0U;
    const bool keywords = view.may(mail::kRightWrite);
    std::string text;
    append_flags(text, permanent, keywords ? ~std::uint64_t{0} : 0, view.latest()->keywords());
    if (keywords) {
        text += text.empty() ? "\\*" : " \\*";
    }
    session.put(fmt::format("* OK [PERMANENTFLAGS ({})] these can be kept\r\n", text));
}

bool needs_email(const FetchItem& item) {
    switch (item.kind) {
        case FetchKind::kUid:
        case FetchKind::kFlags:
        case FetchKind::kInternalDate:
        case FetchKind::kSize:
        case FetchKind::kModseq:
        case FetchKind::kSaveDate:
        case FetchKind::kEmailId:
            return false;
        default:
            return true;
    }
}

bool needs_body(const FetchItem& item, const mail::Summary& summary) {
    switch (item.kind) {
        case FetchKind::kSection:
            return !fields_of(item, summary);
        case FetchKind::kEnvelope:
            return !summary.has_all_fields();
        case FetchKind::kBinary:
        case FetchKind::kBinarySize:
        case FetchKind::kRfc822:
        case FetchKind::kRfc822Header:
        case FetchKind::kRfc822Text:
            return true;
        case FetchKind::kPreview:
            return !summary.preview() && !item.is_lazy;
        default:
            return false;
    }
}

std::string item_name(const FetchItem& item) {
    const auto bracketed = [&](std::string_view word) {
        std::string name = fmt::format("{}[{}]", word, format_section(item.section));
        if (item.partial) {
            fmt::format_to(std::back_inserter(name), "<{}>", item.partial->offset);
        }
        return name;
    };
    switch (item.kind) {
        case FetchKind::kBinary:
            return bracketed("BINARY");
        case FetchKind::kBinarySize:
            return bracketed("BINARY.SIZE");
        case FetchKind::kRfc822:
            return "RFC822";
        case FetchKind::kRfc822Header:
            return "RFC822.HEADER";
        case FetchKind::kRfc822Text:
            return "RFC822.TEXT";
        default:
            return bracketed("BODY");
    }
}

namespace {

void append_of_entry(std::string& out,
                     Session& session,
                     const FetchItem& item,
                     const mail::Entry& entry) {
    const auto to = std::back_inserter(out);
    switch (item.kind) {
        case FetchKind::kUid:
            fmt::format_to(to, "UID {}", entry.uid);
            break;
        case FetchKind::kFlags:
            append_flags_item(out, session, entry);
            break;
        case FetchKind::kInternalDate:
            out += "INTERNALDATE ";
            append_date_time(out, entry.received_s);
            break;
        case FetchKind::kSize:
            fmt::format_to(to, "RFC822.SIZE {}", entry.octets);
            break;
        case FetchKind::kModseq:
            fmt::format_to(to, "MODSEQ ({})", entry.modseq);
            break;
        case FetchKind::kSaveDate:
            out += "SAVEDATE ";
            append_date_time(out, entry.saved_s);
            break;
        case FetchKind::kEmailId:
            fmt::format_to(
                to, "EMAILID ({})", mail::email_object_id(session.view().ref().owner, entry.email));
            break;
        default:
            break;
    }
}

void append_structure(std::string& out,
                      Session& session,
                      std::string_view name,
                      mime::BodyForm form,
                      const EmailFacts& email) {
    const auto text = mail::format_body(email.summary, form, session.header_form());
    // A damaged record shows an empty text, which the grammar allows, rather than nothing.
    out.append(name).append(" ").append(text ? *text
                                             : "(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 0 0)");
}

}  // namespace

void append_item(std::string& out,
                 Session& session,
                 const FetchItem& item,
                 const mail::Entry& entry,
                 const EmailFacts* email) {
    static const EmailFacts kNothing{0, mail::summarize("")};
    const EmailFacts& facts = email == nullptr ? kNothing : *email;
    switch (item.kind) {
        case FetchKind::kThreadId:
            out +=
                email == nullptr
                    ? "THREADID NIL"
                    : fmt::format("THREADID ({})",
                                  mail::thread_object_id(session.view().ref().owner, facts.thread));
            break;
        case FetchKind::kEnvelope:
            out.append("ENVELOPE ")
                .append(mail::format_envelope(facts.summary, session.header_form()).value_or(""));
            break;
        case FetchKind::kBody:
            append_structure(out, session, "BODY", mime::BodyForm::kBody, facts);
            break;
        case FetchKind::kBodyStructure:
            append_structure(out, session, "BODYSTRUCTURE", mime::BodyForm::kBodyStructure, facts);
            break;
        case FetchKind::kPreview:
            out += "PREVIEW ";
            if (const auto preview = facts.summary.preview()) {
                mime::append_string(out, *preview, mime::HeaderForm::kUtf8);
            } else {
                out += "NIL";
            }
            break;
        case FetchKind::kSection:
            out.append(item_name(item)).append(" ");
            append_literal(out, cut(fields_of(item, facts.summary).value_or(""), item.partial));
            break;
        default:
            append_of_entry(out, session, item, entry);
    }
}

}  // namespace imap
