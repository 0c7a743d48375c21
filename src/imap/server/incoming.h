// A message on its way into the store, from APPEND's or REPLACE's literals and URLs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "imap/grammar/append.h"
#include "imap/grammar/section.h"
#include "imap/server/new_messages.h"
#include "imap/server/session.h"
#include "mail/mailboxes.h"
#include "mail/summarizer.h"

namespace imap {

class Incoming {
  public:
    // `session` outlives it.
    explicit Incoming(Session& session)
        : session_(session),
          writer_(session.services().store.new_blob()) {}

    // kNoSpace, kIo.
    [[nodiscard]] base::Task<base::Result<>> add(std::string piece);
    // Reads a literal to its end, after asking for it where the client waits.
    [[nodiscard]] base::Task<base::Result<>> read(Literal literal);
    // RFC 4469: the octets of another message, or of a section of one. False: there is none such.
    [[nodiscard]] base::Task<base::Result<bool>> add_url(MessageUrl url);

    [[nodiscard]] std::uint64_t octets() const { return octets_; }

    // What the disk said to the octets, the first time it refused them: they are read to their end all the
    // same, for the client's sake.
    [[nodiscard]] const base::Result<>& stored() const { return stored_; }

    // Its blob and its summary are still to be made. Call once.
    [[nodiscard]] base::Result<TakenMessage> finish(const AppendOptions& options);

  private:
    [[nodiscard]] base::Task<base::Result<bool>> add_section(mail::Ref ref,
                                                             mail::EmailId email,
                                                             std::string section);
    [[nodiscard]] base::Task<base::Result<bool>> add_range(store::BlobReader& octets,
                                                           mime::OctetRange range,
                                                           const SectionSpec& section);

    Session& session_;
    std::unique_ptr<store::BlobWriter> writer_;
    mail::Summarizer summarizer_;
    std::uint64_t octets_ = 0;
    base::Result<> stored_;
};

}  // namespace imap
