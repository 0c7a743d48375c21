#include "queue/notifier.h"

#include <algorithm>
#include <array>
#include <utility>

#include "queue/queue.h"

namespace queue {
namespace {

using base::Errc;
using base::Result;

constexpr std::string_view kPostmaster = "postmaster";
constexpr std::size_t kHeaderOctetsMax = 65536;
constexpr std::size_t kPieceOctets = 65536;

// The header section of a message that may be cut off: up to the empty line, or to the last whole line.
void cut_to_header(std::string& octets) {
    const std::size_t end = octets.find("\r\n\r\n");
    if (end != std::string::npos) {
        octets.resize(end + 2);
        return;
    }
    const std::size_t line = octets.rfind("\r\n");
    octets.resize(line == std::string::npos ? 0 : line + 2);
}

base::Task<Result<std::string>> read_blob(store::Store& store,
                                          base::Loop& loop,
                                          store::BlobId id,
                                          std::uint64_t octets_max) {
    CO_TRY(const auto body, store.snapshot()->open_blob(id));
    std::string octets(std::min(octets_max, body->size()), '\0');
    std::size_t filled = 0;
    while (filled < octets.size()) {
        const std::size_t piece = std::min(kPieceOctets, octets.size() - filled);
        CO_TRY(const std::size_t got,
               co_await body->read(loop, filled, std::span(octets.data() + filled, piece)));
        if (got == 0) {
            break;
        }
        filled += got;
    }
    octets.resize(filled);
    co_return octets;
}

}  // namespace

base::Task<Result<std::vector<PlannedNotice>>> Notifier::plan(std::string queue_id,
                                                              MessageRecord message,
                                                              std::vector<Told> told) const {
    constexpr std::array kKinds = {NoticeKind::kFailed,
                                   NoticeKind::kDelayed,
                                   NoticeKind::kDelivered,
                                   NoticeKind::kExpanded,
                                   NoticeKind::kRelayed};
    std::vector<PlannedNotice> planned;
    for (const NoticeKind kind : kKinds) {
        const bool orphan = message.sender.empty();
        if (orphan && (kind != NoticeKind::kFailed || message.double_bounce)) {
            continue;
        }
        Notice notice{.kind = kind,
                      .to = orphan ? std::string(kPostmaster) : message.sender,
                      .queue_id = queue_id,
                      .message = message,
                      .recipients = {},
                      .original = {},
                      .now = loop_.clock().now()};
        for (const Told& one : told) {
            if (one.kind == kind && wants_notice(one.recipient.record.notify, kind)) {
                notice.recipients.push_back(one.recipient);
            }
        }
        if (notice.recipients.empty()) {
            continue;
        }
        // RFC 3461 4.3: the whole message goes back with a failure only.
        const bool whole = kind == NoticeKind::kFailed &&
                           message.return_content == ReturnContent::kFull &&
                           message.octets <= returned_octets_max_;
        notice.original = co_await read_original(message, whole);
        auto octets = compose(notice);
        if (!octets) {
            log_.error("a notice cannot be written",
                       {{"queue_id", queue_id}, {"reason", octets.error().text}});
            continue;
        }
        CO_TRY(PlannedNotice written, co_await write(std::move(notice.to), std::move(*octets)));
        written.double_bounce = orphan;
        planned.push_back(std::move(written));
    }
    co_return planned;
}

base::Task<mime::ReportedMessage> Notifier::read_original(MessageRecord message, bool whole) const {
    auto octets =
        co_await read_blob(store_, loop_, message.blob, whole ? message.octets : kHeaderOctetsMax);
    mime::ReportedMessage original{.octets = std::move(octets).value_or(std::string()),
                                   .header_only = !whole};
    if (!whole) {
        cut_to_header(original.octets);
    }
    co_return original;
}

Result<std::string> Notifier::compose(const Notice& notice) const {
    Reporter reporter = reporter_;
    if (reporter.postmaster.empty()) {
        reporter.postmaster = "postmaster@" + reporter.hostname;
    }
    if (notice.to != kPostmaster) {
        return compose_notice(notice, reporter, random_);
    }
    Notice to_postmaster = notice;
    to_postmaster.to = reporter.postmaster;
    return compose_notice(to_postmaster, reporter, random_);
}

base::Task<Result<PlannedNotice>> Notifier::write(std::string to, std::string octets) const {
    auto writer = store_.new_blob();
    // As every message that may end here (RFC 5321 4.4); whoever sends it on leaves the field out.
    CO_TRY_VOID(co_await writer->append(loop_, "Return-Path: <>\r\n"));
    CO_TRY_VOID(co_await writer->append(loop_, octets));
    CO_TRY(auto blob, writer->finish());
    co_return PlannedNotice{.blob = std::move(blob),
                            .queue_id = make_queue_id(loop_.clock().now(), random_),
                            .to = std::move(to)};
}

Result<> Notifier::deliver(store::Transaction& change,
                           const std::vector<PlannedNotice>& notices) const {
    for (const PlannedNotice& notice : notices) {
        auto delivered = surroundings_.deliver_notice(change, notice);
        if (delivered) {
            continue;
        }
        if (delivered.error().code != Errc::kNotFound) {
            return delivered;
        }
        log_.warning("a notice has no recipient",
                     {{"queue_id", notice.queue_id}, {"to", notice.to}});
    }
    return {};
}

void Notifier::trace(store::Transaction& change,
                     std::string_view queue_id,
                     const MessageRecord& message,
                     std::string_view kind,
                     std::string_view text) const {
    if (surroundings_.trace) {
        surroundings_.trace(change, queue_id, message.message_id, kind, text);
    }
}

}  // namespace queue
