// ftp::Client's transfers: files and listings, streamed in constant memory.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
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
constexpr std::size_t kListingLineOctetsMax = std::size_t{64} * 1024;
constexpr std::size_t kListingLinesMax = 2'000'000;  // of one folder

// A listing, line by line: its text is never in memory as a whole.
class LineSink final : public ByteSink {
  public:
    using Take = std::function<void(std::string_view line)>;

    explicit LineSink(Take take) : take_(std::move(take)) {}

    base::Result<> write(std::string_view octets) override {
        while (!octets.empty()) {
            const std::size_t end = octets.find('\n');
            line_ += octets.substr(0, end);
            if (line_.size() > kListingLineOctetsMax || lines_ == kListingLinesMax) {
                return fail(Errc::kTooLong, "a listing longer than any folder");
            }
            if (end == std::string_view::npos) {
                return {};
            }
            take_line();
            octets.remove_prefix(end + 1);
        }
        return {};
    }

    // A last line without an end.
    void finish() {
        if (!line_.empty()) {
            take_line();
        }
    }

  private:
    void take_line() {
        std::string_view line = line_;
        while (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        take_(line);
        ++lines_;
        line_.clear();
    }

    const Take take_;
    std::size_t lines_ = 0;
    std::string line_;
};

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
        TRY_VOID(content_->feed(octets, out_));
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
    Taker(const TransferOptions& options, ByteSink& sink) : options_(options), sink_(sink) {}

    [[nodiscard]] base::Result<bool> put(std::string_view octets) {
        if (options_.octets_max) {
            octets = octets.substr(0, *options_.octets_max - done_);
        }
        TRY_VOID(sink_.write(octets));
        done_ += octets.size();
        if (options_.on_progress) {
            options_.on_progress(done_);
        }
        return !options_.octets_max || done_ < *options_.octets_max;
    }

    [[nodiscard]] std::uint64_t done() const { return done_; }

  private:
    const TransferOptions& options_;
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
    DataChannel channel(loop_);
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

// RFC 1123 4.1.2.7: listings go in type A or I alike; the one that is set saves a round trip.
Client::Async<void> Client::listing_into(std::string command_line, ByteSink& sink) {
    auto listed = co_await transfer(std::move(command_line), TransferOptions(), &sink, nullptr);
    if (!listed && last_reply_.code == 450) {
        // RFC 959 5.4 has no 550 here: ours and proftpd say so of a folder that is not there.
        co_return fail(Errc::kNotFound, listed.error().text);
    }
    CO_TRY_VOID(std::move(listed));
    co_return base::Result<>();
}

namespace {

// A path behind a command that may take options.
std::string as_argument(std::string_view path) {
    return fmt::format("{}{}{}", path.empty() ? "" : " ", path.starts_with('-') ? "./" : "", path);
}

// Servers hand LIST's path to an ls of theirs, and some part it at spaces or take it for a pattern.
bool is_for_ls(std::string_view path) {
    return path.find_first_of(" *?[{\\~") != std::string_view::npos;
}

// The server understood the command, and will not have it.
bool is_refusal(Errc code) {
    return code == Errc::kNotFound || code == Errc::kUnsupported || code == Errc::kSyntax ||
           code == Errc::kInvalid || code == Errc::kDenied;
}

}  // namespace

// Not the folder itself, nor the one above; what no local file may be called is told apart.
bool Client::admits(const RemoteEntry& entry) {
    if (entry.type == EntryType::kCurrent || entry.type == EntryType::kParent ||
        entry.name == "." || entry.name == "..") {
        return false;
    }
    if (!is_plain_name(entry.name)) {
        left_out_.push_back(entry.name);
        return false;
    }
    return true;
}

Client::Async<std::vector<RemoteEntry>> Client::list(std::string path) {
    left_out_.clear();
    const std::string arguments = as_argument(path);
    if (!options_.use_mlsd || !(has("MLSD") || has("MLST"))) {
        co_return co_await (is_for_ls(path) ? list_from_inside(path) : list_lines(arguments));
    }
    std::vector<RemoteEntry> entries;
    LineSink facts([&entries, this](std::string_view line) {
        for (RemoteEntry& entry : parse_fact_listing(line)) {
            if (admits(entry)) {
                entries.push_back(std::move(entry));
            }
        }
    });
    CO_TRY_VOID(co_await listing_into("MLSD" + arguments, facts));
    facts.finish();
    co_return entries;
}

// There and back again: CWD takes a path as it is.
Client::Async<std::vector<RemoteEntry>> Client::list_from_inside(std::string path) {
    CO_TRY(std::string where, co_await working_directory());
    CO_TRY_VOID(co_await change_directory(std::move(path)));
    auto entries = co_await list_lines("");
    CO_TRY_VOID(co_await change_directory(where));
    directory_ = std::move(where);
    co_return entries;
}

// vsftpd shows ".profile" only to those who say -a, which RFC 959 does not have: other servers take it for a name, or for
// nothing, and pure-ftpd parts what follows it at spaces. Only a listing with "." in it was understood.
Client::Async<std::vector<RemoteEntry>> Client::list_lines(std::string arguments) {
    if (options_.list_hidden && knows_all_.value_or(true)) {
        auto all = co_await read_list("LIST -a" + arguments);
        if (all && all->has_itself) {
            knows_all_ = true;
            co_return std::move(all->entries);
        }
        if (!all && (!is_connected() || !is_refusal(all.error().code))) {
            co_return base::forward_error(all);
        }
    }
    CO_TRY(Lines plain, co_await read_list("LIST" + arguments));
    if (!knows_all_ && !plain.entries.empty()) {
        knows_all_ = false;
    }
    co_return std::move(plain.entries);
}

Client::Async<Client::Lines> Client::read_list(std::string command_line) {
    Lines read;
    left_out_.clear();
    ListingReader reader({.now = loop_.clock().now()});
    LineSink lines([&](std::string_view line) {
        auto entry = reader.take(line);
        read.has_itself = read.has_itself || (entry && entry->name == ".");
        if (entry && admits(*entry)) {
            read.entries.push_back(std::move(*entry));
        }
    });
    CO_TRY_VOID(co_await listing_into(std::move(command_line), lines));
    lines.finish();
    co_return read;
}

Client::Async<std::vector<std::string>> Client::names(std::string arguments) {
    std::vector<std::string> names;
    LineSink lines([&names](std::string_view line) {
        if (!line.empty()) {
            names.emplace_back(line);
        }
    });
    CO_TRY_VOID(co_await listing_into(arguments.empty() ? "NLST" : "NLST " + arguments, lines));
    lines.finish();
    co_return names;
}

}  // namespace ftp
