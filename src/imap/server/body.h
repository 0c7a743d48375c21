// Sections of a message out of its octets (RFC 9051 6.4.5.1, RFC 3516): found by the structure, read and
// sent piece by piece, so that no message is ever whole in memory.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fair_share.h"
#include "imap/grammar/fetch.h"
#include "imap/server/fetch_items.h"
#include "imap/server/session.h"
#include "mail/email_source.h"
#include "mime/structure.h"

namespace imap {

class Body {
  public:
    // Both outlive it. `octets` may be null: the message has gone, and every section is NIL.
    Body(Session& session, const EmailFacts& email, std::unique_ptr<store::BlobReader> octets)
        : session_(session),
          email_(email),
          octets_(std::move(octets)),
          share_(session.loop()) {}

    // Puts "NAME value" of an item that append_item() cannot answer. An error means that the octets cannot
    // be read to their announced end: the connection is of no more use.
    [[nodiscard]] base::Task<base::Result<>> put_item(const AskedItem& asked);

    // RFC 3516 4.3: BINARY or BINARY.SIZE of a part in an encoding that is not known. Of this nothing can be
    // told: a client would keep the size.
    [[nodiscard]] bool is_undecodable(const AskedItem& asked);

  private:
    [[nodiscard]] base::Task<base::Result<>> put_range(mime::OctetRange range);
    [[nodiscard]] base::Task<base::Result<>> put_fields(const AskedItem& asked,
                                                        mime::OctetRange header);
    [[nodiscard]] base::Task<base::Result<>> put_binary(const AskedItem& asked);
    [[nodiscard]] base::Task<base::Result<>> put_decoded(mime::OctetRange range,
                                                         std::uint32_t part,
                                                         const AskedItem& asked);
    [[nodiscard]] base::Task<base::Result<>> put_preview();
    [[nodiscard]] base::Task<base::Result<>> put_envelope();
    // A header whole; longer than kHeaderOctetsMax it is cut. Good until the next one is read: the last is kept,
    // as a command may ask many times for fields of one header.
    [[nodiscard]] base::Task<base::Result<std::string_view>> read_header(mime::OctetRange header);
    // What the part's octets make once they are decoded; each part is counted once.
    [[nodiscard]] base::Task<base::Result<std::uint64_t>> count_decoded(mime::OctetRange range,
                                                                        std::uint32_t part,
                                                                        mime::Encoding encoding);
    [[nodiscard]] std::optional<mime::OctetRange> range_of(const SectionSpec& section);
    [[nodiscard]] mime::Encoding encoding_of(const AskedItem& asked, std::uint32_t index);
    [[nodiscard]] const mime::Structure* structure();
    // Octets from `offset` on, at most a piece of them and up to `end`. All that a body costs comes through here, and
    // here others get their turn.
    [[nodiscard]] base::Task<base::Result<std::string>> read(std::uint64_t offset,
                                                             std::uint64_t end);
    void put_nil(const AskedItem& asked);

    Session& session_;
    const EmailFacts& email_;
    std::unique_ptr<store::BlobReader> octets_;
    std::optional<mime::Structure> structure_;
    std::optional<mime::OctetRange> header_;                 // the last that was read,
    std::string header_text_;                                // and its octets
    std::map<std::uint32_t, std::uint64_t> decoded_octets_;  // by the part's place in the structure
    base::FairShare share_;
};

}  // namespace imap
