// Threads out of messages' keys: RFC 5256 3, ORDEREDSUBJECT and REFERENCES, and REFS beside them. No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mail/search.h"
#include "mime/thread.h"

namespace mail {

struct ThreadMessage {
    Uid uid = 0;
    std::int64_t sent_s = 0;  // the Date field's instant, else INTERNALDATE
    mime::ThreadKeys keys;
};

// `messages` in ascending order of UIDs. Its time is that of a sort, whatever the references say.
[[nodiscard]] std::vector<ThreadNode> make_threads(std::vector<ThreadMessage> messages,
                                                   ThreadAlgorithm algorithm);

}  // namespace mail
