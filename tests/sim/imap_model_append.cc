// APPEND with MULTIAPPEND and CATENATE (RFC 3502, RFC 4469), and REPLACE (RFC 8508), of the model's clients.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "sim/imap_model.h"

namespace sim {
namespace {

std::string join(const Flags& flags) {
    return fmt::format("{}", fmt::join(flags.begin(), flags.end(), " "));
}

std::string literal(std::string_view octets) {
    return fmt::format("{{{}+}}\r\n{}", octets.size(), octets);
}

// RFC 5092: a mailbox in a URL.
std::string url(std::string name) {
    std::erase(name, '"');
    for (std::size_t at = name.find(' '); at != std::string::npos; at = name.find(' ', at)) {
        name.replace(at, 1, "%20");
    }
    return name;
}

// APPENDUID names these.
bool tells_uids(const Answer& answer, const mail::UidSet& uids) {
    const auto told = answer.code("APPENDUID");
    return told && parse_set(std::string_view(*told).substr(told->find(' ') + 1)) == uids;
}

}  // namespace

void ImapModelRun::append(Actor& actor) {
    const std::string target = some_mailbox(actor);
    const bool allowed = may(actor, target, mail::kRightInsert);
    std::string command = fmt::format("APPEND {}", wire(actor, target));
    mail::UidSet uids;
    for (std::uint64_t i = 0; i <= random_.below(3); ++i) {
        const Flags flags = some_flags();
        Content content = some_message();
        command += fmt::format(" ({}) {}", join(flags), literal(content.octets));
        if (allowed) {
            uids.add(
                model_.at(target).add(permitted(flags, rights(actor, target)), std::move(content)));
        }
    }
    actor.client->statuses().erase(target);
    const Answer answer = actor.client->run(command);
    check_answer(actor,
                 answer,
                 allowed ? answer.ok() && tells_uids(answer, uids) : answer.status == "NO",
                 "APPEND");
    check_view(actor);
}

// One message to INBOX, among other commands; nobody expunges it.
void ImapModelRun::begin_append(Actor& actor) {
    Flags flags = some_flags();
    flags.erase("\\Deleted");
    actor.appending =
        ModelMessage{.flags = permitted(flags, rights(actor, "INBOX")), .content = some_message()};
    actor.client->begin(fmt::format("APPEND {} ({}) {}",
                                    wire(actor, "INBOX"),
                                    join(flags),
                                    literal(actor.appending->content.octets)));
}

// Waits for all that is under way. The UIDs that the answers do not tell leave one for what was delivered meanwhile.
void ImapModelRun::finish_appends(Content delivered) {
    ModelMailbox& inbox = model_.at("INBOX");
    std::map<mail::Uid, ModelMessage> come;
    for (Actor& actor : actors_) {
        if (actor.mailbox.empty()) {
            continue;
        }
        auto appending = std::exchange(actor.appending, std::nullopt);
        for (const Answer& answer : actor.client->finish()) {
            const auto told = answer.code("APPENDUID");
            if (told && appending) {
                const mail::UidSet uids =
                    parse_set(std::string_view(*told).substr(told->find(' ') + 1));
                come.emplace(uids.first(), *std::exchange(appending, std::nullopt));
                actor.client->statuses().erase("INBOX");
            }
        }
        if (appending) {
            fault(actor, "APPEND amid other commands has no UID");
        }
    }
    for (const std::size_t last = inbox.uid_next + come.size(); inbox.uid_next <= last;) {
        const auto appended = come.find(inbox.uid_next);
        appended == come.end()
            ? inbox.add({}, std::exchange(delivered, {}))
            : inbox.add(std::move(appended->second.flags), std::move(appended->second.content));
    }
}

// A message that begins as one that is there, whole or its header, and goes on with a text.
void ImapModelRun::catenate(Actor& actor) {
    static constexpr std::string_view kText = "and more\r\n";
    const std::string target = some_mailbox(actor);
    const std::string source = some_mailbox(actor);
    const bool allowed = may(actor, target, mail::kRightInsert);
    const std::vector<ModelMessage>& there = model_.at(source).messages;
    const ModelMessage* const whole = there.empty() ? nullptr : &there[random_.below(there.size())];
    const bool header_only = chance(2);
    const std::string command = fmt::format(
        "APPEND {} CATENATE (URL \"/{};UIDVALIDITY={}/;UID={}{}\" TEXT {} URL \"/{}/;UID={}{}\")",
        wire(actor, target),
        url(wire(actor, source)),
        stored(source)->uid_validity(),
        whole == nullptr ? 4000000 : whole->uid,
        header_only ? "/;SECTION=HEADER" : "",
        literal(kText),
        url(wire(actor, source)),
        whole == nullptr ? 4000000 : whole->uid,
        "/;SECTION=TEXT");
    const bool readable = may(actor, source, mail::kRightRead);
    if (whole == nullptr || !readable || !allowed) {
        const Answer answer = actor.client->run(command);
        check_answer(actor,
                     answer,
                     allowed ? answer.code("BADURL").has_value() : answer.status == "NO",
                     "CATENATE");
        return check_view(actor);
    }
    Content content = whole->content;
    const std::string body(content.body());
    content.octets = header_only ? std::string(content.header()) : content.octets;
    content.octets += kText;
    content.octets += body;
    mail::UidSet uids;
    uids.add(model_.at(target).add({}, std::move(content)));
    actor.client->statuses().erase(target);
    const Answer answer = actor.client->run(command);
    check_answer(actor, answer, answer.ok() && tells_uids(answer, uids), "CATENATE");
    check_view(actor);
}

void ImapModelRun::replace(Actor& actor) {
    const std::vector<KnownMessage>& known = actor.client->messages();
    if (known.empty()) {
        return append(actor);
    }
    const bool by_uid = some_by_uid(actor);
    const std::size_t index = random_.below(known.size());
    const mail::Uid uid = known[index].uid;
    constexpr mail::Rights kToRemove = mail::kRightDeleteMessages | mail::kRightExpunge;
    const std::string target = some_mailbox(actor);
    const Flags flags = some_flags();
    Content content = some_message();
    const std::string command = fmt::format("{}REPLACE {} {} ({}) {}",
                                            by_uid ? "UID " : "",
                                            by_uid ? uid : static_cast<mail::Uid>(index + 1),
                                            wire(actor, target),
                                            join(flags),
                                            literal(content.octets));
    const bool possible = (rights_here(actor) & kToRemove) == kToRemove &&
                          may(actor, target, mail::kRightInsert) &&
                          model_.at(actor.mailbox).find(uid) != nullptr;
    mail::UidSet uids;
    if (possible) {
        uids.add(
            model_.at(target).add(permitted(flags, rights(actor, target)), std::move(content)));
        model_.at(actor.mailbox).remove({uid, uid});
        actor.client->statuses().erase(target);
    }
    const Answer answer = actor.client->run(command);
    check_answer(actor,
                 answer,
                 possible ? answer.ok() && tells_uids(answer, uids) : answer.status == "NO",
                 command);
    check_view(actor);
}

}  // namespace sim
