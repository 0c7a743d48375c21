#include "mime/compose.h"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/ascii.h"
#include "mime/date.h"
#include "mime/encoded_word.h"
#include "mime/envelope.h"
#include "mime/header.h"
#include "mime/list_headers.h"
#include "mime/msgid.h"
#include "mime/raw_header.h"
#include "mime/text.h"
#include "mime/thread.h"

namespace mime {
namespace {

constexpr std::size_t kReferencesMax = 30;
constexpr std::size_t kQuotedOctetsMax = std::size_t{256} * 1024;
// A text beyond this belongs into an attachment; see ForwardAs::kAttachment.
constexpr std::size_t kForwardedOctetsMax = std::size_t{8} << 20;

// RFC 5321 2.4: domains compare without case; local parts do in all use that matters here.
bool same_address(const Mailbox& a, const Mailbox& b) {
    return base::iequals(a.domain, b.domain) && base::iequals(a.local, b.local);
}

std::vector<Mailbox> field_mailboxes(std::string_view header, std::string_view name) {
    const auto field = find_field(header, name);
    return field ? mailboxes(parse_address_list(field->body)) : std::vector<Mailbox>{};
}

std::vector<Mailbox> flat(const std::vector<Address>& addresses) {
    return mailboxes(AddressList{addresses, 0});
}

// Collects recipients, each once.
class Recipients {
  public:
    explicit Recipients(const std::vector<Mailbox>& own) {
        for (const Mailbox& mailbox : own) {
            taken_.insert(key(mailbox));
        }
    }

    void add(std::vector<Address>& to, const std::vector<Mailbox>& more) {
        for (const Mailbox& mailbox : more) {
            if (!mailbox.domain.empty() && taken_.insert(key(mailbox)).second) {
                to.emplace_back(mailbox);
            }
        }
    }

  private:
    static std::string key(const Mailbox& mailbox) { return base::to_lower(mailbox.address()); }

    std::unordered_set<std::string> taken_;
};

void address_reply(std::string_view header, const ReplyOptions& options, Draft& draft) {
    const Envelope envelope = parse_envelope(header);
    Recipients recipients(options.own);
    const ListHeaders list = parse_list_headers(header);
    if (const std::string post = mailto_address(list.post);
        options.to == ReplyTo::kList && !list.post_forbidden && !post.empty()) {
        recipients.add(draft.to, mailboxes(parse_address_list(post)));
        return;
    }
    const std::vector<Mailbox> followup = field_mailboxes(header, "Mail-Followup-To");
    if (options.to == ReplyTo::kAll && !followup.empty()) {
        recipients.add(draft.to, followup);
        return;
    }
    const std::vector<Mailbox> sender = flat(envelope.reply_to);
    recipients.add(draft.to, sender);
    if (options.to == ReplyTo::kAll || draft.to.empty()) {
        // Nobody but oneself to answer: it was one's own message, which went to others.
        recipients.add(draft.to.empty() ? draft.to : draft.cc, flat(envelope.to));
        recipients.add(draft.cc, flat(envelope.cc));
    }
    if (draft.to.empty() && draft.cc.empty()) {  // a note to oneself
        for (const Mailbox& mailbox : sender) {
            draft.to.emplace_back(mailbox);
        }
    }
}

// RFC 5322 3.6.4: the parent's References, or its In-Reply-To when that names one message, and its
// Message-ID. When there are too many, the first one and the last ones are kept.
void thread_reply(std::string_view header, Draft& draft) {
    ThreadKeys keys = thread_keys(header);
    if (keys.message_id.empty()) {
        return;
    }
    draft.in_reply_to = {keys.message_id};
    std::erase(keys.references, keys.message_id);
    keys.references.push_back(keys.message_id);
    if (keys.references.size() > kReferencesMax) {
        keys.references.erase(
            keys.references.begin() + 1,
            keys.references.end() - static_cast<std::ptrdiff_t>(kReferencesMax - 1));
    }
    draft.references = std::move(keys.references);
}

// The address that the message was sent to, else the first.
std::vector<Address> choose_from(const Envelope& envelope, const std::vector<Mailbox>& own) {
    for (const auto* list : {&envelope.to, &envelope.cc, &envelope.from}) {
        for (const Mailbox& mailbox : flat(*list)) {
            const auto found = std::find_if(own.begin(), own.end(), [&](const Mailbox& mine) {
                return same_address(mine, mailbox);
            });
            if (found != own.end()) {
                return {*found};
            }
        }
    }
    return own.empty() ? std::vector<Address>{} : std::vector<Address>{own.front()};
}

std::string person(const std::vector<Address>& addresses) {
    const std::vector<Mailbox> list = flat(addresses);
    if (list.empty()) {
        return "somebody";
    }
    return list.front().name.empty() ? list.front().address() : list.front().name;
}

// "> " before each line of the text, the signature and what follows it left out.
std::string quote_text(std::string_view text) {
    std::string quoted;
    while (!text.empty()) {
        const std::string_view line = base::split_front(text, '\n');
        if (line == "-- ") {
            break;
        }
        quoted.append(line.empty() || line.starts_with('>') ? ">" : "> ").append(line).append("\n");
    }
    return quoted;
}

std::string prefixed(std::string_view prefix, std::string_view subject) {
    return base::istarts_with(subject, prefix) ? std::string(subject)
                                               : std::string(prefix) + " " + std::string(subject);
}

std::string names(const std::vector<Address>& addresses) {
    return format_address_list(addresses, HeaderForm::kUtf8);
}

std::string forward_head(const Envelope& envelope) {
    std::string head = "-------- Forwarded message --------\n";
    const auto line = [&head](std::string_view name, const std::string& text) {
        if (!text.empty()) {
            head.append(name).append(": ").append(text).append("\n");
        }
    };
    line("From", names(envelope.from));
    line("Date", envelope.date);
    line("Subject", envelope.subject);
    line("To", names(envelope.to));
    line("Cc", names(envelope.cc));
    return head + "\n";
}

// The message's own header, raw octets read.
std::string header_text(std::string_view message, const Structure& structure) {
    return header_as_utf8(header_of(message, structure.root()), declared_charset(structure));
}

Attachment attachment_of(std::string_view message,
                         const Structure& structure,
                         std::uint32_t index) {
    const Part& part = structure.parts[index];
    Attachment file;
    file.name = file_name_of(part);
    file.type = part.type.type + "/" + part.type.subtype;
    file.description = description_of(structure, index);
    file.content =
        part.holds_message() ? std::string(body_of(message, part)) : decoded_content(message, part);
    return file;
}

}  // namespace

Draft make_reply(std::string_view message,
                 const Structure& structure,
                 const ReplyOptions& options) {
    const std::string header = header_text(message, structure);
    const Envelope envelope = parse_envelope(header);
    Draft draft;
    draft.flowed = true;
    draft.subject = prefixed("Re:", envelope.subject);
    draft.from = choose_from(envelope, options.own);
    address_reply(header, options, draft);
    thread_reply(header, draft);
    if (options.quote) {
        const auto date = parse_date(envelope.date);
        const std::string when =
            date ? "On " + format_date(date->time, date->offset_minutes) + ", " : "";
        draft.text = when + person(envelope.from) + " wrote:\n" +
                     quote_text(body_text(message, structure, kQuotedOctetsMax));
    }
    return draft;
}

Draft make_forward(std::string_view message,
                   const Structure& structure,
                   ForwardAs as,
                   const std::vector<Mailbox>& own) {
    const Envelope envelope = parse_envelope(header_text(message, structure));
    Draft draft;
    draft.subject = prefixed("Fwd:", envelope.subject);
    draft.from = choose_from(envelope, own);
    if (as == ForwardAs::kAttachment) {
        Attachment& file = draft.attachments.emplace_back();
        file.type = "message/rfc822";
        file.content = message;
        return draft;
    }
    draft.flowed = true;
    draft.text = forward_head(envelope) + body_text(message, structure, kForwardedOctetsMax);
    const std::vector<std::uint32_t> read = read_parts(structure);
    for (const std::uint32_t index : body_parts(structure).attachments) {
        if (std::ranges::find(read, index) != read.end()) {
            continue;
        }
        draft.attachments.push_back(attachment_of(message, structure, index));
    }
    return draft;
}

}  // namespace mime
