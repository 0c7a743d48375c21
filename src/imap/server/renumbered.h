// Keywords of messages as the bits of another moment: a bit whose name no message bore any more is given to another
// name, so what two snapshots have of one message can be compared only by the names.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "mail/types.h"

namespace imap {

class Renumbered {
  public:
    // The tables by bit, as Snapshot::keywords(); used only here.
    Renumbered(const std::vector<std::string>& from, const std::vector<std::string>& to);

    // The bits of those names that `to` has too.
    [[nodiscard]] std::uint64_t of(std::uint64_t keywords) const;

    // Has `to` all these names?
    [[nodiscard]] bool has_all(std::uint64_t keywords) const { return (keywords & ~kept_) == 0; }

  private:
    std::array<std::uint8_t, mail::kKeywordsMax> bits_{};
    std::uint64_t kept_ = 0;   // the bits of `from` whose names `to` has,
    std::uint64_t moved_ = 0;  // and of these, those that are others there
};

}  // namespace imap
