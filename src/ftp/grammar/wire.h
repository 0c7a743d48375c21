// The transmission modes as streaming codecs in constant memory (RFC 959 3.4; MODE Z is deflate, RFC 1950):
// octets and the marks between them to what a data connection carries, and back.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ftp/grammar/representation.h"

namespace ftp {

// One transfer's way out. Everything is appended to `out`.
class WireEncoder {
  public:
    WireEncoder() = default;
    WireEncoder(const WireEncoder&) = delete;
    WireEncoder& operator=(const WireEncoder&) = delete;
    virtual ~WireEncoder() = default;

    virtual void data(std::string_view octets, std::string& out) = 0;
    // STRU R only.
    virtual void end_record(std::string& out) = 0;
    // RFC 959 3.5: printable text without spaces. Nothing where the mode cannot carry it.
    virtual void marker(std::string_view text, std::string& out) = 0;
    virtual void end_file(std::string& out) = 0;
};

// What comes in.
class WireEvents {
  public:
    WireEvents() = default;
    WireEvents(const WireEvents&) = delete;
    WireEvents& operator=(const WireEvents&) = delete;
    virtual ~WireEvents() = default;

    virtual void data(std::string_view octets) = 0;
    virtual void end_record() = 0;
    virtual void marker(std::string_view text) = 0;
};

class WireDecoder {
  public:
    WireDecoder() = default;
    WireDecoder(const WireDecoder&) = delete;
    WireDecoder& operator=(const WireDecoder&) = delete;
    virtual ~WireDecoder() = default;

    // kSyntax: not what the mode allows; kTooLong: a marker beyond 255 octets. How many octets were taken:
    // fewer than given only once ended() is true, the rest belongs to the next file (modes B and C).
    [[nodiscard]] virtual base::Result<std::size_t> feed(std::string_view octets,
                                                         WireEvents& events) = 0;
    // The file's end was marked.
    [[nodiscard]] virtual bool ended() const = 0;
    // The connection ended here: whether that may be the file's end.
    [[nodiscard]] virtual bool may_end() const = 0;
};

// `filler` is what compressed mode's filler octet stands for: space in text, zero else. `level` is
// deflate's, 1 to 9.
[[nodiscard]] std::unique_ptr<WireEncoder> make_encoder(Mode mode,
                                                        Structure structure,
                                                        char filler,
                                                        int level = 6);
[[nodiscard]] std::unique_ptr<WireDecoder> make_decoder(Mode mode,
                                                        Structure structure,
                                                        char filler);

// RFC 959 3.4.2: the descriptor codes of blocks, and of compressed mode's escape sequences.
inline constexpr unsigned kBlockEndOfRecord = 128;
inline constexpr unsigned kBlockEndOfFile = 64;
inline constexpr unsigned kBlockErrors = 32;
inline constexpr unsigned kBlockMarker = 16;

inline constexpr std::size_t kMarkerOctetsMax = 255;

}  // namespace ftp
