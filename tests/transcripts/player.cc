#include "transcripts/player.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "account/crypto.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "base/log.h"
#include "imap/grammar/literal.h"
#include "imap/grammar/response.h"
#include "queue/manage.h"
#include "smtp/client/mx.h"
#include "smtp/server/sender_domain.h"

namespace transcripts {
namespace {

using Kind = Step::Kind;

bool is_client(const Step& step) {
    return step.kind == Kind::kClient || step.kind == Kind::kClientRaw;
}

bool is_barrier(const Step& step) {
    return step.kind == Kind::kWait || step.kind == Kind::kTls || step.kind == Kind::kDeflate ||
           step.kind == Kind::kClientClose || step.kind == Kind::kInterrupt ||
           step.kind == Kind::kDisk || step.kind == Kind::kDisable || step.kind == Kind::kThen ||
           step.kind >= Kind::kDataSend;
}

// Behind a synchronising literal and these the client waits for "+"; a SASL line or DONE has no tag.
bool ends_imap_group(std::string_view line) {
    line = line.substr(0, line.find_first_of("\r\n"));
    const auto literal = imap::find_literal(line);
    std::string_view rest = line;
    static_cast<void>(base::split_front(rest, ' '));
    const std::string verb = base::to_upper(base::split_front(rest, ' '));
    return (literal && literal->is_synchronizing) || verb.empty() || verb == "AUTHENTICATE" ||
           verb == "STARTTLS" || verb == "COMPRESS" || verb == "UNAUTHENTICATE" || verb == "IDLE" ||
           verb == "LOGOUT";
}

// The commands that a client may send only as the last of a group: RFC 2920 3.1, RFC 4954 4, RFC 3207 4,
// RFC 2449 6.6, RFC 2595 4, RFC 9051 4.3 and 5.5. A text line that looks like one splits the burst too, which is always legal.
bool ends_group(std::string_view protocol, std::string_view line) {
    if (protocol == "imap") {
        return ends_imap_group(line);
    }
    const std::vector<std::string_view> verbs =
        protocol == "ftp"    ? std::vector<std::string_view>{"AUTH", "CCC"}
        : protocol == "pop3" ? std::vector<std::string_view>{"AUTH", "STLS", "QUIT"}
                             : std::vector<std::string_view>{"EHLO",
                                                             "HELO",
                                                             "LHLO",
                                                             "DATA",
                                                             "AUTH",
                                                             "STARTTLS",
                                                             "VRFY",
                                                             "EXPN",
                                                             "NOOP",
                                                             "QUIT"};
    const std::string_view verb = line.substr(0, line.find_first_of(" \r\n"));
    return std::any_of(verbs.begin(), verbs.end(), [verb](std::string_view last) {
        return base::iequals(verb, last);
    });
}

// The server asks for more: 354 (RFC 5321 4.1.1.4), 334 (RFC 4954 4), "+ " (RFC 5034 4, RFC 9051 7.6).
bool is_challenge(std::string_view protocol, std::string_view line) {
    if (protocol == "ftp") {
        return false;
    }
    return protocol != "smtp" ? line == "+" || line.starts_with("+ ")
                              : line.starts_with("354") || line.starts_with("334");
}

// "{NAME arguments}" in a client's line becomes what `compute` makes of the arguments.
template <typename Compute>
void substitute(std::string& text, std::string_view name, Compute compute) {
    const std::size_t begin = text.find(fmt::format("{{{} ", name));
    const std::size_t end = text.find('}', std::min(begin, text.size()));
    if (begin != std::string::npos && end != std::string::npos) {
        const std::size_t skipped = begin + name.size() + 2;
        const std::string arguments = text.substr(skipped, end - skipped);
        text.replace(begin, end + 1 - begin, compute(arguments));
    }
}

// What a client sends. "{apop SECRET}" stands for the digest that RFC 1939 7 wants for that secret and the
// stamp of the server's greeting; "{cram USER SECRET}" for RFC 2195's answer to the last challenge.
std::string octets_of(const Step& step, const std::string& stamp, const std::string& challenge) {
    std::string text = step.kind == Kind::kClient ? step.text + "\r\n" : step.text;
    substitute(text, "apop", [&](const std::string& secret) {
        return base::hex_encode(account::digest(account::Hash::kMd5, stamp + secret));
    });
    substitute(text, "cram", [&](std::string_view secret) {
        const std::string user(base::split_front(secret, ' '));
        return base::base64_encode(
            user + " " + base::hex_encode(account::hmac(account::Hash::kMd5, secret, challenge)));
    });
    return text;
}

}  // namespace

Player::Player(const Transcript& transcript, std::string protocol, PlayOptions options)
    : transcript_(transcript),
      protocol_(std::move(protocol)),
      options_(options),
      smtp_options_(std::make_shared<smtp::ServerOptions>()),
      pop3_options_(std::make_shared<pop3::ServerOptions>()),
      imap_options_(std::make_shared<imap::ServerOptions>()) {
    // Passwords in clear are for loopback, so that is where those who log in come from.
    pipe_.client.address = protocol_ != "smtp" ? "127.0.0.1" : "192.0.2.1";
    pipe_.receive_octets_max = options.mode == Mode::kBytes ? 1 : pipe_.receive_octets_max;
}

Player::~Player() {
    // Sessions hold streams and wait for them: hang up, and let them end before the world does.
    for (const auto& connection : connections_) {
        connection->client->reset();
    }
    world_.store.resume();
    world_.loop.run_for(std::chrono::hours(1));
}

void Player::fault(const Step& step, const std::string& text) {
    if (!fault_) {
        fault_ = fmt::format("line {}: {}\n{}", step.line, text, dialogue_);
    }
}

std::optional<std::string> Player::play() {
    for (const std::string& clause : transcript_.given) {
        prepare(clause);
    }
    for (const Step& step : transcript_.steps) {
        if (options_.mode == Mode::kCut && is_client(step) &&
            client_steps_++ == options_.cut_after) {
            break;
        }
        if (options_.mode == Mode::kCut && step.kind == Kind::kThen) {
            continue;
        }
        perform(step);
        if (fault_) {
            return fault_;
        }
    }
    finish();
    return fault_;
}

namespace {

base::Task<smtp::DomainVerdict> answer(smtp::DomainVerdict verdict) {
    co_return verdict;
}

}  // namespace

void Player::make_services() {
    smtp_services_.reset(new smtp::Services(world_.services<smtp::Services>()));
    pop3_services_.reset(new pop3::Services(world_.services<pop3::Services>()));
    imap_services_.reset(new imap::Services(world_.services<imap::Services>()));
    smtp_services_->check_sender_domain = [this](base::Loop& loop, std::string domain) {
        return ask_dns_ ? smtp::look_up_sender_domain(world_.resolver, loop, std::move(domain))
                        : answer(sender_domain_);
    };
    if (ask_dns_) {
        outgoing_.check_way = [this](base::Loop& loop, account::Address recipient, std::string) {
            return smtp::judge_passing_on(world_.resolver,
                                          loop,
                                          world_.random,
                                          std::move(recipient.domain),
                                          {.own_names = {"mail." + first_domain_}});
        };
    }
    smtp_services_->outgoing = with_queue_ ? &outgoing_ : nullptr;
}

Player::Connection& Player::connection(int number) {
    while (connections_.size() < static_cast<std::size_t>(number)) {
        connections_.push_back(std::make_unique<Connection>());
        open(*connections_.back());
    }
    return *connections_[static_cast<std::size_t>(number) - 1];
}

void Player::open(Connection& connection) {
    if (!smtp_services_) {
        make_services();
    }
    auto [server, client] = net::make_pipe(world_.loop, pipe_);
    connection.client = std::move(client);
    connection.server = server.get();
    base::spawn(serve(std::move(server)), [&connection](std::exception_ptr thrown) {
        connection.ended = true;
        connection.server = nullptr;
        if (thrown) {
            std::rethrow_exception(thrown);
        }
    });
}

base::Task<> Player::serve(std::unique_ptr<net::Stream> server) {
    if (protocol_ == "ftp") {
        return ftp_.serve(std::move(server));
    }
    if (protocol_ == "pop3") {
        return pop3::serve(std::move(server), pop3_options_, *pop3_services_);
    }
    if (protocol_ == "imap") {
        return imap::serve(std::move(server), imap_options_, *imap_services_);
    }
    return smtp::serve(std::move(server), smtp_options_, *smtp_services_);
}

// RFC 4978: from here on both sides compress; "end": no more (RFC 8437 4.1).
void Player::deflate(Connection& peer, const Step& step) {
    if (step.text == "end") {
        peer.deflater.reset();
        peer.inflater.reset();
        return;
    }
    peer.deflater = std::make_unique<base::Deflater>(base::DeflateForm::kRaw, 6);
    peer.inflater = std::make_unique<base::Inflater>(base::DeflateForm::kRaw);
    peer.received = inflated(peer, peer.received);
}

void Player::push(Connection& peer, std::string octets) {
    if (peer.deflater) {
        std::string packed;
        peer.deflater->feed(octets, base::Deflater::Flush::kSync, packed);
        octets = std::move(packed);
    }
    peer.client->push(octets);
}

std::string Player::inflated(Connection& peer, std::string octets) {
    if (!peer.inflater) {
        return octets;
    }
    std::string text;
    std::string piece(std::size_t{16} * 1024, '\0');
    for (std::string_view rest = octets;;) {
        const auto done = peer.inflater->step(rest, piece);
        CHECK(done.has_value());
        if (done->taken + done->made == 0) {
            return text;
        }
        rest.remove_prefix(done->taken);
        text.append(piece, 0, done->made);
    }
}

// RFC 9051 9: whatever the transcript expects, it is an answer that a client can read.
void Player::judge_imap(Connection& connection, std::string_view line) {
    connection.unjudged += line;
    if (!imap::first_response(connection.unjudged)) {
        return;
    }
    const std::string response = std::exchange(connection.unjudged, {});
    if (!imap::parse_response(std::string_view(response).substr(0, response.size() - 2))) {
        fault_ = fault_.value_or(fmt::format("against the grammar: {}{}", response, dialogue_));
    }
}

std::optional<std::string> Player::next_line(Connection& connection) {
    const auto has_line = [&connection] {
        connection.received += inflated(connection, connection.client->take());
        return connection.received.find('\n') != std::string::npos || connection.client->ended();
    };
    const bool found = world_.loop.run_until(has_line, std::chrono::minutes(2));
    const std::size_t end = connection.received.find('\n');
    if (!found || end == std::string::npos) {
        return std::nullopt;
    }
    if (protocol_ == "imap") {
        judge_imap(connection, std::string_view(connection.received).substr(0, end + 1));
    }
    std::string line = connection.received.substr(0, end);
    connection.received.erase(0, end + 1);
    if (!line.empty() && line.back() == '\r') {
        line.pop_back();
    } else {
        line += "<bare LF>";  // no server of ours may send one
    }
    dialogue_ += fmt::format("S: {}\n", line);
    if (protocol_ == "ftp") {
        ftp_.see_server(line, pipe_.client);
    }
    if (is_challenge(protocol_, line)) {
        challenge_ = base::base64_decode(split_word(line).second).value_or("");
    }
    if (stamp_.empty() && line.find('<') < line.find('>')) {
        stamp_ = line.substr(line.find('<'), line.find('>') - line.find('<') + 1);
    }
    return line;
}

void Player::see_client(const Step& step) {
    if (protocol_ == "ftp") {
        ftp_.see_client(step.text, deaf_);
    }
}

void Player::expect(const Step& step) {
    Connection& peer = connection(step.connection);
    for (;;) {
        const auto line = next_line(peer);
        if (!line) {
            return fault(step,
                         fmt::format("the server {} instead of: {}",
                                     peer.client->ended() ? "hung up" : "kept silent",
                                     step.text));
        }
        for (const std::string& pattern : never_) {
            if (matches(pattern, *line)) {
                return fault(step, fmt::format("must not come: {}", pattern));
            }
        }
        if (matches(step.text, *line)) {
            any_line_ = false;
            return;
        }
        if (!any_line_) {
            return fault(step, fmt::format("expected: {}", step.text));
        }
    }
}

void Player::expect_end(const Step& step) {
    Connection& peer = connection(step.connection);
    while (const auto line = next_line(peer)) {
        if (!any_line_) {
            return fault(step, "expected the end");
        }
    }
    if (!peer.client->ended()) {
        fault(step, "the server did not hang up");
    }
    any_line_ = false;
}

// Sends at once every client line up to where the client must listen first: a command that ends its
// group, a challenge, a barrier, or a word on the other connection, which could overtake this one.
void Player::send_burst() {
    const int number = transcript_.steps[burst_sent_].connection;
    bool last = false;
    for (; burst_sent_ < transcript_.steps.size(); ++burst_sent_) {
        const Step& step = transcript_.steps[burst_sent_];
        if (step.kind == Kind::kServer) {
            last = last || is_challenge(protocol_, step.text);
        }
        if (is_barrier(step) || step.connection != number || (last && is_client(step))) {
            return;
        }
        if (is_client(step)) {
            dialogue_ += fmt::format("C: {}\n", step.text);
            const std::string octets = octets_of(step, stamp_, challenge_);
            see_client(step);
            push(connection(number), octets);
            last = ends_group(protocol_, octets);
        }
    }
}

void Player::perform(const Step& step) {
    const auto index = static_cast<std::size_t>(&step - transcript_.steps.data());
    Connection& peer = connection(step.connection);
    switch (step.kind) {
        case Kind::kServer:
            return expect(step);
        case Kind::kServerMore:
            any_line_ = true;
            return;
        case Kind::kServerNever:
            never_.push_back(step.text);
            return;
        case Kind::kServerEnd:
            return expect_end(step);
        case Kind::kClient:
        case Kind::kClientRaw:
            if (options_.mode == Mode::kBurst) {
                if (index >= burst_sent_) {
                    burst_sent_ = index;
                    send_burst();
                }
                return;
            }
            dialogue_ += fmt::format("C: {}\n", step.text);
            see_client(step);
            push(peer, octets_of(step, stamp_, challenge_));
            return;
        case Kind::kClientClose:
            step.text == "writing" ? peer.client->end_writing() : peer.client->close();
            return;
        case Kind::kWait:
            world_.loop.run_for(std::chrono::milliseconds(step.wait_ms));
            return;
        case Kind::kTls:
            world_.loop.run_for(std::chrono::milliseconds(10));
            return;
        case Kind::kDeflate:
            return deflate(peer, step);
        case Kind::kInterrupt:
            world_.loop.run_for(std::chrono::milliseconds(10));
            if (peer.server != nullptr) {
                peer.server->interrupt();
            }
            return;
        case Kind::kDisk:
            step.text == "stalls" ? world_.store.stall() : world_.store.resume();
            return;
        case Kind::kDisable:
            world_.disable(step.text);
            return;
        case Kind::kThen:
            expect_then(step.text);
            return;
        default:
            return perform_data(step);
    }
}

// What the queue's entries have in common or have each, by the first word of the clause.
std::string Player::describe_queue(std::string_view word) {
    std::vector<std::string> found;
    const auto listed = queue::list(*world_.store.snapshot(), {}, [&](const queue::Listed& entry) {
        const queue::RecipientRecord& recipient = entry.recipient;
        std::string text = word == "senders" ? fmt::format("<{}>", entry.message.sender)
                                             : base::format_rfc3339(recipient.due);
        if (std::find(found.begin(), found.end(), text) == found.end()) {
            found.push_back(std::move(text));
        }
        return true;
    });
    CHECK(listed.has_value());
    std::sort(found.begin(), found.end());
    std::string text;
    for (const std::string& entry : found) {
        text += (text.empty() ? "" : ", ") + entry;
    }
    return text;
}

// empty; has ADDRESS NOTIFY ORCPT, the last two with "-" for none, in the order of the recipients;
// senders PATTERN; due PATTERN.
void Player::expect_queue(const Step& step, std::string_view what) {
    const auto [word, pattern] = split_word(what);
    if (word == "senders" || word == "due") {
        const std::string text = describe_queue(word);
        if (!matches(pattern, text)) {
            fault(step, fmt::format("the queue has {}: {}", word, text));
        }
        return;
    }
    std::string found;
    const auto listed = queue::list(*world_.store.snapshot(), {}, [&](const queue::Listed& entry) {
        const queue::RecipientRecord& recipient = entry.recipient;
        std::string original = recipient.original;
        std::replace(original.begin(), original.end(), ';', ':');  // ';' ends a clause
        fmt::format_to(std::back_inserter(found),
                       "{}{} {} {}",
                       found.empty() ? "" : ", ",
                       recipient.address,
                       recipient.notify == 0 ? "-" : std::to_string(recipient.notify),
                       original.empty() ? "-" : original);
        return true;
    });
    CHECK(listed.has_value());
    const std::string wanted(what == "empty" ? "" : split_word(what).second);
    if (found != wanted) {
        fault(step, fmt::format("the queue has: {}", found.empty() ? "nothing" : found));
    }
}

// mailbox NAME has N; message NAME N contains|lacks "..."; log contains|lacks "..."; queue ...
void Player::expect_then(std::string_view clause) {
    world_.loop.run_for(std::chrono::seconds(1));
    const Step step{.kind = Kind::kThen, .text = std::string(clause)};
    const auto [word, rest] = split_word(clause);
    if (word == "queue") {
        return expect_queue(step, rest);
    }
    if (word == "file") {
        return expect_file(step, rest);
    }
    if (word == "nothing") {
        const auto left = ftp_.leftovers();
        return left.empty() ? void() : fault(step, "left behind: " + left.front());
    }
    if (word == "log") {
        const bool contains = world_.log_text.find(quoted(rest)) != std::string::npos;
        if (contains != rest.starts_with("contains")) {
            fault(step, fmt::format("not so: {}\n{}", clause, world_.log_text));
        }
        return;
    }
    const auto [name, what] = split_word(rest);
    const std::string address = name.find('@') == std::string_view::npos
                                    ? fmt::format("{}@{}", name, first_domain_)
                                    : std::string(name);
    const std::vector<std::string> inbox = world_.inbox(address);
    const auto [first, second] = split_word(what);
    if (word == "mailbox") {
        CHECK(first == "has");
        if (inbox.size() != base::parse_u64(second)) {
            fault(step, fmt::format("{}: it has {}", clause, inbox.size()));
        }
        return;
    }
    CHECK(word == "message");
    const std::uint64_t number = base::parse_u64(first).value_or(0);
    if (number == 0 || number > inbox.size()) {
        return fault(step, fmt::format("{}: there are {} messages", clause, inbox.size()));
    }
    const std::string& octets = inbox[number - 1];
    if ((octets.find(quoted(second)) != std::string::npos) != second.starts_with("contains")) {
        fault(step, fmt::format("not so: {}\n{}", clause, octets));
    }
}

// Whatever was played: the client goes, every session ends, and the store is sound.
void Player::finish() {
    world_.store.resume();  // a cut may have come while it was stalled
    for (const auto& peer : connections_) {
        if (options_.mode == Mode::kCut) {
            peer->client->reset();
        } else {
            peer->client->close();
        }
    }
    world_.loop.run_for(std::chrono::hours(1));
    const Step end{.kind = Kind::kThen};
    for (const auto& peer : connections_) {
        if (!peer->ended) {
            return fault(end, "a session did not end with its connection");
        }
    }
    for (const std::string& finding : world_.findings()) {
        fault(end, "the store is not sound: " + finding);
    }
}

}  // namespace transcripts
