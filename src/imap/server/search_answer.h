// What SEARCH and SORT share: a program made ready for mail's search, and the answers of RFC 4731 and RFC 5267.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "imap/grammar/search.h"
#include "imap/server/message_limit.h"
#include "imap/server/session.h"

namespace imap {

// The UIDs that the program finds in the selected mailbox, ascending; or what to reply. With `limited` no
// more messages are searched than RFC 9738 lets, and it says which.
[[nodiscard]] base::Task<base::Result<std::vector<mail::Uid>, Reply>> run_search(
    Session& session, const Request& request, SearchProgram program, Limited* limited = nullptr);

// Why a program was not understood. RFC 5182 2.1: where the result was to be saved, NO leaves nothing saved.
[[nodiscard]] Reply refuse_search(Session& session,
                                  const Request& request,
                                  const base::Error& error);

[[nodiscard]] mail::UidSet set_of(std::vector<mail::Uid> uids);
// The numbers that the answer speaks in, in the order of `uids`.
[[nodiscard]] std::vector<std::uint32_t> numbers_of(const View& view,
                                                    const std::vector<mail::Uid>& uids,
                                                    bool is_uid);

struct SearchResult {
    std::vector<mail::Uid> uids;  // in the answer's order
    std::optional<SearchReturns> returns;
    bool has_modseq = false;  // the program asked for modification sequences
};

// "* SEARCH 2 3 5", "* SORT 5 3 4" or, with returns, "* ESEARCH ..."; and what SAVE keeps.
[[nodiscard]] base::Task<base::Result<>> answer_search(Session& session,
                                                       const Request& request,
                                                       std::string_view word,
                                                       SearchResult result);

}  // namespace imap
