#include "imap/server/incoming.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/fair_share.h"
#include "mail/email_source.h"
#include "mime/section.h"

namespace imap {

using base::Result;
using base::Task;

namespace {

constexpr std::uint64_t kPieceOctets = std::uint64_t{64} * 1024;
constexpr std::uint64_t kHeaderOctetsMax = std::uint64_t{1} << 20;

}  // namespace

Task<Result<>> Incoming::add(std::string piece) {
    octets_ += piece.size();
    if (stored_) {
        summarizer_.feed(piece);
        stored_ = co_await writer_->append(session_.loop(), piece);
    }
    co_return stored_;
}

// Only the connection's failures end it early.
Task<Result<>> Incoming::read(Literal literal) {
    session_.ask_for_literal(literal);
    for (std::uint64_t left = literal.octets; left > 0;) {
        CO_TRY(std::string piece, co_await session_.read_literal_piece(left));
        left -= piece.size();
        static_cast<void>(co_await add(std::move(piece)));
    }
    co_return Result<>();
}

Task<Result<bool>> Incoming::add_url(MessageUrl url) {
    mail::Mailboxes& mailboxes = session_.mailboxes();
    if (!url.mailbox && !session_.has_view()) {
        co_return false;
    }
    mail::Ref ref = session_.has_view() ? session_.view().ref() : mail::Ref{};
    if (url.mailbox) {
        const auto info = mailboxes.find(session_.user(), *url.mailbox);
        if (!info || (info->rights & mail::kRightRead) == 0) {
            co_return false;
        }
        ref = info->ref;
    } else if (const auto rights = mailboxes.my_rights(session_.user(), ref);
               !rights || (*rights & mail::kRightRead) == 0) {
        co_return false;  // others have taken it meanwhile
    }
    const auto snapshot = co_await mailboxes.open(session_.loop(), ref);
    if (!snapshot) {
        co_return false;
    }
    const auto index = (*snapshot)->find(url.uid);
    const bool valid = !url.uid_validity || *url.uid_validity == (*snapshot)->uid_validity();
    if (!index || !valid) {
        co_return false;
    }
    co_return co_await add_section(ref, (*snapshot)->at(*index).email, std::move(url.section));
}

Task<Result<bool>> Incoming::add_section(mail::Ref ref,
                                         mail::EmailId email,
                                         std::string section_text) {
    mail::Mailboxes& mailboxes = session_.mailboxes();
    section_text = "[" + section_text + "]";
    Scanner scanner(section_text);
    const auto section = parse_section_spec(scanner);
    auto octets = mailboxes.open_body(ref.owner, email);
    if (!section || !scanner.at_end() || !octets) {
        co_return false;
    }
    mime::OctetRange range{0, (*octets)->size()};
    if (section->part != mime::Section{}) {
        mail::Summary summary;
        const auto read = mailboxes.read_emails(
            ref.owner, std::span(&email, 1), [&](mail::EmailId, const mail::EmailRecord& record) {
                summary =
                    mail::Summary::unpack(std::string(record.summary)).value_or(mail::Summary());
                return false;
            });
        if (read && summary.empty()) {
            // An email from before there were summaries, or whose summary is damaged.
            CO_TRY(summary, co_await mail::summarize_body(session_.loop(), **octets));
        }
        const auto structure = summary.structure();
        const auto found = structure ? mime::find_section(*structure, section->part) : std::nullopt;
        if (!read || !found) {
            co_return false;
        }
        range = *found;
    }
    co_return co_await add_range(**octets, range, *section);
}

// A list of fields is chosen of a header, which is read whole.
Task<Result<bool>> Incoming::add_range(store::BlobReader& octets,
                                       mime::OctetRange range,
                                       const SectionSpec& section) {
    const bool is_choice = section.choice != SectionSpec::Names::kNone;
    if (is_choice && range.end - range.begin > kHeaderOctetsMax) {
        co_return false;
    }
    std::string header;
    while (range.begin < range.end) {
        std::string piece(std::min(range.end - range.begin, kPieceOctets), '\0');
        CO_TRY(const std::size_t got, co_await octets.read(session_.loop(), range.begin, piece));
        if (got == 0) {
            co_return false;
        }
        piece.resize(got);
        range.begin += got;
        if (is_choice) {
            header += piece;
        } else {
            static_cast<void>(co_await add(std::move(piece)));
        }
    }
    if (is_choice) {
        base::FairShare share(session_.loop());
        const bool others = section.choice == SectionSpec::Names::kFieldsNot;
        mime::FieldSelection selection(header, section.names, others);
        while (selection.advance()) {
            if (share.is_used_up()) {
                co_await share.give_way();
            }
        }
        static_cast<void>(co_await add(selection.take()));
    }
    co_return true;
}

Result<TakenMessage> Incoming::finish(const AppendOptions& options) {
    TRY_VOID(stored_);
    return TakenMessage{
        .message = {.blob = store::NewBlob({}, octets_, nullptr),
                    .flags = options.flags.system,
                    .keywords = options.flags.keywords,
                    .received = options.received_s
                                    ? base::WallTime(std::chrono::seconds(*options.received_s))
                                    : session_.services().clock.now(),
                    .summary = {},
                    .thread = {},
                    .queue_id = {},
                    .return_path = {}},
        .writer = std::move(writer_),
        .summarizer = std::move(summarizer_)};
}

}  // namespace imap
