// SHA-256 as octets come, over OpenSSL.
#pragma once

#include <memory>
#include <string_view>

#include "store/store.h"

namespace store {

class Sha256 {
  public:
    Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    ~Sha256();

    void append(std::string_view octets);
    // The digest of everything so far; append() no more after it.
    [[nodiscard]] BlobId finish();

    [[nodiscard]] static BlobId of(std::string_view octets);

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

}  // namespace store
