// The Sender Rewriting Scheme: an address of ours that stands for the sender of what is forwarded, so that
// the next server's SPF check (RFC 7208) sees us, and what fails finds its way back.
//
//     srs0 = "SRS0=" hash "=" day "=" domain "=" local      our address for a sender local@domain
//     srs1 = "SRS1=" hash "=" domain "=" rest               for a sender "SRS0" rest at domain, who forwards
//                                                           already: what fails goes straight back to it
//
// Day is two characters for the days since 1970 modulo 1024. The hash keeps strangers from making us
// forward to whom they like: eight characters of an HMAC with SHA-256, base32, so that whoever folds the
// case of local parts breaks nothing.
//
// BUGS: a rewritten local part may be longer than the 64 octets that everybody must take (RFC 5321
// 4.5.3.1.1); no server is known to refuse it for that.
#pragma once

#include <string>
#include <string_view>

#include "account/address.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "store/store.h"

namespace account {

class Srs {
  public:
    explicit Srs(std::string key) : key_(std::move(key)) {}

    // The store's own key, drawn when it has none yet.
    [[nodiscard]] static base::Result<std::string> load_key(store::Transaction& change,
                                                            std::string_view drawn);

    [[nodiscard]] static bool is_rewritten(const Address& address);

    // The address at `domain`, one of ours, that stands for `sender`.
    [[nodiscard]] Address forward(const Address& sender,
                                  const std::string& domain,
                                  base::WallTime now) const;
    // The sender again. kSyntax: it is none of these; kDenied: the hash is not ours; kTimeout: older than
    // three weeks.
    [[nodiscard]] base::Result<Address> reverse(const Address& address, base::WallTime now) const;

  private:
    [[nodiscard]] std::string hash(std::string_view text) const;

    std::string key_;
};

}  // namespace account
