#include "imap/grammar/sequence_set.h"

#include <algorithm>
#include <vector>

#include "base/ascii.h"

namespace imap {
namespace {

using base::Result;

//  seq-number = nz-number / "*"      ; "*" is kEnd here
Result<std::uint32_t> parse_seq_number(Scanner& scanner) {
    return scanner.take('*') ? Result<std::uint32_t>(SequenceSet::kEnd) : scanner.nz_number();
}

}  // namespace

bool begins_sequence_set(char c) {
    return base::is_digit(c) || c == '*' || c == '$';
}

//  sequence-set = (seq-number / seq-range) ["," sequence-set]
//  sequence-set =/ seq-last-command            ; "$"
//  seq-range    = seq-number ":" seq-number
Result<SequenceSet> parse_sequence_set(Scanner& scanner) {
    SequenceSet set;
    if (scanner.take('$')) {
        set.is_saved = true;
        return set;
    }
    std::vector<mail::UidSet::Range> ranges;
    bool has_end = false;  // "*" alone
    do {
        TRY(const std::uint32_t first, parse_seq_number(scanner));
        std::uint32_t last = first;
        if (scanner.take(':')) {
            TRY(last, parse_seq_number(scanner));
        }
        if (first != SequenceSet::kEnd && last != SequenceSet::kEnd) {
            ranges.push_back({first, last});
        } else if (first == last) {
            has_end = true;
        } else {
            const std::uint32_t n = std::max(first, last);  // the other one is kEnd, zero
            set.to_end = std::min(set.to_end.value_or(n), n);
        }
    } while (scanner.take(','));
    set.plain = mail::UidSet::from_ranges(std::move(ranges));
    if (has_end && !set.to_end) {
        set.to_end = SequenceSet::kEnd;
    }
    return set;
}

Result<mail::UidSet> parse_known_set(Scanner& scanner) {
    TRY(SequenceSet set, parse_sequence_set(scanner));
    if (set.is_saved || set.to_end) {
        return syntax_error("* or $ where only numbers may stand");
    }
    return std::move(set.plain);
}

mail::UidSet SequenceSet::resolve(std::uint32_t max) const {
    if (!to_end || max == 0) {
        return plain;
    }
    const std::uint32_t first = *to_end == kEnd ? max : *to_end;
    return plain.unite(mail::UidSet(std::min(first, max), std::max(first, max)));
}

}  // namespace imap
