// A connection of the queue that stays inside: each recipient of a job is a piece of work by itself.
#pragma once

#include <memory>
#include <utility>

#include "app/inside_transport.h"

namespace app {

// `Work` is made of the services, the loop, a job and one of its recipients, which outlive it; its run() says
// what became of that recipient.
template <class Work>
class EachRecipient final : public queue::Connection {
  public:
    // `queued`: as queue::Report has it.
    EachRecipient(InsideServices services, base::Loop& loop, bool queued)
        : services_(std::move(services)),
          loop_(loop),
          queued_(queued) {}

    base::Task<queue::Report> send(const queue::Job& job) override {
        queue::Report report{.recipients = {}, .queued = queued_};
        for (const queue::Job::Recipient& recipient : job.recipients) {
            Work work(services_, loop_, job, recipient);
            report.recipients.push_back(co_await work.run());
        }
        co_return report;
    }

    base::Task<> quit() override { co_return; }

  private:
    InsideServices services_;
    base::Loop& loop_;
    bool queued_;
};

}  // namespace app
