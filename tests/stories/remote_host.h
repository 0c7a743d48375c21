// A mail server as others have them, with whatever they do wrong: greylisting, 421, a connection that ends where
// the 250 should come, answers an octet at a time, TLS that breaks. It speaks just enough SMTP for that.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "fakes/fake_network.h"
#include "net/line_stream.h"

namespace stories {

// What a host does from now on; connections that are there already follow at their next command.
struct Behaviour {
    base::Duration greylists{};  // a recipient is put off until so long after its first try
    unsigned throttles = 0;      // so many greetings are 421
    unsigned drops = 0;          // so many messages end in silence and a closed connection
    bool hangs_up = false;       // behind each message that it took
    unsigned messages_max = 0;   // on a connection, then 421; 0: any number
    base::Duration drips{};      // an octet of each reply takes as long
    base::Duration slow{};       // each message does
    bool dsn = false;            // offers DSN
    bool tls = false;            // offers STARTTLS
    bool tls_broken = false;     // ... and hangs up instead of shaking hands
    std::map<std::string, std::string> says;  // to RCPT, by recipient
};

class RemoteHost {
  public:
    // Plays the host at `place`. All outlive it; no conversation may be under way when it goes.
    RemoteHost(base::Loop& loop, fakes::RemoteHost& place, std::string name);
    RemoteHost(const RemoteHost&) = delete;
    RemoteHost& operator=(const RemoteHost&) = delete;
    ~RemoteHost();

    Behaviour behaviour;

    [[nodiscard]] fakes::RemoteHost& place() { return place_; }

    // The subjects of the messages that came whole, in order, whether the sender heard of it or not.
    [[nodiscard]] const std::vector<std::string>& taken() const { return taken_; }

    [[nodiscard]] unsigned conversations() const { return conversations_; }

    [[nodiscard]] unsigned most_at_once() const { return most_at_once_; }

    [[nodiscard]] unsigned in_clear() const { return in_clear_; }  // of the messages taken

  private:
    struct Session;

    [[nodiscard]] base::Task<> serve(std::unique_ptr<net::PipeStream> stream);
    [[nodiscard]] base::Task<> converse(Session& session);
    [[nodiscard]] base::Task<> obey(Session& session, std::string command);
    [[nodiscard]] base::Task<> start_tls(Session& session);
    [[nodiscard]] base::Task<> take_message(Session& session);
    [[nodiscard]] base::Task<> say(Session& session, std::string reply);
    [[nodiscard]] std::string judge(const std::string& recipient);
    [[nodiscard]] std::string hello(const Session& session) const;
    [[nodiscard]] base::SteadyTime patience() const;

    base::Loop& loop_;
    fakes::RemoteHost& place_;
    std::string name_;
    std::map<std::string, base::WallTime> first_tried_;
    std::vector<std::string> taken_;
    unsigned conversations_ = 0;
    unsigned at_once_ = 0;
    unsigned most_at_once_ = 0;
    unsigned in_clear_ = 0;
};

}  // namespace stories
