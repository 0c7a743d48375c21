// A message and its envelope as one particular peer can take them: parameters it knows, addresses it can read, and
// the message itself converted where it takes less (RFC 6152 3, RFC 3030 3, RFC 6531 3.2).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "smtp/client/client.h"

namespace smtp {

// The message, from the store or converted in memory. Reads are in order.
class MessageBody {
  public:
    explicit MessageBody(store::BlobReader& blob) : blob_(&blob) {}

    explicit MessageBody(std::string converted) : converted_(std::move(converted)) {}

    [[nodiscard]] std::uint64_t size() const;
    // The piece at `offset`; empty at the end. The view lives until the next call.
    [[nodiscard]] base::Task<base::Result<std::string_view>> read(base::Loop& loop,
                                                                  std::uint64_t offset);

  private:
    store::BlobReader* blob_ = nullptr;
    std::string converted_;
    std::vector<char> piece_;
};

// What goes to the peer.
struct Adapted {
    std::string sender;
    std::string mail_parameters;  // each with a space before it

    struct Recipient {
        std::string address;
        std::string parameters;
        std::optional<Verdict> refusal;  // this one cannot go there
    };

    std::vector<Recipient> recipients;
    bool chunked = false;  // BDAT, not DATA
    std::unique_ptr<MessageBody> body;
    bool converted = false;
};

// The verdict holds for all recipients: the message cannot go there.
[[nodiscard]] base::Task<base::Result<Adapted, Verdict>> adapt(base::Loop& loop,
                                                               const Envelope& envelope,
                                                               store::BlobReader& blob,
                                                               const Capabilities& peer,
                                                               std::uint64_t convert_octets_max);

}  // namespace smtp
