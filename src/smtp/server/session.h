// One SMTP session as server: the state between commands, and a handler a command (commands.h says in
// which states each is legal). The handlers stand in a file a group: hello.cc, envelope.cc, recipient.cc,
// message.cc, login.cc, enquiry.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/sasl.h"
#include "net/line_stream.h"
#include "smtp/grammar/command.h"
#include "smtp/grammar/reply.h"
#include "smtp/server/commands.h"
#include "smtp/server/incoming.h"
#include "smtp/server/server.h"
#include "smtp/server/trace_fields.h"

namespace smtp {

// An accepted recipient: mailboxes here, addresses elsewhere, mailing lists, or through an alias all three.
struct Recipient {
    Path path;
    RcptParameters parameters;
    std::vector<account::LocalRecipient> local;
    std::vector<account::Address> remote;
    std::vector<account::Address> lists;
    std::optional<account::Address> bounced;  // a list that counts whom its mail does not reach
    std::string domain;  // of ours, when the address was; empty: the client named another server's

    // It is delivered here and now, or not at all.
    [[nodiscard]] bool stays() const { return remote.empty() && lists.empty() && !bounced; }
};

// From MAIL to the end of the data (RFC 5321 3.3).
struct Transaction {
    Path sender;
    MailParameters parameters;
    std::vector<Recipient> recipients;
    std::optional<base::WallTime> release;  // RFC 4865: nobody gets it before
    std::string queue_id;                   // once data come
    std::unique_ptr<Incoming> incoming;     // amid BDAT
};

// 501, or 555 for a parameter that we do not know; `bad_address` when the fault is in the path.
[[nodiscard]] Reply fault_reply(const Fault& fault, EnhancedCode bad_address);
// 451: what we know of our users cannot be read.
[[nodiscard]] Reply directory_silence();

// 552 5.2.2 when the message could never fit, 452 4.2.2 when it does not now.
[[nodiscard]] Reply quota_refusal(const account::LocalRecipient& recipient, std::uint64_t octets);

class Session {
  public:
    Session(net::Stream& stream, const ServerOptions& options, Services& services);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    // Greeting to close. World errors are answered here and nowhere else.
    [[nodiscard]] base::Task<> run();
    // A CHECK failed: logs it with the end of the dialogue and says 421.
    [[nodiscard]] base::Task<> apologize(std::string bug);

    base::Task<Handled> on_helo(std::string_view arguments);
    base::Task<Handled> on_ehlo(std::string_view arguments);
    base::Task<Handled> on_lhlo(std::string_view arguments);
    base::Task<Handled> on_starttls(std::string_view arguments);
    base::Task<Handled> on_auth(std::string_view arguments);
    base::Task<Handled> on_mail(std::string_view arguments);
    base::Task<Handled> on_rcpt(std::string_view arguments);
    base::Task<Handled> on_data(std::string_view arguments);
    base::Task<Handled> on_bdat(std::string_view arguments);
    base::Task<Handled> on_rset(std::string_view arguments);
    base::Task<Handled> on_noop(std::string_view arguments);
    base::Task<Handled> on_quit(std::string_view arguments);
    base::Task<Handled> on_vrfy(std::string_view arguments);
    base::Task<Handled> on_expn(std::string_view arguments);
    base::Task<Handled> on_help(std::string_view arguments);
    base::Task<Handled> on_obsolete(std::string_view arguments);

  private:
    struct Hello {
        Greeting greeting;
        std::string name;
    };

    [[nodiscard]] State state() const;
    [[nodiscard]] base::SteadyTime deadline(base::Duration span) const;
    void say(const Reply& reply);

    // session.cc: the loop.
    [[nodiscard]] base::Task<base::Result<>> converse();
    // Answers one line; nothing is one that was too long. Its frame, and those it awaits, must live only
    // meanwhile: inlined, the compiler keeps them all in the frame of an idle session, which is 1 KiB.
    [[nodiscard, gnu::noinline]] base::Task<base::Result<After>> answer_line(
        std::optional<net::Line> line);
    [[nodiscard]] base::Task<Handled> execute(net::Line line);
    [[nodiscard]] std::optional<Reply> judge_command(const Command& command,
                                                     std::string_view arguments) const;
    [[nodiscard]] Reply wrong_state(const Command& command) const;
    [[nodiscard]] Reply keep_account(Reply reply, const Command* command);
    [[nodiscard, gnu::noinline]] base::Task<> say_goodbye(base::Result<> ended);
    [[nodiscard]] std::size_t line_octets_max() const;
    [[nodiscard]] bool needs_login() const;
    void log_end(std::string_view reason);

    // hello.cc
    [[nodiscard]] Reply greet(Greeting greeting, std::string_view arguments);
    [[nodiscard]] std::string capabilities() const;

    // login.cc
    [[nodiscard]] bool may_log_in() const;  // this port, and nobody did yet
    [[nodiscard]] account::LoginContext login_context() const;
    [[nodiscard]] base::Task<base::Result<>> start_tls();
    [[nodiscard]] base::Task<Handled> authenticate(account::SaslServer& sasl, std::string response);

    // The client's answer to a challenge, decoded; a Reply when it cancelled or sent no base64.
    struct Response {
        std::optional<Reply> refusal;
        std::string octets;
    };

    [[nodiscard]] base::Task<base::Result<Response>> challenge(std::string octets);

    // envelope.cc
    [[nodiscard]] std::optional<Reply> judge_path(const Path& path, bool smtputf8) const;
    [[nodiscard]] base::Task<std::optional<Reply>> judge_stranger();
    [[nodiscard]] base::Task<std::optional<Reply>> judge_sender(Path sender);
    void rewrite(Path& path, account::Place place) const;
    [[nodiscard]] bool offers_release() const;
    [[nodiscard]] base::Result<std::optional<base::WallTime>, Reply> judge_release(
        const MailParameters& parameters) const;
    [[nodiscard]] bool must_check_domain(const account::Address& sender) const;
    [[nodiscard]] std::optional<Reply> judge_owner(const account::Address& address) const;

    // recipient.cc
    [[nodiscard]] bool in_relay_network() const;
    [[nodiscard]] bool may_relay() const;
    [[nodiscard]] std::optional<Reply> judge_relaying(const account::Address& address) const;
    [[nodiscard]] base::Task<std::optional<Reply>> judge_way(account::Address address);
    [[nodiscard]] bool is_helped() const;
    [[nodiscard]] bool is_our_postmaster(const Path& path) const;
    [[nodiscard]] base::Result<account::Address, Reply> recipient_address(const Path& path) const;
    [[nodiscard]] base::Result<account::Resolution, Reply> resolve(
        const store::Reader& reader, const account::Address& address) const;
    [[nodiscard]] std::optional<account::Address> rewritten_sender(
        const account::Address& address) const;
    [[nodiscard]] base::Result<std::optional<account::Address>, Reply> bounced_list(
        const store::Reader& reader, const account::Address& address) const;
    [[nodiscard]] base::Result<Recipient, Reply> resolve_recipient(RcptCommand command) const;
    [[nodiscard]] std::optional<Reply> judge_post(const store::Reader& reader,
                                                  const account::Address& address) const;
    [[nodiscard]] std::optional<Reply> judge_quota(const account::LocalRecipient& recipient) const;

    // message.cc
    [[nodiscard]] std::string protocol() const;
    [[nodiscard]] std::string author() const;
    [[nodiscard]] TraceFacts trace_facts(std::string_view protocol) const;
    [[nodiscard]] std::unique_ptr<Incoming> make_incoming(Framing framing);
    [[nodiscard]] std::optional<Reply> judge_header(const HeaderFacts& facts) const;
    [[nodiscard]] std::optional<Reply> judge_chunk() const;
    [[nodiscard]] base::Task<base::Result<std::string_view>> next_octets(base::SteadyTime end);
    [[nodiscard]] base::Task<base::Result<>> receive_dotted(Incoming& incoming);
    [[nodiscard]] base::Task<base::Result<>> receive_counted(Incoming* incoming,
                                                             std::uint64_t left);
    [[nodiscard]] base::Task<Reply> conclude(Incoming& incoming);

    // delivery.cc
    [[nodiscard]] mail::Delivery make_delivery(store::NewBlob blob, const Incoming& incoming) const;
    [[nodiscard]] std::vector<std::string> add_queueing(mail::Delivery& delivery,
                                                        const Incoming& incoming) const;
    [[nodiscard]] mail::TraceEvent make_event(std::string_view kind) const;
    [[nodiscard]] base::Task<std::vector<Reply>> deliver(store::NewBlob blob,
                                                         const Incoming& incoming);
    [[nodiscard]] static std::optional<Reply> judge_outcome(
        const Recipient& recipient,
        const std::vector<mail::DeliveryOutcome>& outcomes,
        std::uint64_t octets);
    [[nodiscard]] Reply answer(std::vector<Reply> replies, const Incoming& incoming);
    void note_message(const Reply& reply, const Incoming& incoming);

    [[nodiscard]] bool stands_alone(const Recipient& recipient) const;

    // outgoing.cc
    [[nodiscard]] Queueing plan_queueing(const store::NewBlob& blob,
                                         const Incoming& incoming) const;
    [[nodiscard]] std::string forwarding_sender(const Recipient& recipient) const;

    // enquiry.cc
    [[nodiscard]] bool may_enquire() const;
    [[nodiscard]] bool may_see_members(const store::Reader& reader,
                                       const account::Address& list) const;

    net::LineStream lines_;
    const ServerOptions& options_;
    Services& services_;
    std::string id_;
    std::optional<Hello> hello_;
    bool welcome_ = false;  // judge_stranger() found nothing against this greeting
    std::unique_ptr<account::Identity> identity_;  // who logged in
    std::unique_ptr<Transaction> transaction_;
    bool stopping_ = false;               // the server stops: no next message
    std::size_t errors_ = 0;              // 5yz replies, those to RCPT aside
    std::size_t refused_recipients_ = 0;  // since the last message
    std::size_t idle_ = 0;                // commands since the last message
    std::size_t messages_ = 0;            // accepted
    std::string last_commands_;  // the end of the dialogue, verbs and codes only: for error logs
};

}  // namespace smtp
