// RFC 959 3.4.3: literal strings, replications and fillers; an escape octet and a descriptor before the
// string that it describes.
//
// Every mark is put before an empty filler string (X'C0'): the RFC lets a descriptor apply to "the
// succeeding string", and an empty one leaves no question which octets that is.
#include <algorithm>

#include "ftp/grammar/wire_impl.h"

namespace ftp {
namespace {

constexpr unsigned kLiteralMax = 127;
constexpr unsigned kRunMax = 63;
constexpr unsigned kRunMin = 3;  // two octets stand for it
constexpr unsigned kReplicate = 0x80;
constexpr unsigned kFiller = 0xc0;

class CompressedEncoder final : public WireEncoder {
  public:
    explicit CompressedEncoder(char filler) : filler_(filler) {}

    void data(std::string_view octets, std::string& out) override {
        std::size_t literal = 0;  // begins here, and is not out yet
        std::size_t at = 0;
        while (at < octets.size()) {
            const std::size_t run = run_length(octets, at);
            if (run < kRunMin && (octets[at] != filler_ || run < 2)) {
                at += run;
                continue;
            }
            put_literal(octets.substr(literal, at - literal), out);
            put_run(octets[at], run, out);
            at += run;
            literal = at;
        }
        put_literal(octets.substr(literal), out);
    }

    void end_record(std::string& out) override { put_mark(kBlockEndOfRecord, out); }

    void marker(std::string_view text, std::string& out) override {
        out += '\0';
        out += static_cast<char>(kBlockMarker);
        put_literal(text.substr(0, kLiteralMax), out);
    }

    void end_file(std::string& out) override { put_mark(kBlockEndOfFile, out); }

  private:
    static std::size_t run_length(std::string_view octets, std::size_t at) {
        const std::string_view rest = octets.substr(at, kRunMax);
        return std::min(rest.find_first_not_of(rest[0]), rest.size());
    }

    static void put_literal(std::string_view octets, std::string& out) {
        while (!octets.empty()) {
            const std::size_t count = std::min<std::size_t>(octets.size(), kLiteralMax);
            out += static_cast<char>(count);
            out += octets.substr(0, count);
            octets.remove_prefix(count);
        }
    }

    void put_run(char octet, std::size_t count, std::string& out) const {
        if (octet == filler_) {
            out += static_cast<char>(kFiller | count);
        } else {
            out += static_cast<char>(kReplicate | count);
            out += octet;
        }
    }

    static void put_mark(unsigned descriptor, std::string& out) {
        out += '\0';
        out += static_cast<char>(descriptor);
        out += static_cast<char>(kFiller);
    }

    const char filler_;
};

class CompressedDecoder final : public WireDecoder {
  public:
    explicit CompressedDecoder(char filler) : filler_(filler) {}

    base::Result<std::size_t> feed(std::string_view octets, WireEvents& events) override {
        const std::size_t given = octets.size();
        while (!octets.empty() && !ended_) {
            if (state_ == State::kLiteral) {
                const std::string_view piece = octets.substr(0, std::min(octets.size(), left_));
                TRY_VOID(take(piece, events));
                left_ -= piece.size();
                octets.remove_prefix(piece.size());
                TRY_VOID(left_ == 0 ? end_string(events) : base::Result<>());
                continue;
            }
            const char octet = octets.front();
            octets.remove_prefix(1);
            TRY_VOID(step(octet, events));
        }
        return given - octets.size();
    }

    [[nodiscard]] bool ended() const override { return ended_; }

    [[nodiscard]] bool may_end() const override { return ended_; }

  private:
    enum class State { kHeader, kDescriptor, kLiteral, kReplicated };

    base::Result<> step(char octet, WireEvents& events) {
        switch (state_) {
            case State::kHeader:
                return begin(static_cast<unsigned char>(octet), events);
            case State::kDescriptor:
                descriptor_ = static_cast<unsigned char>(octet);
                state_ = State::kHeader;
                if ((descriptor_ & 0x0fU) != 0 || descriptor_ == 0) {
                    return base::fail(base::Errc::kSyntax, "an unknown descriptor code");
                }
                return {};
            default:
                return repeat(octet, events);
        }
    }

    base::Result<> begin(unsigned header, WireEvents& events) {
        if (header == 0) {
            if (descriptor_ != 0) {
                return base::fail(base::Errc::kSyntax, "two escapes before one string");
            }
            state_ = State::kDescriptor;
            return {};
        }
        if (header < kReplicate) {
            left_ = header;
            state_ = State::kLiteral;
            return {};
        }
        left_ = header & kRunMax;
        if (header >= kFiller) {
            return repeat(filler_, events);
        }
        state_ = State::kReplicated;
        return {};
    }

    base::Result<> repeat(char octet, WireEvents& events) {
        const std::string run(left_, octet);
        TRY_VOID(take(run, events));
        return end_string(events);
    }

    base::Result<> take(std::string_view octets, WireEvents& events) {
        if ((descriptor_ & kBlockMarker) != 0) {
            return append_marker(marker_, octets);
        }
        if (!octets.empty()) {
            events.data(octets);
        }
        return {};
    }

    base::Result<> end_string(WireEvents& events) {
        state_ = State::kHeader;
        const unsigned descriptor = std::exchange(descriptor_, 0);
        if ((descriptor & kBlockMarker) != 0) {
            events.marker(marker_);
            marker_.clear();
        }
        if ((descriptor & kBlockEndOfRecord) != 0) {
            events.end_record();
        }
        ended_ = (descriptor & kBlockEndOfFile) != 0;
        return {};
    }

    const char filler_;
    State state_ = State::kHeader;
    unsigned descriptor_ = 0;  // of the string that comes
    std::size_t left_ = 0;
    std::string marker_;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<WireEncoder> make_compressed_encoder(char filler) {
    return std::make_unique<CompressedEncoder>(filler);
}

std::unique_ptr<WireDecoder> make_compressed_decoder(char filler) {
    return std::make_unique<CompressedDecoder>(filler);
}

}  // namespace ftp
