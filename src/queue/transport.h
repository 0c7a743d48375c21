// What carries messages away: handed to the queue from outside, so that the queue knows no protocol. The
// SMTP client is one (smtp/client); the tests have a scripted one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "queue/records.h"
#include "store/store.h"

namespace queue {

// One message for recipients of one destination.
struct Job {
    std::string queue_id;
    MessageRecord message;

    struct Recipient {
        RecipientId id;
        RecipientRecord record;
    };

    std::vector<Recipient> recipients;  // at least one
    std::shared_ptr<store::BlobReader> body;
};

enum class Outcome : std::uint8_t {
    kDelivered,  // the peer answers for it now
    kDeferred,   // 4yz, or nothing was heard: again later
    kFailed,     // 5yz: never again
};

// What kDelivered is for the sender who asked to be told (RFC 3464 2.3.3).
enum class Success : std::uint8_t {
    kRelayed,    // another server has it, and may tell of it itself
    kDelivered,  // it is in a mailbox, or a list has it
    kExpanded,   // it is an alias, and went to several addresses
};

struct RecipientReport {
    Outcome outcome = Outcome::kDeferred;
    RemoteReply reply;
    Success success = Success::kRelayed;
};

// What became of a job.
struct Report {
    std::vector<RecipientReport> recipients;  // the order of Job::recipients
    bool usable = true;                       // the connection can take another message
    bool unreached =
        false;  // the peer went away before it judged: the destination's fault, not the message's
    // The connection had ended before this message began: nothing of it was heard, and a new one will do.
    bool stale = false;
    bool throttled = false;      // 421 or X.7.x with 4yz: the peer wants less
    bool peer_notifies = false;  // it announced DSN (RFC 3461): success notices are its affair now
    bool queued = false;         // other messages were put into the queue meanwhile
    std::string tls;             // "TLSv1.3 TLS_AES_256_GCM_SHA384" or empty: for the trace
};

// A conversation with one of the destination's hosts. Destroying it closes it at once.
class Connection {
  public:
    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    virtual ~Connection() = default;

    // Never fails: what the world does to it stands in the report. `job` lives until then.
    [[nodiscard]] virtual base::Task<Report> send(const Job& job) = 0;
    // Says goodbye, politely and with a short deadline.
    [[nodiscard]] virtual base::Task<> quit() = 0;
};

// Why nobody of a destination could be reached.
struct Unreachable {
    Outcome outcome = Outcome::
        kDeferred;  // kFailed: no such domain, null MX (RFC 7505), a loop: no use in trying again
    RemoteReply reply;
    bool throttled = false;
};

class Transport {
  public:
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    virtual ~Transport() = default;

    // Finds the hosts of `destination` (one of Router's names), tries them in their order and greets
    // the first that answers.
    [[nodiscard]] virtual base::Task<base::Result<std::unique_ptr<Connection>, Unreachable>>
    connect(base::Loop& loop, std::string destination) = 0;
};

}  // namespace queue
