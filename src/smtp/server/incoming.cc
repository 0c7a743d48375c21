#include "smtp/server/incoming.h"

#include <fmt/format.h>

#include <utility>

#include "base/release.h"

namespace smtp {
namespace {

// Trace fields and a message's identity stand at the top; that much of the header section is looked at
// where nothing has to be changed.
constexpr std::size_t kRelayHeaderOctets = std::size_t{64} * 1024;

// RFC 3463 3.4: X.3.1 mail system full. The sender may come back.
Reply disk_refusal(const base::Error& error) {
    if (error.code == base::Errc::kNoSpace) {
        return {452, {4, 3, 1}, "no space for the message now, try again later"};
    }
    return {451, {4, 3, 0}, "the message cannot be stored now, try again later"};
}

}  // namespace

Incoming::Incoming(store::Store& store, IncomingRules rules, std::string trace_fields, Judge judge)
    : store_(store),
      rules_(rules),
      judge_(std::move(judge)),
      reader_(rules.framing, rules.bare),
      trace_fields_(std::move(trace_fields)) {
    if (rules_.is_summarized) {
        summarizer_.emplace();
    }
}

std::size_t Incoming::feed(std::string_view octets) {
    const std::size_t before = buffer_.size();
    const std::size_t taken = reader_.feed(octets, buffer_);
    octets_ += buffer_.size() - before;
    if (octets_ > rules_.octets_max) {
        refuse({552, {5, 3, 4}, fmt::format("messages have at most {} octets", rules_.octets_max)});
    } else if (reader_.longest_line() > rules_.text_line_octets_max) {
        refuse({554, {5, 6, 0}, "a line of the message is too long"});
    } else if (reader_.saw_bare_newline() && rules_.bare == BareNewlines::kReport) {
        refuse({550, {5, 5, 2}, "the message has a CR or LF that is not part of CRLF"});
    }
    if (refusal_) {
        buffer_.clear();
    } else if (in_header_) {
        look_for_header();
    }
    return taken;
}

void Incoming::look_for_header() {
    if (const auto end = find_header_end(buffer_, scanned_)) {
        close_header(*end);
    } else if (!rules_.is_submission && buffer_.size() > kRelayHeaderOctets) {
        close_header(buffer_.size());
    } else if (rules_.is_submission && buffer_.size() > rules_.header_octets_max) {
        refuse({552, {5, 3, 4}, "the header section is too large"});
        buffer_.clear();
    }
}

// The first `octets` of the buffer are the header section, or as much of it as is looked at.
void Incoming::close_header(std::size_t octets) {
    in_header_ = false;
    std::string rewritten;
    std::string_view header = std::string_view(buffer_).substr(0, octets);
    if (rules_.rewriting != nullptr || !rules_.complete_domain.empty()) {
        const account::Rewriting none;
        rewritten = rewrite_header(
            header, rules_.rewriting == nullptr ? none : *rules_.rewriting, rules_.complete_domain);
        header = rewritten;
    }
    facts_ = examine_header(header);
    if (facts_.received > rules_.received_fields_max) {
        refuse({554, {5, 4, 6}, "too many hops, the message goes in a circle"});
    } else if (auto refusal = judge_ ? judge_(facts_) : std::nullopt) {
        refuse(std::move(*refusal));
    }
    if (refusal_) {
        buffer_.clear();
        return;
    }
    if (rules_.is_submission) {
        trace_fields_ += mend_submitted_header(header, rules_.submission, facts_);
        buffer_.replace(0, octets, trace_fields_);
    } else {
        buffer_.insert(0, trace_fields_);
    }
    base::release(trace_fields_);
}

base::Task<> Incoming::write(base::Loop& loop) {
    if (refusal_ || in_header_ || buffer_.empty()) {
        co_return;
    }
    if (blob_ == nullptr) {
        blob_ = store_.new_blob();
    }
    if (summarizer_) {
        summarizer_->feed(buffer_);
    }
    const auto written = co_await blob_->append(loop, buffer_);
    buffer_.clear();
    if (!written) {
        refuse(disk_refusal(written.error()));
    }
}

base::Task<std::optional<store::NewBlob>> Incoming::finish(base::Loop& loop) {
    if (rules_.framing == Framing::kCounted && !refusal_) {
        const std::size_t before = buffer_.size();
        reader_.finish(buffer_);
        octets_ += buffer_.size() - before;
        static_cast<void>(feed({}));
    }
    if (in_header_ && !refusal_) {
        close_header(buffer_.size());
    }
    co_await write(loop);
    if (refusal_) {
        co_return std::nullopt;
    }
    auto blob = blob_->finish();
    if (!blob) {
        refuse(disk_refusal(blob.error()));
        co_return std::nullopt;
    }
    if (summarizer_) {
        summary_ = summarizer_->finish();
    }
    co_return std::move(*blob);
}

// The first fault is the one that is told.
void Incoming::refuse(Reply reply) {
    if (!refusal_) {
        refusal_ = std::move(reply);
        blob_.reset();
    }
}

}  // namespace smtp
