// What the server looks for in a message's header section (RFC 5322 3.6), and what submission may change
// there (RFC 6409 8): Message-ID, Date and From added, Bcc and Resent-Bcc removed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/rewriting.h"
#include "base/clock.h"
#include "mime/address.h"

namespace smtp {

struct HeaderFacts {
    std::size_t received = 0;  // Received fields: the hops so far
    std::string message_id;    // the first Message-ID without angle brackets, or empty
    bool has_date = false;
    bool has_message_id = false;  // also one that cannot be read: it is not ours to replace
    bool has_from = false;
    bool has_bcc = false;                // or Resent-Bcc
    std::vector<mime::Mailbox> senders;  // of all From and Sender fields, resent ones too
};

// Where the header section ends: behind the empty line, or behind the last field when the message has
// no body. Nothing while that cannot be told yet. `from` is where an earlier call gave up, and is moved.
[[nodiscard]] std::optional<std::size_t> find_header_end(std::string_view text, std::size_t& from);

// `header` is the section, with or without its empty line.
[[nodiscard]] HeaderFacts examine_header(std::string_view header);

// The section with the addresses of From, To and their like as the rules have them, behind those without a domain
// first `complete_domain`, if any. Fields in which nothing changes stay as they are, octet by octet.
[[nodiscard]] std::string rewrite_header(std::string_view header,
                                         const account::Rewriting& rewriting,
                                         std::string_view complete_domain = {});

struct SubmissionFacts {
    std::string_view hostname;
    std::string_view unique;  // for the Message-ID: the queue id
    base::WallTime now;
    std::string author = {};  // for From: a mailbox, or empty
};

// The section as it is to be stored, `facts` being those of `header`; facts.message_id is filled in.
[[nodiscard]] std::string mend_submitted_header(std::string_view header,
                                                const SubmissionFacts& submission,
                                                HeaderFacts& facts);

}  // namespace smtp
