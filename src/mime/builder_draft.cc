// From a draft to the usual tree of parts:
//
//     multipart/mixed                when there are attachments
//       multipart/alternative        when there is HTML
//         text/plain
//         multipart/related          when the HTML has pictures
//           text/html
//           image/png ...
//       application/pdf ...
#include <utility>

#include "base/ascii.h"
#include "mime/builder.h"
#include "mime/flowed.h"
#include "mime/header_writer.h"
#include "mime/html_text.h"
#include "mime/media_type.h"

namespace mime {
namespace {

Entity multipart(std::string_view subtype, std::vector<Entity> children) {
    Entity entity;
    entity.type.type = "multipart";
    entity.type.subtype = subtype;
    entity.children = std::move(children);
    return entity;
}

Entity text_entity(std::string_view subtype, std::string content) {
    Entity entity;
    entity.type.subtype = subtype;
    entity.type.parameters.set("charset", base::is_ascii(content) ? "us-ascii" : "utf-8");
    entity.content = std::move(content);
    return entity;
}

// Each line of `text` is a paragraph; lines that begin with '>' are quoted.
std::string flow(std::string_view text) {
    return format_flowed(parse_fixed(text));
}

Entity plain_entity(const Draft& draft) {
    const bool from_html = draft.text.empty() && !draft.html.empty();
    const std::string text =
        from_html ? html_to_text(draft.html, {.show_links = true}) : draft.text;
    Entity entity = text_entity("plain", draft.flowed ? flow(text) : text);
    if (draft.flowed) {
        entity.type.parameters.set("format", "flowed");
    }
    return entity;
}

// The last segment of a path, of either kind of slash: a name for the recipient, never a place.
std::string_view file_name(std::string_view name) {
    const std::size_t slash = name.find_last_of("/\\");
    return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

Entity file_entity(const Attachment& file, std::string_view disposition) {
    Entity entity;
    const std::string guessed =
        file.type.empty() ? guess_media_type(file.name, file.content) : file.type;
    if (auto type = parse_content_type(guessed)) {
        entity.type = std::move(*type);
    } else {
        entity.type = {"application", "octet-stream", {}};
    }
    if (entity.type.type == "text" && entity.type.parameters.find("charset") == nullptr &&
        !file.source) {
        entity.type.parameters.set("charset", base::is_ascii(file.content) ? "us-ascii" : "utf-8");
    }
    entity.disposition.emplace();
    entity.disposition->type = disposition;
    if (const std::string_view name = file_name(file.name); !name.empty()) {
        entity.disposition->parameters.set("filename", name);
    }
    entity.id = file.id;
    entity.description = file.description;
    entity.content = file.content;
    entity.source = file.source;
    entity.keep_octets = true;
    return entity;
}

Entity html_entity_of(const Draft& draft) {
    Entity html = text_entity("html", draft.html);
    if (draft.pictures.empty()) {
        return html;
    }
    Entity related = multipart("related", {});
    related.type.parameters.set("type", "text/html");  // RFC 2387 3.1
    related.children.push_back(std::move(html));
    for (const Attachment& picture : draft.pictures) {
        related.children.push_back(file_entity(picture, "inline"));
    }
    return related;
}

std::vector<Address> as_list(const std::optional<Mailbox>& mailbox) {
    return mailbox ? std::vector<Address>{*mailbox} : std::vector<Address>{};
}

// RFC 5322 3.6, in the order that it lists them.
std::string message_fields(const Draft& draft, HeaderForm form) {
    HeaderWriter writer(form);
    writer.date("Date", draft.date, draft.offset_minutes);
    writer.addresses("From", draft.from);
    writer.addresses("Sender", as_list(draft.sender));
    writer.addresses("Reply-To", draft.reply_to);
    writer.addresses("To", draft.to);
    writer.addresses("Cc", draft.cc);
    if (draft.write_bcc) {
        writer.addresses("Bcc", draft.bcc);
    }
    writer.message_ids("Message-ID", {draft.message_id});
    writer.message_ids("In-Reply-To", draft.in_reply_to);
    writer.message_ids("References", draft.references);
    if (!draft.subject.empty()) {
        writer.unstructured("Subject", draft.subject);
    }
    for (const auto& [name, text] : draft.fields) {
        writer.unstructured(name, text);
    }
    writer.structured("MIME-Version", "1.0");
    return writer.text();
}

}  // namespace

Entity draft_entity(const Draft& draft) {
    Entity body = plain_entity(draft);
    if (!draft.html.empty()) {
        Entity alternative = multipart("alternative", {});
        alternative.children.push_back(std::move(body));
        alternative.children.push_back(html_entity_of(draft));
        body = std::move(alternative);
    }
    if (draft.attachments.empty()) {
        return body;
    }
    Entity mixed = multipart("mixed", {});
    mixed.children.push_back(std::move(body));
    for (const Attachment& file : draft.attachments) {
        mixed.children.push_back(file_entity(file, "attachment"));
    }
    return mixed;
}

namespace {

base::Result<> write_message(const Draft& draft,
                             const Entity& entity,
                             base::Random& random,
                             const BuildOptions& options,
                             OctetSink& sink) {
    const std::string fields = message_fields(draft, options.form);
    // Texts and names have an ASCII form; an address has none (RFC 6532 1).
    if (options.form == HeaderForm::kAscii ? !base::is_ascii(fields) : !base::is_utf8(fields)) {
        return base::fail(base::Errc::kUnsupported, "an address that this form cannot hold");
    }
    return write_entity(entity, random, options, sink, fields);
}

}  // namespace

base::Result<> write_message(const Draft& draft,
                             base::Random& random,
                             const BuildOptions& options,
                             OctetSink& sink) {
    return write_message(draft, draft_entity(draft), random, options, sink);
}

base::Result<std::string> build_message(const Draft& draft,
                                        base::Random& random,
                                        const BuildOptions& options) {
    return build_message(draft, draft_entity(draft), random, options);
}

base::Result<std::string> build_message(const Draft& draft,
                                        const Entity& entity,
                                        base::Random& random,
                                        const BuildOptions& options) {
    StringSink sink;
    TRY_VOID(write_message(draft, entity, random, options, sink));
    return sink.take();
}

}  // namespace mime
