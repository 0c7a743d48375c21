#include "mail/sort_run.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "base/fair_share.h"
#include "mail/sort_order.h"
#include "mail/thread_tree.h"

namespace mail {
namespace {

constexpr std::size_t kBatch = 256;
constexpr std::uint64_t kHeaderOctetsMax = std::uint64_t{1} << 20;

// A message's summary, and the fields to read, as UTF-8: the summary's, or the header's where it lacks some.
using Visit = std::function<void(const Entry&, const Summary&, std::string_view fields)>;

// Walks over the summaries of messages, some hundred at a time; those that have gone are left out.
class SummaryWalk {
  public:
    SummaryWalk(base::Loop& loop, const EmailSource& source, SnapshotPtr snapshot)
        : loop_(loop),
          source_(source),
          snapshot_(std::move(snapshot)),
          share_(loop) {}

    base::Task<base::Result<>> run(std::vector<Uid> found, Visit visit) {
        for (std::size_t at = 0; at < found.size(); at += kBatch) {
            const std::size_t end = std::min(found.size(), at + kBatch);
            CO_TRY_VOID(read_batch(std::span(found).subspan(at, end - at)));
            for (Item& item : batch_) {
                CO_TRY_VOID(co_await visit_item(item, visit));
                if (share_.is_used_up()) {
                    co_await share_.give_way();
                }
            }
        }
        co_return base::Result<>{};
    }

  private:
    struct Item {
        Entry entry;
        Summary summary;
        bool is_there = false;
    };

    base::Result<> read_batch(std::span<const Uid> uids) {
        batch_.clear();
        for (const Uid uid : uids) {
            if (const auto index = snapshot_->find(uid)) {
                batch_.push_back({.entry = snapshot_->at(*index), .summary = {}});
            }
        }
        std::sort(batch_.begin(), batch_.end(), [](const Item& a, const Item& b) {
            return a.entry.email < b.entry.email;
        });
        std::vector<EmailId> ids;
        for (const Item& item : batch_) {
            if (ids.empty() || ids.back() != item.entry.email) {
                ids.push_back(item.entry.email);
            }
        }
        auto next = batch_.begin();
        return source_.read_emails(ids, [&](EmailId id, const EmailRecord& record) {
            for (; next != batch_.end() && next->entry.email <= id; ++next) {
                next->is_there = next->entry.email == id;
                if (auto summary = Summary::unpack(std::string(record.summary))) {
                    next->summary = std::move(*summary);
                }
            }
            return true;
        });
    }

    base::Task<base::Result<>> visit_item(Item& item, const Visit& visit) {
        if (!item.is_there) {
            co_return base::Result<>{};
        }
        if (!item.summary.empty() && item.summary.has_all_fields()) {
            visit(item.entry, item.summary, item.summary.as_utf8(item.summary.fields()));
            co_return base::Result<>{};
        }
        auto body = source_.open_body(item.entry.email);
        if (!body) {
            if (body.error().code == base::Errc::kNotFound) {
                co_return base::Result<>{};
            }
            co_return base::forward_error(body);
        }
        if (item.summary.empty()) {
            CO_TRY(item.summary, co_await summarize_body(loop_, **body));
        }
        CO_TRY(const std::string header,
               co_await read_octets(
                   loop_, **body, 0, std::min(item.summary.header_octets(), kHeaderOctetsMax)));
        visit(item.entry, item.summary, item.summary.as_utf8(header));
        co_return base::Result<>{};
    }

    base::Loop& loop_;
    const EmailSource& source_;
    SnapshotPtr snapshot_;
    base::FairShare share_;
    std::vector<Item> batch_;
};

std::vector<SortItem> items_of_entries(const Snapshot& snapshot,
                                       const std::vector<Uid>& found,
                                       const std::vector<SortKey>& keys) {
    std::vector<SortItem> items;
    for (const Uid uid : found) {
        if (const auto index = snapshot.find(uid)) {
            items.push_back(make_sort_item(keys, snapshot.at(*index), 0, {}));
        }
    }
    return items;
}

}  // namespace

base::Task<base::Result<std::vector<Uid>>> run_sort(base::Loop& loop,
                                                    base::Pool& pool,
                                                    const EmailSource& source,
                                                    Found found,
                                                    std::vector<SortKey> keys) {
    auto items = std::make_shared<std::vector<SortItem>>();
    if (wants_header(keys)) {
        SummaryWalk walk(loop, source, found.snapshot);
        Visit visit = [items, &keys](
                          const Entry& entry, const Summary& summary, std::string_view fields) {
            items->push_back(
                make_sort_item(keys, entry, sent_or_received_s(summary, entry), fields));
        };
        CO_TRY_VOID(co_await walk.run(std::move(found.uids), std::move(visit)));
    } else {
        *items = items_of_entries(*found.snapshot, found.uids, keys);
    }
    co_return co_await pool.run(loop, [items, keys] { return in_order(keys, std::move(*items)); });
}

base::Task<base::Result<std::vector<ThreadNode>>> run_thread(base::Loop& loop,
                                                             base::Pool& pool,
                                                             const EmailSource& source,
                                                             Found found,
                                                             ThreadAlgorithm algorithm) {
    auto messages = std::make_shared<std::vector<ThreadMessage>>();
    SummaryWalk walk(loop, source, std::move(found.snapshot));
    Visit visit = [messages](const Entry& entry, const Summary& summary, std::string_view fields) {
        messages->push_back({.uid = entry.uid,
                             .sent_s = sent_or_received_s(summary, entry),
                             .keys = mime::thread_keys(fields)});
    };
    CO_TRY_VOID(co_await walk.run(std::move(found.uids), std::move(visit)));
    co_return co_await pool.run(loop, [messages, algorithm] {
        std::sort(messages->begin(),
                  messages->end(),
                  [](const ThreadMessage& a, const ThreadMessage& b) { return a.uid < b.uid; });
        return make_threads(std::move(*messages), algorithm);
    });
}

}  // namespace mail
