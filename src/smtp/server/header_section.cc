#include "smtp/server/header_section.h"

#include <fmt/format.h>

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
        } else if (base::iequals(field->name, "Bcc")) {
            facts.has_bcc = true;
        } else if (base::iequals(field->name, "From")) {
            const auto authors = mime::mailboxes(mime::parse_address_list(field->body));
            facts.authors.insert(facts.authors.end(), authors.begin(), authors.end());
        }
    }
    return facts;
}

namespace {

// Everything but the Bcc fields, octet by octet as it came: a signature may cover it.
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
        if (base::iequals(field->name, "Bcc")) {
            bcc_from = field->offset;
        }
        end = fields.position();
    }
    close_bcc(end);
    kept += header.substr(keep_from);
    return kept;
}

}  // namespace

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
    if (facts.has_bcc) {
        mended += without_bcc(header);
    } else {
        mended += header;
    }
    return mended;
}

}  // namespace smtp
