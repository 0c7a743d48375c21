// Where the paths of mailboxes lead, kept in memory until a commit changes an account's tree: commands name the same few
// mailboxes again and again, and each time the store would be asked once a level and three times more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "mail/mailboxes.h"
#include "store/store.h"

namespace mail {

// From any thread.
class PlaceCache {
  public:
    // Rises with each commit that changes a tree.
    using Epoch = std::uint64_t;

    static constexpr std::size_t kPlacesMax = 16384;

    [[nodiscard]] Epoch epoch() const;
    // The mailbox that `path` is of `owner`'s own, as keep() was given it, if its tree has not changed since.
    [[nodiscard]] std::optional<MailboxInfo> find(account::AccountId owner,
                                                  std::string_view path) const;
    // What was read from the store after epoch() gave `before`. Of what stands in it the counts grow old; nothing else
    // does.
    void keep(Epoch before,
              account::AccountId owner,
              std::string_view path,
              const MailboxInfo& info);
    // What a group of commits wrote, sorted by key, before its clients hear of it.
    void on_commit(std::span<const store::Write> writes);

  private:
    using Key = std::pair<account::AccountId, std::string>;

    struct Less {
        using is_transparent = void;

        template <class A, class B>
        bool operator()(const A& a, const B& b) const {
            return a.first != b.first ? a.first < b.first
                                      : std::string_view(a.second) < std::string_view(b.second);
        }
    };

    void forget(account::AccountId owner);

    mutable std::mutex mutex_;  // guards what follows
    std::map<Key, MailboxInfo, Less> places_;
    Epoch epoch_ = 0;
};

}  // namespace mail
