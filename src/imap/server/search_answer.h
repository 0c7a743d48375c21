// What SEARCH and SORT share: a program made ready for mail's search, and the answers of RFC 4731 and RFC 5267.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "imap/grammar/search.h"
#include "imap/server/session.h"

namespace imap {

// The UIDs that the program finds in the selected mailbox, ascending; or what to reply.
[[nodiscard]] base::Task<base::Result<std::vector<mail::Uid>, Reply>> run_search(
    Session& session, const Request& request, SearchProgram program);

// Why a program was not understood.
[[nodiscard]] Reply refuse_search(const base::Error& error, const Command& command);

[[nodiscard]] mail::UidSet set_of(const std::vector<mail::Uid>& uids);
// The numbers that the answer speaks in, in the order of `uids`.
[[nodiscard]] std::vector<std::uint32_t> numbers_of(const View& view,
                                                    const std::vector<mail::Uid>& uids,
                                                    bool is_uid);

// "* SEARCH 2 3 5" and "* SORT 5 3 4".
[[nodiscard]] base::Task<base::Result<>> put_numbers(Session& session,
                                                     std::string_view word,
                                                     std::vector<std::uint32_t> numbers,
                                                     std::optional<mail::Modseq> modseq);
// "* ESEARCH ..." of numbers in the order of the result.
void put_esearch(Session& session,
                 const Request& request,
                 const SearchReturns& returns,
                 const std::vector<std::uint32_t>& numbers,
                 std::optional<mail::Modseq> modseq);

}  // namespace imap
