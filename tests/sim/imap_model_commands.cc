// The commands of the model's clients: what each does to the model, and what its answer must be.
#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/check.h"
#include "sim/imap_model.h"

namespace sim {
namespace {

enum class Action : std::uint8_t { kReplace, kAdd, kRemove };

// `given` are those that may be changed, and `kept` those of the others that stand.
Flags changed(const Flags& before, Action action, const Flags& given, const Flags& kept) {
    Flags after = action == Action::kReplace ? kept : before;
    for (const std::string& flag : given) {
        action == Action::kRemove ? void(after.erase(flag)) : void(after.insert(flag));
    }
    return after;
}

Flags difference(Flags flags, const Flags& without) {
    for (const std::string& flag : without) {
        flags.erase(flag);
    }
    return flags;
}

// UIDs as the client counts.
mail::UidSet numbers_of(const std::vector<KnownMessage>& known, const mail::UidSet& uids) {
    mail::UidSet numbers;
    for (std::size_t i = 0; i < known.size(); ++i) {
        if (uids.contains(known[i].uid)) {
            numbers.add(static_cast<mail::Uid>(i + 1));
        }
    }
    return numbers;
}

std::string join(const Flags& flags) {
    return fmt::format("{}", fmt::join(flags.begin(), flags.end(), " "));
}

std::string prefix(bool by_uid) {
    return by_uid ? "UID " : "";
}

}  // namespace

void ImapModelRun::select(Actor& actor) {
    const std::string mailbox = some_mailbox(actor);
    const bool examined = chance(6);
    std::string command =
        fmt::format("{} {}", examined ? "EXAMINE" : "SELECT", wire(actor, mailbox));
    std::vector<KnownMessage> known;
    const auto kept = actor.kept.find(mailbox);
    if (kept != actor.kept.end() && !chance(4)) {
        const bool is_same = kept->second.uid_validity == stored(mailbox)->uid_validity();
        known = is_same ? kept->second.messages : known;
        mail::UidSet uids;
        for (const KnownMessage& message : kept->second.messages) {
            uids.add(message.uid);
        }
        command += fmt::format(" (QRESYNC ({} {}{}{}))",
                               kept->second.uid_validity,
                               kept->second.modseq,
                               uids.empty() ? "" : " ",
                               uids.to_text());
    }
    const bool readable = may(actor, mailbox, mail::kRightRead);
    actor.mailbox = readable ? mailbox : "";
    actor.examined = examined;
    actor.saved = {};
    actor.client->statuses().clear();
    const Answer answer = actor.client->select(command, std::move(known));
    check_answer(actor, answer, answer.ok() == readable, command);
    if (readable && (answer.text.find("READ-ONLY") != std::string::npos) != read_only(actor)) {
        fault(actor, "it is read-only, or it is not");
    }
    check_view(actor);
}

// UNSELECT or CLOSE; a QRESYNC client keeps what it knew last.
void ImapModelRun::leave(Actor& actor) {
    noop(actor);
    learn(actor);
    ModelMailbox& mailbox = model_.at(actor.mailbox);
    const bool closes = chance(2);
    if (closes && (rights_here(actor) & mail::kRightExpunge) != 0) {
        std::erase_if(mailbox.messages, [](const ModelMessage& message) {
            return message.flags.contains("\\Deleted");
        });
    }
    const Answer answer = actor.client->run(closes ? "CLOSE" : "UNSELECT");
    check_answer(actor, answer, answer.ok(), "CLOSE");
    actor.mailbox.clear();
    actor.saved = {};
    actor.client->statuses().clear();
}

void ImapModelRun::noop(Actor& actor) {
    const bool idles = actor.client->is_idle();
    const Answer answer = idles       ? actor.client->done()
                          : chance(2) ? actor.client->run("NOOP")
                                      : actor.client->run("CHECK");
    check_answer(actor, answer, answer.ok(), "NOOP");
    check_view(actor);
}

void ImapModelRun::idle(Actor& actor) {
    actor.client->idle();
    world_.loop.run_for(std::chrono::milliseconds(10));
    actor.client->listen();
    check_view(actor);
}

void ImapModelRun::store(Actor& actor) {
    const bool by_uid = some_by_uid(actor);
    const Chosen chosen = choose_to_end(actor, by_uid);
    const auto action = static_cast<Action>(random_.below(3));
    const bool silent = chance(2);
    const Flags given = some_flags();
    const bool conditional = actor.condstore && chance(4);
    const mail::Modseq unchanged_since = random_.below(actor.client->highest_modseq() + 2);
    ModelMailbox& mailbox = model_.at(actor.mailbox);
    const mail::Rights rights = rights_here(actor);
    const Flags may_set = permitted(given, rights);
    // RFC 4314 4: NO only when none of them may be changed.
    const bool denied = (rights & mail::kRightsToFlags) == 0 ||
                        (action != Action::kReplace && !given.empty() && may_set.empty());
    const auto apply = [&](const Flags& flags) {
        return changed(flags, action, may_set, difference(flags, permitted(flags, rights)));
    };
    const mail::SnapshotPtr before = stored(actor.mailbox);
    mail::UidSet modified;
    std::size_t gone = 0;
    chosen.uids.for_each([&](mail::Uid uid) {
        ModelMessage* const message = mailbox.find(uid);
        gone += message == nullptr ? 1 : 0;
        if (message == nullptr || denied) {
            return;
        }
        if (conditional && before->at(*before->find(uid)).modseq > unchanged_since) {
            modified.add(uid);
        } else {
            message->flags = apply(message->flags);
        }
    });
    std::vector<KnownMessage>& known = actor.client->messages();
    const mail::UidSet modified_as_told = by_uid ? modified : numbers_of(known, modified);
    const Answer answer = actor.client->run(
        fmt::format("{}STORE {} {}{}FLAGS{} ({})",
                    prefix(by_uid),
                    chosen.text,
                    conditional ? fmt::format("(UNCHANGEDSINCE {}) ", unchanged_since) : "",
                    action == Action::kReplace ? ""
                    : action == Action::kAdd   ? "+"
                                               : "-",
                    silent ? ".SILENT" : "",
                    join(given)));
    actor.condstore |= conditional;
    // What is done silently the client does on its side, after the news of new messages.
    for (KnownMessage& message : known) {
        if (silent && !denied && message.flags && chosen.uids.contains(message.uid) &&
            !modified.contains(message.uid)) {
            message.flags = apply(*message.flags);
        }
    }
    bool right = false;
    if (chosen.is_wrong) {
        right = answer.status == "BAD";
    } else if (denied) {
        // What a command by UID is told to have gone first leaves it with nothing to do.
        const bool nothing_left = gone == chosen.uids.size() && (by_uid || chosen.uids.empty());
        right = answer.status == "NO" || (nothing_left && !read_only(actor));
    } else if (!modified.empty()) {
        const auto told = answer.code("MODIFIED");
        right =
            told && parse_set(*told) == modified_as_told && answer.ok() == (gone == 0 || by_uid);
    } else {
        // A command by UID is told of what has gone first, and a silent one does not fail for it.
        right = answer.ok() == (gone == 0 || by_uid || silent);
    }
    check_answer(actor, answer, right, "STORE");
    check_after(actor, by_uid);
}

void ImapModelRun::fetch(Actor& actor) {
    const bool by_uid = some_by_uid(actor);
    const Chosen chosen = choose_to_end(actor, by_uid);
    const bool reads = chance(3);
    bool gone = false;
    chosen.uids.for_each([&](mail::Uid uid) {
        ModelMessage* const message = model_.at(actor.mailbox).find(uid);
        gone |= message == nullptr;
        if (message != nullptr && reads && (rights_here(actor) & mail::kRightSeen) != 0) {
            message->flags.insert("\\Seen");
        }
    });
    const Answer answer = actor.client->run(fmt::format("{}FETCH {} ({})",
                                                        prefix(by_uid),
                                                        chosen.text,
                                                        reads       ? "UID BODY[]"
                                                        : chance(3) ? "UID BODY.PEEK[]"
                                                        : chance(2) ? "FLAGS UID"
                                                                    : "FLAGS ENVELOPE"));
    const bool right =
        chosen.is_wrong ? answer.status == "BAD" : answer.ok() || (gone && answer.status == "NO");
    check_answer(actor, answer, right, "FETCH");
    check_texts(actor, answer);
    check_after(actor, by_uid);
}

// A literal is the message whose UID stands before it. One that has gone meanwhile may still be there to be read.
void ImapModelRun::check_texts(Actor& actor, const Answer& answer) {
    for (const auto& [line, literal] : answer.literals) {
        const std::size_t at = line.find("(UID ") + 5;
        const auto uid =
            base::parse_number<mail::Uid>(line.substr(at, line.find(' ', at) - at)).value_or(0);
        const ModelMessage* const message = model_.at(actor.mailbox).find(uid);
        if (uid == 0 || (message != nullptr && message->content.octets != literal)) {
            fault(actor, fmt::format("not the text of that message: {}\n{}", line, literal));
        }
    }
}

void ImapModelRun::expunge(Actor& actor) {
    const bool by_uid = some_by_uid(actor);
    const Chosen chosen = choose_to_end(actor, true);
    const bool may_expunge = (rights_here(actor) & mail::kRightExpunge) != 0;
    if (may_expunge) {
        std::erase_if(model_.at(actor.mailbox).messages, [&](const ModelMessage& message) {
            return message.flags.contains("\\Deleted") &&
                   (!by_uid || chosen.uids.contains(message.uid));
        });
    }
    const Answer answer =
        actor.client->run(by_uid ? fmt::format("UID EXPUNGE {}", chosen.text) : "EXPUNGE");
    check_answer(actor, answer, answer.ok() == may_expunge, "EXPUNGE");
    check_view(actor);
}

void ImapModelRun::copy(Actor& actor, bool moves) {
    const bool by_uid = some_by_uid(actor);
    const Chosen chosen = choose_to_end(actor, by_uid);
    constexpr mail::Rights kToRemove = mail::kRightDeleteMessages | mail::kRightExpunge;
    const std::string target = some_mailbox(actor);
    const bool allowed = may(actor, target, mail::kRightInsert) &&
                         (!moves || (rights_here(actor) & kToRemove) == kToRemove);
    ModelMailbox& from = model_.at(actor.mailbox);
    mail::UidSet copied;
    mail::UidSet copies;
    // RFC 2180 4.4.1: by number all is copied, or nothing.
    const bool by_number = !by_uid && chosen.text != "$";
    bool gone = false;
    chosen.uids.for_each([&](mail::Uid uid) { gone |= from.find(uid) == nullptr; });
    if (allowed && !(by_number && gone)) {
        std::vector<ModelMessage> messages;
        for (const ModelMessage& message : from.messages) {
            if (chosen.uids.contains(message.uid)) {
                messages.push_back(message);
            }
        }
        for (const ModelMessage& message : messages) {
            copied.add(message.uid);
            copies.add(model_.at(target).add(permitted(message.flags, rights(actor, target)),
                                             message.content));
        }
        actor.client->statuses().erase(target);
        if (moves) {
            from.remove(copied);
        }
    }
    const Answer answer = actor.client->run(fmt::format(
        "{}{} {} {}", prefix(by_uid), moves ? "MOVE" : "COPY", chosen.text, wire(actor, target)));
    bool right = false;
    if (chosen.is_wrong) {
        right = answer.status == "BAD";
    } else if (!copied.empty()) {
        const auto told = answer.code("COPYUID");
        std::string_view rest = told ? std::string_view(*told) : std::string_view();
        static_cast<void>(base::split_front(rest, ' '));
        const mail::UidSet told_from = parse_set(base::split_front(rest, ' '));
        right = answer.ok() && told_from == copied && parse_set(rest) == copies;
    } else if (by_number && gone) {
        right = answer.status == "NO" &&
                (!allowed || answer.text.find("[EXPUNGEISSUED]") != std::string::npos);
    } else {
        right = answer.ok() || answer.status == "NO";
    }
    check_answer(actor, answer, right, moves ? "MOVE" : "COPY");
    check_after(actor, (moves && answer.status != "BAD") || by_uid);
}

// What is wanted of the mailbox that is selected, and of the others: how much is in them (RFC 5465 4, 5).
void ImapModelRun::notify(Actor& actor) {
    actor.notify_delayed = actor.notify && chance(2);
    actor.notify = true;
    actor.client->set_expunged_at_once(!actor.notify_delayed);
    const Answer answer = actor.client->run(
        fmt::format("NOTIFY SET STATUS ({} (MessageNew (UID FLAGS) MessageExpunge FlagChange)) "
                    "(MAILBOXES ({} {}) (MessageNew MessageExpunge))",
                    actor.notify_delayed ? "SELECTED-DELAYED" : "SELECTED",
                    wire(actor, "INBOX"),
                    wire(actor, "Trash")));
    bool told_all = true;
    for (const auto& [name, grants] : grants_) {
        const bool is_seen =
            may(actor, name, mail::kRightRead | mail::kRightLookup) && name != actor.mailbox;
        told_all = told_all && (!is_seen || actor.client->statuses()[name].messages);
    }
    check_answer(actor, answer, answer.ok() && told_all, "NOTIFY");
    check_view(actor);
    check_statuses(actor);
}

// The counts that the mailbox keeps of itself (RFC 9051 6.3.11, RFC 8438).
void ImapModelRun::status(Actor& actor) {
    const std::string name = some_mailbox(actor);
    const ModelMailbox& mailbox = model_.at(name);
    std::size_t unseen = 0;
    std::size_t deleted = 0;
    std::size_t octets = 0;
    for (const ModelMessage& message : mailbox.messages) {
        unseen += message.flags.contains("\\Seen") ? 0 : 1;
        deleted += message.flags.contains("\\Deleted") ? 1 : 0;
        octets += message.content.octets.size();
    }
    const std::string line =
        fmt::format("STATUS {} (MESSAGES {} UIDNEXT {} UNSEEN {} DELETED {} SIZE {})",
                    wire(actor, name),
                    mailbox.messages.size(),
                    mailbox.uid_next,
                    unseen,
                    deleted,
                    octets);
    const Answer answer = actor.client->run(
        fmt::format("STATUS {} (MESSAGES UIDNEXT UNSEEN DELETED SIZE)", wire(actor, name)));
    const bool told = std::ranges::find(answer.untagged, line) != answer.untagged.end();
    const bool readable = may(actor, name, mail::kRightRead);
    check_answer(actor, answer, readable ? answer.ok() && told : answer.status == "NO", line);
    const bool is_watched = grants_.contains(name) && may(actor, name, mail::kRightLookup);
    if (!actor.notify || name == actor.mailbox || !is_watched) {
        actor.client->statuses().erase(name);  // nobody tells when it changes
    }
    check_view(actor);
}

// There and back: whoever has selected it goes on with it (RFC 2180 3.4).
void ImapModelRun::rename(Actor& actor) {
    for (const char* const names : {"Trash Elsewhere", "Elsewhere Trash"}) {
        const Answer answer = actor.client->run(fmt::format("RENAME {}", names));
        check_answer(actor, answer, answer.ok(), "RENAME");
    }
    for (Actor& each : actors_) {
        each.client->listen();
        each.client->statuses().erase("Trash");
        each.client->statuses().erase(wire(each, "Elsewhere"));
    }
    check_view(actor);
}

// Deleted, and made anew under the same name: whoever has selected it hears BYE, and nobody takes the new one
// for the old one.
void ImapModelRun::recreate(Actor& actor) {
    if (actor.mailbox == "Trash") {
        return status(actor);
    }
    const std::uint32_t before = stored("Trash")->uid_validity();
    for (const char* const command : {"DELETE Trash", "CREATE Trash"}) {
        const Answer answer = actor.client->run(command);
        check_answer(actor, answer, answer.ok(), command);
    }
    model_.at("Trash") = {};
    grants_.at("Trash") = {};  // RFC 4314 4: they go with it
    if (stored("Trash")->uid_validity() <= before) {
        fault(actor, "a UIDVALIDITY was used again");
    }
    for (Actor& each : actors_) {
        if (each.mailbox == "Trash" && !each.client->hears_bye()) {
            fault(each, "no BYE from the mailbox that was deleted");
        }
        each.mailbox == "Trash" ? reconnect(each) : each.client->listen();
        each.client->statuses().erase("Trash");
    }
    check_view(actor);
}

// The line is cut; a QRESYNC client keeps what it knew when it was in step.
void ImapModelRun::reconnect(Actor& actor) {
    actor.client->hang_up();
    actor.mailbox.clear();
    actor.saved = {};
    actor.notify = false;
    world_.loop.run_for(std::chrono::seconds(1));
    log_in(actor, actor.number);
}

// All sessions at once, pipelined: each adds its own keyword, some expunge, some append, and a message comes.
// Whatever the order, the outcome is one, but for the UIDs of what is new, which the answers tell.
void ImapModelRun::overlap() {
    std::set<std::string> expunged;
    for (Actor& actor : actors_) {
        if (actor.mailbox.empty()) {
            continue;
        }
        if (actor.client->is_idle()) {
            noop(actor);
        }
        learn(actor);
    }
    if (fault_) {
        return;
    }
    std::map<std::string, std::vector<std::pair<mail::UidSet, std::string>>> added;
    for (Actor& actor : actors_) {
        if (actor.mailbox.empty()) {
            continue;
        }
        const Chosen chosen = choose(actor, true);
        actor.client->begin(fmt::format("UID STORE {} +FLAGS ({})", chosen.text, actor.keyword));
        if ((rights_here(actor) & mail::kRightWrite) != 0) {
            added[actor.mailbox].emplace_back(chosen.uids, actor.keyword);
        }
        // Numbers mean nothing where EXPUNGE comes at any time (RFC 5465 6.1.1).
        const bool by_number = !actor.uid_only && (!actor.notify || actor.notify_delayed);
        if (by_number && !actor.client->messages().empty()) {
            actor.client->begin("FETCH 1 (UID FLAGS)");
        }
        if (chance(2)) {
            actor.client->begin("EXPUNGE");
            if ((rights_here(actor) & mail::kRightExpunge) != 0) {
                expunged.insert(actor.mailbox);
            }
        }
        if (may(actor, "INBOX", mail::kRightInsert) && chance(3)) {
            begin_append(actor);
        }
        actor.client->begin(chance(2) || !by_number ? "UID FETCH 1:* (FLAGS)" : "SEARCH ALL");
    }
    Content delivered = send();
    for (const auto& [mailbox, changes] : added) {
        for (const auto& [uids, keyword] : changes) {
            uids.for_each([&, &name = keyword, &box = mailbox](mail::Uid uid) {
                if (ModelMessage* const message = model_.at(box).find(uid)) {
                    message->flags.insert(name);
                }
            });
        }
    }
    for (const std::string& mailbox : expunged) {
        std::erase_if(model_.at(mailbox).messages, [](const ModelMessage& message) {
            return message.flags.contains("\\Deleted");
        });
    }
    finish_appends(std::move(delivered));
    for (Actor& actor : actors_) {
        if (!actor.mailbox.empty()) {
            noop(actor);
        }
    }
}

}  // namespace sim
