// IMAP against a model: several sessions of one account at two mailboxes, with deliveries and POP3's removals
// beside them, and sessions of a guest with whom both are shared (RFC 4314), with rights that change. A model of plain lists says after each command what the store must hold; what each client
// knows comes from the server's answers alone (imap_client.h). Both are held against the store.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "fakes/world.h"
#include "imap/server/server.h"
#include "mail/rights.h"
#include "mail/uid_set.h"
#include "sim/imap_client.h"
#include "sim/imap_content.h"

namespace sim {

struct ModelMessage {
    mail::Uid uid = 0;
    Flags flags;
    Content content;
};

struct ModelMailbox {
    mail::Uid uid_next = 1;
    std::vector<ModelMessage> messages;

    [[nodiscard]] ModelMessage* find(mail::Uid uid);
    mail::Uid add(Flags flags, Content content);
    void remove(const mail::UidSet& uids);
};

class ImapModelRun {
  public:
    explicit ImapModelRun(std::uint64_t seed);
    ~ImapModelRun();

    // What each client's server is to get wrong.
    void set_tamper(const Tamper& tamper);
    // Nothing, or what went wrong.
    [[nodiscard]] std::optional<std::string> run(std::size_t steps);

  private:
    // One session, and what it is doing.
    struct Actor {
        std::unique_ptr<ImapClient> client;
        std::size_t number = 0;
        std::string keyword;  // that nobody else sets while commands overlap
        bool condstore = false;
        bool qresync = false;
        bool uid_only = false;
        bool notify = false;          // NOTIFY has asked for news of both mailboxes,
        bool notify_delayed = false;  // and that EXPUNGE may wait
        mail::UidSet saved;           // SEARCH's result (RFC 5182)
        std::string mailbox;          // selected; empty for none
        bool examined = false;
        bool is_guest = false;

        // What a QRESYNC client knew of a mailbox last, and up to where that was all.
        struct Kept {
            std::uint32_t uid_validity = 0;
            mail::Modseq modseq = 0;
            std::vector<KnownMessage> messages;
        };

        std::map<std::string, Kept> kept;

        std::optional<ModelMessage> appending;  // to INBOX, while commands overlap
    };

    // What the owner of a mailbox gives the guest, and takes.
    struct Grants {
        mail::Rights to_guest = 0;
        mail::Rights to_anyone = 0;
        mail::Rights taken = 0;

        [[nodiscard]] mail::Rights rights() const {
            return static_cast<mail::Rights>((to_guest | to_anyone) & ~taken);
        }
    };

    // Messages of the client's view: as it writes them, and as UIDs.
    struct Chosen {
        std::string text;
        mail::UidSet uids;
        bool is_wrong = false;  // a number that there is none of
    };

    // What SEARCH is asked for.
    struct Key {
        std::string text;
        std::function<bool(const ModelMessage&)> holds;
    };

    // Of the messages that a search sees, those that fit: by UID and as the answer numbers them.
    struct Fitting {
        std::uint32_t number = 0;
        const ModelMessage* message = nullptr;
    };

    void log_in(Actor& actor, std::size_t number);
    void step();
    void act(Actor& actor);
    // The commands, in imap_model_commands.cc.
    void select(Actor& actor);
    void leave(Actor& actor);
    void store(Actor& actor);
    void fetch(Actor& actor);
    void check_texts(Actor& actor, const Answer& answer);
    void expunge(Actor& actor);
    void copy(Actor& actor, bool moves);
    void noop(Actor& actor);
    void idle(Actor& actor);
    void notify(Actor& actor);
    void status(Actor& actor);
    void rename(Actor& actor);
    void recreate(Actor& actor);
    void reconnect(Actor& actor);
    // in imap_model_rights.cc,
    void change_rights(Actor& actor);
    void make_rights_felt(const std::string& mailbox);
    [[nodiscard]] mail::Rights rights(const Actor& actor, const std::string& mailbox) const;
    [[nodiscard]] bool may(const Actor& actor, const std::string& mailbox, mail::Rights all) const;
    // Of the mailbox that is selected; after EXAMINE nothing.
    [[nodiscard]] mail::Rights rights_here(const Actor& actor) const;
    [[nodiscard]] bool read_only(const Actor& actor) const;
    [[nodiscard]] static Flags permitted(const Flags& flags, mail::Rights rights);
    // As the actor calls it.
    [[nodiscard]] static std::string wire(const Actor& actor, const std::string& mailbox);
    // in imap_model_search.cc,
    void search(Actor& actor);
    void sort(Actor& actor);
    void thread(Actor& actor);
    // and in imap_model_append.cc.
    void append(Actor& actor);
    void begin_append(Actor& actor);
    void finish_appends(Content delivered);
    void catenate(Actor& actor);
    void replace(Actor& actor);
    // Beside the sessions.
    [[nodiscard]] Content send();  // a message to INBOX, of which the model does not know yet
    void deliver();
    void remove_beside();
    void overlap();

    [[nodiscard]] bool chance(std::uint64_t one_in) { return random_.below(one_in) == 0; }

    [[nodiscard]] bool some_by_uid(const Actor& actor) { return actor.uid_only || chance(2); }

    [[nodiscard]] Flags some_flags();

    [[nodiscard]] Content some_message() { return some_content(random_, ids_); }

    [[nodiscard]] Key some_key();
    [[nodiscard]] std::vector<Fitting> fitting(Actor& actor, const Key& key, bool by_uid);
    [[nodiscard]] std::string compare_search(const Answer& answer,
                                             const std::string& returns,
                                             const std::vector<std::uint32_t>& right) const;
    [[nodiscard]] static bool follow_references(
        const std::vector<Threaded>& told, const std::map<std::uint32_t, const Content*>& contents);
    void save_result(Actor& actor, const std::string& returns, const std::vector<Fitting>& found);
    [[nodiscard]] Chosen choose(Actor& actor, bool by_uid);
    [[nodiscard]] Chosen choose_to_end(Actor& actor, bool by_uid);
    [[nodiscard]] const std::string& some_mailbox(const Actor& actor);
    [[nodiscard]] const std::string& some_shared_mailbox();
    [[nodiscard]] mail::Ref ref(const std::string& mailbox);
    [[nodiscard]] mail::SnapshotPtr stored(const std::string& mailbox);
    // Asks for what the client does not know of its messages.
    void learn(Actor& actor);
    // What the mailbox holds is what the model says.
    void check_store();
    // The client knows the mailbox as it is.
    void check_view(Actor& actor);
    // What it knows, in step or not, is what it comes back with.
    static void keep(Actor& actor, std::uint32_t uid_validity);
    // Its numbers may be old, but its flags are not.
    void check_flags(Actor& actor);

    // Which of both a command's end allows.
    void check_after(Actor& actor, bool told_all) {
        told_all ? check_view(actor) : check_flags(actor);
    }

    // What NOTIFY told of the mailboxes that are not selected.
    void check_statuses(Actor& actor);
    // Whoever is told without asking.
    void hear_news();
    void check_answer(Actor& actor, const Answer& answer, bool right, std::string_view what);
    void fault(Actor& actor, std::string_view what);

    base::SeededRandom random_;
    fakes::World world_;
    std::shared_ptr<imap::ServerOptions> options_;
    std::unique_ptr<imap::Services> services_;
    std::map<std::string, ModelMailbox> model_;
    std::vector<std::string> ids_;  // of all messages that were ever written
    std::map<std::string, Grants> grants_;
    std::array<Actor, 7> actors_;
    std::optional<Tamper> tamper_;
    std::optional<std::string> fault_;
};

}  // namespace sim
