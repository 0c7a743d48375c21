// A message while it is being received: off the wire through the dot reader, its header section looked
// at, then into a blob in pieces. At most a piece and the header section wait in memory.
//
// What is wrong with the message is remembered as the reply it will get; the rest of it is then read
// and thrown away, since only the end of the data may be answered (RFC 5321 4.1.1.4).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "account/rewriting.h"
#include "base/loop.h"
#include "base/task.h"
#include "mail/message_store.h"
#include "mail/summarizer.h"
#include "mail/summary.h"
#include "smtp/grammar/dot_reader.h"
#include "smtp/grammar/reply.h"
#include "smtp/server/header_section.h"

namespace smtp {

struct IncomingRules {
    Framing framing = Framing::kDot;
    BareNewlines bare = BareNewlines::kReport;
    std::uint64_t octets_max = 0;
    std::uint64_t text_line_octets_max = 0;
    std::size_t header_octets_max = 0;
    std::size_t received_fields_max = 0;
    bool is_submission = false;                     // the header section is held whole, and mended
    const account::Rewriting* rewriting = nullptr;  // of the header section of a submission
    std::string_view complete_domain = {};  // of addresses there without one; empty: they stay
    bool is_summarized = false;             // it is for mailboxes here: summary() is wanted
    SubmissionFacts submission;
};

class Incoming {
  public:
    // Asked once the header section is known: a refusal, or nothing.
    using Judge = std::function<std::optional<Reply>(const HeaderFacts& facts)>;

    // `trace_fields` go on top of the message. What the rules refer to outlives the object.
    Incoming(store::Store& store, IncomingRules rules, std::string trace_fields, Judge judge);

    // Takes octets off the wire; returns how many. With the dot they end at done().
    std::size_t feed(std::string_view octets);

    [[nodiscard]] bool done() const { return reader_.done(); }

    // Enough has gathered that it should go to the blob: call write().
    [[nodiscard]] bool is_full() const { return buffer_.size() >= kPieceOctets; }

    [[nodiscard]] base::Task<> write(base::Loop& loop);

    // The end of the data: the blob, or nothing when the message is refused as refusal() says.
    [[nodiscard]] base::Task<std::optional<store::NewBlob>> finish(base::Loop& loop);

    [[nodiscard]] const std::optional<Reply>& refusal() const { return refusal_; }

    // The message has more than twice what is allowed: not worth reading to its end.
    [[nodiscard]] bool is_endless() const { return octets_ / 2 > rules_.octets_max; }

    // Of the message as it came, without trace fields and dots.
    [[nodiscard]] std::uint64_t octets() const { return octets_; }

    [[nodiscard]] const HeaderFacts& facts() const { return facts_; }

    // Of what the blob holds, after finish(); empty unless the rules want it.
    [[nodiscard]] const mail::Summary& summary() const { return summary_; }

    // With counted framing: what may still come before the message is too large.
    [[nodiscard]] std::uint64_t octets_left() const {
        return octets_ > rules_.octets_max ? 0 : rules_.octets_max - octets_;
    }

  private:
    static constexpr std::size_t kPieceOctets = std::size_t{64} * 1024;

    void refuse(Reply reply);
    void look_for_header();
    void close_header(std::size_t octets);

    store::Store& store_;
    IncomingRules rules_;
    Judge judge_;
    DotReader reader_;
    std::string trace_fields_;  // until the header section is closed
    std::string buffer_;        // decoded and not written
    std::size_t scanned_ = 0;   // where the search for the end of the header goes on
    bool in_header_ = true;
    std::uint64_t octets_ = 0;
    HeaderFacts facts_;
    std::optional<Reply> refusal_;
    std::unique_ptr<store::BlobWriter> blob_;
    std::optional<mail::Summarizer> summarizer_;
    mail::Summary summary_;
};

}  // namespace smtp
