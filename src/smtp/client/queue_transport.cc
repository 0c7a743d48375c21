#include "smtp/client/queue_transport.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "net/address.h"
#include "smtp/client/race.h"

namespace smtp {
namespace {

// A host with hundreds of addresses is tried at a few of them.
constexpr std::size_t kAddressesMax = 8;
constexpr std::size_t kWordsOctetsMax = 2048;
constexpr std::size_t kReturnPathOctetsMax = 1024;  // an address has 254, and the field little more

std::string enhanced_text(const EnhancedCode& code) {
    return code.kind == 0 ? std::string()
                          : fmt::format("{}.{}.{}", code.kind, code.subject, code.detail);
}

// The words as they are kept with each recipient, in the log and in notices: a peer that says 64 KiB to each of 50,000
// recipients fills no disk.
std::string kept_words(const std::string& text) {
    if (text.size() <= kWordsOctetsMax) {
        return text;
    }
    std::size_t end = kWordsOctetsMax;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        --end;  // within a character of UTF-8
    }
    return text.substr(0, end) + " ...";
}

queue::RemoteReply remote_reply(const Verdict& verdict, const std::string& host) {
    return {.code = verdict.reply.code,
            .enhanced = enhanced_text(verdict.reply.enhanced),
            .text = kept_words(verdict.reply.text),
            .host = host,
            .command = verdict.command};
}

queue::Outcome outcome_of(const Verdict& verdict) {
    switch (verdict.kind) {
        case Verdict::Kind::kAccepted:
            return queue::Outcome::kDelivered;
        case Verdict::Kind::kTemporary:
            return queue::Outcome::kDeferred;
        case Verdict::Kind::kPermanent:
            return queue::Outcome::kFailed;
    }
    return queue::Outcome::kDeferred;
}

Body body_of(queue::BodyType body) {
    switch (body) {
        case queue::BodyType::k7bit:
            return Body::k7bit;
        case queue::BodyType::k8bit:
            return Body::k8bitMime;
        case queue::BodyType::kBinary:
            return Body::kBinaryMime;
    }
    return Body::kBinaryMime;
}

Return return_of(queue::ReturnContent content) {
    switch (content) {
        case queue::ReturnContent::kDefault:
            return Return::kUnsaid;
        case queue::ReturnContent::kFull:
            return Return::kFull;
        case queue::ReturnContent::kHeader:
            return Return::kHeaders;
    }
    return Return::kUnsaid;
}

Envelope envelope_of(const queue::Job& job) {
    Envelope envelope{.sender = job.message.sender, .parameters = {}, .recipients = {}};
    envelope.parameters.body = body_of(job.message.body);
    envelope.parameters.smtputf8 = job.message.smtputf8;
    envelope.parameters.ret = return_of(job.message.return_content);
    if (!job.message.envelope_id.empty()) {
        envelope.parameters.envid = job.message.envelope_id;
    }
    for (const queue::Job::Recipient& recipient : job.recipients) {
        Envelope::Recipient entry{.address = recipient.record.address, .parameters = {}};
        entry.parameters.notify = recipient.record.notify;
        const std::string& original = recipient.record.original;
        if (const std::size_t semicolon = original.find(';'); semicolon != std::string::npos) {
            entry.parameters.orcpt = OriginalRecipient{.type = original.substr(0, semicolon),
                                                       .address = original.substr(semicolon + 1)};
        }
        envelope.recipients.push_back(std::move(entry));
    }
    return envelope;
}

std::string describe(const net::TlsInfo* tls) {
    return tls == nullptr ? std::string() : fmt::format("{} {}", tls->version, tls->cipher);
}

// A message without the Return-Path field that its delivery here put on top: only the last server adds one
// (RFC 5321 4.4).
class WithoutReturnPath final : public store::BlobReader {
  public:
    WithoutReturnPath(store::BlobReader& whole, std::uint64_t skipped)
        : whole_(whole),
          skipped_(skipped) {}

    [[nodiscard]] std::uint64_t size() const override { return whole_.size() - skipped_; }

    base::Task<base::Result<std::size_t>> read(base::Loop& loop,
                                               std::uint64_t offset,
                                               std::span<char> into) override {
        return whole_.read(loop, offset + skipped_, into);
    }

  private:
    store::BlobReader& whole_;
    std::uint64_t skipped_;
};

// The length of that field, which is never folded; zero when there is none.
base::Task<base::Result<std::uint64_t>> return_path_octets(base::Loop& loop,
                                                           store::BlobReader& body) {
    std::string begin(std::min<std::uint64_t>(kReturnPathOctetsMax, body.size()), '\0');
    CO_TRY(const std::size_t got, co_await body.read(loop, 0, begin));
    begin.resize(got);
    const std::size_t end = begin.find("\r\n");
    if (end == std::string::npos || !base::istarts_with(begin, "Return-Path:")) {
        co_return 0;
    }
    co_return end + 2;
}

queue::Report unread(const queue::Job& job, const base::Error& error) {
    queue::Report report;
    report.recipients.assign(
        job.recipients.size(),
        {.outcome = queue::Outcome::kDeferred,
         .reply = {.enhanced = "4.3.0", .text = "the message cannot be read: " + error.text}});
    return report;
}

queue::Unreachable unreachable(const Verdict& verdict, const std::string& host) {
    return {.outcome = verdict.kind == Verdict::Kind::kPermanent ? queue::Outcome::kFailed
                                                                 : queue::Outcome::kDeferred,
            .reply = remote_reply(verdict, host),
            .throttled = is_throttling(verdict)};
}

}  // namespace

class QueueTransport::Conversation final : public queue::Connection {
  public:
    Conversation(QueueTransport& owner,
                 std::unique_ptr<net::Stream> stream,
                 std::string host,
                 ClientOptions options)
        : owner_(owner),
          stream_(std::move(stream)),
          host_(fmt::format("{} [{}]", host, stream_->peer().to_string())),
          success_(options.lmtp ? queue::Success::kDelivered : queue::Success::kRelayed),
          client_(*stream_, std::move(options), owner.random_) {
        owner_.open_.insert(stream_.get());
    }

    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;

    ~Conversation() override { owner_.open_.erase(stream_.get()); }

    [[nodiscard]] Client& client() { return client_; }

    [[nodiscard]] const std::string& host() const { return host_; }

    base::Task<queue::Report> send(const queue::Job& job) override {
        const auto skipped = co_await return_path_octets(stream_->loop(), *job.body);
        if (!skipped) {
            co_return unread(job, skipped.error());
        }
        WithoutReturnPath body(*job.body, *skipped);
        Envelope envelope = envelope_of(job);
        envelope.parameters.size = body.size();
        DeliveryReport sent = co_await client_.send(std::move(envelope), body);
        queue::Report report{.recipients = {},
                             .usable = sent.usable,
                             .unreached = true,
                             .stale = messages_++ != 0,
                             .throttled = sent.throttled,
                             .peer_notifies = sent.peer_notifies,
                             .tls = describe(stream_->tls())};
        for (const Verdict& verdict : sent.recipients) {
            report.unreached = report.unreached && verdict.unheard();
            report.stale = report.stale && verdict.unheard() && verdict.command == "MAIL FROM";
            report.recipients.push_back(
                {outcome_of(verdict), remote_reply(verdict, host_), success_});
        }
        co_return report;
    }

    base::Task<> quit() override { return client_.quit(); }

  private:
    QueueTransport& owner_;
    std::unique_ptr<net::Stream> stream_;
    std::string host_;
    // An LMTP server's 250 is a delivery (RFC 2033 4.2), an SMTP server's a promise (RFC 3461 6.2).
    queue::Success success_;
    std::size_t messages_ = 0;
    Client client_;
};

void QueueTransport::close_all() {
    for (net::Stream* stream : open_) {
        stream->close();
    }
}

// The hosts of a way. One that is named by its address needs no name server.
base::Task<QueueTransport::Hosts> QueueTransport::find_hosts(base::Loop& loop, Way way) {
    if (!way.path.empty()) {
        co_return std::vector<MailHost>{{.name = way.path}};
    }
    if (way.kind != Way::Kind::kMx && net::AddressBlock::parse(way.host)) {
        co_return std::vector<MailHost>{{.name = way.host, .addresses = {way.host}}};
    }
    MxOptions options = options_.mx;
    if (way.kind != Way::Kind::kMx) {
        options.follow_mx = false;
        options.own_names.clear();  // a route may well lead to another server on this machine
        options.own_addresses.clear();
    }
    co_return co_await find_mail_hosts(
        resolver_, loop, random_, std::move(way.host), std::move(options));
}

base::Task<base::Result<TlsUse, Verdict>> QueueTransport::choose_tls(base::Loop& loop,
                                                                     Way way,
                                                                     MailHost host) {
    if (!options_.policy || way.kind != Way::Kind::kMx) {
        co_return way.tls;
    }
    auto asked = co_await options_.policy(loop, std::move(way.host), std::move(host));
    if (!asked) {
        co_return base::forward_error(asked);
    }
    co_return std::max(way.tls, *asked);
}

// One host after another, by preference. A host that refuses the conversation is no verdict about the mail
// while another may take it (RFC 5321 5.1); when all are asked, the last one's word stands.
base::Task<QueueTransport::Connected> QueueTransport::connect(base::Loop& loop,
                                                              std::string destination) {
    auto way = options_.find_way(destination);
    if (!way) {
        co_return tl::unexpected<queue::Unreachable>(
            {.reply = {.enhanced = "4.3.5",
                       .text = "the configuration does not know this way any more"}});
    }
    auto hosts = co_await find_hosts(loop, *way);
    if (!hosts) {
        co_return tl::unexpected<queue::Unreachable>(unreachable(hosts.error(), {}));
    }
    queue::Unreachable last;
    for (const MailHost& host : *hosts) {
        const auto tls = co_await choose_tls(loop, *way, host);
        auto called = tls ? co_await call(loop, *way, host, *tls)
                          : Connected(tl::unexpect, unreachable(tls.error(), host.name));
        if (called) {
            co_return std::move(called);
        }
        last = std::move(called.error());
        last.outcome = queue::Outcome::kDeferred;
    }
    co_return tl::unexpected<queue::Unreachable>(std::move(last));
}

ClientOptions QueueTransport::client_options(const Way& way,
                                             const MailHost& host,
                                             TlsUse tls,
                                             const net::Endpoint& peer) const {
    ClientOptions options{.lmtp = way.kind == Way::Kind::kLmtp,
                          .hostname = options_.hostname,
                          .tls = options_.tls_context ? tls : TlsUse::kNever,
                          .tls_at_once = way.kind == Way::Kind::kSmtps,
                          .tls_name = host.name,
                          .tls_context = options_.tls_context,
                          .login = way.login,
                          .timeouts = options_.timeouts};
    if (options_.watch) {
        options.watch = options_.watch(peer);
    }
    return options;
}

base::Task<QueueTransport::Connected> QueueTransport::call(base::Loop& loop,
                                                           Way way,
                                                           MailHost host,
                                                           TlsUse tls) {
    RaceOptions race{.peers = {}, .local = way.source, .patience = options_.connect_patience};
    if (!way.path.empty()) {
        race.peers.push_back({.address = {}, .port = 0, .path = way.path});
    }
    const std::uint16_t port = way.kind == Way::Kind::kMx ? options_.mx_port : way.port;
    for (std::size_t i = 0; i < std::min(kAddressesMax, host.addresses.size()); ++i) {
        race.peers.push_back({.address = host.addresses[i], .port = port, .path = {}});
    }
    auto stream = co_await connect_first(network_, loop, std::move(race));
    if (!stream) {
        co_return tl::unexpected<queue::Unreachable>(
            unreachable(blame_connection(stream.error(), "connection"), host.name));
    }
    ClientOptions options = client_options(way, host, tls, (*stream)->peer());
    auto conversation =
        std::make_unique<Conversation>(*this, std::move(*stream), host.name, std::move(options));
    const auto opened = co_await conversation->client().open();
    if (opened) {
        co_return std::move(conversation);
    }
    const bool again_in_clear =
        conversation->client().tls_failed() && tls == TlsUse::kOpportunistic;
    queue::Unreachable why = unreachable(opened.error(), conversation->host());
    co_await conversation->quit();
    conversation.reset();
    if (again_in_clear) {
        co_return co_await call(loop, std::move(way), std::move(host), TlsUse::kNever);
    }
    co_return tl::unexpected<queue::Unreachable>(std::move(why));
}

}  // namespace smtp
