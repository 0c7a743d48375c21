#include "smtp/server/header_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "mime/date.h"
#include "mime/header.h"
#include "mime/msgid.h"

namespace smtp {

std::optional<std::size_t> find_header_end(std::string_view text, std::size_t& from) {
    if (from == 0 && text.starts_with("\r\n")) {
        return 2;
    }
    const std::size_t end = text.find("\r\n\r\n", from);
    if (end != std::string_view::npos) {
        return end + 4;
    }
    from = text.size() < 3 ? 0 : text.size() - 3;  // the four octets may be cut anywhere
    return std::nullopt;
}

namespace {

// RFC 5322 3.6.6: what a message is resent with means the same as what it was sent with.
std::string_view without_resent(std::string_view name) {
    constexpr std::string_view kResent = "Resent-";
    return base::istarts_with(name, kResent) ? name.substr(kResent.size()) : name;
}

bool is_bcc(const mime::Field& field) {
    return base::iequals(without_resent(field.name), "Bcc");
}

bool names_senders(const mime::Field& field) {
    const std::string_view name = without_resent(field.name);
    return base::iequals(name, "From") || base::iequals(name, "Sender");
}

}  // namespace

HeaderFacts examine_header(std::string_view header) {
    HeaderFacts facts;
    mime::FieldIterator fields(header);
    while (const auto field = fields.next()) {
        if (base::iequals(field->name, "Received")) {
            ++facts.received;
        } else if (base::iequals(field->name, "Message-ID")) {
            if (!facts.has_message_id) {
                facts.message_id = mime::parse_message_id(field->body).value_or("");
            }
            facts.has_message_id = true;
        } else if (base::iequals(field->name, "Date")) {
            facts.has_date = true;
        } else if (is_bcc(*field)) {
            facts.has_bcc = true;
        } else if (names_senders(*field)) {
            facts.has_from = facts.has_from || base::iequals(field->name, "From");
            const auto senders = mime::mailboxes(mime::parse_address_list(field->body));
            facts.senders.insert(facts.senders.end(), senders.begin(), senders.end());
        }
    }
    return facts;
}

namespace {

// Everything but the Bcc fields of any kind, octet by octet as it came: a signature may cover it.
std::string without_bcc(std::string_view header) {
    std::string kept;
    std::size_t keep_from = 0;
    std::size_t bcc_from = std::string_view::npos;
    mime::FieldIterator fields(header);
    const auto close_bcc = [&](std::size_t end) {
        if (bcc_from != std::string_view::npos) {
            kept += header.substr(keep_from, bcc_from - keep_from);
            keep_from = end;
            bcc_from = std::string_view::npos;
        }
    };
    std::size_t end = 0;  // behind the field before
    while (const auto field = fields.next()) {
        close_bcc(end);
        if (is_bcc(*field)) {
            bcc_from = field->offset;
        }
        end = fields.position();
    }
    close_bcc(end);
    kept += header.substr(keep_from);
    return kept;
}

// RFC 5322 3.6.2, 3.6.3
bool holds_addresses(std::string_view name) {
    constexpr std::array<std::string_view, 6> kNames = {
        "From", "Sender", "Reply-To", "To", "Cc", "Bcc"};
    name = without_resent(name);
    return std::any_of(kNames.begin(), kNames.end(), [name](std::string_view known) {
        return base::iequals(name, known);
    });
}

// What becomes of each address.
struct Wish {
    const account::Rewriting& rewriting;
    std::string_view complete_domain;
};

bool rewrite_mailbox(mime::Mailbox& mailbox, const Wish& wish) {
    const bool completed =
        mailbox.domain.empty() && !mailbox.local.empty() && !wish.complete_domain.empty();
    if (completed) {
        mailbox.domain = wish.complete_domain;
    }
    const auto address = account::parse_address(mime::format_addr_spec(mailbox));
    auto becomes = address ? wish.rewriting.apply(*address, account::kInHeader) : std::nullopt;
    if (!becomes) {
        return completed;
    }
    mailbox.local = std::move(becomes->local);
    mailbox.domain = std::move(becomes->domain);
    return true;
}

bool rewrite_address(mime::Address& address, const Wish& wish) {
    if (auto* const mailbox = std::get_if<mime::Mailbox>(&address)) {
        return rewrite_mailbox(*mailbox, wish);
    }
    bool changed = false;
    for (mime::Mailbox& member : std::get<mime::Group>(address).members) {
        changed = rewrite_mailbox(member, wish) || changed;
    }
    return changed;
}

// The field anew, an address a line; nothing when none of them changes.
std::optional<std::string> rewrite_field(const mime::Field& field, const Wish& wish) {
    mime::AddressList list = mime::parse_address_list(field.body);
    bool changed = false;
    for (mime::Address& address : list.addresses) {
        changed = rewrite_address(address, wish) || changed;
    }
    if (!changed) {
        return std::nullopt;
    }
    const auto form =
        base::is_ascii(field.body) ? mime::HeaderForm::kAscii : mime::HeaderForm::kUtf8;
    std::string text = fmt::format("{}:", field.name);
    for (std::size_t i = 0; i < list.addresses.size(); ++i) {
        text += i == 0 ? " " : ",\r\n\t";
        text += mime::format_address_list({list.addresses[i]}, form);
    }
    return text + "\r\n";
}

}  // namespace

std::string rewrite_header(std::string_view header,
                           const account::Rewriting& rewriting,
                           std::string_view complete_domain) {
    const Wish wish{rewriting, complete_domain};
    std::string out;
    std::size_t keep_from = 0;
    mime::FieldIterator fields(header);
    while (const auto field = fields.next()) {
        const auto rewritten =
            holds_addresses(field->name) ? rewrite_field(*field, wish) : std::nullopt;
        if (rewritten) {
            out += header.substr(keep_from, field->offset - keep_from);
            out += *rewritten;
            keep_from = fields.position();
        }
    }
    out += header.substr(keep_from);
    return out;
}

std::string mend_submitted_header(std::string_view header,
                                  const SubmissionFacts& submission,
                                  HeaderFacts& facts) {
    std::string mended;
    if (!facts.has_message_id) {
        facts.message_id = fmt::format("{}@{}", submission.unique, submission.hostname);
        mended += fmt::format("Message-ID: <{}>\r\n", facts.message_id);
    }
    if (!facts.has_date) {
        mended += fmt::format("Date: {}\r\n", mime::format_date(submission.now, 0));
    }
    if (!facts.has_from && !submission.author.empty()) {
        mended += fmt::format("From: {}\r\n", submission.author);
    }
    if (facts.has_bcc) {
        mended += without_bcc(header);
    } else {
        mended += header;
    }
    return mended;
}

}  // namespace smtp
