#include "sim/imap_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "net/pipe.h"

namespace sim {
namespace {

constexpr std::string_view kUser = "smith@crepes.example";
constexpr std::string_view kGuest = "jones@crepes.example";
constexpr account::AccountId kAccount = 1;
constexpr account::AccountId kGuestAccount = 2;
const std::array<std::string, 2> kMailboxes = {"INBOX", "Trash"};
const std::string kOwn = "Own";  // the guest's INBOX
const std::array<std::string, 7> kFlags = {
    "\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "$a", "$b"};

Flags flags_of(const mail::Snapshot& snapshot, const mail::Entry& entry) {
    static constexpr std::array<std::pair<std::uint32_t, const char*>, 5> kNames = {{
        {mail::kSeen, "\\Seen"},
        {mail::kAnswered, "\\Answered"},
        {mail::kFlagged, "\\Flagged"},
        {mail::kDeleted, "\\Deleted"},
        {mail::kDraft, "\\Draft"},
    }};
    Flags flags;
    for (const auto& [bit, name] : kNames) {
        if ((entry.flags & bit) != 0) {
            flags.emplace(name);
        }
    }
    for (const std::string_view name : snapshot.keyword_names(entry.keywords)) {
        flags.emplace(name);
    }
    return flags;
}

std::string text_of(const std::vector<ModelMessage>& messages) {
    std::string text;
    for (const ModelMessage& message : messages) {
        text += fmt::format("{}{}({})",
                            text.empty() ? "" : " ",
                            message.uid,
                            fmt::join(message.flags.begin(), message.flags.end(), " "));
    }
    return text;
}

}  // namespace

ModelMessage* ModelMailbox::find(mail::Uid uid) {
    const auto found = std::ranges::find(messages, uid, &ModelMessage::uid);
    return found == messages.end() ? nullptr : &*found;
}

mail::Uid ModelMailbox::add(Flags flags, Content content) {
    messages.push_back({uid_next, std::move(flags), std::move(content)});
    return uid_next++;
}

void ModelMailbox::remove(const mail::UidSet& uids) {
    std::erase_if(messages,
                  [&](const ModelMessage& message) { return uids.contains(message.uid); });
}

ImapModelRun::ImapModelRun(std::uint64_t seed)
    : random_(seed),
      world_({.seed = seed}),
      options_(std::make_shared<imap::ServerOptions>()) {
    world_.add_domain("crepes.example");
    world_.add_user(kUser, "secret");
    world_.add_user(kGuest, "secret");
    services_.reset(new imap::Services(world_.services<imap::Services>()));
    for (const std::string& name : kMailboxes) {
        model_[name] = {};
        grants_[name] = {};
    }
    model_[kOwn] = {};
}

ImapModelRun::~ImapModelRun() {
    for (const Actor& actor : actors_) {
        if (actor.client != nullptr) {
            actor.client->hang_up();
        }
    }
    world_.loop.run_for(std::chrono::hours(1));
}

void ImapModelRun::set_tamper(const Tamper& tamper) {
    tamper_ = tamper;
}

// The first is plain IMAP4rev1, the second knows QRESYNC, the third IMAP4rev2, the fourth NOTIFY, the fifth UIDs
// only. The sixth and the seventh are the guest's: one with QRESYNC, one with NOTIFY.
void ImapModelRun::log_in(Actor& actor, std::size_t number) {
    net::PipeOptions pipe;
    pipe.client.address = "127.0.0.1";
    auto [server, client] = net::make_pipe(world_.loop, pipe);
    base::spawn(imap::serve(std::move(server), options_, *services_),
                [](std::exception_ptr thrown) { CHECK(!thrown); });
    actor.client = std::make_unique<ImapClient>(world_, std::move(client));
    actor.number = number;
    actor.keyword = fmt::format("$own{}", number);
    actor.client->listen();
    actor.is_guest = number >= 5;
    actor.client->run(fmt::format("LOGIN {} secret", actor.is_guest ? kGuest : kUser));
    std::map<std::string, std::string> names;
    for (const auto& [name, mailbox] : model_) {
        names[wire(actor, name)] = name;
    }
    actor.client->set_names(std::move(names));
    if (number == 1 || number == 5) {
        actor.qresync = actor.condstore = true;
        actor.client->run("ENABLE QRESYNC");
    } else if (number >= 2) {
        actor.client->run("ENABLE IMAP4rev2");
    }
    if (number == 4) {
        actor.uid_only = true;
        actor.client->run("ENABLE UIDONLY");
        actor.client->set_uid_only();
    }
    if (tamper_) {
        actor.client->set_tamper(*tamper_);
    }
    if (number == 3 || number == 6) {
        notify(actor);
    }
}

std::optional<std::string> ImapModelRun::run(std::size_t steps) {
    for (std::size_t i = 0; i < actors_.size(); ++i) {
        log_in(actors_[i], i);
    }
    for (std::size_t i = 0; i < 2 && !fault_; ++i) {
        change_rights(actors_.front());
    }
    for (std::size_t i = 0; i < steps && !fault_; ++i) {
        step();
        world_.loop.run_for(std::chrono::milliseconds(1));  // whoever idles hears of it
        check_store();
        hear_news();
    }
    for (Actor& actor : actors_) {
        if (!fault_ && !actor.mailbox.empty()) {
            noop(actor);
        }
    }
    for (const std::string& finding : world_.findings()) {
        fault(actors_.front(), "the store is not sound: " + finding);
    }
    if (world_.log_text.find("bug in an imap session") != std::string::npos) {
        fault(actors_.front(), world_.log_text);
    }
    return fault_;
}

void ImapModelRun::step() {
    switch (random_.below(17)) {
        case 4:
            return change_rights(actors_[random_.below(3)]);
        case 0:
            return deliver();
        case 1:
            return remove_beside();
        case 2:
            return overlap();
        case 3:
            // Long enough for the view of one that idles to be let go.
            return world_.loop.run_for(std::chrono::seconds(40));
        default:
            return act(actors_[random_.below(actors_.size())]);
    }
}

void ImapModelRun::act(Actor& actor) {
    if (actor.client->is_idle()) {
        return chance(2) ? noop(actor) : void();
    }
    if (actor.mailbox.empty()) {
        return chance(8) ? append(actor) : select(actor);
    }
    learn(actor);
    if (fault_) {
        return;
    }
    switch (random_.below(29)) {
        case 26:
            return status(actor);
        case 27:
            return actor.is_guest ? status(actor) : rename(actor);
        case 28:
            return chance(2) && !actor.is_guest ? recreate(actor) : status(actor);
        case 0:
            return append(actor);
        case 1:
            return chance(2) ? append(actor) : catenate(actor);
        case 2:
            return noop(actor);
        case 3:
            return idle(actor);
        case 4:
            return leave(actor);
        case 5:
            return select(actor);
        case 6:
        case 7:
            return expunge(actor);
        case 8:
        case 9:
            return copy(actor, false);
        case 10:
            return copy(actor, true);
        case 11:
        case 12:
        case 13:
            return fetch(actor);
        case 14:
        case 15:
        case 16:
            return search(actor);
        case 17:
            return sort(actor);
        case 18:
            return thread(actor);
        case 19:
        case 20:
            return replace(actor);
        case 21:
            return reconnect(actor);
        case 22:
            return actor.notify ? notify(actor) : store(actor);
        default:
            return store(actor);
    }
}

Flags ImapModelRun::some_flags() {
    Flags flags;
    for (const std::string& flag : kFlags) {
        if (chance(4)) {
            flags.insert(flag);
        }
    }
    return flags;
}

const std::string& ImapModelRun::some_mailbox(const Actor& actor) {
    return actor.is_guest && chance(4) ? kOwn : some_shared_mailbox();
}

const std::string& ImapModelRun::some_shared_mailbox() {
    return kMailboxes[chance(3) ? 1 : 0];
}

mail::Ref ImapModelRun::ref(const std::string& mailbox) {
    const auto info = mailbox == kOwn ? world_.mailboxes.find(kGuestAccount, "INBOX")
                                      : world_.mailboxes.find(kAccount, mailbox);
    CHECK(info.has_value());
    return info->ref;
}

mail::SnapshotPtr ImapModelRun::stored(const std::string& mailbox) {
    auto snapshot = world_.run(world_.mailboxes.open(world_.loop, ref(mailbox)));
    CHECK(snapshot.has_value());
    return std::move(*snapshot);
}

// Some of the client's messages, sometimes with some that are not there.
ImapModelRun::Chosen ImapModelRun::choose(Actor& actor, bool by_uid) {
    const auto& messages = actor.client->messages();
    Chosen chosen;
    mail::UidSet numbers;
    if (chance(6)) {
        for (const KnownMessage& message : messages) {
            actor.saved.contains(message.uid) ? chosen.uids.add(message.uid) : void();
        }
        chosen.text = "$";
        return chosen;
    }
    for (std::size_t i = 0; i < messages.size(); ++i) {
        if (chance(3) || (i + 1 == messages.size() && numbers.empty())) {
            numbers.add(by_uid ? messages[i].uid : static_cast<mail::Uid>(i + 1));
            chosen.uids.add(messages[i].uid);
        }
    }
    chosen.text = numbers.empty() ? "4000000" : numbers.to_text();
    chosen.is_wrong = numbers.empty() && !by_uid;
    if (by_uid && chance(4)) {
        chosen.text += ",4000000:4000009";
    }
    return chosen;
}

// The same, sometimes written with "*". A command by UID hears the news first, so there "*" is the last
// message of all, and by number the last that the client knows.
ImapModelRun::Chosen ImapModelRun::choose_to_end(Actor& actor, bool by_uid) {
    const auto& known = actor.client->messages();
    const auto& there = model_.at(actor.mailbox).messages;
    if (known.empty() || there.empty() || !chance(4)) {
        return choose(actor, by_uid);
    }
    const std::size_t first = random_.below(known.size());
    const mail::Uid last = by_uid ? there.back().uid : known.back().uid;
    Chosen chosen;
    if (by_uid) {
        const mail::Uid from = std::min(known[first].uid, last);
        for (const ModelMessage& message : there) {
            message.uid >= from ? chosen.uids.add(message.uid) : void();
        }
        chosen.text = fmt::format("{}:*", known[first].uid);
    } else {
        for (std::size_t i = first; i < known.size(); ++i) {
            chosen.uids.add(known[i].uid);
        }
        chosen.text = fmt::format("*:{}", first + 1);
    }
    return chosen;
}

void ImapModelRun::learn(Actor& actor) {
    const auto is_unknown = [](const KnownMessage& message) {
        return message.uid == 0 || !message.flags;
    };
    const auto& messages = actor.client->messages();
    // The answer itself may tell of more, but not for ever.
    std::size_t asked = 0;
    for (auto unknown = std::ranges::find_if(messages, is_unknown);
         unknown != messages.end() && !fault_;
         unknown = std::ranges::find_if(messages, is_unknown)) {
        if (++asked > 10) {
            return fault(actor, "FETCH does not tell of all messages");
        }
        const auto answer =
            actor.client->run(actor.uid_only ? std::string("UID FETCH 1:* (UID FLAGS)")
                                             : fmt::format("FETCH {}:* (UID FLAGS MODSEQ)",
                                                           unknown - messages.begin() + 1));
        actor.condstore |= !actor.uid_only;
        check_answer(actor, answer, answer.ok() || answer.code("EXPUNGEISSUED"), "FETCH");
    }
}

void ImapModelRun::fault(Actor& actor, std::string_view what) {
    if (fault_) {
        return;
    }
    std::string text(what);
    for (const std::string& heard : actor.client->faults()) {
        text += "\n" + heard;
    }
    fault_ = text + "\n" + actor.client->dialogue();
}

void ImapModelRun::check_answer(Actor& actor,
                                const Answer& answer,
                                bool right,
                                std::string_view what) {
    if (!right) {
        fault(actor, fmt::format("{}: {} {}", what, answer.status, answer.text));
    }
    if (!actor.client->faults().empty()) {
        fault(actor, what);
    }
}

void ImapModelRun::check_store() {
    for (const auto& [name, mailbox] : model_) {
        const mail::SnapshotPtr snapshot = stored(name);
        std::vector<ModelMessage> found;
        bool same = snapshot->uid_next() == mailbox.uid_next;
        snapshot->for_each(0, snapshot->size(), [&](std::size_t i, const mail::Entry& entry) {
            found.push_back({entry.uid, flags_of(*snapshot, entry), {}});
            const ModelMessage* const there =
                i < mailbox.messages.size() ? &mailbox.messages[i] : nullptr;
            same = same && there != nullptr && there->uid == entry.uid &&
                   there->flags == found.back().flags &&
                   there->content.octets.size() == entry.octets;
        });
        if (!same || found.size() != mailbox.messages.size()) {
            fault(actors_.front(),
                  fmt::format("{} holds {}, next {}, and should hold {}, next {}",
                              name,
                              text_of(found),
                              snapshot->uid_next(),
                              text_of(mailbox.messages),
                              mailbox.uid_next));
        }
    }
}

void ImapModelRun::check_view(Actor& actor) {
    if (actor.mailbox.empty()) {
        return;
    }
    const auto& known = actor.client->messages();
    const auto& there = model_.at(actor.mailbox).messages;
    bool same = known.size() == there.size() && actor.client->faults().empty();
    for (std::size_t i = 0; same && i < known.size(); ++i) {
        const ModelMessage* const message =
            actor.uid_only ? model_.at(actor.mailbox).find(known[i].uid) : &there[i];
        same = known[i].uid == 0 || (message != nullptr && known[i].uid == message->uid);
        same = same && (!known[i].flags || *known[i].flags == message->flags);
    }
    if (!same) {
        std::vector<ModelMessage> view;
        for (const KnownMessage& message : known) {
            view.push_back({message.uid, message.flags.value_or(Flags{"?"}), {}});
        }
        fault(actor,
              fmt::format("the client knows {} where there is {}", text_of(view), text_of(there)));
    }
    keep(actor, stored(actor.mailbox)->uid_validity());
}

void ImapModelRun::keep(Actor& actor, std::uint32_t uid_validity) {
    const auto& known = actor.client->messages();
    const bool is_whole = std::ranges::all_of(
        known, [](const KnownMessage& message) { return message.uid != 0 && message.flags; });
    if (actor.qresync && is_whole) {
        actor.kept[actor.mailbox] = {uid_validity, actor.client->highest_modseq(), known};
    }
}

void ImapModelRun::check_flags(Actor& actor) {
    for (const KnownMessage& known : actor.client->messages()) {
        const ModelMessage* const there = model_.at(actor.mailbox).find(known.uid);
        if (there != nullptr && known.flags && *known.flags != there->flags) {
            fault(actor,
                  fmt::format("the flags of UID {} are {}",
                              known.uid,
                              fmt::join(there->flags.begin(), there->flags.end(), " ")));
        }
    }
    keep(actor, stored(actor.mailbox)->uid_validity());
}

void ImapModelRun::check_statuses(Actor& actor) {
    for (const auto& [name, status] : actor.client->statuses()) {
        const ModelMailbox& mailbox = model_.at(name);
        if ((status.messages && *status.messages != mailbox.messages.size()) ||
            (status.uid_next && *status.uid_next != mailbox.uid_next)) {
            fault(actor,
                  fmt::format("STATUS told {} messages and {} next of {}, which has {} and {}",
                              status.messages.value_or(0),
                              status.uid_next.value_or(0),
                              name,
                              mailbox.messages.size(),
                              mailbox.uid_next));
        }
    }
}

void ImapModelRun::hear_news() {
    for (Actor& actor : actors_) {
        const bool idles = actor.client->is_idle();
        if (fault_ || (!idles && !actor.notify)) {
            continue;
        }
        actor.client->listen();
        check_statuses(actor);
        if (!actor.mailbox.empty()) {
            check_after(actor, idles || !actor.notify_delayed);
        }
    }
}

Content ImapModelRun::send() {
    Content content = some_message();
    world_.add_message(kUser, content.octets);
    return content;
}

void ImapModelRun::deliver() {
    model_.at("INBOX").add({}, send());
}

void ImapModelRun::remove_beside() {
    ModelMailbox& inbox = model_.at("INBOX");
    std::vector<mail::Uid> uids;
    for (const ModelMessage& message : inbox.messages) {
        if (chance(4)) {
            uids.push_back(message.uid);
        }
    }
    mail::UidSet gone;
    for (const mail::Uid uid : uids) {
        gone.add(uid);
    }
    inbox.remove(gone);
    CHECK(world_
              .run(world_.messages.remove(
                  world_.loop,
                  kAccount,
                  mail::kInbox,
                  uids,
                  {.time = world_.clock.now(), .kind = "removed", .session = {}, .text = {}}))
              .has_value());
}

}  // namespace sim
