#include "imap/server/search_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kLineOctets = 16 * 1024;

// Puts in what only the session knows. False: a sequence number that there is none of.
bool resolve(mail::SearchKey& key, const std::vector<SearchSet>& sets, const View& view) {
    if (key.kind == mail::SearchKind::kUids) {
        const SearchSet& set = sets[key.number];
        auto uids = view.resolve(set.set, set.is_uids);
        if (!uids) {
            return false;
        }
        key.uids = std::move(*uids);
    } else if (key.kind == mail::SearchKind::kEmailId || key.kind == mail::SearchKind::kThreadId) {
        const mail::Ref ref = view.ref();
        const auto number = key.kind == mail::SearchKind::kEmailId
                                ? mail::parse_email_object_id(ref.owner, key.text)
                                : mail::parse_thread_object_id(ref.owner, key.text);
        if (number) {
            key.number = *number;
        } else {
            key = mail::SearchKey::of_uids({});  // nobody's
        }
    }
    return std::ranges::all_of(key.children,
                               [&](mail::SearchKey& child) { return resolve(child, sets, view); });
}

// A set's text where the numbers ascend; in the order of a SORT they are listed (RFC 5267 3).
std::string text_of(const std::vector<std::uint32_t>& numbers) {
    if (std::ranges::is_sorted(numbers)) {
        return set_of(numbers).to_text();
    }
    std::string text;
    for (const std::uint32_t number : numbers) {
        fmt::format_to(std::back_inserter(text), "{}{}", text.empty() ? "" : ",", number);
    }
    return text;
}

}  // namespace

Reply refuse_search(const base::Error& error, const Command& command) {
    switch (error.code) {
        case Errc::kUnsupported:
            return no("that charset is not known here", "BADCHARSET (US-ASCII UTF-8)");
        case Errc::kTooLong:
            return no("the search program is too large", "LIMIT");
        case Errc::kSyntax:
            return usage(command);
        default:
            return reply_of(error);
    }
}

Task<Result<std::vector<mail::Uid>, Reply>> run_search(Session& session,
                                                       const Request& request,
                                                       SearchProgram program) {
    View& view = session.view();
    if (!resolve(program.key, program.sets, view)) {
        co_return tl::unexpected<Reply>(bad("there is no message of that number"));
    }
    if (program.has_modseq) {
        session.enable(kCondstore);
    }
    mail::SearchOptions options;
    options.now = session.services().clock.now();
    options.recent = view.recent();
    auto found = co_await mail::search(
        session.loop(), session.mailboxes(), view.told(), std::move(program.key), options);
    if (!found) {
        // RFC 5182 2.1: a failed search leaves nothing saved.
        view.save_result({});
        co_return tl::unexpected<Reply>(refuse_search(found.error(), request.command));
    }
    co_return std::move(*found);
}

mail::UidSet set_of(const std::vector<mail::Uid>& uids) {
    mail::UidSet set;
    for (const mail::Uid uid : uids) {
        set.add(uid);
    }
    return set;
}

std::vector<std::uint32_t> numbers_of(const View& view,
                                      const std::vector<mail::Uid>& uids,
                                      bool is_uid) {
    if (is_uid) {
        return uids;
    }
    std::vector<std::uint32_t> numbers;
    numbers.reserve(uids.size());
    for (const mail::Uid uid : uids) {
        numbers.push_back(static_cast<std::uint32_t>(view.told()->lower_bound(uid)) + 1);
    }
    return numbers;
}

//  mailbox-data =/ "SEARCH" *(SP nz-number) [SP search-sort-mod-seq]
Task<Result<>> put_numbers(Session& session,
                           std::string_view word,
                           std::vector<std::uint32_t> numbers,
                           std::optional<mail::Modseq> modseq) {
    std::string line = fmt::format("* {}", word);
    for (const std::uint32_t number : numbers) {
        fmt::format_to(std::back_inserter(line), " {}", number);
        if (line.size() > kLineOctets) {
            session.put(std::exchange(line, {}));
            CO_TRY_VOID(co_await session.flush_if_full());
        }
    }
    if (modseq && !numbers.empty()) {
        fmt::format_to(std::back_inserter(line), " (MODSEQ {})", *modseq);
    }
    session.put(line + "\r\n");
    co_return Result<>();
}

//  esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
void put_esearch(Session& session,
                 const Request& request,
                 const SearchReturns& returns,
                 const std::vector<std::uint32_t>& numbers,
                 std::optional<mail::Modseq> modseq) {
    std::string line =
        fmt::format("* ESEARCH (TAG \"{}\"){}", request.tag, request.is_uid() ? " UID" : "");
    const auto to = std::back_inserter(line);
    const auto wants = [&](SearchReturn option) { return (returns.options & option) != 0; };
    if (wants(kReturnMin) && !numbers.empty()) {
        fmt::format_to(to, " MIN {}", numbers.front());
    }
    if (wants(kReturnMax) && !numbers.empty()) {
        fmt::format_to(to, " MAX {}", numbers.back());
    }
    if (wants(kReturnCount)) {
        fmt::format_to(to, " COUNT {}", numbers.size());
    }
    if (wants(kReturnAll) && !numbers.empty()) {
        fmt::format_to(to, " ALL {}", text_of(numbers));
    }
    if (returns.page) {
        const auto [begin, end] = returns.page->of(numbers.size());
        const std::vector<std::uint32_t> page(numbers.begin() + static_cast<std::ptrdiff_t>(begin),
                                              numbers.begin() + static_cast<std::ptrdiff_t>(end));
        fmt::format_to(
            to, " PARTIAL ({} {})", returns.page->to_text(), page.empty() ? "NIL" : text_of(page));
    }
    if (modseq && !numbers.empty()) {
        fmt::format_to(to, " MODSEQ {}", *modseq);
    }
    session.put(line + "\r\n");
}

}  // namespace imap
