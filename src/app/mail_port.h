// The mailboxes of one account, for `staffetta import` and `export`: of a running server through its control
// socket; where none runs, of one that the command starts for itself (own_server.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config.h"
#include "base/clock.h"
#include "base/result.h"
#include "mail/types.h"

namespace app {

// A message on its way in or out, with what its mailbox knows of it.
struct CarriedMessage {
    std::string octets;
    mail::Uid uid = 0;  // on the way out only
    std::uint32_t flags = 0;
    std::vector<std::string> keywords;
    base::WallTime received;
    std::string return_path;
};

// No larger message is carried, its line ends being CRLF.
inline constexpr std::uint64_t kCarriedOctetsMax = std::uint64_t{1} << 30U;

// The first octets of a message's SHA-256: enough to know it again.
[[nodiscard]] std::uint64_t fingerprint(std::string_view octets);

// After an error that is about one mailbox or message (is_about_one()) the others may be asked for, but for next(): a
// mailbox that was not read to its end is the last one.
class MailPort {
  public:
    MailPort() = default;
    MailPort(const MailPort&) = delete;
    MailPort& operator=(const MailPort&) = delete;
    virtual ~MailPort() = default;

    // The paths of all mailboxes that hold messages, INBOX first.
    [[nodiscard]] virtual base::Result<std::vector<std::string>> mailboxes() = 0;
    // The paths that are subscribed, mailboxes or not.
    [[nodiscard]] virtual base::Result<std::vector<std::string>> subscriptions() = 0;
    // Makes a mailbox if it is absent, and subscribes what it made if `subscribed`. kInvalid, kTooLong, kNotFound: none
    // can have that name, or there are too many.
    [[nodiscard]] virtual base::Result<> make(const std::string& path, bool subscribed) = 0;
    // Of a mailbox; what is none is left as it is.
    [[nodiscard]] virtual base::Result<> subscribe(const std::string& path) = 0;
    // The fingerprints of what lies in a mailbox, which is made if it is absent.
    [[nodiscard]] virtual base::Result<std::vector<std::uint64_t>> known(
        const std::string& path) = 0;
    // All of them or none; kOverQuota.
    [[nodiscard]] virtual base::Result<> add(const std::string& path,
                                             const std::vector<CarriedMessage>& messages) = 0;
    // Begins to read a mailbox; how many messages it has.
    [[nodiscard]] virtual base::Result<std::uint64_t> open(const std::string& path) = 0;
    // The next of them in the order of UIDs; nothing at the end.
    [[nodiscard]] virtual base::Result<std::optional<CarriedMessage>> next() = 0;
};

// kNotFound: there is no such account.
[[nodiscard]] base::Result<std::unique_ptr<MailPort>> open_mail_port(const Config& config,
                                                                     const std::string& account);

}  // namespace app
