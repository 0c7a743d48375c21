// A story of the queue: what is sent, what the other servers do, and what must be so after minutes or days, in a
// plain file (docs/guide/transcripts.md, "Stories of the queue"). The real scheduler, notices, SMTP client and MX
// look-up run in it, on a virtual clock and an in-memory network.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "fakes/fake_loop.h"
#include "fakes/fake_network.h"
#include "fakes/fake_resolver.h"
#include "queue/manage.h"
#include "queue/scheduler.h"
#include "smtp/client/queue_transport.h"
#include "store/memory_store.h"
#include "stories/remote_host.h"

namespace stories {

class Story {
  public:
    Story();
    Story(const Story&) = delete;
    Story& operator=(const Story&) = delete;
    ~Story();

    // Plays the file. Nothing, or the first line that is not so and what was instead.
    [[nodiscard]] std::optional<std::string> play(std::string_view text);

  private:
    // A notice to somebody here.
    struct Told {
        std::string to;
        std::string text;
    };

    void perform(std::string_view line);
    void add_host(std::string_view rest);
    void change_host(std::string_view name, std::string_view clause);
    void send(std::string_view rest);
    void administer(std::string_view rest);
    [[nodiscard]] base::Task<base::Result<smtp::TlsUse, smtp::Verdict>> judge_host(
        std::string host) const;
    void check(std::string_view clause);
    void check_host(const RemoteHost& host, std::string_view clause);
    void check_told(std::string_view rest);
    void check_waiting(std::string_view rest);
    void check_sound();
    void fault(std::string text);

    void start();
    void stop();
    [[nodiscard]] base::Task<> stop_scheduler(bool& stopped);
    [[nodiscard]] base::Task<> write_blob(std::string octets, std::optional<store::NewBlob>& blob);
    void commit(const store::Change& change);
    void enqueue(const queue::NewMessage& message);
    [[nodiscard]] base::Result<> deliver_notice(store::Transaction& change,
                                                const queue::PlannedNotice& notice);
    [[nodiscard]] std::string read(const store::BlobId& id);
    void read_notices();
    [[nodiscard]] RemoteHost& host(std::string_view name);

    fakes::FakeClock clock_;
    fakes::FakeLoop loop_{clock_};
    fakes::FakeNetwork network_;
    fakes::FakeResolver resolver_;
    base::SeededRandom random_{1};
    std::string log_text_;
    base::Log log_{clock_, [this](std::string_view line) { log_text_ += line; }};
    base::Metrics metrics_;
    store::MemoryStore store_{loop_};
    std::map<std::string, std::unique_ptr<RemoteHost>, std::less<>> hosts_;
    std::map<std::string, std::string, std::less<>> policies_;  // "verified", or why not, by host
    std::map<std::string, std::string> lmtp_;  // hosts by the domains whose mailboxes they have
    smtp::TlsUse tls_ = smtp::TlsUse::kOpportunistic;
    queue::SchedulerOptions options_;
    queue::Lifetimes lifetimes_;
    std::unique_ptr<smtp::QueueTransport> transport_;
    std::unique_ptr<queue::Scheduler> scheduler_;
    std::vector<queue::PlannedNotice> notices_;  // to somebody here, and not read yet
    std::vector<Told> told_;
    std::optional<std::string> fault_;
};

}  // namespace stories
