// The guest of the model, and what the owner lets him do (RFC 4314).
#include <fmt/format.h>

#include <algorithm>

#include "sim/imap_model.h"

namespace sim {
namespace {

constexpr std::string_view kOwner = "smith@crepes.example";
constexpr std::string_view kGuest = "jones@crepes.example";
constexpr std::string_view kOwn = "Own";

}  // namespace

std::string ImapModelRun::wire(const Actor& actor, const std::string& mailbox) {
    if (!actor.is_guest) {
        return mailbox;
    }
    return mailbox == kOwn ? "INBOX" : fmt::format("\"Other Users/{}/{}\"", kOwner, mailbox);
}

mail::Rights ImapModelRun::rights(const Actor& actor, const std::string& mailbox) const {
    return !actor.is_guest || mailbox == kOwn ? mail::kAllRights : grants_.at(mailbox).rights();
}

bool ImapModelRun::may(const Actor& actor, const std::string& mailbox, mail::Rights all) const {
    return (rights(actor, mailbox) & all) == all;
}

mail::Rights ImapModelRun::rights_here(const Actor& actor) const {
    return actor.examined ? mail::Rights() : rights(actor, actor.mailbox);
}

bool ImapModelRun::read_only(const Actor& actor) const {
    return (rights_here(actor) & mail::kRightsToChange) == 0;
}

// RFC 4314 4
Flags ImapModelRun::permitted(const Flags& flags, mail::Rights rights) {
    Flags may_set;
    for (const std::string& flag : flags) {
        const mail::Rights wanted = flag == "\\Seen"      ? mail::kRightSeen
                                    : flag == "\\Deleted" ? mail::kRightDeleteMessages
                                                          : mail::kRightWrite;
        if ((rights & wanted) != 0) {
            may_set.insert(flag);
        }
    }
    return may_set;
}

// Most often to the guest himself, and most rights more often than not.
void ImapModelRun::change_rights(Actor& actor) {
    if (actor.client->is_idle()) {
        return;
    }
    const std::string mailbox = some_shared_mailbox();
    Grants& grants = grants_.at(mailbox);
    const std::uint64_t whom = random_.below(8);
    mail::Rights given = 0;
    for (unsigned bit = 0; bit < 11; ++bit) {
        const mail::Rights right = static_cast<mail::Rights>(1U << bit);
        const bool gives = whom == 0 ? chance(8) : whom == 1 ? chance(4) : !chance(6);
        given = static_cast<mail::Rights>(given | (gives ? right : 0));
    }
    // Who may administer, delete or rename would have to be followed by much more of the model.
    given &= mail::kRightLookup | mail::kRightRead | mail::kRightInsert | mail::kRightsToChange;
    (whom == 0 ? grants.taken : whom == 1 ? grants.to_anyone : grants.to_guest) = given;
    const std::string identifier = whom == 0   ? fmt::format("-{}", kGuest)
                                   : whom == 1 ? std::string("anyone")
                                               : std::string(kGuest);
    const Answer answer = actor.client->run(
        given == 0 && chance(2)
            ? fmt::format("DELETEACL {} {}", mailbox, identifier)
            : fmt::format("SETACL {} {} \"{}\"", mailbox, identifier, mail::to_text(given)));
    check_answer(actor, answer, answer.ok(), "SETACL");
    check_view(actor);
    make_rights_felt(mailbox);
}

// Who may not read it any more is sent away; the others go on with what they may now.
void ImapModelRun::make_rights_felt(const std::string& mailbox) {
    for (Actor& each : actors_) {
        if (!each.is_guest || fault_) {
            continue;
        }
        if (each.mailbox == mailbox && !may(each, mailbox, mail::kRightRead)) {
            if (!each.client->hears_bye()) {
                fault(each, "no BYE from the mailbox that may not be read any more");
            }
            reconnect(each);
        }
        each.client->listen();
        each.client->statuses().erase(mailbox);
        const Answer answer =
            each.client->is_idle()
                ? Answer{}
                : each.client->run(fmt::format("MYRIGHTS {}", wire(each, mailbox)));
        const auto line = fmt::format("MYRIGHTS {} {}",
                                      wire(each, mailbox),
                                      mail::to_text(grants_.at(mailbox).rights(), true));
        const bool known = (grants_.at(mailbox).rights() & mail::kRightsToKnow) != 0;
        const bool told = std::ranges::find(answer.untagged, line) != answer.untagged.end();
        if (!each.client->is_idle()) {
            check_answer(each, answer, known ? told : answer.status == "NO", line);
        }
    }
}

}  // namespace sim
