// SEARCH and UID SEARCH (RFC 9051 6.4.4, RFC 3501 7.2.5; RFC 4731, RFC 5182, RFC 7162 3.1.5, RFC 9394 3.1).
#include "imap/grammar/search.h"

#include <utility>

#include "imap/server/handlers.h"
#include "imap/server/search_answer.h"
#include "imap/server/session.h"

namespace imap {

using base::Task;

Task<Handled> on_search(Session& session, const Request& request) {
    auto arguments = parse_search(request.arguments);
    if (!arguments) {
        co_return refuse_search(session, request, arguments.error());
    }
    // RFC 6855 3: strings are UTF-8 then, and say nothing about it.
    if (arguments->has_charset && session.enabled(kUtf8)) {
        co_return bad("no CHARSET once UTF8=ACCEPT is enabled");
    }
    const bool has_modseq = arguments->program.has_modseq;
    Limited limited;
    auto found = co_await run_search(session, request, std::move(arguments->program), &limited);
    if (!found) {
        co_return std::move(found.error());
    }
    SearchResult result{std::move(*found), arguments->returns, has_modseq};
    // RFC 9051 6.4.4: IMAP4rev2 always answers ESEARCH.
    if (!result.returns && session.enabled(kRev2)) {
        result.returns = SearchReturns{kReturnAll, std::nullopt};
    }
    CO_TRY_VOID(co_await answer_search(session, request, "SEARCH", std::move(result)));
    co_return tell_limit(session, limited, ok("that is all"));
}

}  // namespace imap
