// IMAP against a model: several sessions of one account at two mailboxes, with deliveries and POP3's removals
// beside them. A model of plain lists says after each command what the store must hold; what each client
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
#include "mail/uid_set.h"
#include "sim/imap_client.h"

namespace sim {

struct ModelMessage {
    mail::Uid uid = 0;
    Flags flags;

    friend bool operator==(const ModelMessage&, const ModelMessage&) = default;
};

struct ModelMailbox {
    mail::Uid uid_next = 1;
    std::vector<ModelMessage> messages;

    [[nodiscard]] ModelMessage* find(mail::Uid uid);
    mail::Uid add(Flags flags);
    void remove(const mail::UidSet& uids);
};

class ImapModelRun {
  public:
    explicit ImapModelRun(std::uint64_t seed);
    ~ImapModelRun();

    // Nothing, or what went wrong.
    [[nodiscard]] std::optional<std::string> run(std::size_t steps);

  private:
    // One session, and what it is doing.
    struct Actor {
        std::unique_ptr<ImapClient> client;
        std::string keyword;  // that nobody else sets while commands overlap
        bool condstore = false;
        bool qresync = false;
        std::string mailbox;  // selected; empty for none
        bool read_only = false;
        bool ended = false;

        // What a QRESYNC client kept when it left a mailbox.
        struct Kept {
            mail::Modseq modseq = 0;
            std::vector<KnownMessage> messages;
        };

        std::map<std::string, Kept> kept;
    };

    // Messages of the client's view: as it writes them, and as UIDs.
    struct Chosen {
        std::string text;
        mail::UidSet uids;
    };

    void log_in(Actor& actor, std::size_t number);
    void step();
    void act(Actor& actor);
    // The commands, in imap_model_commands.cc.
    void select(Actor& actor);
    void leave(Actor& actor);
    void store(Actor& actor);
    void fetch(Actor& actor);
    void search(Actor& actor);
    void expunge(Actor& actor);
    void copy(Actor& actor, bool moves);
    void append(Actor& actor);
    void noop(Actor& actor);
    void idle(Actor& actor);
    // Beside the sessions.
    void deliver();
    void remove_beside();
    void overlap();

    [[nodiscard]] bool chance(std::uint64_t one_in) { return random_.below(one_in) == 0; }

    [[nodiscard]] Flags some_flags();
    [[nodiscard]] Chosen choose(Actor& actor, bool by_uid);
    [[nodiscard]] Chosen choose_to_end(Actor& actor, bool by_uid);
    [[nodiscard]] const std::string& some_mailbox();
    [[nodiscard]] mail::Ref ref(const std::string& mailbox);
    [[nodiscard]] mail::SnapshotPtr stored(const std::string& mailbox);
    // Asks for what the client does not know of its messages.
    void learn(Actor& actor);
    // What the mailbox holds is what the model says.
    void check_store();
    // The client knows the mailbox as it is.
    void check_view(Actor& actor);
    // Its numbers may be old, but its flags are not.
    void check_flags(Actor& actor);
    void check_answer(Actor& actor, const Answer& answer, bool right, std::string_view what);
    void fault(Actor& actor, std::string_view what);

    base::SeededRandom random_;
    fakes::World world_;
    std::shared_ptr<imap::ServerOptions> options_;
    std::unique_ptr<imap::Services> services_;
    std::map<std::string, ModelMailbox> model_;
    std::array<Actor, 3> actors_;
    std::optional<std::string> fault_;
};

}  // namespace sim
