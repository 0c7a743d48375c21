// Where search, sorting, threading and the index builder read an account's emails from: Mailboxes, or a
// test's vector.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "mail/emails.h"
#include "mail/mailboxes.h"
#include "mail/summary.h"
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
    [[nodiscard]] virtual base::Result<> read_emails(std::span<const EmailId> emails,
                                                     const EmailVisitor& visit) const = 0;
    [[nodiscard]] virtual base::Result<std::unique_ptr<store::BlobReader>> open_body(
        EmailId email) const = 0;
    // As mail::first_email().
    [[nodiscard]] virtual base::Result<EmailId> first_email(EmailId from) const = 0;
};

// The emails of `owner` in `mailboxes`, which must outlive it.
class MailboxesSource final : public EmailSource {
  public:
    MailboxesSource(const Mailboxes& mailboxes, account::AccountId owner)
        : mailboxes_(mailboxes),
          owner_(owner) {}

    [[nodiscard]] base::Result<> read_emails(std::span<const EmailId> emails,
                                             const EmailVisitor& visit) const override {
        return mailboxes_.read_emails(owner_, emails, visit);
    }

    [[nodiscard]] base::Result<std::unique_ptr<store::BlobReader>> open_body(
        EmailId email) const override {
        return mailboxes_.open_body(owner_, email);
    }

    [[nodiscard]] base::Result<EmailId> first_email(EmailId from) const override {
        return mailboxes_.first_email(owner_, from);
    }

  private:
    const Mailboxes& mailboxes_;
    const account::AccountId owner_;
};

// The octets [begin, end) of a body.
[[nodiscard]] base::Task<base::Result<std::string>> read_octets(base::Loop& loop,
                                                                store::BlobReader& body,
                                                                std::uint64_t begin,
                                                                std::uint64_t end);
// The summary of an email that has none.
[[nodiscard]] base::Task<base::Result<Summary>> summarize_body(base::Loop& loop,
                                                               store::BlobReader& body);

}  // namespace mail
