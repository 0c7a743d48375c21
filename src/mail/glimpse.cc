#include "mail/glimpse.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "mail/page_record.h"
#include "mail/records.h"
#include "store/key.h"

namespace mail {
namespace {

using base::Result;

// So many pages are looked at, at either end: some 500 messages, in a tenth of the time that asking another
// thread for them takes.
constexpr std::size_t kPagesMax = 8;

// Up to `pages_max` pages from that number on, of which there are about `pages_expected`.
Result<std::vector<PagePtr>> read_pages(const store::Reader& reader,
                                        Ref ref,
                                        Uid number,
                                        std::size_t pages_max,
                                        std::size_t pages_expected) {
    std::vector<PagePtr> pages;
    PageBlocks blocks(pages_expected);
    Result<> damage;
    const auto visit = [&](std::string_view key, std::string_view record) {
        const auto name = parse_page_key(key);
        auto page = decode_page(name ? name->page : 0, record, blocks);
        if (!name || !page) {
            damage = base::fail(base::Errc::kCorrupt, "a page of messages is damaged");
            return false;
        }
        pages.push_back(std::move(*page));
        return pages.size() < pages_max;
    };
    const std::string end = store::prefix_end(mailbox_key(KeyTag::kPage, ref));
    TRY_VOID(reader.scan(page_key(ref, number), end, visit));
    TRY_VOID(std::move(damage));
    return pages;
}

bool is_unseen(const Entry& entry) {
    return (entry.flags & kSeen) == 0;
}

struct Unseen {
    std::size_t messages = 0;  // looked at
    std::size_t unseen = 0;    // of these
    std::size_t first = 0;     // index of the first that is unseen
};

Unseen count_unseen(const std::vector<PagePtr>& pages) {
    Unseen found;
    for (const PagePtr& page : pages) {
        for (const Entry& entry : page->entries) {
            found.first = is_unseen(entry) && found.unseen == 0 ? found.messages : found.first;
            found.unseen += is_unseen(entry) ? 1 : 0;
            ++found.messages;
        }
    }
    return found;
}

}  // namespace

SnapshotHead make_head(Ref ref, const MailboxState& state, std::vector<std::string> keywords) {
    SnapshotHead head;
    head.ref = ref;
    head.uid_validity = state.uid_validity;
    head.uid_next = state.uid_next;
    head.highest_modseq = state.highest_modseq;
    head.messages = state.messages;
    head.unseen = state.unseen;
    head.deleted = state.deleted;
    head.octets = state.octets;
    head.deleted_octets = state.deleted_octets;
    head.keywords = std::move(keywords);
    return head;
}

namespace {

Result<SnapshotHead> read_head(const store::Reader& reader, Ref ref) {
    TRY(const auto state, load_state(reader, ref));
    if (!state) {
        return base::fail(base::Errc::kNotFound, "the mailbox has gone");
    }
    TRY(auto keywords, load_keywords(reader, ref));
    return make_head(ref, *state, std::move(keywords));
}

Result<SnapshotPtr> read_rest(const store::Reader& reader, SnapshotHead head) {
    constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
    TRY(auto pages, read_pages(reader, head.ref, 0, kAll, head.messages / kPageUids + 1));
    return SnapshotPtr(std::make_shared<Snapshot>(std::move(head), std::move(pages)));
}

}  // namespace

Result<SnapshotPtr> read_snapshot(const store::Reader& reader, Ref ref) {
    TRY(auto head, read_head(reader, ref));
    return read_rest(reader, std::move(head));
}

Result<std::unique_ptr<Glimpse>> Glimpse::read(std::unique_ptr<const store::Reader> reader,
                                               Ref ref) {
    TRY(auto head, read_head(*reader, ref));
    return std::unique_ptr<Glimpse>(new Glimpse(std::move(reader), std::move(head)));
}

Uid Glimpse::first_of_last_pages() const {
    const Uid last = page_of(head_.uid_next);
    return last - std::min<Uid>(last, kPagesMax - 1);
}

std::optional<std::vector<PagePtr>> Glimpse::pages_from(Uid number) const {
    auto pages = read_pages(*reader_, head_.ref, number, kPagesMax, kPagesMax);
    return pages ? std::optional(std::move(*pages)) : std::nullopt;
}

// Mail is read from either end: what is unseen is new, or all that ever came is.
std::optional<std::size_t> Glimpse::first_unseen() const {
    if (head_.unseen == 0 || head_.unseen == head_.messages) {
        return head_.unseen == 0 ? head_.messages : 0;
    }
    const auto last = pages_from(first_of_last_pages());
    if (!last) {
        return std::nullopt;
    }
    const Unseen behind = count_unseen(*last);
    if (behind.unseen == head_.unseen) {
        return head_.messages - behind.messages + behind.first;
    }
    const auto first = pages_from(0);
    const Unseen in_front = first ? count_unseen(*first) : Unseen();
    return in_front.unseen > 0 ? std::optional(in_front.first) : std::nullopt;
}

std::optional<std::size_t> Glimpse::count_from(Uid uid) const {
    if (uid <= 1 || uid >= head_.uid_next) {
        return uid <= 1 ? head_.messages : 0;
    }
    if (page_of(uid) < first_of_last_pages()) {
        return std::nullopt;
    }
    const auto pages = pages_from(page_of(uid));
    if (!pages) {
        return std::nullopt;
    }
    std::size_t count = 0;
    for (const PagePtr& page : *pages) {
        count += static_cast<std::size_t>(std::ranges::count_if(
            page->entries, [uid](const Entry& entry) { return entry.uid >= uid; }));
    }
    return count;
}

Result<SnapshotPtr> Glimpse::read_all() const {
    return read_rest(*reader_, head_);
}

}  // namespace mail
