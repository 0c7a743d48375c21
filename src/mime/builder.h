// Builds correct messages: RFC 5322, RFC 2045-2049, 2047, 2231, 2387 (related), 6532.
//
// Two levels: an Entity is any tree of MIME parts; a Draft is what a person writes (text, HTML,
// pictures, attachments), from which the usual tree is made. Every leaf gets the smallest transfer
// encoding that keeps it whole.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "mime/address.h"
#include "mime/encoded_word.h"
#include "mime/octet_stream.h"
#include "mime/parameters.h"
#include "mime/transfer.h"

namespace mime {

// One part to be written: a leaf with content, or a multipart with children.
struct Entity {
    ContentType type;  // "boundary" is chosen here, and "charset" is the caller's word
    std::optional<Disposition> disposition;
    std::string id;            // Content-ID without angle brackets
    std::string description;   // UTF-8
    std::string content;       // of a leaf, decoded
    bool keep_octets = false;  // a file: line ends of text are not made CRLF (RFC 2046 4.1.1)
    // In place of `content`, for what is too large for memory: read twice, its octets kept.
    std::shared_ptr<OctetSource> source;
    std::vector<Entity> children;
    std::vector<std::pair<std::string, std::string>> fields;  // more fields, unstructured UTF-8
};

struct BuildOptions {
    HeaderForm form = HeaderForm::kAscii;  // kUtf8 needs a peer with SMTPUTF8 (RFC 6531)
    bool allow_8bit = false;               // the peer takes 8BITMIME (RFC 6152)
    std::size_t depth_max = 50;
};

// The part's fields, an empty line and its body. kTooLong when it is nested deeper than depth_max,
// kInvalid for a multipart without children or a type that is not two tokens.
[[nodiscard]] base::Result<std::string> build_entity(const Entity& entity,
                                                     base::Random& random,
                                                     const BuildOptions& options = {});

// The same to a sink, so that no more than a piece of a source is ever in memory. Everything is decided
// before the first octet is written: after an error of a kind above nothing was; errors of a source or
// of the sink are handed on. `fields` are written in front of the entity's own: lines with CRLF.
[[nodiscard]] base::Result<> write_entity(const Entity& entity,
                                          base::Random& random,
                                          const BuildOptions& options,
                                          OctetSink& sink,
                                          std::string_view fields = {});

struct Attachment {
    std::string name;  // of the file, UTF-8; its folders are left out
    std::string type;  // "image/png"; empty: guessed by media_type.h
    std::string content;
    std::shared_ptr<OctetSource> source;  // in place of `content`, as in Entity; give a type then
    std::string id;                       // Content-ID; what the HTML refers to as "cid:ID"
    std::string description;
};

struct Draft {
    base::WallTime date{};
    int offset_minutes = 0;
    std::string message_id;  // without angle brackets; empty: none is written
    std::vector<Address> from;
    std::optional<Mailbox> sender;  // when it is not the one author
    std::vector<Address> reply_to;
    std::vector<Address> to;
    std::vector<Address> cc;
    std::vector<Address>
        bcc;  // written only with write_bcc: a stored draft keeps it, a sent message not
    bool write_bcc = false;
    std::string subject;
    std::vector<std::string> in_reply_to;
    std::vector<std::string> references;
    std::vector<std::pair<std::string, std::string>> fields;  // more fields, unstructured UTF-8

    std::string text;  // UTF-8; with `flowed` each line is a paragraph (RFC 3676)
    bool flowed = false;
    std::string html;  // UTF-8; when `text` is empty its text becomes the plain alternative
    std::vector<Attachment> pictures;     // shown within the HTML (multipart/related)
    std::vector<Attachment> attachments;  // message/rfc822 is not encoded (RFC 2046 5.2.1)
};

// The tree that build_message writes.
[[nodiscard]] Entity draft_entity(const Draft& draft);
// The whole message. kUnsupported when an address is not US-ASCII and options.form is kAscii, or is not
// UTF-8 at all; otherwise as build_entity.
[[nodiscard]] base::Result<std::string> build_message(const Draft& draft,
                                                      base::Random& random,
                                                      const BuildOptions& options = {});
// The same with a tree of another shape: only the header is the draft's.
[[nodiscard]] base::Result<std::string> build_message(const Draft& draft,
                                                      const Entity& entity,
                                                      base::Random& random,
                                                      const BuildOptions& options = {});

// To a sink, as write_entity.
[[nodiscard]] base::Result<> write_message(const Draft& draft,
                                           base::Random& random,
                                           const BuildOptions& options,
                                           OctetSink& sink);

// The smallest of 7bit, 8bit (when allowed), quoted-printable and base64 that brings `content` through
// any mail transport; ties go to the more readable. RFC 2045 6.
[[nodiscard]] Encoding choose_encoding(std::string_view content, bool allow_8bit);

// 160 random bits and `domain`, without angle brackets (RFC 5322 3.6.4).
[[nodiscard]] std::string make_message_id(base::Random& random, std::string_view domain);

// CRLF wherever `text` has CRLF, LF or CR.
[[nodiscard]] std::string to_crlf(std::string_view text);

}  // namespace mime
