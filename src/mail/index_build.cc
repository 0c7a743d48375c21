#include "mail/index_build.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "mail/search_text.h"
#include "mail/summary.h"
#include "mime/header.h"

namespace mail {
namespace {

constexpr std::size_t kBatchEmails = 64;
constexpr std::size_t kBatchOctetsMax = std::size_t{4} << 20;
constexpr std::uint64_t kHeaderOctetsMax = std::uint64_t{1} << 20;

void add_header(SearchBlockBuilder& builder, std::uint32_t document, std::string_view header) {
    mime::FieldIterator fields(header);
    while (const auto field = fields.next()) {
        builder.add(document, IndexPart::kOtherFields, base::to_upper(field->name));
        builder.add(document, part_of_field(field->name), folded_value(*field));
    }
}

}  // namespace

base::Result<> expect_going_on(const std::atomic<bool>* stopping) {
    if (stopping != nullptr && *stopping) {
        return base::fail(base::Errc::kUnavailable, "the server is stopping");
    }
    return {};
}

// What was read of one email, not yet decoded.
struct IndexBuild::RawEmail {
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

    void add_to(SearchBlockBuilder& builder, std::uint32_t document) const;
};

void IndexBuild::RawEmail::add_to(SearchBlockBuilder& builder, std::uint32_t document) const {
    add_header(builder, document, summary.as_utf8(header));
    const auto structure = summary.structure();
    if (!structure) {
        return;
    }
    std::string names;
    append_part_names(names, *structure);
    builder.add(document, IndexPart::kBody, names);
    for (const auto& [range, octets] : texts) {
        std::string text;
        append_text(text, *structure, range, octets);
        builder.add(
            document, range.is_attachment ? IndexPart::kAttachments : IndexPart::kBody, text);
    }
}

// What the pool works on: owned by the work, should the coroutine be destroyed meanwhile.
struct IndexBuild::Work {
    SearchBlockBuilder builder;
    std::vector<RawEmail> batch;
};

IndexBuild::IndexBuild(base::Loop& loop,
                       base::Pool& pool,
                       const EmailSource& source,
                       const IndexerLimits& limits)
    : loop_(loop),
      pool_(pool),
      source_(source),
      limits_(limits),
      share_(loop),
      builder_(limits.hash_seed) {}

base::Task<base::Result<>> IndexBuild::run(IndexGap gap,
                                           const std::atomic<bool>* stopping,
                                           const std::function<void()>& rest) {
    block_.first = gap.first;
    EmailId next = gap.first;
    while (next <= gap.last && block_.emails.size() < limits_.block_emails_max &&
           builder_.octets() < limits_.block_octets_max) {
        CO_TRY_VOID(expect_going_on(stopping));
        const std::uint64_t room = limits_.block_emails_max - block_.emails.size();
        std::vector<RawEmail> batch;
        CO_TRY(next, co_await read_batch(next, std::min(gap.last, next + room - 1), batch));
        if (batch.empty()) {
            // Whole spans may be free: of what went, or was never given out (renew_ids()).
            CO_TRY(const EmailId there, source_.first_email(next));
            next = std::clamp(there, next, gap.last + 1);
            continue;
        }
        CO_TRY_VOID(co_await cut_words(std::move(batch)));
        rest();
    }
    block_.last = next - 1;
    co_return base::Result<>{};
}

base::Task<base::Result<EmailId>> IndexBuild::read_batch(EmailId next,
                                                         EmailId last,
                                                         std::vector<RawEmail>& batch) {
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
        auto read = co_await read_email(std::move(email));
        if (read) {
            octets += read->octets();
            batch.push_back(std::move(*read));
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

base::Task<base::Result<IndexBuild::RawEmail>> IndexBuild::read_email(RawEmail email) {
    CO_TRY(const auto body, source_.open_body(email.id));
    if (email.summary.empty()) {
        CO_TRY(email.summary, co_await summarize_body(loop_, *body));
    }
    const std::uint64_t header_octets = std::min(email.summary.header_octets(), kHeaderOctetsMax);
    CO_TRY(email.header, co_await read_octets(loop_, *body, 0, header_octets));
    CO_TRY(const mime::Structure structure, email.summary.structure());
    for (const TextRange& range : text_ranges(structure)) {
        CO_TRY(std::string octets,
               co_await read_octets(loop_, *body, range.octets.begin, range.octets.end));
        email.texts.emplace_back(range, std::move(octets));
    }
    co_return email;
}

base::Task<base::Result<>> IndexBuild::cut_words(std::vector<RawEmail> batch) {
    const auto first = static_cast<std::uint32_t>(block_.emails.size());
    for (const RawEmail& email : batch) {
        block_.emails.push_back(email.id);
    }
    auto work = std::make_shared<Work>(std::move(builder_), std::move(batch));
    co_await pool_.run(loop_, [work, first] {
        std::uint32_t document = first;
        for (const RawEmail& email : work->batch) {
            email.add_to(work->builder, document++);
        }
    });
    builder_ = std::move(work->builder);
    co_return base::Result<>{};
}

}  // namespace mail
