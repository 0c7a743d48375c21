// What leads a message to its thread (RFC 8474 THREADID): hashes of its Message-ID and of the
// identifiers it refers to (RFC 5322 3.6.4).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace mail {

// Of a header, or of a summary's fields. First the message's own, 0 when it has none (no identifier hashes
// to 0); then those it refers to: the first, which began the thread, and the nearest, eight at most, none
// twice.
[[nodiscard]] std::vector<std::uint64_t> thread_keys(std::string_view header);
// Stable for ever: it stands in keys of the store.
[[nodiscard]] std::uint64_t message_id_hash(std::string_view id);

}  // namespace mail
