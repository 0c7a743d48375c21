// net::Resolver, the answers of the domain name system (RFC 1035) as whoever routes mail or judges it wants
// them: the end of the CNAME chain, validated (RFC 4033), with the reason where there is no answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/loop.h"
#include "base/task.h"

namespace net {

enum class RecordType { kA, kAaaa, kMx, kTxt, kTlsa, kPtr, kCname };

// "A", "AAAA" ...
[[nodiscard]] std::string_view record_type_name(RecordType type);

struct MxRecord {
    std::uint16_t preference = 0;
    std::string host;  // "" for "." (RFC 7505: no mail here)

    friend bool operator==(const MxRecord&, const MxRecord&) = default;
};

struct Answer {
    enum class Status {
        kFound,
        kNoData,    // the name exists, with other records
        kNoDomain,  // it does not (NXDOMAIN)
        kFailed,    // SERVFAIL, a forged or expired signature: ask again later
        kTimeout,
    };
    using enum Status;

    Status status = kFailed;
    bool secure = false;         // DNSSEC vouches for it, for the absence of records too
    base::Duration ttl{0};       // how long it holds
    std::string canonical = {};  // where the CNAME chain ended; the name asked for without one
    // kA, kAaaa: addresses as text; kPtr, kCname: names without the last dot; kTxt: each record's
    // strings joined; kTlsa: the record's octets. Host names in lower case.
    std::vector<std::string> records = {};
    std::vector<MxRecord> mx = {};  // kMx, in no order
    std::string why = {};           // one sentence, unless kFound

    [[nodiscard]] bool found() const { return status == kFound; }

    // The name may be served at another time: no verdict.
    [[nodiscard]] bool temporary() const { return status == kFailed || status == kTimeout; }
};

// Thread-safe. Answers are cached for their time to live, and each question ends within some seconds.
class Resolver {
  public:
    Resolver() = default;
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;
    virtual ~Resolver() = default;

    // `name` in ASCII (IDNA's A-labels), with or without the last dot; one that no host can have, empty
    // or too long, is kNoDomain. Resumes on `loop`. Never fails otherwise than by its status.
    [[nodiscard]] virtual base::Task<Answer> lookup(base::Loop& loop,
                                                    std::string name,
                                                    RecordType type) = 0;
};

// "192.0.2.1" -> "1.2.0.192.in-addr.arpa" (RFC 1035 3.5), IPv6 as RFC 3596 2.5; "" for anything else.
[[nodiscard]] std::string reverse_name(std::string_view address);

}  // namespace net
