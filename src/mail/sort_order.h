// What SORT sorts messages by (RFC 5256 2.2 and 3, RFC 5957). No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mail/search.h"
#include "mail/summary.h"
#include "mail/types.h"

namespace mail {

// One message's values for the keys of a sort, in their order; texts mapped by i;unicode-casemap.
struct SortItem {
    Uid uid = 0;
    std::vector<std::int64_t> numbers;  // of each key; 0 for a text
    std::vector<std::string> texts;     // of each key; empty for a number
};

// `fields` are the message's header, or a summary's fields.
[[nodiscard]] SortItem make_sort_item(const std::vector<SortKey>& keys,
                                      const Entry& entry,
                                      std::int64_t sent_s,
                                      std::string_view fields);

// True when a key looks at more than the mailbox's entry.
[[nodiscard]] bool wants_header(const std::vector<SortKey>& keys);

// The UIDs in order; equals in the order of UIDs (RFC 5256 3).
[[nodiscard]] std::vector<Uid> in_order(const std::vector<SortKey>& keys,
                                        std::vector<SortItem> items);

// RFC 5256 2.2: the Date field's instant, else INTERNALDATE. In seconds.
[[nodiscard]] std::int64_t sent_or_received_s(const Summary& summary, const Entry& entry);

}  // namespace mail
