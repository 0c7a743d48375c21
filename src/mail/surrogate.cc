#include "mail/surrogate.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "account/address.h"
#include "base/ascii.h"
#include "base/fair_share.h"
#include "mail/email_source.h"
#include "mail/emails.h"
#include "mail/message_store.h"
#include "mail/summary.h"
#include "mime/downgrade.h"

namespace mail {
namespace {

using base::Result;
using base::Task;

// Emails are looked at in one go before others on the loop have their turn.
constexpr std::size_t kEmailsAtOnce = 500;

// A message that may need a surrogate.
struct Candidate {
    std::size_t index = 0;  // among those that were asked for
    store::BlobId blob;
    std::string place;
    std::optional<mime::Structure> structure;  // nothing: there is no summary
};

Result<std::vector<Candidate>> find_candidates(const store::Reader& reader,
                                               std::span<const MessageInfo> messages) {
    std::vector<Candidate> candidates;
    std::vector<EmailId> emails;
    for (const MessageInfo& message : messages) {
        emails.push_back(message.email);
    }
    std::size_t at = 0;
    const auto visit = [&](EmailId email, const EmailRecord& record) {
        at = static_cast<std::size_t>(
            std::find(emails.begin() + static_cast<std::ptrdiff_t>(at), emails.end(), email) -
            emails.begin());
        const auto summary = Summary::unpack(std::string(record.summary));
        if (!summary || summary->empty()) {
            candidates.push_back({at, record.blob, std::string(record.place), std::nullopt});
        } else if (!summary->is_ascii()) {
            auto structure = summary->structure();
            if (structure && may_need_surrogate(*structure)) {
                candidates.push_back(
                    {at, record.blob, std::string(record.place), std::move(*structure)});
            }
        }
        ++at;
        return true;
    };
    if (!messages.empty()) {
        TRY_VOID(read_emails(reader, messages.front().account, emails, visit));
    }
    return candidates;
}

// The same past damaged records: whoever opens such a message is told of it, the others are none the worse.
Result<std::vector<Candidate>> find_beside_damage(const store::Reader& reader,
                                                  std::span<const MessageInfo> messages) {
    auto found = find_candidates(reader, messages);
    if (found || found.error().code != base::Errc::kCorrupt) {
        return found;
    }
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < messages.size(); ++i) {
        auto one = find_candidates(reader, messages.subspan(i, 1));
        if (one && !one->empty()) {
            one->front().index = i;
            candidates.push_back(std::move(one->front()));
        }
    }
    return candidates;
}

Task<Result<std::unique_ptr<store::BlobReader>>> open_candidate(base::Loop& loop,
                                                                const store::Reader& reader,
                                                                Candidate candidate) {
    CO_TRY(auto message, reader.open_blob_at(candidate.blob, candidate.place));
    if (!candidate.structure) {
        CO_TRY(const Summary summary, co_await summarize_body(loop, *message));
        CO_TRY(candidate.structure, summary.structure());
    }
    co_return co_await make_surrogate(loop, std::move(message), std::move(*candidate.structure));
}

}  // namespace

SplicedReader::SplicedReader(std::unique_ptr<store::BlobReader> message,
                             std::vector<Splice> splices)
    : message_(std::move(message)),
      splices_(std::move(splices)) {
    std::uint64_t at = 0;
    for (const Splice& splice : splices_) {
        add_piece(splice.range.begin - at, at, nullptr);
        add_piece(splice.octets.size(), 0, &splice.octets);
        at = splice.range.end;
    }
    add_piece(message_->size() - at, at, nullptr);
}

void SplicedReader::add_piece(std::uint64_t octets, std::uint64_t source, const std::string* text) {
    if (octets > 0) {
        pieces_.push_back({size_, octets, source, text});
        size_ += octets;
    }
}

const SplicedReader::Piece& SplicedReader::piece_at(std::uint64_t offset) const {
    const auto next = std::upper_bound(
        pieces_.begin(), pieces_.end(), offset, [](std::uint64_t wanted, const Piece& piece) {
            return wanted < piece.begin;
        });
    return *std::prev(next);
}

Task<Result<std::size_t>> SplicedReader::read(base::Loop& loop,
                                              std::uint64_t offset,
                                              std::span<char> into) {
    std::size_t filled = 0;
    while (filled < into.size() && offset + filled < size_) {
        const Piece& piece = piece_at(offset + filled);
        const std::uint64_t skip = offset + filled - piece.begin;
        const std::span<char> room = into.subspan(
            filled, std::min<std::uint64_t>(into.size() - filled, piece.octets - skip));
        if (piece.text != nullptr) {
            std::memcpy(room.data(), piece.text->data() + skip, room.size());
            filled += room.size();
            continue;
        }
        CO_TRY(const std::size_t got, co_await message_->read(loop, piece.source + skip, room));
        if (got == 0) {
            break;
        }
        filled += got;
    }
    co_return filled;
}

bool may_need_surrogate(const mime::Structure& structure) {
    return std::any_of(structure.parts.begin(), structure.parts.end(), [](const mime::Part& part) {
        return mime::downgraded_range(part).has_value();
    });
}

Task<Result<std::unique_ptr<store::BlobReader>>> make_surrogate(
    base::Loop& loop, std::unique_ptr<store::BlobReader> message, mime::Structure structure) {
    std::vector<Splice> splices;
    std::uint64_t octets_left = kSurrogateOctetsMax;
    for (const mime::Part& part : structure.parts) {
        const auto range = mime::downgraded_range(part);
        if (!range || range->end - range->begin > octets_left) {
            continue;
        }
        octets_left -= range->end - range->begin;
        CO_TRY(const std::string octets,
               co_await read_octets(loop, *message, range->begin, range->end));
        if (base::is_utf8(octets)) {
            splices.push_back(
                {*range,
                 mime::downgrade_range(
                     part, octets, mime::HeaderDowngrade::kRfc6857, &account::a_labels)});
        }
    }
    if (!splices.empty()) {
        message = std::make_unique<SplicedReader>(std::move(message), std::move(splices));
    }
    co_return message;
}

Task<Result<>> MessageStore::measure_surrogates(base::Loop& loop,
                                                std::vector<MessageInfo>& messages) const {
    const auto snapshot = store_.snapshot();
    base::FairShare share(loop);
    for (std::size_t first = 0; first < messages.size(); first += kEmailsAtOnce) {
        const auto some =
            std::span(messages).subspan(first, std::min(kEmailsAtOnce, messages.size() - first));
        CO_TRY(auto candidates, find_beside_damage(*snapshot, some));
        for (Candidate& candidate : candidates) {
            MessageInfo& message = some[candidate.index];
            const auto surrogate = co_await open_candidate(loop, *snapshot, std::move(candidate));
            if (surrogate) {  // else whoever opens it is told
                message.octets = (*surrogate)->size();
                message.has_surrogate = true;
            }
            if (share.is_used_up()) {
                co_await share.give_way();
            }
        }
        if (share.is_used_up()) {
            co_await share.give_way();
        }
    }
    co_return Result<>();
}

Task<Result<std::unique_ptr<store::BlobReader>>> MessageStore::open_surrogate(
    base::Loop& loop, MessageInfo message) const {
    const auto snapshot = store_.snapshot();
    CO_TRY(auto candidates, find_candidates(*snapshot, std::span(&message, 1)));
    if (candidates.empty()) {
        co_return open_message(message);
    }
    co_return co_await open_candidate(loop, *snapshot, std::move(candidates.front()));
}

}  // namespace mail
