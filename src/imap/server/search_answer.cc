#include "imap/server/search_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kLineOctets = std::size_t{16} * 1024;

using Sets = std::vector<std::shared_ptr<const mail::UidSet>>;

// The sets of a program, short as they are written; "$", which is long, is one for all. Nothing: a sequence number that
// there is none of.
std::optional<Sets> resolve(const std::vector<SearchSet>& sets, const View& view) {
    Sets resolved;
    std::shared_ptr<const mail::UidSet> saved;
    for (const SearchSet& set : sets) {
        if (set.set.is_saved && saved != nullptr) {
            resolved.push_back(saved);
            continue;
        }
        auto uids = view.spans(set.set, set.is_uids);
        if (!uids) {
            return std::nullopt;
        }
        resolved.push_back(std::make_shared<const mail::UidSet>(std::move(*uids)));
        if (set.set.is_saved) {
            saved = resolved.back();
        }
    }
    return resolved;
}

// Puts in what only the session knows.
void complete(mail::SearchKey& key, const Sets& sets, const View& view) {
    if (key.kind == mail::SearchKind::kUids) {
        key.uids = sets[key.number];
    } else if (key.kind == mail::SearchKind::kEmailId || key.kind == mail::SearchKind::kThreadId) {
        const mail::Ref ref = view.ref();
        const auto number = key.kind == mail::SearchKind::kEmailId
                                ? mail::parse_email_object_id(ref.owner, key.text)
                                : mail::parse_thread_object_id(ref.owner, key.text);
        if (number) {
            key.number = *number;
        } else {
            key = mail::SearchKey::of_uids(mail::UidSet());  // nobody's
        }
    }
    for (mail::SearchKey& child : key.children) {
        complete(child, sets, view);
    }
}

mail::SearchKey among(mail::UidSet uids, mail::SearchKey key) {
    if (key.kind != mail::SearchKind::kAnd) {
        key = mail::SearchKey::of(mail::SearchKind::kAnd, {std::move(key)});
    }
    key.children.push_back(mail::SearchKey::of_uids(std::move(uids)));
    return key;
}

Reply refusal_of(const base::Error& error) {
    switch (error.code) {
        case Errc::kUnsupported:
            return no("that charset is not known here",
                      fmt::format("BADCHARSET ({})", kSearchCharsets));
        case Errc::kTooLong:
            return no(
                fmt::format("a search has at most {} keys, {} texts of {} octets, a depth of {}, "
                            "and {} keys to sort by",
                            mail::kSearchKeysMax,
                            mail::kSearchTextKeysMax,
                            mail::kSearchTextOctetsMax,
                            mail::kSearchDepthMax,
                            kSortKeysMax),
                "LIMIT");
        default:
            return reply_of(error);
    }
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

// RFC 9738 3.1: so many messages are searched, found or not. Narrows `key` to the last of those that it asks
// about by their UIDs.
Limited limit_scope(const View& view, mail::SearchKey& key, std::uint64_t most) {
    if (most == 0 || view.told()->size() <= most) {
        return {};
    }
    mail::UidSet scope = view.told()->uids();
    const auto narrow = [&](const mail::SearchKey& part) {
        if (part.kind == mail::SearchKind::kUids) {
            scope = scope.intersect(*part.uids);
        }
    };
    narrow(key);
    if (key.kind == mail::SearchKind::kAnd) {
        std::ranges::for_each(key.children, narrow);
    }
    Limited limited = limit_messages(std::move(scope), most);
    if (limited.is_cut) {
        key = mail::SearchKey::of(mail::SearchKind::kAnd,
                                  {mail::SearchKey::of_uids(limited.uids), std::move(key)});
    }
    return limited;
}

}  // namespace

Reply refuse_search(Session& session, const Request& request, const base::Error& error) {
    Reply reply = error.code == Errc::kSyntax ? refuse(request.command, error) : refusal_of(error);
    if (reply.status == Reply::Status::kNo && search_saves(request.arguments)) {
        session.view().save_result({});
    }
    return reply;
}

Task<Result<std::vector<mail::Uid>, Reply>> run_search(Session& session,
                                                       const Request& request,
                                                       SearchProgram program,
                                                       Limited* limited) {
    View& view = session.view();
    const bool numbered = std::ranges::any_of(
        program.sets, [](const SearchSet& set) { return !set.is_uids && !set.set.is_saved; });
    if (numbered && session.enabled(kUidOnly)) {
        co_return tl::unexpected<Reply>(session.uid_required());
    }
    const auto sets = resolve(program.sets, view);
    if (!sets) {
        co_return tl::unexpected<Reply>(bad("there is no message of that number"));
    }
    complete(program.key, *sets, view);
    if (program.has_modseq) {
        session.enable_condstore();
    }
    mail::SearchOptions options;
    options.now = session.services().clock.now();
    options.recent = view.recent();
    // Flags are searched as they are now; messages are those that the client has numbers for.
    if (auto latest = co_await session.mailboxes().open(session.loop(), view.ref())) {
        view.look_at(std::move(*latest));
    }
    if (view.latest() != view.told()) {
        program.key = among(view.told()->uids(), std::move(program.key));
    }
    if (limited != nullptr) {
        *limited = limit_scope(view, program.key, session.options().message_limit);
    }
    Progress progress;
    options.progress = &progress;
    auto found = co_await session.await(
        request,
        mail::search(
            session.loop(), session.mailboxes(), view.latest(), std::move(program.key), options),
        progress);
    if (!found) {
        co_return tl::unexpected<Reply>(refuse_search(session, request, found.error()));
    }
    co_return std::move(*found);
}

mail::UidSet set_of(std::vector<mail::Uid> uids) {
    std::ranges::sort(uids);  // a set grows cheaply at its end only
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

namespace {

// RFC 4731 3.2, RFC 5182 2.4, RFC 9394 3.2: the messages that SAVE keeps and MODSEQ speaks of. With ALL, COUNT
// or nothing but SAVE they are all that were found, else those that MIN, MAX and PARTIAL name.
std::vector<mail::Uid> messages_meant(const std::optional<SearchReturns>& returns,
                                      const std::vector<mail::Uid>& found) {
    constexpr std::uint8_t kEnds = kReturnMin | kReturnMax;
    if (!returns || found.empty() || (returns->options & (kReturnAll | kReturnCount)) != 0 ||
        ((returns->options & kEnds) == 0 && !returns->page)) {
        return found;
    }
    std::vector<mail::Uid> meant;
    if (returns->page) {
        const auto [begin, end] = returns->page->of(found.size());
        meant.assign(found.begin() + static_cast<std::ptrdiff_t>(begin),
                     found.begin() + static_cast<std::ptrdiff_t>(end));
    }
    if ((returns->options & kReturnMin) != 0) {
        meant.push_back(found.front());
    }
    if ((returns->options & kReturnMax) != 0) {
        meant.push_back(found.back());
    }
    return meant;
}

mail::Modseq highest_modseq(const View& view, const mail::UidSet& uids) {
    mail::Modseq highest = 0;
    view.told()->for_each_in(uids, [&](std::size_t /*index*/, const mail::Entry& entry) {
        highest = std::max(highest, view.current(entry).modseq);
    });
    return highest;
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
    if (modseq) {
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
    if (modseq) {
        fmt::format_to(to, " MODSEQ {}", *modseq);
    }
    session.put(line + "\r\n");
}

}  // namespace

Task<Result<>> answer_search(Session& session,
                             const Request& request,
                             std::string_view word,
                             SearchResult result) {
    View& view = session.view();
    mail::UidSet meant = set_of(messages_meant(result.returns, result.uids));
    std::optional<mail::Modseq> modseq;
    if (result.has_modseq && !meant.empty()) {
        modseq = highest_modseq(view, meant);
    }
    if (result.returns && (result.returns->options & kReturnSave) != 0) {
        view.save_result(std::move(meant));
    }
    auto numbers = numbers_of(view, result.uids, request.is_uid());
    if (!result.returns) {
        CO_TRY_VOID(co_await put_numbers(session, word, std::move(numbers), modseq));
    } else if (result.returns->options != kReturnSave || result.returns->page) {
        put_esearch(session, request, *result.returns, numbers, modseq);
    }
    co_return Result<>();
}

}  // namespace imap
