#include "imap/server/fetch_items.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "imap/grammar/date.h"
#include "imap/grammar/flags.h"
#include "imap/grammar/writer.h"
#include "mime/nstring.h"

namespace imap {
namespace {

std::string_view cut(std::string_view text, const std::optional<Partial>& partial) {
    if (!partial) {
        return text;
    }
    return partial->offset >= text.size() ? std::string_view()
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

void append_fetch_begin(std::string& out,
                        const Session& session,
                        std::uint32_t number,
                        mail::Uid uid) {
    const bool by_uid = session.enabled(kUidOnly);
    out += "* ";
    append_number(out, by_uid ? uid : number);
    out += by_uid ? " UIDFETCH (" : " FETCH (";
}

namespace {

// The same with the UID inside, where it was asked for by UID or where QRESYNC wants it.
void begin_news(std::string& out,
                const Session& session,
                std::uint32_t number,
                const mail::Entry& entry,
                bool with_uid) {
    append_fetch_begin(out, session, number, entry.uid);
    // RFC 7162 3.2.4: beside a modification sequence the UID is told as well.
    if ((with_uid || session.enabled(kCondstore)) && !session.enabled(kUidOnly)) {
        out += "UID ";
        append_number(out, entry.uid);
        out += ' ';
    }
}

void append_modseq(std::string& out, mail::Modseq modseq) {
    out += "MODSEQ (";
    append_number(out, modseq);
    out += ')';
}

}  // namespace

void append_flags_news(std::string& out,
                       Session& session,
                       std::uint32_t number,
                       const mail::Entry& entry,
                       bool with_uid) {
    begin_news(out, session, number, entry, with_uid);
    if (session.enabled(kCondstore)) {
        append_modseq(out, entry.modseq);
        out += ' ';
    }
    append_flags_item(out, session, entry);
    out += ")\r\n";
}

void append_modseq_news(std::string& out,
                        Session& session,
                        std::uint32_t number,
                        const mail::Entry& entry,
                        bool with_uid) {
    begin_news(out, session, number, entry, with_uid);
    append_modseq(out, entry.modseq);
    out += ")\r\n";
}

void put_flags_lines(Session& session,
                     const std::vector<std::string>& keywords,
                     mail::Rights rights) {
    std::string flags;
    append_flags(flags, mail::kAllFlags, ~std::uint64_t{0}, keywords);
    session.put(fmt::format("* FLAGS ({})\r\n", flags));
    const bool may_write = (rights & mail::kRightWrite) != 0;
    std::uint32_t permanent = 0;
    permanent |= may_write ? mail::kAnswered | mail::kFlagged | mail::kDraft : 0U;
    permanent |= (rights & mail::kRightSeen) != 0 ? mail::kSeen : 0U;
    permanent |= (rights & mail::kRightDeleteMessages) != 0 ? mail::kDeleted : 0U;
    std::string text;
    append_flags(text, permanent, may_write ? ~std::uint64_t{0} : 0, keywords);
    if (may_write) {
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

bool needs_summary(const FetchItem& item) {
    const bool is_whole = (item.kind == FetchKind::kSection || item.kind == FetchKind::kRfc822) &&
                          item.section == SectionSpec{};
    return needs_email(item) && item.kind != FetchKind::kThreadId && !is_whole;
}

namespace {

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

void append_of_entry(std::string& out,
                     Session& session,
                     const FetchItem& item,
                     const mail::Entry& entry) {
    switch (item.kind) {
        case FetchKind::kUid:
            out += "UID ";
            append_number(out, entry.uid);
            break;
        case FetchKind::kFlags:
            append_flags_item(out, session, entry);
            break;
        case FetchKind::kInternalDate:
            out += "INTERNALDATE ";
            append_date_time(out, entry.received_s);
            break;
        case FetchKind::kSize:
            out += "RFC822.SIZE ";
            append_number(out, entry.octets);
            break;
        case FetchKind::kModseq:
            append_modseq(out, entry.modseq);
            break;
        case FetchKind::kSaveDate:
            out += "SAVEDATE ";
            append_date_time(out, entry.saved_s);
            break;
        case FetchKind::kEmailId:
            out.append("EMAILID (")
                .append(mail::email_object_id(session.view().ref().owner, entry.email))
                .append(")");
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
    out.append(name).append(" ");
    const auto kept = form == mime::BodyForm::kBodyStructure
                          ? email.summary.body_structure(session.header_form())
                          : std::nullopt;
    if (kept) {
        out.append(*kept);
        return;
    }
    const auto text = mail::format_body(email.summary, form, session.header_form());
    // A damaged record shows an empty text, which the grammar allows, rather than nothing.
    out.append(text ? *text : "(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 0 0)");
}

void append_thread_id(std::string& out, Session& session, const EmailFacts& email) {
    out.append("THREADID (")
        .append(mail::thread_object_id(session.view().ref().owner, email.thread))
        .append(")");
}

bool append_envelope(std::string& out,
                     std::string_view between,
                     Session& session,
                     const EmailFacts& email) {
    if (const auto kept = email.summary.envelope(session.header_form())) {
        out.append(between).append("ENVELOPE ").append(*kept);
        return true;
    }
    const auto envelope = mail::format_envelope(email.summary, session.header_form());
    if (envelope) {
        out.append(between).append("ENVELOPE ").append(*envelope);
    }
    return envelope.has_value();
}

bool append_preview(std::string& out,
                    std::string_view between,
                    const FetchItem& item,
                    const EmailFacts& email) {
    const auto preview = email.summary.preview();
    if (!preview && !item.is_lazy) {
        return false;
    }
    out.append(between).append("PREVIEW ");
    if (preview) {
        mime::append_string(out, *preview, mime::HeaderForm::kUtf8);
    } else {
        out += "NIL";
    }
    return true;
}

bool append_section(std::string& out,
                    std::string_view between,
                    const AskedItem& asked,
                    const EmailFacts& email) {
    auto fields = asked.fields ? asked.fields->of(email.summary) : std::nullopt;
    if (fields) {
        // No literal of BODY[...] may hold NUL (RFC 9051 4.3), as in body.cc.
        std::replace(fields->begin(), fields->end(), '\0', '\x80');
        out.append(between).append(asked.name).append(" ");
        append_literal(out, cut(*fields, asked.item.partial));
    }
    return fields.has_value();
}

}  // namespace

AskedItem::AskedItem(FetchItem asked) : item(std::move(asked)), name(item_name(item)) {
    const SectionSpec& section = item.section;
    if (item.kind == FetchKind::kSection && section.part.path.empty() &&
        section.choice == SectionSpec::Names::kFields) {
        fields.emplace(section.names);
    }
}

bool append_item(std::string& out,
                 std::string_view between,
                 Session& session,
                 const AskedItem& asked,
                 const KnownMessage& message) {
    const FetchItem& item = asked.item;
    if (!needs_email(item)) {
        out += between;
        append_of_entry(out, session, item, message.entry);
        return true;
    }
    CHECK(message.email != nullptr);
    const EmailFacts& email = *message.email;
    switch (item.kind) {
        case FetchKind::kEnvelope:
            return append_envelope(out, between, session, email);
        case FetchKind::kPreview:
            return append_preview(out, between, item, email);
        case FetchKind::kSection:
            return append_section(out, between, asked, email);
        case FetchKind::kThreadId:
            out += between;
            append_thread_id(out, session, email);
            return true;
        case FetchKind::kBody:
            out += between;
            append_structure(out, session, "BODY", mime::BodyForm::kBody, email);
            return true;
        case FetchKind::kBodyStructure:
            out += between;
            append_structure(out, session, "BODYSTRUCTURE", mime::BodyForm::kBodyStructure, email);
            return true;
        default:
            return false;
    }
}

}  // namespace imap
