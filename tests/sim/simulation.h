// The simulator: the whole server in one thread on a virtual clock, with an in-memory network and disk,
// driven by one seed. SMTP clients send numbered messages and POP3 clients take them away, while both
// stall, dribble, pipeline and cut off; commits fail, and the power goes. After each run the store's
// promise is checked: what was acknowledged is there exactly once and whole, what was deleted with an
// acknowledgement is gone, nothing is half done. The same seed is the same run, for ever.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fakes/world.h"
#include "net/line_stream.h"
#include "net/pipe.h"
#include "pop3/server/server.h"
#include "smtp/server/server.h"

namespace sim {

struct SimulationOptions {
    std::uint64_t seed = 1;
    // Plants a 250 before the commit: a test of the test.
    bool bug_acknowledge_before_commit = false;
};

// What a run did, to see that runs do not check nothing.
struct RunStatistics {
    std::uint64_t acknowledged = 0;  // messages that got their 250
    std::uint64_t lost_answers = 0;  // messages whose answer never came
    std::uint64_t refused = 0;       // messages refused by a reply
    std::uint64_t removed = 0;       // deletions that were acknowledged
    std::uint64_t crashes = 0;
};

class Simulation {
  public:
    explicit Simulation(const SimulationOptions& options);
    ~Simulation();
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    // Runs the seed to its end. Nothing, or what promise was broken.
    [[nodiscard]] std::optional<std::string> run();

    [[nodiscard]] const RunStatistics& statistics() const { return statistics_; }

  private:
    // What is known of one message, by its number.
    struct Sent {
        std::string body;
        std::set<std::string> recipients;
        bool acknowledged = false;
    };

    // How one client behaves, drawn from the seed.
    struct Habits {
        bool pipelines = false;
        std::uint64_t cut_chance = 0;    // of 100, before each step
        std::uint64_t stall_chance = 0;  // of 100, before each step
        base::Duration stall_max{};
    };

    struct Server;  // sessions of one life of the server

    [[nodiscard]] bool chance(std::uint64_t of_100) { return world_.random.below(100) < of_100; }

    [[nodiscard]] Habits draw_habits();
    [[nodiscard]] std::string draw_body(std::uint64_t number);
    [[nodiscard]] std::unique_ptr<net::PipeStream> connect(std::string_view protocol);
    void start_server();
    void crash();
    void plan_faults();
    void cause_fault(std::uint64_t kind);

    base::Task<> smtp_client(int messages);
    base::Task<bool> send_message(net::LineStream& line, Habits habits, std::uint64_t number);
    base::Task<> pop3_client(std::string user);
    base::Task<bool> take_away(net::LineStream& line, Habits habits, std::string user);
    base::Task<bool> hesitate(net::LineStream& line, Habits habits);

    [[nodiscard]] std::optional<std::string> verify();
    [[nodiscard]] std::optional<std::string> verify_mailbox(const std::string& user);

    fakes::World world_;
    std::vector<std::string> users_;
    std::shared_ptr<smtp::ServerOptions> smtp_options_;
    std::shared_ptr<pop3::ServerOptions> pop3_options_;
    smtp::Services smtp_services_;
    pop3::Services pop3_services_;
    std::unique_ptr<Server> server_;
    std::vector<std::unique_ptr<base::Task<>>> clients_;
    std::map<std::uint64_t, Sent> sent_;
    // (user, number): deletions asked for at QUIT, and those whose +OK came.
    std::set<std::pair<std::string, std::uint64_t>> maybe_removed_;
    std::set<std::pair<std::string, std::uint64_t>> removed_;
    std::uint64_t next_number_ = 1;
    RunStatistics statistics_;
};

}  // namespace sim
