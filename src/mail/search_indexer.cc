#include "mail/search_indexer.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "base/ascii.h"
#include "mail/records.h"
#include "mail/search_merge.h"
#include "mail/search_text.h"
#include "mail/summary.h"
#include "store/key.h"

namespace mail {
namespace {

constexpr std::size_t kFanout = 8;
constexpr std::uint64_t kSmallestLevelEmails = 64;
constexpr std::size_t kBatchEmails = 64;
constexpr std::size_t kBatchOctetsMax = std::size_t{4} << 20;
constexpr std::size_t kEraseRecords = 64;
constexpr std::uint64_t kHeaderOctetsMax = std::uint64_t{1} << 20;

// What was read of one email, not yet decoded.
struct RawEmail {
    EmailId id = 0;
    Summary summary;
    std::string header;
    std::vector<std::pair<TextRange, std::string>> texts;

    [[nodiscard]] std::size_t octets() const {
        std::size_t sum = header.size();
        for (const auto& [range, text] : texts) {
            sum += text.size();
        }
        return sum;
    }
};

void add_header(SearchBlockBuilder& builder, std::uint32_t document, std::string_view header) {
    mime::FieldIterator fields(header);
    while (const auto field = fields.next()) {
        builder.add(document, IndexPart::kOtherFields, base::to_upper(field->name));
        builder.add(document, part_of_field(field->name), folded_value(*field));
    }
}

void add_email(SearchBlockBuilder& builder, std::uint32_t document, const RawEmail& email) {
    add_header(builder, document, email.summary.as_utf8(email.header));
    const auto structure = email.summary.structure();
    if (!structure) {
        return;
    }
    std::string names;
    append_part_names(names, *structure);
    builder.add(document, IndexPart::kBody, names);
    for (const auto& [range, octets] : email.texts) {
        std::string text;
        append_text(text, *structure, range, octets);
        builder.add(
            document, range.is_attachment ? IndexPart::kAttachments : IndexPart::kBody, text);
    }
}

base::Task<base::Result<RawEmail>> read_email(base::Loop& loop,
                                              const EmailSource& source,
                                              RawEmail email) {
    CO_TRY(const auto body, source.open_body(email.id));
    if (email.summary.empty()) {
        CO_TRY(email.summary, co_await summarize_body(loop, *body));
    }
    CO_TRY(email.header,
           co_await read_octets(
               loop, *body, 0, std::min(email.summary.header_octets(), kHeaderOctetsMax)));
    CO_TRY(const mime::Structure structure, email.summary.structure());
    for (const TextRange& range : text_ranges(structure)) {
        CO_TRY(std::string octets,
               co_await read_octets(loop, *body, range.octets.begin, range.octets.end));
        email.texts.emplace_back(range, std::move(octets));
    }
    co_return email;
}

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

struct Gap {
    EmailId first = 1;
    EmailId last = 0;  // below first: there is none
};

// The first emails that no block covers.
Gap first_gap(const std::vector<SearchBlock>& blocks, EmailId next_email) {
    Gap gap;
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

base::Result<> expect_going_on(const std::atomic<bool>* stopping) {
    if (stopping != nullptr && *stopping) {
        return base::fail(base::Errc::kUnavailable, "the server is stopping");
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
    Gap gap;                           // index these
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

// Reads a gap's emails a batch at a time, and has their words cut on the pool.
class IndexBuild {
  public:
    IndexBuild(base::Loop& loop,
               base::Pool& pool,
               const EmailSource& source,
               std::uint64_t hash_seed)
        : loop_(loop),
          pool_(pool),
          source_(source),
          share_(loop),
          builder_(hash_seed) {}

    base::Task<base::Result<>> run(Gap gap,
                                   const IndexerLimits& limits,
                                   const std::atomic<bool>* stopping,
                                   const std::function<void()>& rest) {
        block_.first = gap.first;
        EmailId next = gap.first;
        while (next <= gap.last && block_.emails.size() < limits.block_emails_max &&
               builder_.octets() < limits.block_octets_max) {
            CO_TRY_VOID(expect_going_on(stopping));
            const std::uint64_t room = limits.block_emails_max - block_.emails.size();
            CO_TRY(next, co_await read_batch(next, std::min(gap.last, next + room - 1)));
            if (batch_.empty()) {
                // Whole spans may be free: of what went, or was never given out (renew_ids()).
                CO_TRY(const EmailId there, source_.first_email(next));
                next = std::clamp(there, next, gap.last + 1);
                continue;
            }
            CO_TRY_VOID(co_await cut_words());
            rest();
        }
        block_.last = next - 1;
        co_return base::Result<>{};
    }

    [[nodiscard]] SearchBlock& block() { return block_; }

    [[nodiscard]] SearchBlockBuilder& builder() { return builder_; }

  private:
    // Returns the id behind the last that was looked at.
    base::Task<base::Result<EmailId>> read_batch(EmailId next, EmailId last) {
        std::vector<EmailId> ids;
        for (; next <= last && ids.size() < kBatchEmails; ++next) {
            ids.push_back(next);
        }
        std::vector<RawEmail> emails;
        CO_TRY_VOID(source_.read_emails(ids, [&](EmailId id, const EmailRecord& record) {
            RawEmail& email = emails.emplace_back();
            email.id = id;
            if (auto summary = Summary::unpack(std::string(record.summary))) {
                email.summary = std::move(*summary);
            }
            return true;
        }));
        std::size_t octets = 0;
        for (RawEmail& email : emails) {
            if (octets > kBatchOctetsMax) {
                co_return email.id;
            }
            auto read = co_await read_email(loop_, source_, std::move(email));
            if (read) {
                octets += read->octets();
                batch_.push_back(std::move(*read));
            } else if (read.error().code != base::Errc::kNotFound &&
                       read.error().code != base::Errc::kCorrupt) {
                co_return base::forward_error(read);
            }
            if (share_.is_used_up()) {
                co_await share_.give_way();
            }
        }
        co_return next;
    }

    base::Task<base::Result<>> cut_words() {
        auto document = static_cast<std::uint32_t>(block_.emails.size());
        for (const RawEmail& email : batch_) {
            block_.emails.push_back(email.id);
        }
        auto work = std::make_shared<Work>();
        work->builder = std::move(builder_);
        work->batch = std::move(batch_);
        co_await pool_.run(loop_, [work, document] {
            std::uint32_t at = document;
            for (const RawEmail& email : work->batch) {
                add_email(work->builder, at++, email);
            }
        });
        builder_ = std::move(work->builder);
        batch_.clear();
        co_return base::Result<>{};
    }

    // What the pool works on: owned by the work, should the coroutine be destroyed meanwhile.
    struct Work {
        SearchBlockBuilder builder;
        std::vector<RawEmail> batch;
    };

    base::Loop& loop_;
    base::Pool& pool_;
    const EmailSource& source_;
    FairShare share_;
    SearchBlock block_;
    SearchBlockBuilder builder_;
    std::vector<RawEmail> batch_;
};

base::Task<base::Result<>> SearchIndexer::build(base::Loop& loop,
                                                const EmailSource& source,
                                                account::AccountId account,
                                                Plan plan) const {
    IndexBuild build(loop, pool_, source, limits_.hash_seed);
    CO_TRY_VOID(co_await build.run(plan.gap, limits_, stopping_, rest_));
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
    FairShare share(loop);
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
