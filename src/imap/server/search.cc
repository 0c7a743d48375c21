// SEARCH and UID SEARCH (RFC 9051 6.4.4, RFC 3501 7.2.5; RFC 4731, RFC 5182, RFC 7162 3.1.5, RFC 9394 3.1).
#include "imap/grammar/search.h"

#include <algorithm>
#include <utility>

#include "imap/server/handlers.h"
#include "imap/server/search_answer.h"
#include "imap/server/session.h"

namespace imap {

using base::Task;

namespace {

mail::Modseq highest_modseq(const View& view, const std::vector<mail::Uid>& uids) {
    mail::Modseq highest = 0;
    view.told()->for_each_in(set_of(uids), [&](std::size_t /*index*/, const mail::Entry& entry) {
        highest = std::max(highest, view.current(entry).modseq);
    });
    return highest;
}

// RFC 5182 2.4: with SAVE, MIN and MAX alone save just those.
void save(View& view, const SearchReturns& returns, const std::vector<mail::Uid>& found) {
    const bool ends_only = (returns.options & (kReturnAll | kReturnCount)) == 0 &&
                           (returns.options & (kReturnMin | kReturnMax)) != 0 && !returns.page;
    if (!ends_only) {
        view.save_result(set_of(found));
        return;
    }
    mail::UidSet ends;
    if ((returns.options & kReturnMin) != 0 && !found.empty()) {
        ends.add(found.front());
    }
    if ((returns.options & kReturnMax) != 0 && !found.empty()) {
        ends.add(found.back());
    }
    view.save_result(std::move(ends));
}

}  // namespace

Task<Handled> on_search(Session& session, const Request& request) {
    auto arguments = parse_search(request.arguments);
    if (!arguments) {
        co_return refuse_search(arguments.error(), request.command);
    }
    // RFC 6855 3: strings are UTF-8 then, and say nothing about it.
    if (arguments->has_charset && session.enabled(kUtf8)) {
        co_return bad("no CHARSET once UTF8=ACCEPT is enabled");
    }
    const bool has_modseq = arguments->program.has_modseq;
    const auto found = co_await run_search(session, request, std::move(arguments->program));
    if (!found) {
        co_return found.error();
    }
    View& view = session.view();
    std::optional<SearchReturns> returns = arguments->returns;
    if (returns && (returns->options & kReturnSave) != 0) {
        save(view, *returns, *found);
    }
    std::optional<mail::Modseq> modseq;
    if (has_modseq) {
        modseq = highest_modseq(view, *found);
    }
    auto numbers = numbers_of(view, *found, request.is_uid());
    // RFC 9051 6.4.4: IMAP4rev2 always answers ESEARCH.
    if (!returns && session.enabled(kRev2)) {
        returns = SearchReturns{kReturnAll, std::nullopt};
    }
    if (!returns) {
        CO_TRY_VOID(co_await put_numbers(session, "SEARCH", std::move(numbers), modseq));
    } else if (returns->options != kReturnSave || returns->page) {
        put_esearch(session, request, *returns, numbers, modseq);
    }
    co_return ok("that is all");
}

}  // namespace imap
