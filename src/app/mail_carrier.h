// Import and export at the server's end: one account's mailboxes as streams of messages, in coroutines.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/directory.h"
#include "app/mail_port.h"
#include "base/loop.h"
#include "base/task.h"
#include "mail/mailboxes.h"
#include "mail/summarizer.h"

namespace app {

class MailCarrier {
  public:
    // `mailboxes` must outlive it.
    MailCarrier(mail::Mailboxes& mailboxes, account::AccountId account)
        : mailboxes_(mailboxes),
          account_(account) {}

    [[nodiscard]] base::Task<base::Result<std::vector<std::string>>> list(base::Loop& loop);
    [[nodiscard]] base::Result<std::vector<std::string>> subscriptions() const;
    // The mailbox at `path`, if it is absent; subscribed if asked for.
    [[nodiscard]] base::Task<base::Result<>> make(base::Loop& loop,
                                                  std::string path,
                                                  bool subscribed);
    // Nothing when there is no such mailbox.
    [[nodiscard]] base::Task<base::Result<>> subscribe(base::Loop& loop, std::string path);
    [[nodiscard]] base::Task<base::Result<std::vector<std::uint64_t>>> known(base::Loop& loop,
                                                                             std::string path);

    // A message for commit() comes in pieces: `head` without octets, feed() as often as need be, end().
    void begin(CarriedMessage head);
    [[nodiscard]] base::Task<base::Result<>> feed(base::Loop& loop, std::string_view octets);
    [[nodiscard]] base::Result<> end();
    // All that came since the last one, as one change.
    [[nodiscard]] base::Task<base::Result<>> commit(base::Loop& loop, std::string path);

    [[nodiscard]] base::Task<base::Result<std::uint64_t>> open(base::Loop& loop, std::string path);
    [[nodiscard]] base::Task<base::Result<std::optional<CarriedMessage>>> next(base::Loop& loop);

  private:
    // The mailbox at `path`, made if it is absent.
    [[nodiscard]] base::Task<base::Result<mail::Ref>> ref_of(base::Loop& loop, std::string path);

    mail::Mailboxes& mailboxes_;
    const account::AccountId account_;
    // Coming in.
    CarriedMessage head_;
    std::unique_ptr<store::BlobWriter> blob_;
    std::optional<mail::Summarizer> summarizer_;
    std::vector<mail::NewMessage> messages_;
    // Going out.
    mail::SnapshotPtr snapshot_;
    std::size_t next_ = 0;
};

}  // namespace app
