// What a reader without internationalized mail gets of a message (RFC 6856 2.1): a surrogate, in which the
// header, those of the parts, and those of messages and reports within are US-ASCII as RFC 6857 has it.
// Bodies go out as they are: 8bit is allowed to such readers too.
//
// BUGS: what lies behind the first kSurrogateOctetsMax octets of headers stays as it came.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "mime/section.h"
#include "mime/structure.h"
#include "store/store.h"

namespace mail {

// Octets of a message, and what stands in their place.
struct Splice {
    mime::OctetRange range;
    std::string octets;
};

// A message with some of its octets replaced. It costs the memory of the replacements.
class SplicedReader final : public store::BlobReader {
  public:
    // Splices ascend, lie within the message, and do not overlap.
    SplicedReader(std::unique_ptr<store::BlobReader> message, std::vector<Splice> splices);

    [[nodiscard]] std::uint64_t size() const override { return size_; }

    [[nodiscard]] base::Task<base::Result<std::size_t>> read(base::Loop& loop,
                                                             std::uint64_t offset,
                                                             std::span<char> into) override;

  private:
    // A run of octets: of a splice, or of the message from `source` on.
    struct Piece {
        std::uint64_t begin = 0;
        std::uint64_t octets = 0;
        std::uint64_t source = 0;
        const std::string* text = nullptr;
    };

    void add_piece(std::uint64_t octets, std::uint64_t source, const std::string* text);
    [[nodiscard]] const Piece& piece_at(std::uint64_t offset) const;

    std::unique_ptr<store::BlobReader> message_;
    std::vector<Splice> splices_;
    std::vector<Piece> pieces_;  // none of them empty
    std::uint64_t size_ = 0;
};

inline constexpr std::uint64_t kSurrogateOctetsMax = std::uint64_t{1} << 20U;

// Whether a message of this structure may need a surrogate. Nearly none does.
[[nodiscard]] bool may_need_surrogate(const mime::Structure& structure);
// The surrogate of `message`, or itself where it needs none: what is not UTF-8 came in an older charset, was
// never internationalized mail, and stays as it is. Errors are the reader's.
[[nodiscard]] base::Task<base::Result<std::unique_ptr<store::BlobReader>>> make_surrogate(
    base::Loop& loop, std::unique_ptr<store::BlobReader> message, mime::Structure structure);

}  // namespace mail
