// A page of entries as one record: some eight octets for an entry that was just delivered.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "mail/snapshot.h"

namespace mail {

// The page has entries, ascending, all of them its own.
[[nodiscard]] std::string encode(const PageDraft& page);
// kCorrupt for what the encoder cannot have written.
[[nodiscard]] base::Result<PagePtr> decode_page(Uid number, std::string_view record);
// The same of one of many.
[[nodiscard]] base::Result<PagePtr> decode_page(Uid number,
                                                std::string_view record,
                                                PageBlocks& blocks);

}  // namespace mail
