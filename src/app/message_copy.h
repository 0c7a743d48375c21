// A stored message on its way to another form: its header section read, and the whole written anew with
// another one, summarized for the mailboxes it may go to.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "mail/summarizer.h"
#include "mail/summary.h"
#include "store/store.h"

namespace app {

// With its empty line; all of a message that has none. kTooLong: there is no end to it within 1 MiB.
[[nodiscard]] base::Task<base::Result<std::string>> read_header(
    base::Loop& loop, std::shared_ptr<store::BlobReader> message);

struct MessageCopy {
    store::NewBlob blob;
    mail::Summary summary;
};

// `header`, then the message from `body_offset` on.
[[nodiscard]] base::Task<base::Result<MessageCopy>> copy_message(
    store::Store& store,
    base::Loop& loop,
    std::shared_ptr<store::BlobReader> message,
    std::string header,
    std::uint64_t body_offset);

}  // namespace app
