#include "mail/search_indexer.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "base/fair_share.h"
#include "mail/index_build.h"
#include "mail/records.h"
#include "mail/search_merge.h"
#include "store/key.h"

namespace mail {
namespace {

constexpr std::size_t kFanout = 8;
constexpr std::uint64_t kSmallestLevelEmails = 64;
constexpr std::size_t kEraseRecords = 64;

unsigned level_of(const SearchBlock& block) {
    unsigned level = 0;
    for (std::uint64_t emails = block.emails.size() / kSmallestLevelEmails; emails >= kFanout;
         emails /= kFanout) {
        ++level;
    }
    return level;
}

// The blocks at the end that should become one; where they begin, or nothing.
std::optional<std::size_t> merge_from(const std::vector<SearchBlock>& blocks,
                                      std::uint64_t emails_max) {
    for (unsigned level = 0; level < 8; ++level) {
        std::size_t from = blocks.size();
        std::uint64_t emails = 0;
        while (from > 0 && level_of(blocks[from - 1]) <= level &&
               emails + blocks[from - 1].emails.size() <= emails_max) {
            emails += blocks[--from].emails.size();
        }
        if (blocks.size() - from >= kFanout) {
            return from;
        }
    }
    return std::nullopt;
}

// Keys of chunks that no block's head names: what a crash or a merge left. Live chunks are passed over
// without being read.
base::Result<> find_orphans(const store::Reader& reader,
                            std::string from,
                            const std::set<std::uint64_t>& live,
                            std::vector<std::string>& keys) {
    const std::size_t serial_at = from.size();
    const std::string end = store::prefix_end(from);
    while (!from.empty() && keys.size() < kEraseRecords) {
        std::string next;
        TRY_VOID(reader.scan(from, end, [&](std::string_view key, std::string_view /*chunk*/) {
            const std::string_view serial = key.substr(serial_at, sizeof(std::uint64_t));
            if (live.contains(store::KeyReader(serial).u64())) {
                next = store::prefix_end(key.substr(0, serial_at + serial.size()));
                return false;
            }
            keys.emplace_back(key);
            return keys.size() < kEraseRecords;
        }));
        from = next;
    }
    return {};
}

base::Result<std::vector<std::string>> find_orphans(const store::Reader& reader,
                                                    account::AccountId account,
                                                    const std::vector<SearchBlock>& blocks) {
    std::set<std::uint64_t> live;
    for (const SearchBlock& block : blocks) {
        live.insert(block.serial);
    }
    std::vector<std::string> keys;
    TRY_VOID(find_orphans(reader, index_words_prefix(account), live, keys));
    TRY_VOID(find_orphans(reader, index_postings_prefix(account), live, keys));
    return keys;
}

// Heads that load_blocks() passes over.
base::Result<std::vector<std::string>> find_damaged(const store::Reader& reader,
                                                    account::AccountId account,
                                                    const std::vector<SearchBlock>& blocks) {
    std::set<std::string, std::less<>> sound;
    for (const SearchBlock& block : blocks) {
        sound.insert(index_block_key(account, block.first));
    }
    std::vector<std::string> keys;
    const std::string prefix = index_block_prefix(account);
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view /*head*/) {
            if (!sound.contains(key)) {
                keys.emplace_back(key);
            }
            return keys.size() < kEraseRecords;
        }));
    return keys;
}

// The first emails that no block covers.
IndexGap first_gap(const std::vector<SearchBlock>& blocks, EmailId next_email) {
    IndexGap gap;
    for (const SearchBlock& block : blocks) {
        if (block.first > gap.first) {
            gap.last = block.first - 1;
            return gap;
        }
        gap.first = block.last + 1;
    }
    gap.last = next_email - 1;
    return gap;
}

// An account that has gone gets no index any more: nobody would remove it.
base::Result<> expect_account(const store::Reader& reader, account::AccountId account) {
    TRY(const auto found, account::find_account(reader, account));
    if (!found) {
        return base::fail(base::Errc::kNotFound, "the account has gone");
    }
    return {};
}

base::Result<std::vector<EmailId>> emails_there(const EmailSource& source,
                                                std::span<const EmailId> emails) {
    std::vector<EmailId> there;
    TRY_VOID(source.read_emails(emails, [&](EmailId email, const EmailRecord& /*record*/) {
        there.push_back(email);
        return true;
    }));
    return there;
}

}  // namespace

struct SearchIndexer::Plan {
    std::vector<std::string> garbage;  // erase these first
    IndexGap gap;                      // index these
    std::vector<SearchBlock> merge;    // or make these one
    std::uint64_t serial = 1;          // of the new block

    [[nodiscard]] bool is_nothing() const {
        return garbage.empty() && merge.empty() && gap.last < gap.first;
    }
};

base::Result<SearchIndexer::Plan> SearchIndexer::plan(account::AccountId account, bool all) const {
    const auto reader = store_.snapshot();
    Plan plan;
    TRY(std::vector<SearchBlock> blocks, load_blocks(*reader, account));
    TRY(plan.garbage, find_damaged(*reader, account, blocks));
    if (plan.garbage.empty()) {
        TRY(plan.garbage, find_orphans(*reader, account, blocks));
    }
    TRY(const AccountCounters counters, load_counters(*reader, account));
    std::uint64_t indexed = 0;
    for (const SearchBlock& block : blocks) {
        plan.serial = std::max(plan.serial, block.serial + 1);
        indexed += block.emails.size();
    }
    plan.gap = first_gap(blocks, counters.next_email);
    const bool at_end = plan.gap.last + 1 == counters.next_email;
    const std::uint64_t fresh = plan.gap.last + 1 - plan.gap.first;
    if (at_end && !all && fresh < limits_.new_emails_min) {
        plan.gap.last = plan.gap.first - 1;
    }
    if (plan.gap.last >= plan.gap.first) {
        return plan;
    }
    if (const auto from = merge_from(blocks, limits_.merged_emails_max)) {
        blocks.erase(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(*from));
        plan.merge = std::move(blocks);
    } else if (indexed > 2 * counters.messages + limits_.block_emails_max) {
        // Most of it has gone: the largest block is written again.
        plan.merge.push_back(*std::max_element(
            blocks.begin(), blocks.end(), [](const SearchBlock& a, const SearchBlock& b) {
                return a.emails.size() < b.emails.size();
            }));
    }
    return plan;
}

base::Task<base::Result<bool>> SearchIndexer::step(base::Loop& loop,
                                                   const EmailSource& source,
                                                   account::AccountId account,
                                                   bool all) const {
    CO_TRY(Plan next, plan(account, all));
    if (next.is_nothing()) {
        co_return false;
    }
    if (!next.garbage.empty()) {
        CO_TRY_VOID(co_await erase(loop, std::move(next.garbage)));
    } else if (!next.merge.empty()) {
        std::vector<std::string> heads;
        heads.reserve(next.merge.size());
        for (const SearchBlock& block : next.merge) {
            heads.push_back(index_block_key(account, block.first));
        }
        auto merged = co_await merge(loop, source, account, std::move(next));
        if (!merged && merged.error().code == base::Errc::kCorrupt) {
            // Indexed anew, from the messages themselves.
            merged = co_await erase(loop, std::move(heads));
        }
        CO_TRY_VOID(std::move(merged));
    } else {
        CO_TRY_VOID(co_await build(loop, source, account, std::move(next)));
    }
    co_return true;
}

base::Task<base::Result<>> SearchIndexer::build(base::Loop& loop,
                                                const EmailSource& source,
                                                account::AccountId account,
                                                Plan plan) const {
    IndexBuild build(loop, pool_, source, limits_);
    CO_TRY_VOID(co_await build.run(plan.gap, stopping_, rest_));
    SearchBlock& block = build.block();
    block.serial = plan.serial;
    Records records;
    build.builder().finish([&](IndexPart part, std::uint32_t number, SearchChunk chunk) {
        block.octets += chunk.octets();
        block.chunks[static_cast<std::size_t>(part)] = number + 1;
        records.emplace_back(index_words_key(account, plan.serial, part, number),
                             std::move(chunk.words));
        records.emplace_back(index_postings_key(account, plan.serial, part, number),
                             std::move(chunk.postings));
    });
    CO_TRY_VOID(co_await write(loop, account, std::move(records)));
    co_return co_await commit(loop, account, std::move(block), {});
}

base::Task<base::Result<>> SearchIndexer::merge(base::Loop& loop,
                                                const EmailSource& source,
                                                account::AccountId account,
                                                Plan plan) const {
    std::vector<EmailId> replaced;
    std::vector<EmailId> emails;
    base::FairShare share(loop);
    for (const SearchBlock& block : plan.merge) {
        replaced.push_back(block.first);
        CO_TRY(const std::vector<EmailId> there, emails_there(source, block.emails));
        emails.insert(emails.end(), there.begin(), there.end());
        co_await share.give_way();
    }
    auto merger = std::make_shared<BlockMerger>(
        account, plan.serial, std::move(plan.merge), std::move(emails));
    while (true) {
        auto step = [this, merger]() -> base::Result<Records> {
            return merger->step(*store_.snapshot(), limits_.change_octets_max);
        };
        CO_TRY(Records records, co_await pool_.run(loop, std::move(step)));
        if (records.empty()) {
            break;
        }
        CO_TRY_VOID(co_await write(loop, account, std::move(records)));
        rest_();
    }
    co_return co_await commit(loop, account, merger->block(), std::move(replaced));
}

// In changes of about change_octets_max.
base::Task<base::Result<>> SearchIndexer::write(base::Loop& loop,
                                                account::AccountId account,
                                                Records records) const {
    for (auto next = records.begin(); next != records.end();) {
        CO_TRY_VOID(expect_going_on(stopping_));
        auto some = std::make_shared<Records>();
        for (std::size_t octets = 0; next != records.end() && octets < limits_.change_octets_max;
             ++next) {
            octets += next->first.size() + next->second.size();
            some->push_back(std::move(*next));
        }
        auto change = [account, some](store::Transaction& transaction) -> base::Result<> {
            TRY_VOID(expect_account(transaction, account));
            for (const auto& [key, record] : *some) {
                transaction.put(key, record);
            }
            return {};
        };
        CO_TRY_VOID(co_await store_.change(loop, std::move(change)));
    }
    co_return base::Result<>{};
}

base::Task<base::Result<>> SearchIndexer::commit(base::Loop& loop,
                                                 account::AccountId account,
                                                 SearchBlock block,
                                                 std::vector<EmailId> replaced) const {
    auto change = [account, block = std::move(block), replaced = std::move(replaced)](
                      store::Transaction& transaction) -> base::Result<> {
        TRY_VOID(expect_account(transaction, account));
        for (const EmailId first : replaced) {
            transaction.erase(index_block_key(account, first));
        }
        transaction.put(index_block_key(account, block.first), encode(block));
        return {};
    };
    co_return co_await store_.change(loop, std::move(change));
}

base::Task<base::Result<>> SearchIndexer::erase(base::Loop& loop,
                                                std::vector<std::string> keys) const {
    auto change = [keys = std::move(keys)](store::Transaction& transaction) -> base::Result<> {
        for (const std::string& key : keys) {
            transaction.erase(key);
        }
        return {};
    };
    co_return co_await store_.change(loop, std::move(change));
}

base::Result<bool> erase_index(store::Transaction& change,
                               account::AccountId account,
                               std::size_t records_max) {
    std::vector<std::string> keys;
    const std::string prefix = index_prefix(account);
    TRY_VOID(change.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view /*value*/) {
            keys.emplace_back(key);
            return keys.size() < records_max;
        }));
    for (const std::string& key : keys) {
        change.erase(key);
    }
    return keys.size() < records_max;
}

}  // namespace mail
