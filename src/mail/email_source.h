// Where search, sorting, threading and the index builder read an account's emails from: Mailboxes, or a
// test's vector.
#pragma once

#include <memory>
#include <span>

#include "base/result.h"
#include "mail/mailboxes.h"
#include "mail/types.h"
#include "store/store.h"

namespace mail {

class EmailSource {
  public:
    EmailSource() = default;
    EmailSource(const EmailSource&) = delete;
    EmailSource& operator=(const EmailSource&) = delete;
    virtual ~EmailSource() = default;

    // As Mailboxes::read_emails and open_body.
    [[nodiscard]] virtual base::Result<> read_emails(
        std::span<const EmailId> emails, const Mailboxes::EmailVisitor& visit) const = 0;
    [[nodiscard]] virtual base::Result<std::unique_ptr<store::BlobReader>> open_body(
        EmailId email) const = 0;
};

// The emails of `owner` in `mailboxes`, which must outlive it.
class MailboxesSource final : public EmailSource {
  public:
    MailboxesSource(const Mailboxes& mailboxes, account::AccountId owner)
        : mailboxes_(mailboxes),
          owner_(owner) {}

    [[nodiscard]] base::Result<> read_emails(std::span<const EmailId> emails,
                                             const Mailboxes::EmailVisitor& visit) const override {
        return mailboxes_.read_emails(owner_, emails, visit);
    }

    [[nodiscard]] base::Result<std::unique_ptr<store::BlobReader>> open_body(
        EmailId email) const override {
        return mailboxes_.open_body(owner_, email);
    }

  private:
    const Mailboxes& mailboxes_;
    const account::AccountId owner_;
};

}  // namespace mail
