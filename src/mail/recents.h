// \Recent (RFC 3501 2.3.2): which messages of a mailbox no session has been told of yet. Each is recent for
// the first session that hears of it, and a restart does not make it so for another.
#pragma once

#include <map>
#include <memory>
#include <span>

#include "base/result.h"
#include "mail/types.h"
#include "store/store.h"

namespace mail {

// One for all sessions of a server, on every thread.
//
// What was told is written a little later and nobody waits for it, so that SELECT waits for no disk: what a
// crash forgets is told as recent once more, which RFC 3501 prefers to not at all.
class Recents {
  public:
    // `store` must outlive it.
    explicit Recents(store::Store& store);

    // The first UID of `ref` that nobody was told of; `uid_next` where everybody knows all below it.
    [[nodiscard]] base::Result<Uid> first(Ref ref, Uid uid_next) const;
    // The same, and those below `uid_next` are nobody else's any more.
    [[nodiscard]] base::Result<Uid> take(Ref ref, Uid uid_next);
    // What a group of commits wrote: what is known of the store is looked up anew.
    void on_commit(std::span<const store::Write> writes);

  private:
    struct Waiting;

    [[nodiscard]] base::Result<Uid> find(Ref ref) const;
    static void write(store::Store& store, const std::shared_ptr<Waiting>& waiting, Ref ref);

    store::Store& store_;
    std::shared_ptr<Waiting> waiting_;  // outlives this for the store's thread
};

}  // namespace mail
