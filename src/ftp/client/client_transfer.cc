// ftp::Client's transfers: files and listings, streamed in constant memory.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "ftp/client/data_channel.h"
#include "ftp/client/pace.h"
#include "ftp/grammar/content.h"

namespace ftp {

using base::Errc;
using base::fail;

namespace {

constexpr std::size_t kChunkOctets = std::size_t{128} * 1024;

// The representation's decoder, or none where the octets are the file's.
class Decoder {
  public:
    Decoder(const Representation& representation, bool keep_returns) {
        const bool as_it_comes = keep_returns && representation.type == Type::kAscii &&
                                 representation.mode == Mode::kStream &&
                                 representation.structure == Structure::kFile;
        if (!representation.is_plain() && !as_it_comes) {
            content_.emplace(representation);
        }
    }

    [[nodiscard]] base::Result<std::string_view> feed(std::string_view octets) {
        if (!content_) {
            return octets;
        }
        out_.clear();
        TRY(const std::size_t taken, content_->feed(octets, out_));
        if (taken < octets.size()) {
            return fail(Errc::kSyntax, "octets behind the end of the file");
        }
        return std::string_view(out_);
    }

    [[nodiscard]] base::Result<std::string_view> finish() {
        out_.clear();
        if (content_) {
            TRY_VOID(content_->finish(out_));
        }
        return std::string_view(out_);
    }

    // Modes B and C mark the file's end, and the connection may stay.
    [[nodiscard]] bool ended() const { return content_ && content_->ended(); }

  private:
    std::optional<ContentDecoder> content_;
    std::string out_;
};

// Octets to the sink, no more than the transfer wants. False: enough.
class Taker {
  public:
    Taker(const TransferOptions& options, ByteSink& sink)
        : options_(options),
          octets_max_(options.takes_excess ? std::nullopt : options.octets_max),
          sink_(sink) {}

    [[nodiscard]] base::Result<bool> put(std::string_view octets) {
        if (octets_max_) {
            octets = octets.substr(0, *octets_max_ - done_);
        }
        TRY_VOID(sink_.write(octets));
        done_ += octets.size();
        if (options_.on_progress) {
            options_.on_progress(done_);
        }
        return !octets_max_ || done_ < *octets_max_;
    }

    [[nodiscard]] std::uint64_t done() const { return done_; }

  private:
    const TransferOptions& options_;
    const std::optional<std::uint64_t> octets_max_;
    ByteSink& sink_;
    std::uint64_t done_ = 0;
};

}  // namespace

// Until both bounds let more through: the transfer's own, and the one that all connections share. At a low rate that is
// minutes, of which abort() waits for none.
base::Task<> Client::keep_pace(DataChannel& channel, Pace& own, std::uint64_t octets) {
    const base::SteadyTime now = loop_.clock().steady();
    base::SteadyTime next = own.spend(octets, now);
    if (options_.pace) {
        next = std::max(next, options_.pace->spend(octets, now));
    }
    if (next > now) {
        static_cast<void>(co_await channel.pause.wait(next));
    }
}

Client::Async<std::uint64_t> Client::receive_all(DataChannel& channel,
                                                 const TransferOptions& options,
                                                 ByteSink& sink) {
    Decoder decoder(representation_, options_.keep_returns);
    Taker taker(options, sink);
    Pace pace(options.rate_max);
    bool more = !options.octets_max || *options.octets_max > 0;
    while (more && !decoder.ended()) {
        const auto octets = co_await channel.stream->receive(deadline());
        if (!octets && octets.error().code == Errc::kEof) {
            CO_TRY(const std::string_view rest, decoder.finish());
            CO_TRY_VOID(taker.put(rest));
            co_return taker.done();
        }
        CO_TRY(const std::string_view received, octets);
        const std::uint64_t wire_octets = received.size();
        CO_TRY(const std::string_view decoded, decoder.feed(received));
        CO_TRY(more, taker.put(decoded));
        co_await keep_pace(channel, pace, wire_octets);
    }
    if (!more) {
        // Whoever was told how much is wanted ends by himself.
        channel.enough =
            !channel.ranged || (co_await channel.stream->receive(deadline())).has_value();
    }
    co_return taker.done();
}

Client::Async<std::uint64_t> Client::send_all(DataChannel& channel,
                                              const TransferOptions& options,
                                              ByteSource& source) {
    std::optional<ContentEncoder> encoder;
    if (!representation_.is_plain()) {
        encoder.emplace(representation_);
    }
    Pace pace(options.rate_max);
    std::string room(kChunkOctets, '\0');
    std::string encoded;
    std::uint64_t done = 0;
    while (true) {
        const std::size_t wanted = static_cast<std::size_t>(
            std::min<std::uint64_t>(room.size(), options.octets_max.value_or(UINT64_MAX) - done));
        CO_TRY(const std::size_t count, source.read(std::span(room).first(wanted)));
        std::string_view octets = std::string_view(room).substr(0, count);
        if (encoder) {
            encoded.clear();
            encoder->feed(octets, encoded);
            if (count == 0) {
                encoder->finish(encoded);
            }
            octets = encoded;
        }
        CO_TRY_VOID(co_await channel.stream->write(octets, deadline()));
        if (count == 0) {
            co_return done;
        }
        done += count;
        if (options.on_progress) {
            options.on_progress(done);
        }
        co_await keep_pace(channel, pace, octets.size());
    }
}

Client::Async<std::uint64_t> Client::transfer(std::string command_line,
                                              const TransferOptions& options,
                                              ByteSink* sink,
                                              ByteSource* source) {
    DataChannel channel(loop_, source != nullptr);
    auto ready = co_await open_channel(channel);
    if (ready) {
        ready = co_await place(channel,
                               {.restart = options.restart,
                                .octets_max = sink != nullptr ? options.octets_max : std::nullopt});
    }
    if (ready) {
        ready = co_await begin(channel, std::move(command_line));
    }
    base::Result<std::uint64_t> moved = 0;
    if (!ready) {
        moved = base::forward_error(ready);
    } else if (sink != nullptr) {
        moved = co_await receive_all(channel, options, *sink);
    } else {
        moved = co_await send_all(channel, options, *source);
    }
    base::Result<> outcome;
    if (!moved) {
        outcome = base::forward_error(moved);
    }
    outcome = co_await finish(channel, std::move(outcome));
    if (channel.ranged && is_connected()) {
        CO_TRY_VOID(co_await command("RANG 1 0"));  // else it could hold for what comes next
    }
    CO_TRY_VOID(std::move(outcome));
    co_return *moved;
}

Client::Async<std::uint64_t> Client::retrieve(std::string path,
                                              TransferOptions options,
                                              ByteSink& sink) {
    co_return co_await transfer("RETR " + path, options, &sink, nullptr);
}

Client::Async<std::uint64_t> Client::store(std::string verb,
                                           std::string path,
                                           TransferOptions options,
                                           ByteSource& source) {
    co_return co_await transfer(
        path.empty() ? std::move(verb) : verb + " " + path, options, nullptr, &source);
}

}  // namespace ftp
