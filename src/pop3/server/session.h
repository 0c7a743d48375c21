// One POP3 session (RFC 1939 3): the loop around the command table, and the handlers by group.
//
// BUGS: a maildrop is read whole, without its messages' texts, when it is opened, on the session's own
// thread: at a million messages that is a second in which the thread's other sessions wait.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "account/authenticator.h"
#include "account/sasl.h"
#include "account/standing.h"
#include "net/line_stream.h"
#include "pop3/server/commands.h"
#include "pop3/server/maildrop.h"
#include "pop3/server/reply.h"
#include "pop3/server/server.h"
#include "pop3/server/texts.h"

namespace pop3 {

class Session {
  public:
    // All of them must outlive the session.
    Session(net::Stream& stream, const ServerOptions& options, Services& services);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    // From the greeting to the end. The caller closes the stream.
    [[nodiscard]] base::Task<> run();
    // For the log when a CHECK failed: who it was and the last commands, without secrets.
    [[nodiscard]] std::string describe() const;

    // authorization.cc
    base::Task<base::Result<Reply>> on_user(std::string arguments);
    base::Task<base::Result<Reply>> on_pass(std::string arguments);
    base::Task<base::Result<Reply>> on_apop(std::string arguments);
    base::Task<base::Result<Reply>> on_auth(std::string arguments);
    base::Task<base::Result<Reply>> on_stls(std::string arguments);
    base::Task<base::Result<Reply>> on_utf8(std::string arguments);
    // transaction.cc
    base::Task<base::Result<Reply>> on_stat(std::string arguments);
    base::Task<base::Result<Reply>> on_list(std::string arguments);
    base::Task<base::Result<Reply>> on_uidl(std::string arguments);
    base::Task<base::Result<Reply>> on_retr(std::string arguments);
    base::Task<base::Result<Reply>> on_top(std::string arguments);
    base::Task<base::Result<Reply>> on_dele(std::string arguments);
    base::Task<base::Result<Reply>> on_rset(std::string arguments);
    base::Task<base::Result<Reply>> on_noop(std::string arguments);
    // any_state.cc
    base::Task<base::Result<Reply>> on_capa(std::string arguments);
    base::Task<base::Result<Reply>> on_lang(std::string arguments);
    base::Task<base::Result<Reply>> on_quit(std::string arguments);

  private:
    // RFC 1939 4.
    struct Authorization {
        std::string user;  // USER's, until the next command
    };

    // RFC 1939 5.
    struct Transaction {
        account::Account account;
        Maildrop maildrop;
        Maildrops::Lock lock;
        std::optional<mail::MessageRun> run = {};  // while commands wait to be answered
        std::uint32_t last_opened = 0;             // message number
        std::uint64_t octets_sent = 0;
        std::uint32_t messages_sent = 0;
        std::uint32_t messages_deleted = 0;  // at QUIT
    };

    // session.cc: the loop.
    [[nodiscard]] base::Task<base::Result<>> converse();
    [[nodiscard]] base::Task<base::Result<>> next_command();
    [[nodiscard]] base::Task<base::Result<Reply>> answer(std::string line);
    // The account was disabled or removed meanwhile: nothing is deleted any more.
    [[nodiscard]] bool is_shut_out();
    [[nodiscard]] base::Task<base::Result<Reply>> dispatch(const Command& command,
                                                           std::string arguments);
    [[nodiscard]] base::Task<base::Result<>> start_tls();
    [[nodiscard]] base::Task<base::Result<>> end(base::Error reason);
    [[nodiscard]] Reply protest(Reply reply);
    void count_command(const Command* command, bool ok);
    void log_end(std::string_view reason);

    // output.cc: replies.
    [[nodiscard]] base::Task<base::Result<>> send(Reply reply);
    [[nodiscard]] base::Task<base::Result<>> send_listing(Reply::Listing listing);
    [[nodiscard]] base::Task<base::Result<>> send_content(Reply::Content content);
    [[nodiscard]] base::Task<base::Result<std::string>> read_chunk(store::BlobReader& octets,
                                                                   std::uint64_t offset,
                                                                   std::string chunk);
    [[nodiscard]] base::Task<base::Result<>> flush_if_full();
    void count_sent(std::uint32_t number, bool whole, std::uint64_t octets);
    void put_status(const Reply& reply);

    // authorization.cc
    [[nodiscard]] account::LoginContext login_context() const;
    [[nodiscard]] Reply login_failed(const base::Error& error, std::string_view mechanism);
    [[nodiscard]] base::Task<base::Result<Reply>> enter_transaction(account::Identity identity);
    [[nodiscard]] base::Task<base::Result<mail::MailboxView>> open_maildrop(
        account::AccountId account);
    void note_login(const account::Identity& identity);
    [[nodiscard]] base::Task<base::Result<Reply>> authenticate(
        std::unique_ptr<account::SaslServer> server, std::optional<std::string> response);
    // A challenge and the client's response to it, or what to reply when there is none.
    [[nodiscard]] base::Task<base::Result<base::Result<std::string, Reply>>> ask(
        std::string challenge);
    [[nodiscard]] Reply list_mechanisms() const;

    // transaction.cc
    [[nodiscard]] Transaction& transaction() { return std::get<Transaction>(state_); }

    [[nodiscard]] base::Result<std::uint32_t, Reply> find_message(std::string_view arguments,
                                                                  std::string_view syntax) const;
    [[nodiscard]] base::Result<std::uint32_t, Reply> find_message(std::uint32_t number) const;
    [[nodiscard]] base::Task<base::Result<Reply>> open_content(
        std::uint32_t number, std::optional<std::uint32_t> body_lines);
    [[nodiscard]] base::Result<std::unique_ptr<store::BlobReader>> open_message(
        std::uint32_t number);
    [[nodiscard]] Reply content_fails(std::uint32_t number, const base::Error& error);
    [[nodiscard]] mail::TraceEvent trace_event(std::string_view kind) const;
    void note_fetched();

    // any_state.cc
    [[nodiscard]] base::Task<base::Result<Reply>> update();
    // Whether CAPA tells of it now, and with what behind it.
    [[nodiscard]] bool offers(const Command& command) const;
    [[nodiscard]] std::string capabilities() const;

    template <class... Arguments>
    [[nodiscard]] std::string say(Text text, const Arguments&... arguments) const {
        return pop3::say(language_, text, arguments...);
    }

    // "2 messages (320 octets)"
    [[nodiscard]] std::string say_messages(std::uint32_t messages, std::uint64_t octets) const;
    [[nodiscard]] Reply usage(std::string_view syntax) const;
    [[nodiscard]] base::SteadyTime now() const;
    [[nodiscard]] base::SteadyTime read_deadline() const;
    [[nodiscard]] base::SteadyTime write_deadline() const;
    [[nodiscard]] std::uint8_t state() const;

    const ServerOptions& options_;
    Services& services_;
    net::LineStream lines_;
    base::Loop& loop_;
    base::SteadyTime begun_;
    std::string id_;
    account::Standing standing_;
    std::string stamp_;  // APOP's, with angle brackets; empty: no APOP
    std::variant<Authorization, Transaction> state_;
    Language language_ = Language::kEnglish;
    bool utf8_ = false;
    bool closing_ = false;
    std::size_t errors_ = 0;
    std::size_t login_failures_ = 0;
    base::Counter& sent_messages_;
    base::Counter& sent_octets_;
    std::string recent_;                    // the last verbs, for describe()
    std::vector<base::Counter*> counters_;  // by command and result, filled as they are needed
};

}  // namespace pop3
