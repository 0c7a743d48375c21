#include "sim/simulation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"

namespace sim {
namespace {

constexpr std::string_view kDomain = "hamburger.example";
constexpr std::string_view kNumberField = "X-Number: ";

// The number a message carries in its header, or zero.
std::uint64_t number_of(std::string_view message) {
    const std::size_t at = message.find(kNumberField);
    if (at == std::string_view::npos) {
        return 0;
    }
    message.remove_prefix(at + kNumberField.size());
    return base::parse_u64(message.substr(0, message.find('\r'))).value_or(0);
}

std::string dot_stuffed(std::string_view message) {
    std::string out;
    bool line_start = true;
    for (const char c : message) {
        if (line_start && c == '.') {
            out += '.';
        }
        out += c;
        line_start = c == '\n';
    }
    return out + ".\r\n";
}

}  // namespace

struct Simulation::Server {
    std::vector<std::unique_ptr<base::Task<>>> sessions;
};

Simulation::Simulation(const SimulationOptions& options)
    : world_({.seed = options.seed,
              .store = {.bug_acknowledge_before_commit = options.bug_acknowledge_before_commit}}),
      smtp_options_(std::make_shared<smtp::ServerOptions>()),
      pop3_options_(std::make_shared<pop3::ServerOptions>()),
      smtp_services_(world_.services<smtp::Services>()),
      pop3_services_(world_.services<pop3::Services>()) {
    smtp_options_->hostname = kDomain;
    pop3_options_->hostname = kDomain;
    world_.add_domain(kDomain);
    for (const char* name : {"alice", "bob", "smith"}) {
        users_.push_back(fmt::format("{}@{}", name, kDomain));
        world_.add_user(users_.back(), "secret");
    }
    start_server();
}

Simulation::~Simulation() {
    clients_.clear();
    server_.reset();
}

void Simulation::start_server() {
    server_ = std::make_unique<Server>();
}

// The power fails: sessions are gone without a word, the disk keeps what was synced, and the server
// starts again.
void Simulation::crash() {
    ++statistics_.crashes;
    world_.store.crash();
    server_.reset();
    start_server();
}

void Simulation::plan_faults() {
    const std::uint64_t faults = world_.random.below(4);
    for (std::uint64_t i = 0; i < faults; ++i) {
        const auto when =
            world_.clock.steady() + std::chrono::milliseconds(world_.random.below(4000));
        const std::uint64_t kind = world_.random.below(7);
        world_.loop.call_at(when, [this, kind] { cause_fault(kind); });
    }
}

void Simulation::cause_fault(std::uint64_t kind) {
    switch (kind) {
        case 0:
            world_.store.fail_next_commits(1 + world_.random.below(3), base::Errc::kNoSpace);
            return;
        case 1:
            world_.store.fail_next_commits(1, base::Errc::kIo);
            return;
        case 2:
            world_.store.fail_next_appends(1, base::Errc::kNoSpace);
            return;
        case 3:
            // The disk does not answer for a while.
            world_.store.stall();
            world_.loop.call_at(
                world_.clock.steady() + std::chrono::seconds(world_.random.below(900)),
                [this] { world_.store.resume(); });
            return;
        case 4:
            // The wall clock jumps; promises do not depend on it.
            world_.clock.set_wall(world_.clock.now() + std::chrono::hours(24 * 5));
            return;
        default:
            crash();
            return;
    }
}

Simulation::Habits Simulation::draw_habits() {
    Habits habits;
    habits.pipelines = chance(50);
    habits.cut_chance = chance(30) ? world_.random.below(30) : 0;
    habits.stall_chance = chance(30) ? world_.random.below(30) : 0;
    habits.stall_max = chance(10) ? base::Duration(std::chrono::minutes(20))
                                  : base::Duration(std::chrono::seconds(5));
    return habits;
}

// Lines of letters, some of them starting with dots, up to a size that crosses every buffer.
std::string Simulation::draw_body(std::uint64_t number) {
    const std::uint64_t lines = chance(5) ? world_.random.below(3000) : world_.random.below(30);
    std::string body =
        fmt::format("From: alice@crepes.example\r\n{}{}\r\n\r\n", kNumberField, number);
    for (std::uint64_t i = 0; i < lines; ++i) {
        body += std::string(world_.random.below(4) == 0 ? world_.random.below(3) : 0, '.');
        body += std::string(world_.random.below(70),
                            static_cast<char>('a' + static_cast<char>(world_.random.below(26))));
        body += "\r\n";
    }
    return body;
}

std::unique_ptr<net::PipeStream> Simulation::connect(std::string_view protocol) {
    net::PipeOptions options;
    options.client.address = "127.0.0.1";  // passwords in clear are for loopback
    options.receive_octets_max = chance(20) ? 1 + world_.random.below(40) : 16 * 1024;
    options.buffer_octets = chance(20) ? 64 + world_.random.below(1000) : 64 * 1024;
    options.latency = std::chrono::microseconds(world_.random.below(3000));
    options.client.address = "127.0.0.1";  // from where passwords may come in clear
    auto [server, client] = net::make_pipe(world_.loop, options);
    auto session = protocol == "pop3" ? std::make_unique<base::Task<>>(pop3::serve(
                                            std::move(server), pop3_options_, pop3_services_))
                                      : std::make_unique<base::Task<>>(smtp::serve(
                                            std::move(server), smtp_options_, smtp_services_));
    session->start();
    server_->sessions.push_back(std::move(session));
    return std::move(client);
}

// False: the client hangs up here.
base::Task<bool> Simulation::hesitate(net::LineStream& line, Habits habits) {
    if (chance(habits.cut_chance)) {
        line.stream().close();
        co_return false;
    }
    if (chance(habits.stall_chance)) {
        const auto span = static_cast<std::uint64_t>(habits.stall_max.count());
        const base::Duration stall(static_cast<std::int64_t>(world_.random.below(span)));
        co_await base::sleep_until(world_.loop, world_.clock.steady() + stall);
    }
    co_return true;
}

namespace {

// The code of the next reply, all its lines read; nothing when the server is gone.
base::Task<std::optional<int>> read_reply(net::LineStream& line, const base::Clock& clock) {
    for (;;) {
        const auto read = co_await line.read_line(2000, clock.steady() + std::chrono::hours(1));
        if (!read || read->text.size() < 3) {
            co_return std::nullopt;
        }
        if (read->text.size() == 3 || read->text[3] == ' ') {
            co_return static_cast<int>(base::parse_u64(read->text.substr(0, 3)).value_or(0));
        }
    }
}

base::Task<bool> read_ok(net::LineStream& line, const base::Clock& clock) {
    const auto read = co_await line.read_line(2000, clock.steady() + std::chrono::hours(1));
    co_return read.has_value() && read->text.starts_with("+OK");
}

// A multi-line response's lines up to the dot, joined; nothing when it is cut off.
base::Task<std::optional<std::string>> read_lines(net::LineStream& line, const base::Clock& clock) {
    std::string text;
    for (;;) {
        const auto read = co_await line.read_line(100'000, clock.steady() + std::chrono::hours(1));
        if (!read) {
            co_return std::nullopt;
        }
        if (read->text == ".") {
            co_return text;
        }
        text += read->text.starts_with('.') ? read->text.substr(1) : read->text;
        text += "\r\n";
    }
}

}  // namespace

base::Task<> Simulation::smtp_client(int messages) {
    const std::unique_ptr<net::PipeStream> stream = connect("smtp");
    net::LineStream line(*stream);
    const Habits habits = draw_habits();
    if (co_await read_reply(line, world_.clock) != 220) {
        co_return;
    }
    line.put("EHLO crepes.example\r\n");
    if (co_await read_reply(line, world_.clock) != 250) {
        co_return;
    }
    for (int i = 0; i < messages; ++i) {
        const std::uint64_t number = next_number_++;
        if (!co_await send_message(line, habits, number)) {
            co_return;
        }
    }
    line.put("QUIT\r\n");
    co_await read_reply(line, world_.clock);
}

// One transaction, with the envelope pipelined or step by step. False when the connection is over.
base::Task<bool> Simulation::send_message(net::LineStream& line,
                                          Habits habits,
                                          std::uint64_t number) {
    Sent message;
    message.body = draw_body(number);
    std::vector<std::string> commands = {"MAIL FROM:<alice@crepes.example>\r\n"};
    for (const std::string& user : users_) {
        if (message.recipients.empty() || chance(30)) {
            message.recipients.insert(user);
            commands.push_back(fmt::format("RCPT TO:<{}>\r\n", user));
        }
    }
    commands.emplace_back("DATA\r\n");
    Sent& sent = sent_[number] = std::move(message);
    std::size_t answered = 0;
    for (const std::string& command : commands) {
        if (!co_await hesitate(line, habits)) {
            co_return false;
        }
        line.put(command);
        if (habits.pipelines && command != commands.back()) {
            continue;
        }
        std::optional<int> code;
        while (answered < commands.size() && (!habits.pipelines ? code == std::nullopt : true)) {
            code = co_await read_reply(line, world_.clock);
            ++answered;
            if (code != 250 && code != 354) {
                co_return false;
            }
        }
    }
    const std::string stuffed = dot_stuffed(sent.body);
    const std::size_t half = world_.random.below(stuffed.size());
    line.put(std::string_view(stuffed).substr(0, half));
    if (!co_await line.flush(world_.clock.steady() + std::chrono::hours(1)) ||
        !co_await hesitate(line, habits)) {
        co_return false;
    }
    line.put(std::string_view(stuffed).substr(half));
    if (!co_await line.flush(world_.clock.steady() + std::chrono::hours(1)) ||
        !co_await hesitate(line, habits)) {
        ++statistics_.lost_answers;
        co_return false;
    }
    const auto code = co_await read_reply(line, world_.clock);
    if (!code) {
        ++statistics_.lost_answers;
        co_return false;
    }
    sent.acknowledged = code == 250;
    ++(sent.acknowledged ? statistics_.acknowledged : statistics_.refused);
    co_return true;
}

base::Task<> Simulation::pop3_client(std::string user) {
    const std::unique_ptr<net::PipeStream> stream = connect("pop3");
    net::LineStream line(*stream);
    const Habits habits = draw_habits();
    if (!co_await read_ok(line, world_.clock)) {
        co_return;
    }
    line.put(fmt::format("USER {}\r\n", user));
    if (!co_await read_ok(line, world_.clock)) {
        co_return;
    }
    line.put("PASS secret\r\n");
    if (!co_await read_ok(line, world_.clock)) {
        co_return;
    }
    const bool ended_well = co_await take_away(line, habits, user);
    static_cast<void>(ended_well);
}

// Fetches everything, deletes some of it, and quits. True when QUIT was answered.
base::Task<bool> Simulation::take_away(net::LineStream& line, Habits habits, std::string user) {
    line.put("UIDL\r\n");
    if (!co_await read_ok(line, world_.clock)) {
        co_return false;
    }
    const auto listing = co_await read_lines(line, world_.clock);
    if (!listing) {
        co_return false;
    }
    const auto count = std::count(listing->begin(), listing->end(), '\n');
    std::set<std::uint64_t> deleted;
    for (std::ptrdiff_t i = 1; i <= count; ++i) {
        if (!co_await hesitate(line, habits)) {
            co_return false;
        }
        line.put(fmt::format("RETR {}\r\n", i));
        if (!co_await read_ok(line, world_.clock)) {
            co_return false;
        }
        const auto message = co_await read_lines(line, world_.clock);
        if (!message) {
            co_return false;
        }
        if (chance(50)) {
            line.put(fmt::format("DELE {}\r\n", i));
            if (!co_await read_ok(line, world_.clock)) {
                co_return false;
            }
            deleted.insert(number_of(*message));
        }
    }
    if (!co_await hesitate(line, habits)) {
        co_return false;
    }
    for (const std::uint64_t number : deleted) {
        maybe_removed_.emplace(user, number);
    }
    line.put("QUIT\r\n");
    if (!co_await read_ok(line, world_.clock)) {
        co_return false;
    }
    for (const std::uint64_t number : deleted) {
        removed_.emplace(user, number);
        ++statistics_.removed;
    }
    co_return true;
}

std::optional<std::string> Simulation::run() {
    plan_faults();
    const std::uint64_t clients = 2 + world_.random.below(6);
    for (std::uint64_t i = 0; i < clients; ++i) {
        const auto when =
            world_.clock.steady() + std::chrono::milliseconds(world_.random.below(3000));
        const bool reads = chance(30);
        const std::string user = users_[world_.random.below(users_.size())];
        const int messages = 1 + static_cast<int>(world_.random.below(5));
        world_.loop.call_at(when, [this, reads, user, messages] {
            clients_.push_back(
                std::make_unique<base::Task<>>(reads ? pop3_client(user) : smtp_client(messages)));
            clients_.back()->start();
        });
    }
    world_.loop.run_for(std::chrono::hours(4));
    for (const auto& client : clients_) {
        if (!client->done()) {
            return "a client waits for ever";
        }
        client->result();
    }
    for (const auto& session : server_->sessions) {
        if (!session->done()) {
            return "a session outlives its connection";
        }
        session->result();
    }
    crash();  // whatever was only in memory goes
    return verify();
}

std::optional<std::string> Simulation::verify() {
    for (const std::string& finding : world_.findings()) {
        return "the store is not sound: " + finding;
    }
    for (const std::string& user : users_) {
        if (auto broken = verify_mailbox(user)) {
            return broken;
        }
    }
    return std::nullopt;
}

std::optional<std::string> Simulation::verify_mailbox(const std::string& user) {
    std::map<std::uint64_t, int> seen;
    for (const std::string& message : world_.inbox(user)) {
        const std::uint64_t number = number_of(message);
        const auto sent = sent_.find(number);
        if (sent == sent_.end() || !sent->second.recipients.contains(user)) {
            return fmt::format("{} holds message {} that nobody sent there", user, number);
        }
        if (!message.ends_with(sent->second.body)) {
            return fmt::format("message {} of {} is not whole", number, user);
        }
        if (++seen[number] > 1) {
            return fmt::format("{} holds message {} twice", user, number);
        }
        if (removed_.contains({user, number})) {
            return fmt::format("message {} of {} came back after its deletion", number, user);
        }
    }
    for (const auto& [number, sent] : sent_) {
        if (sent.acknowledged && sent.recipients.contains(user) && !seen.contains(number) &&
            !maybe_removed_.contains({user, number})) {
            return fmt::format("message {} to {} was acknowledged and is lost", number, user);
        }
    }
    return std::nullopt;
}

}  // namespace sim
