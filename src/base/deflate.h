// DEFLATE (RFC 1951), bare or inside a zlib stream (RFC 1950): FTP's MODE Z and IMAP's COMPRESS. Streaming, in
// constant memory, and with little of it while nothing moves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace base {

enum class DeflateForm { kZlib, kRaw };

// How far back a stream may refer (RFC 1951 2).
inline constexpr std::size_t kDeflateWindowOctets = std::size_t{32} * 1024;

// Holds about 256 KiB.
class Deflater {
  public:
    enum class Flush {
        kNone,  // octets may stay inside for now
        kSync,  // all that was fed can be read by the peer; ends on an octet's border
        kEnd,   // and nothing follows
    };

    // `level` from 1, the fastest, to 9.
    Deflater(DeflateForm form, int level);
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;
    ~Deflater();

    // Appends to `out`.
    void feed(std::string_view octets, Flush flush, std::string& out);
    // Of kRaw: takes up a stream that was left after a kSync. The peer still has `history`, the last octets
    // that went out; later ones may refer to them.
    void resume(std::string_view history);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// Holds about 40 KiB from the first octet on, and the last 32 KiB of output at most after release().
class Inflater {
  public:
    explicit Inflater(DeflateForm form);

    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater();

    struct Step {
        std::size_t taken = 0;  // of the input
        std::size_t made = 0;   // octets of output
    };

    // Writes output to `out` until it is full, `octets` are used up, or a block ends. Call it again until
    // it neither takes nor makes anything. kSyntax: that is no such stream.
    [[nodiscard]] Result<Step> step(std::string_view octets, std::span<char> out);

    // The stream said that nothing follows.
    [[nodiscard]] bool ended() const { return ended_; }

    // All that came ended with the peer's kSync: an empty stored block (RFC 1951 3.2.4).
    [[nodiscard]] bool is_flushed() const;

    // Gives back all memory but what the stream may still refer to; only kRaw, and between two blocks.
    // Otherwise it does nothing.
    void release();

  private:
    struct State;

    void wake();
    void note_place(std::string_view taken);

    const DeflateForm form_;
    std::unique_ptr<State> state_;  // null before the first octet and after release()
    std::string history_;           // what is kept meanwhile
    bool ended_ = false;
    bool between_blocks_ = true;
    std::uint32_t last_octets_ = 0;  // four, the last one lowest
    int unused_bits_ = 0;            // of the last one
};

}  // namespace base
