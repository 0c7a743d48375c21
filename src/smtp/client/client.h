// The SMTP client (RFC 5321) and LMTP client (RFC 2033): one conversation over a connected stream, greeting to
// QUIT, with as many messages as one likes. It knows no route, no queue and no DNS: mx.h finds hosts, net::Network
// connects, and whoever has messages hands them in.
//
//     Client client(*stream, options, random);
//     auto hello = co_await client.open();             // greeting, EHLO, STARTTLS, AUTH
//     if (!hello) ... hello.error() is a Verdict: the peer's own words, or ours
//     DeliveryReport report = co_await client.send(envelope, *blob);
//     co_await client.quit();
//
// BUGS: a message that must be converted for a peer without 8BITMIME, BINARYMIME or SMTPUTF8 is held in memory,
// and refused with 5.6.3 above `convert_octets_max`. A reply that comes amid a message is seen only after all
// of it has gone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/sasl_client.h"
#include "base/random.h"
#include "base/task.h"
#include "net/line_stream.h"
#include "net/stream.h"
#include "smtp/client/verdict.h"
#include "smtp/grammar/capabilities.h"
#include "smtp/grammar/parameters.h"
#include "smtp/grammar/reply_parser.h"

namespace store {
class BlobReader;
}

namespace smtp {

// From the loosest to the strictest.
enum class TlsUse {
    kNever,
    kOpportunistic,  // RFC 7435: when the peer offers STARTTLS, whatever its certificate says
    kRequired,       // without TLS nothing is sent; the certificate need prove nothing
    kVerified,       // ... and the certificate must prove `tls_name`
};

// RFC 5321 4.5.3.2, each the least that it wants.
struct ClientTimeouts {
    base::Duration greeting = std::chrono::minutes(5);
    base::Duration hello = std::chrono::minutes(5);
    base::Duration handshake = std::chrono::minutes(1);
    base::Duration login = std::chrono::minutes(5);
    base::Duration mail = std::chrono::minutes(5);
    base::Duration rcpt = std::chrono::minutes(5);
    base::Duration data_initiation = std::chrono::minutes(2);
    base::Duration data_block = std::chrono::minutes(3);  // for the peer to take a piece
    base::Duration data_end = std::chrono::minutes(10);
    base::Duration quit = std::chrono::seconds(10);  // nothing is lost any more
};

struct ClientOptions {
    bool lmtp = false;
    std::string hostname;  // what we call ourselves in EHLO
    TlsUse tls = TlsUse::kOpportunistic;
    bool tls_at_once = false;   // RFC 8314 3.3: before the first octet; not with kNever
    std::string tls_name = {};  // of the host, or an address literal
    std::shared_ptr<net::TlsClientContext> tls_context = {};  // null: as kNever
    std::shared_ptr<net::TlsTicket> tls_ticket = {};
    std::optional<account::SaslCredentials> login = {};
    bool login_in_clear = false;  // PLAIN and LOGIN without TLS
    bool detect_loop = true;      // a peer that greets with our own `hostname` is us (not in LMTP)
    std::uint64_t convert_octets_max = std::uint64_t{16} << 20U;
    std::size_t recipients_max =
        100;  // a transaction; RFC 5321 4.5.3.1.8: every server takes that many
    ClientTimeouts timeouts = {};
    // Sees the dialogue, 'C' is ours; passwords and messages are told by their length only.
    net::LineStream::Watcher watch = {};
};

struct Envelope {
    std::string
        sender;  // a mailbox without brackets, quoted where it must be; empty: the null path
    // What the message is and asks for. `size` is the blob's; RET, ENVID and the recipients' NOTIFY and
    // ORCPT go to peers with DSN only.
    MailParameters parameters;

    struct Recipient {
        std::string address;
        RcptParameters parameters = {};
    };

    std::vector<Recipient> recipients;  // at least one
};

struct DeliveryReport {
    std::vector<Verdict> recipients;  // the order of Envelope::recipients
    bool usable = true;               // the conversation can go on with another message
    bool throttled = false;           // the peer asked for less (is_throttling)
    bool peer_notifies = false;       // DSN was passed on: notices of success are its affair
    bool converted = false;           // the message had to be changed for this peer
};

class MessageBody;

class Client {
  public:
    // `stream` is connected and outlives the client; `random` too.
    Client(net::Stream& stream, ClientOptions options, base::Random& random);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client();

    // The conversation up to the first MAIL; once. The verdict is why there is none: the stream is then
    // only good for quit() or closing. kPermanent does not mean that mail is undeliverable: another host
    // may take it.
    [[nodiscard]] base::Task<base::Result<Capabilities, Verdict>> open();

    // True when open() failed over TLS that need not have been: on a new connection with TlsUse::kNever
    // the mail may get through (RFC 7435 3).
    [[nodiscard]] bool tls_failed() const { return tls_failed_; }

    // One message for its recipients, in as many transactions as the peer wants. Never fails: what
    // happened stands in the report. `body` outlives the call, and is read more than once.
    [[nodiscard]] base::Task<DeliveryReport> send(Envelope envelope, store::BlobReader& body);

    // QUIT, and closes the stream whatever the answer.
    [[nodiscard]] base::Task<> quit();

    [[nodiscard]] const Capabilities& capabilities() const { return capabilities_; }

    // What the peer called itself.
    [[nodiscard]] const std::string& peer_name() const { return peer_name_; }

    [[nodiscard]] net::Stream& stream() { return lines_.stream(); }

  private:
    struct Transaction;

    using Failed = std::optional<Verdict>;  // nothing: it went well

    // client.cc: the conversation before and after messages.
    [[nodiscard]] base::Task<Failed> greet();
    [[nodiscard]] base::Task<Failed> say_hello();
    [[nodiscard]] base::Task<Failed> negotiate_tls();
    [[nodiscard]] base::Task<Failed> shake_hands();
    [[nodiscard]] base::Task<Failed> log_in();
    [[nodiscard]] base::Task<base::Result<Reply>> exchange(account::SaslClient& sasl);

    // client.cc: lines.
    void put(std::string_view line);
    void put_secret(std::string_view before, std::string_view secret);
    void tell(std::string_view line) const;
    [[nodiscard]] base::SteadyTime in(base::Duration span);
    [[nodiscard]] base::Task<base::Result<Reply>> read_reply(base::Duration patience);
    // A command and its answer.
    [[nodiscard]] base::Task<base::Result<Reply>> ask(std::string line, base::Duration patience);

    // transaction.cc
    [[nodiscard]] base::Task<> transact(Transaction& transaction);
    [[nodiscard]] base::Task<> introduce(Transaction& transaction);
    [[nodiscard]] base::Task<> send_dotted(Transaction& transaction);
    [[nodiscard]] base::Task<> send_chunk(Transaction& transaction);
    [[nodiscard]] base::Task<> conclude(Transaction& transaction);
    [[nodiscard]] base::Task<Failed> pour(MessageBody& body, bool dotted);
    [[nodiscard]] base::Task<Failed> flush_if_full();
    [[nodiscard]] base::Task<Verdict> hear(std::string_view command, base::Duration patience);

    net::LineStream lines_;
    const ClientOptions options_;
    base::Random& random_;
    ReplyParser parser_;
    Capabilities capabilities_;
    std::string peer_name_;
    std::uint64_t messages_ = 0;  // since the connection began
    bool tls_failed_ = false;
    bool mail_open_ = false;  // a transaction was left open: RSET comes first
    bool lost_ = false;       // the stream is broken, or says it will close (421)
};

}  // namespace smtp
