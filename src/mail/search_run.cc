#include "mail/search_run.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/fair_share.h"
#include "mail/search_text.h"

namespace mail {
namespace {

// Of a search with few keys; with many a turn has as much to do.
constexpr std::size_t kSliceEntries = 4096;
constexpr std::size_t kSliceEntriesMin = 16;
constexpr std::size_t kSliceJudgements = std::size_t{1} << 16;
// Texts of more are decoded, folded and looked through on the pool.
constexpr std::uint64_t kPooledOctets = std::uint64_t{64} << 10;
// Fewer bodies than this are read sooner than the index is.
constexpr std::size_t kFewUnknown = 16;
// A header beyond this is no header of mail.
constexpr std::uint64_t kHeaderOctetsMax = std::uint64_t{1} << 20;

// An email whose octets must be looked at.
struct OpenEmail {
    Entry entry;
    bool is_there = false;
    std::uint64_t thread = 0;
    Summary summary;
    Truth truth = Truth::kUnknown;
};

// An email with all that a judgement may want: nothing of it is anybody else's, for it may be judged on the pool when
// who asked has gone.
struct WholeEmail {
    struct Piece {
        TextRange range;
        std::string octets;
    };

    std::shared_ptr<const SearchProgram> program;
    std::shared_ptr<const IndexAnswers> index;
    Entry entry;
    std::uint64_t thread = 0;
    Summary summary;
    std::string header;  // as it is written
    std::optional<mime::Structure>
        structure;  // with `pieces`, once the header alone could not tell
    std::vector<Piece> pieces;

    [[nodiscard]] std::uint64_t octets() const {
        std::uint64_t sum = header.size();
        for (const Piece& piece : pieces) {
            sum += piece.octets.size();
        }
        return sum;
    }

    [[nodiscard]] Truth judge() const {
        SearchEvidence evidence;
        evidence.entry = &entry;
        evidence.index = index.get();
        evidence.has_record = true;
        evidence.thread = thread;
        evidence.summary = &summary;
        const std::string utf8 = summary.as_utf8(header);
        evidence.header = utf8;
        if (program->wants_header_text()) {
            append_header_text(evidence.header_text.emplace(), utf8);
        }
        if (structure) {
            std::string& text = evidence.body_text.emplace();
            append_part_names(text, *structure);
            for (const Piece& piece : pieces) {
                append_text(text, *structure, piece.range, piece.octets);
            }
        }
        return program->judge(evidence);
    }
};

class SearchRun {
  public:
    SearchRun(base::Loop& loop, SearchPlace place, SearchOptions options, SearchProgram program)
        : loop_(loop),
          source_(place.source),
          pool_(place.pool),
          ask_(std::move(place.ask)),
          snapshot_(std::move(place.snapshot)),
          options_(std::move(options)),
          program_(std::make_shared<const SearchProgram>(std::move(program))),
          share_(loop) {}

    base::Task<base::Result<std::vector<Uid>>> run() {
        collect_slices();
        if (options_.use_index && ask_ && !program_->queries().empty() &&
            co_await has_many_unknown()) {
            auto answers = co_await ask_(loop_, program_->queries());
            if (answers) {
                index_ = std::make_shared<const IndexAnswers>(std::move(*answers));
            } else if (answers.error().code != base::Errc::kCorrupt) {
                co_return base::forward_error(answers);
            }
        }
        for (const Slice& slice : slices_) {
            progress_.goal += slice.last - slice.first;
        }
        for (const Slice& slice : slices_) {
            CO_TRY_VOID(co_await search_slice(slice));
            progress_.done += slice.last - slice.first;
            tell_progress(0);
            if (is_full()) {
                found_.resize(options_.results_max);
                break;
            }
        }
        co_return std::move(found_);
    }

  private:
    // Indexes [first, last) of the snapshot.
    struct Slice {
        std::size_t first = 0;
        std::size_t last = 0;
    };

    void collect_slices() {
        const std::size_t entries =
            std::clamp(kSliceJudgements / std::max<std::size_t>(program_->keys(), 1),
                       kSliceEntriesMin,
                       kSliceEntries);
        for (const UidSet::Range& range : program_->scope().ranges()) {
            const std::size_t end = range.last == std::numeric_limits<Uid>::max()
                                        ? snapshot_->size()
                                        : snapshot_->lower_bound(range.last + 1);
            std::size_t at = snapshot_->lower_bound(range.first);
            for (; at < end; at += entries) {
                slices_.push_back({at, std::min(end, at + entries)});
            }
        }
        if (options_.from_the_end) {
            std::reverse(slices_.begin(), slices_.end());
        }
    }

    // `more` messages of the present slice are done.
    void tell_progress(std::uint64_t more) const {
        if (options_.progress != nullptr) {
            *options_.progress = {progress_.done + more, progress_.goal};
        }
    }

    [[nodiscard]] bool is_full() const {
        return options_.results_max != 0 && found_.size() >= options_.results_max;
    }

    [[nodiscard]] SearchEvidence evidence_of(const Entry& entry) const {
        SearchEvidence evidence;
        evidence.entry = &entry;
        evidence.index = index_.get();
        return evidence;
    }

    [[nodiscard]] base::Task<bool> has_many_unknown() {
        std::size_t unknown = 0;
        for (const Slice& slice : slices_) {
            for (std::size_t at = slice.first; at < slice.last; at += kPageUids) {
                const std::size_t end = std::min<std::size_t>(slice.last, at + kPageUids);
                snapshot_->for_each(at, end, [&](std::size_t /*index*/, const Entry& entry) {
                    unknown += program_->judge(evidence_of(entry)) == Truth::kUnknown ? 1 : 0;
                });
                if (unknown > kFewUnknown) {
                    co_return true;
                }
            }
            if (share_.is_used_up()) {
                co_await share_.give_way();
            }
        }
        co_return false;
    }

    base::Task<base::Result<>> search_slice(Slice slice) {
        open_.clear();
        std::vector<Uid> found;
        snapshot_->for_each(
            slice.first, slice.last, [&](std::size_t /*index*/, const Entry& entry) {
                const Truth truth = program_->judge(evidence_of(entry));
                if (truth == Truth::kYes) {
                    found.push_back(entry.uid);
                } else if (truth == Truth::kUnknown) {
                    open_.push_back({.entry = entry, .summary = {}});
                }
            });
        if (!open_.empty()) {
            CO_TRY_VOID(co_await judge_open(found));
            std::sort(found.begin(), found.end());
        }
        if (options_.from_the_end) {
            std::reverse(found.begin(), found.end());
        }
        found_.insert(found_.end(), found.begin(), found.end());
        if (share_.is_used_up()) {
            co_await share_.give_way();
        }
        co_return base::Result<>{};
    }

    // Records are read a batch at a time in the order of their ids, bodies one by one in UID order, so
    // that a search for the first few ends early.
    base::Task<base::Result<>> judge_open(std::vector<Uid>& found) {
        constexpr std::size_t kBatch = 256;
        for (std::size_t at = 0; at < open_.size(); at += kBatch) {
            const std::span<OpenEmail> batch =
                std::span(open_).subspan(at, std::min(kBatch, open_.size() - at));
            CO_TRY_VOID(read_records(batch));
            if (share_.is_used_up()) {
                co_await share_.give_way();
            }
        }
        if (options_.from_the_end) {
            std::reverse(open_.begin(), open_.end());
        }
        std::size_t wanted = options_.results_max == 0 ? open_.size() : options_.results_max;
        std::uint64_t judged_count = 0;
        for (OpenEmail& email : open_) {
            if (wanted == 0) {
                break;
            }
            tell_progress(judged_count++);
            if (email.is_there && email.truth == Truth::kUnknown) {
                auto judged = co_await judge_body(email);
                // It has gone meanwhile, or is damaged, of which check() tells: the others are found.
                const base::Errc failure = judged ? base::Errc::kNotFound : judged.error().code;
                if (failure != base::Errc::kNotFound && failure != base::Errc::kCorrupt) {
                    co_return base::forward_error(judged);
                }
            }
            if (email.is_there && email.truth == Truth::kYes) {
                found.push_back(email.entry.uid);
                --wanted;
            }
        }
        co_return base::Result<>{};
    }

    base::Result<> read_records(std::span<OpenEmail> batch) {
        std::vector<OpenEmail*> by_id;
        for (OpenEmail& email : batch) {
            by_id.push_back(&email);
        }
        std::stable_sort(by_id.begin(), by_id.end(), [](const OpenEmail* a, const OpenEmail* b) {
            return a->entry.email < b->entry.email;
        });
        std::vector<EmailId> ids;
        for (const OpenEmail* email : by_id) {
            if (ids.empty() || ids.back() != email->entry.email) {
                ids.push_back(email->entry.email);
            }
        }
        auto next = by_id.begin();
        return source_.read_emails(ids, [&](EmailId id, const EmailRecord& record) {
            for (; next != by_id.end() && (*next)->entry.email <= id; ++next) {
                if ((*next)->entry.email == id) {
                    take_record(**next, record);
                }
            }
            return true;
        });
    }

    void take_record(OpenEmail& email, const EmailRecord& record) const {
        email.is_there = true;
        email.thread = record.thread;
        if (auto summary = Summary::unpack(std::string(record.summary))) {
            email.summary = std::move(*summary);
        }
        email.truth = program_->judge(known_of(email));
    }

    [[nodiscard]] SearchEvidence known_of(const OpenEmail& email) const {
        SearchEvidence evidence = evidence_of(email.entry);
        evidence.has_record = true;
        evidence.thread = email.thread;
        evidence.summary = email.summary.empty() ? nullptr : &email.summary;
        return evidence;
    }

    base::Task<base::Result<>> judge_body(OpenEmail& email) {
        CO_TRY(const auto opened, source_.open_body(email.entry.email));
        store::BlobReader& body = *opened;
        if (email.summary.empty()) {
            CO_TRY(email.summary, co_await summarize_body(loop_, body));
        }
        const auto whole =
            std::make_shared<WholeEmail>(WholeEmail{.program = program_,
                                                    .index = index_,
                                                    .entry = email.entry,
                                                    .thread = email.thread,
                                                    .summary = std::move(email.summary),
                                                    .header = {},
                                                    .structure = {},
                                                    .pieces = {}});
        CO_TRY(whole->header,
               co_await read_octets(
                   loop_, body, 0, std::min(whole->summary.header_octets(), kHeaderOctetsMax)));
        email.truth = co_await judge(whole);
        if (email.truth == Truth::kUnknown) {
            CO_TRY_VOID(co_await read_pieces(body, *whole));
            email.truth = co_await judge(whole);
        }
        if (share_.is_used_up()) {
            co_await share_.give_way();
        }
        co_return base::Result<>{};
    }

    base::Task<Truth> judge(std::shared_ptr<const WholeEmail> email) {
        if (pool_ == nullptr || email->octets() <= kPooledOctets) {
            co_return email->judge();
        }
        co_return co_await pool_->run(loop_, [email = std::move(email)] { return email->judge(); });
    }

    base::Task<base::Result<>> read_pieces(store::BlobReader& body, WholeEmail& email) {
        CO_TRY(email.structure, email.summary.structure());
        for (const TextRange& range : text_ranges(*email.structure)) {
            if (range.is_attachment && !options_.in_attachments) {
                continue;
            }
            CO_TRY(std::string octets,
                   co_await read_octets(loop_, body, range.octets.begin, range.octets.end));
            email.pieces.push_back({range, std::move(octets)});
        }
        co_return base::Result<>{};
    }

    base::Loop& loop_;
    const EmailSource& source_;
    base::Pool* const pool_;
    AskIndex ask_;
    SnapshotPtr snapshot_;
    SearchOptions options_;
    std::shared_ptr<const SearchProgram> program_;
    base::FairShare share_;
    std::shared_ptr<const IndexAnswers> index_;
    std::vector<Slice> slices_;
    std::vector<OpenEmail> open_;
    std::vector<Uid> found_;
    SearchProgress progress_;
};

}  // namespace

base::Task<base::Result<std::vector<Uid>>> run_search(base::Loop& loop,
                                                      SearchPlace place,
                                                      SearchKey key,
                                                      SearchOptions options) {
    CO_TRY(SearchProgram program, SearchProgram::compile(key, *place.snapshot, options));
    SearchRun run(loop, std::move(place), std::move(options), std::move(program));
    co_return co_await run.run();
}

}  // namespace mail
