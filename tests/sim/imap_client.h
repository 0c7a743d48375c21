// What an IMAP client knows of the mailbox it has selected: numbers, UIDs and flags, by the server's untagged
// answers alone (RFC 9051 7.3 to 7.5, RFC 7162 3.2.10). An answer that no client could make sense of, or
// that comes when it must not, is a fault.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fakes/world.h"
#include "mail/uid_set.h"
#include "net/pipe.h"

namespace sim {

using Flags = std::set<std::string>;  // without \Recent

struct KnownMessage {
    mail::Uid uid = 0;           // 0: not told yet
    std::optional<Flags> flags;  // as told last
    mail::Modseq modseq = 0;
};

// The tagged answer to one command, and what came before it.
struct Answer {
    std::string status;  // "OK", "NO", "BAD"
    std::string text;
    std::vector<std::string> untagged;  // without literals,
    std::vector<std::pair<std::string, std::string>>
        literals;  // which stand here, with their lines

    [[nodiscard]] bool ok() const { return status == "OK"; }

    // What stands behind `word` in the first "[word ...]" of all lines, up to "]".
    [[nodiscard]] std::optional<std::string> code(std::string_view word) const;
};

// "1:3,5" as the server wrote it.
[[nodiscard]] mail::UidSet parse_set(std::string_view text);

// As STATUS told last of a mailbox that is not selected.
struct KnownStatus {
    std::optional<std::uint64_t> messages;
    std::optional<std::uint64_t> uid_next;
};

// Makes the server a liar, for tests of the tests: `text` of its lines, or of the client's commands, is
// replaced; without a replacement its lines are not heard at all.
struct Tamper {
    bool in_commands = false;
    std::string_view text;
    std::optional<std::string_view> replacement;
};

class ImapClient {
  public:
    // `world` outlives it.
    ImapClient(fakes::World& world, std::unique_ptr<net::PipeStream> stream)
        : world_(world),
          stream_(std::move(stream)) {}

    // Sends a command, and applies what comes up to its answer.
    Answer run(std::string_view command);
    // Sends one; finish() waits for all that were sent.
    void begin(std::string_view command);
    std::vector<Answer> finish();
    // SELECT or EXAMINE; `known` is what a QRESYNC client kept of an earlier time.
    Answer select(std::string_view command, std::vector<KnownMessage> known = {});
    void idle();
    Answer done();
    // Applies what has come meanwhile.
    void listen();
    void hang_up();
    // The mailbox was deleted: amid IDLE at once, and otherwise with the next command, the server ends it.
    [[nodiscard]] bool hears_bye();

    [[nodiscard]] bool is_idle() const { return idle_; }

    // RFC 5465 6.1.1: NOTIFY has asked for EXPUNGE at once.
    void set_expunged_at_once(bool at_once) { expunged_at_once_ = at_once; }

    // RFC 9586: messages have no numbers.
    void set_uid_only() { uid_only_ = true; }

    // What NOTIFY has told of other mailboxes. The caller forgets what it changes itself.
    [[nodiscard]] std::map<std::string, KnownStatus>& statuses() { return statuses_; }

    // STATUS of mailboxes is kept under other names than the server's.
    void set_names(std::map<std::string, std::string> names) { names_ = std::move(names); }

    void set_tamper(const Tamper& tamper) { tamper_ = tamper; }

    [[nodiscard]] std::vector<KnownMessage>& messages() { return messages_; }

    // Up to where it knows all, by what it was told.
    [[nodiscard]] mail::Modseq highest_modseq() const { return highest_modseq_; }

    [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }

    // The end of the dialogue, for messages.
    [[nodiscard]] std::string dialogue() const;

  private:
    struct Sent {
        std::string tag;
        bool holds_numbers = false;  // no EXPUNGE may come before its answer
        Answer answer;
    };

    void send(std::string_view octets);
    [[nodiscard]] std::optional<std::string> next_line();
    void apply(const std::string& line);
    void apply_numbered(std::uint32_t number, std::string_view rest);
    void apply_fetch(std::uint32_t number, std::string_view items);
    void apply_uidfetch(mail::Uid uid, std::string_view items);
    void apply_modseq(std::string_view text);
    void apply_vanished(std::string_view rest);
    void apply_status(std::string_view rest);
    void end_answer(const std::string& line);
    [[nodiscard]] std::vector<KnownMessage>::iterator place_of(mail::Uid uid);
    void may_expunge();
    void end_selection(const Answer& answer);
    void fault(std::string_view what);

    fakes::World& world_;
    std::unique_ptr<net::PipeStream> stream_;
    std::string received_;
    std::deque<Sent> sent_;
    std::vector<Answer> answers_;
    std::vector<KnownMessage> messages_;
    // Amid SELECT: EXISTS, and FETCH answers by the numbers that hold from then on.
    bool selecting_ = false;
    std::size_t exists_ = 0;
    std::vector<std::pair<std::uint32_t, std::string>> fetched_;
    bool idle_ = false;
    bool continued_ = false;  // "+" came
    bool uid_only_ = false;
    bool bye_expected_ = false;
    bool heard_bye_ = false;
    bool expunged_at_once_ = false;
    std::map<std::string, KnownStatus> statuses_;
    std::map<std::string, std::string> names_;
    std::optional<std::string> literal_;  // of the line that was read last
    std::optional<Tamper> tamper_;
    mail::Modseq highest_modseq_ = 0;
    unsigned tags_ = 0;
    std::vector<std::string> faults_;
    std::deque<std::string> dialogue_;
};

}  // namespace sim
