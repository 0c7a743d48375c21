// A blob that is a text, for those who read messages and write none.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "store/store.h"

namespace fakes {

class StringBlob final : public store::BlobReader {
  public:
    explicit StringBlob(std::string octets) : octets_(std::move(octets)) {}

    [[nodiscard]] std::uint64_t size() const override { return octets_.size(); }

    base::Task<base::Result<std::size_t>> read(base::Loop& /*loop*/,
                                               std::uint64_t offset,
                                               std::span<char> into) override {
        if (offset >= fail_from) {
            co_return base::fail(base::Errc::kCorrupt, "a checksum does not match");
        }
        co_return octets_.copy(into.data(), into.size(), offset);
    }

    // Reading from there on fails.
    std::uint64_t fail_from = UINT64_MAX;

  private:
    std::string octets_;
};

}  // namespace fakes
