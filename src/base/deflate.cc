#include "base/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/release.h"

namespace base {

namespace {

constexpr std::size_t kPieceOctets = std::size_t{16} * 1024;
// What zlib reports in data_type after a step (its manual, inflate()).
constexpr int kUnusedBits = 63;
constexpr int kInLastBlock = 64;
constexpr int kBetweenBlocks = 128;

// zlib's view of ours; it does not write through next_in.
Bytef* input(std::string_view octets) {
    return reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));  // NOLINT
}

int window_bits(DeflateForm form) {
    return form == DeflateForm::kRaw ? -MAX_WBITS : MAX_WBITS;
}

int flush_word(Deflater::Flush flush) {
    switch (flush) {
        case Deflater::Flush::kSync:
            return Z_SYNC_FLUSH;
        case Deflater::Flush::kEnd:
            return Z_FINISH;
        default:
            return Z_NO_FLUSH;
    }
}

}  // namespace

struct Deflater::State {
    z_stream zlib{};
};

Deflater::Deflater(DeflateForm form, int level) : state_(std::make_unique<State>()) {
    constexpr int kMemoryLevel = 8;  // zlib's own choice
    CHECK(::deflateInit2(&state_->zlib,
                         level,
                         Z_DEFLATED,
                         window_bits(form),
                         kMemoryLevel,
                         Z_DEFAULT_STRATEGY) == Z_OK);
}

Deflater::~Deflater() {
    ::deflateEnd(&state_->zlib);
}

void Deflater::feed(std::string_view octets, Flush flush, std::string& out) {
    z_stream& zlib = state_->zlib;
    std::array<Bytef, kPieceOctets> piece;  // NOLINT(*-member-init): deflate fills it
    zlib.next_in = input(octets);
    zlib.avail_in = static_cast<uInt>(octets.size());
    do {
        zlib.next_out = piece.data();
        zlib.avail_out = piece.size();
        CHECK(::deflate(&zlib, flush_word(flush)) != Z_STREAM_ERROR);
        out.append(reinterpret_cast<const char*>(piece.data()), piece.size() - zlib.avail_out);
    } while (zlib.avail_out == 0);
}

void Deflater::resume(std::string_view history) {
    z_stream& zlib = state_->zlib;
    CHECK(::deflateReset(&zlib) == Z_OK);
    CHECK(history.empty() ||
          ::deflateSetDictionary(&zlib, input(history), static_cast<uInt>(history.size())) == Z_OK);
}

struct Inflater::State {
    z_stream zlib{};

    explicit State(DeflateForm form) { CHECK(::inflateInit2(&zlib, window_bits(form)) == Z_OK); }

    State(const State&) = delete;
    State& operator=(const State&) = delete;

    ~State() { ::inflateEnd(&zlib); }
};

Inflater::Inflater(DeflateForm form) : form_(form) {}

Inflater::~Inflater() = default;

// Where release() left off.
void Inflater::wake() {
    state_ = std::make_unique<State>(form_);
    if (!history_.empty()) {
        CHECK(::inflateSetDictionary(
                  &state_->zlib, input(history_), static_cast<uInt>(history_.size())) == Z_OK);
    }
    if (unused_bits_ > 0) {
        CHECK(::inflatePrime(&state_->zlib,
                             unused_bits_,
                             static_cast<int>((last_octets_ & 0xFFU) >>
                                              (8U - static_cast<unsigned>(unused_bits_)))) == Z_OK);
    }
    base::release(history_);
}

void Inflater::note_place(std::string_view taken) {
    const int place = state_->zlib.data_type;
    between_blocks_ = (place & kBetweenBlocks) != 0 && (place & kInLastBlock) == 0;
    unused_bits_ = place & kUnusedBits;
    taken.remove_prefix(taken.size() - std::min(taken.size(), sizeof(last_octets_)));
    for (const char octet : taken) {
        last_octets_ = last_octets_ << 8U | static_cast<unsigned char>(octet);
    }
}

bool Inflater::is_flushed() const {
    return between_blocks_ && unused_bits_ == 0 && last_octets_ == 0x0000FFFFU;
}

Result<Inflater::Step> Inflater::step(std::string_view octets, std::span<char> out) {
    // Between blocks nothing is left inside; and zlib, asked in vain, would forget that it stands there.
    if (ended_ || (octets.empty() && between_blocks_)) {
        return Step{};
    }
    if (state_ == nullptr) {
        wake();
    }
    z_stream& zlib = state_->zlib;
    zlib.next_in = input(octets);
    zlib.avail_in = static_cast<uInt>(octets.size());
    zlib.next_out = reinterpret_cast<Bytef*>(out.data());
    zlib.avail_out = static_cast<uInt>(out.size());
    const int result = ::inflate(&zlib, Z_BLOCK);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        return fail(Errc::kSyntax, "no DEFLATE stream");
    }
    ended_ = result == Z_STREAM_END;
    const Step done{octets.size() - zlib.avail_in, out.size() - zlib.avail_out};
    note_place(octets.substr(0, done.taken));
    return done;
}

void Inflater::release() {
    // Eight bits or more cannot be handed to the next state in one octet.
    if (state_ == nullptr || form_ != DeflateForm::kRaw || !between_blocks_ || unused_bits_ > 7) {
        return;
    }
    uInt octets = 0;
    CHECK(::inflateGetDictionary(&state_->zlib, nullptr, &octets) == Z_OK);
    std::string history(octets, '\0');
    CHECK(::inflateGetDictionary(
              &state_->zlib, reinterpret_cast<Bytef*>(history.data()), &octets) == Z_OK);
    history_ = std::move(history);
    state_.reset();
}

}  // namespace base
