// What SELECT tells of a mailbox (RFC 9051 6.3.2) without reading all of it: the sums out of its state, and
// where they do not suffice a few pages from either end. So a mailbox of a million messages is told of as
// soon as one of ten, and the rest is read while the answer is on its way.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "mail/snapshot.h"
#include "store/store.h"

namespace mail {

struct MailboxState;

[[nodiscard]] SnapshotHead make_head(Ref ref,
                                     const MailboxState& state,
                                     std::vector<std::string> keywords);
// All of a mailbox as `reader` has it: slow for a large one. kNotFound: there is none.
[[nodiscard]] base::Result<SnapshotPtr> read_snapshot(const store::Reader& reader, Ref ref);

// One moment of a mailbox, held until it is destroyed: keep it no longer than it takes to read the rest.
class Glimpse {
  public:
    // kNotFound: there is no such mailbox.
    [[nodiscard]] static base::Result<std::unique_ptr<Glimpse>> read(
        std::unique_ptr<const store::Reader> reader, Ref ref);

    [[nodiscard]] const SnapshotHead& head() const { return head_; }

    // As Snapshot::first_unseen(): an index, or the number of messages. Nothing when it lies too deep, or
    // what would have to be read is damaged: read_all() tells.
    [[nodiscard]] std::optional<std::size_t> first_unseen() const;
    // How many messages have `uid` or a higher one. Nothing as above.
    [[nodiscard]] std::optional<std::size_t> count_from(Uid uid) const;
    // The snapshot of this moment.
    [[nodiscard]] base::Result<SnapshotPtr> read_all() const;

  private:
    Glimpse(std::unique_ptr<const store::Reader> reader, SnapshotHead head)
        : reader_(std::move(reader)),
          head_(std::move(head)) {}

    [[nodiscard]] Uid first_of_last_pages() const;
    [[nodiscard]] std::optional<std::vector<PagePtr>> pages_from(Uid number) const;

    std::unique_ptr<const store::Reader> reader_;
    SnapshotHead head_;
};

}  // namespace mail
