// One IMAP session as server: the loop around the command table, what the client has enabled, and the
// mailbox it has selected. Handlers stand in a file a group (handlers.h) and work through this class.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/sasl.h"
#include "account/standing.h"
#include "imap/grammar/command.h"
#include "imap/grammar/literal.h"
#include "imap/grammar/mailbox_name.h"
#include "imap/server/commands.h"
#include "imap/server/progress.h"
#include "imap/server/server.h"
#include "imap/server/view.h"
#include "mail/glimpse.h"
#include "mime/encoded_word.h"
#include "net/deflate_stream.h"
#include "net/line_stream.h"

namespace imap {

// What ENABLE and other commands have turned on.
enum Feature : std::uint8_t {
    kRev2 = 1U << 0U,       // RFC 9051
    kUtf8 = 1U << 1U,       // RFC 6855
    kCondstore = 1U << 2U,  // RFC 7162 3.1
    kQresync = 1U << 3U,    // RFC 7162 3.2
    kUidOnly = 1U << 4U,    // RFC 9586
};

class Notifier;

// A mailbox of which SELECT has told, and whose messages are read once the answer is out.
struct Opening {
    mail::MailboxInfo info;
    bool examined = false;
    std::unique_ptr<mail::Glimpse> glimpse;  // what was told of
    std::optional<mail::Uid> first_recent;   // claimed already

    [[nodiscard]] mail::Rights rights() const { return examined ? mail::Rights() : info.rights; }

    [[nodiscard]] bool read_only() const { return (rights() & mail::kRightsToChange) == 0; }
};

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

    // ---- for the handlers ----

    [[nodiscard]] Services& services() { return services_; }

    [[nodiscard]] mail::Mailboxes& mailboxes() { return services_.mailboxes; }

    [[nodiscard]] const ServerOptions& options() const { return options_; }

    [[nodiscard]] base::Loop& loop() { return lines_.stream().loop(); }

    [[nodiscard]] const std::string& id() const { return id_; }

    [[nodiscard]] State state() const;

    // Who is logged in; in the states that have one.
    [[nodiscard]] const account::Account& account() const { return identity_->account; }

    [[nodiscard]] account::AccountId user() const { return identity_->account.id; }

    // The selected mailbox; in that state.
    [[nodiscard]] View& view() { return *view_; }

    [[nodiscard]] bool has_view() const { return view_ != nullptr; }

    void select(std::unique_ptr<View> view);
    void unselect();
    // To be selected by Reply::Then::kFinishOpening.
    void begin_opening(std::unique_ptr<Opening> opening);

    // RFC 9586 3: the answer to sequence numbers once UIDONLY is enabled.
    [[nodiscard]] Reply uid_required();

    [[nodiscard]] bool enabled(Feature feature) const { return (features_ & feature) != 0; }

    void enable(Feature feature) { features_ |= feature; }

    // RFC 7162 3.1: the first CONDSTORE enabling command is told HIGHESTMODSEQ of the selected mailbox.
    void enable_condstore();

    [[nodiscard]] NameForm name_form() const;
    [[nodiscard]] mime::HeaderForm header_form() const;

    // Untagged answers: whole lines with their ends.
    void put(std::string_view octets) { lines_.put(octets); }

    // Between two answers of many: lets full output go. Asking first is cheaper than not.
    [[nodiscard]] bool is_full() const { return lines_.full(); }

    [[nodiscard]] base::Task<base::Result<>> flush_if_full();

    // Waits for what the mail room does; the client hears of it when that takes long (RFC 9585).
    template <class T>
    [[nodiscard]] base::Task<T> await(const Request& request,
                                      base::Task<T> task,
                                      const Progress& progress = kUnknownProgress) {
        return with_progress(loop(), std::move(task), TellProgress{this, &request, &progress});
    }

    // The news of the selected mailbox, if there are any (RFC 9051 7.5.1). Without `may_expunge` numbers
    // stay as they are.
    [[nodiscard]] base::Task<base::Result<>> tell_news(bool may_expunge, bool with_uid);

    // news.cc: the first UID below `next` that no other session was told of as \Recent; unless it was opened
    // with EXAMINE, none will be.
    [[nodiscard]] mail::Uid claim_recent(mail::Ref ref, bool read_only, mail::Uid next);

    // notify.cc: what RFC 5465 makes of it.
    [[nodiscard]] Notifier* notifier() { return notifier_.get(); }

    void set_notifier(std::unique_ptr<Notifier> notifier);
    // The client has put them there itself.
    void note_own_messages(mail::Ref ref, const mail::UidSet& uids);

    // Ends the wait for the next command, or keeps the next one from beginning.
    void wake() { lines_.stream().wake(); }

    // login.cc
    [[nodiscard]] account::LoginContext login_context() const;
    void log_in(account::Identity identity);
    void log_out();
    // Counts and logs it; the last one allowed closes the connection.
    [[nodiscard]] Reply login_failed(const base::Error& error, std::string_view mechanism);
    // A line of a SASL exchange, kTooLong included.
    [[nodiscard]] base::Task<base::Result<std::string>> read_secret_line();
    [[nodiscard]] bool can_start_tls() const;

    // RFC 4978; compress.cc
    [[nodiscard]] bool is_compressed() const { return deflate_ != nullptr; }

    [[nodiscard]] bool has_tls() const { return lines_.stream().tls() != nullptr; }

    // input.cc: a line that goes on with a command or exchange, whatever wakes the session meanwhile.
    [[nodiscard]] base::Task<base::Result<std::string>> read_further_line();
    // The same at the end of `text`. A line that is too long is refused, and only its end is there: it may announce a literal.
    [[nodiscard]] base::Task<base::Result<std::optional<Reply>>> append_further_line(
        std::string& text);
    // The literal that `text` ends with, behind it.
    [[nodiscard]] base::Task<base::Result<>> append_literal(std::string& text, Literal literal);
    // For handlers that read a literal themselves: at least one octet of the `left` that it still has.
    [[nodiscard]] base::Task<base::Result<std::string>> read_literal_piece(std::uint64_t left);
    void ask_for_literal(const Literal& literal);
    // Reads what follows a refused literal up to the command's end, where the client does not wait for
    // our word. An error ends the session.
    [[nodiscard]] base::Task<base::Result<>> drop_literal(Literal literal);

    // idle.cc
    void begin_idle(std::string tag);

    [[nodiscard]] const std::string& idle_tag() const { return idle_tag_; }

  private:
    // A command with its literals, as far as they belong to its arguments.
    struct Input {
        std::string text;
        std::optional<Literal> unread;  // that `text` ends with, and the client sends or waits to
        std::optional<Reply> refusal;
    };

    static constexpr Progress kUnknownProgress{};

    struct TellProgress {
        Session* session;
        const Request* request;
        const Progress* progress;

        base::Task<> operator()() const { return session->tell_progress(*request, *progress); }
    };

    [[nodiscard]] base::Task<> tell_progress(const Request& request, const Progress& progress);

    // session.cc: the loop.
    [[nodiscard]] base::Task<base::Result<>> converse();
    [[nodiscard, gnu::noinline]] base::Task<base::Result<>> answer_line(std::string line);
    [[nodiscard, gnu::noinline]] base::Task<base::Result<>> say_goodbye(base::Error reason);
    [[nodiscard]] base::Task<base::Result<Reply>> execute(const Command& command, Request request);
    [[nodiscard]] std::optional<Reply> judge_state(const Command* command) const;
    [[nodiscard]] std::optional<Reply> judge(const Command* command, const CommandHead& head);
    [[nodiscard]] base::Task<base::Result<>> refuse_early(std::string line,
                                                          const Command* command,
                                                          Literal literal);
    [[nodiscard]] base::Task<base::Result<>> conclude(std::string tag, Reply reply);
    [[nodiscard]] base::Task<base::Result<>> go_on(Reply::Then then);
    [[nodiscard]] base::Task<base::Result<>> start_tls();
    void put_tagged(std::string_view tag, const Reply& reply);
    void count_command(const Command* command, const Reply& reply);
    void log_end(std::string_view reason);
    // The account was disabled or removed meanwhile.
    [[nodiscard]] bool is_shut_out();
    [[nodiscard]] base::SteadyTime read_deadline() const;
    [[nodiscard]] bool may_sleep() const;
    [[nodiscard]] base::SteadyTime write_deadline() const;
    [[nodiscard]] std::size_t line_octets_max() const;

    // input.cc
    [[nodiscard]] base::Task<base::Result<Input>> read_rest(std::string text,
                                                            const Command* streams);
    [[nodiscard]] base::Task<base::Result<>> refuse_long_line();
    [[nodiscard]] std::uint64_t command_octets_max() const;

    // compress.cc
    [[nodiscard]] base::Task<base::Result<>> start_compressing();
    [[nodiscard]] base::Task<base::Result<>> stop_compressing();

    // select.cc
    [[nodiscard]] base::Task<base::Result<>> finish_opening();

    // idle.cc
    [[nodiscard]] base::Task<base::Result<>> end_idle(std::string_view line);

    // notify.cc
    [[nodiscard]] bool wants_news() const;
    [[nodiscard]] bool has_notices() const;
    [[nodiscard]] base::Task<base::Result<>> tell_notices();
    [[nodiscard]] base::Task<base::Result<>> tell_new_messages(mail::Uid first);

    // news.cc
    [[nodiscard]] base::Task<base::Result<>> put_news(View::News news, bool with_uid);
    // RFC 4314 5.1.1: tells what rights to the selected mailbox others have given or taken, and ends the session
    // that may not read it any more.
    void review_rights();

    const ServerOptions& options_;
    Services& services_;
    net::LineStream lines_;
    std::unique_ptr<net::DeflateStream>
        deflate_;  // what lines_ speak through once COMPRESS was answered
    std::string id_;
    std::unique_ptr<account::Identity> identity_;  // who logged in,
    base::SteadyTime login_deadline_;              // and until when somebody must have
    account::Standing standing_;                   // and may still be here
    std::unique_ptr<View> view_;
    std::unique_ptr<Opening> opening_;
    std::unique_ptr<Notifier> notifier_;    // since the first NOTIFY
    mail::Hub::Subscription subscription_;  // while somebody waits for news
    std::string idle_tag_;                  // amid IDLE
    std::uint8_t features_ = 0;
    bool secret_ = false;   // what is read is not for watchers
    bool closing_ = false;  // after this reply
    std::size_t errors_ = 0;
    std::size_t login_failures_ = 0;
    std::string recent_;  // verbs only: for error logs
};

}  // namespace imap
