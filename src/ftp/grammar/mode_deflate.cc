// MODE Z: the octets of stream mode inside one zlib stream (RFC 1950, RFC 1951), which ends with the file.
#include <zlib.h>

#include <array>

#include "base/check.h"
#include "ftp/grammar/wire_impl.h"

namespace ftp {
namespace {

constexpr std::size_t kPieceOctets = 16 * 1024;

// zlib's view of ours; it does not write through next_in.
Bytef* input(std::string_view octets) {
    return reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));  // NOLINT
}

class DeflateEncoder final : public WireEncoder {
  public:
    DeflateEncoder(std::unique_ptr<WireEncoder> inner, int level) : inner_(std::move(inner)) {
        CHECK(::deflateInit(&zlib_, level) == Z_OK);
    }

    DeflateEncoder(const DeflateEncoder&) = delete;
    DeflateEncoder& operator=(const DeflateEncoder&) = delete;

    ~DeflateEncoder() override { ::deflateEnd(&zlib_); }

    void data(std::string_view octets, std::string& out) override {
        plain_.clear();
        inner_->data(octets, plain_);
        pump(Z_NO_FLUSH, out);
    }

    void end_record(std::string& out) override {
        plain_.clear();
        inner_->end_record(plain_);
        pump(Z_NO_FLUSH, out);
    }

    void marker(std::string_view /*text*/, std::string& /*out*/) override {}

    void end_file(std::string& out) override {
        plain_.clear();
        inner_->end_file(plain_);
        pump(Z_FINISH, out);
    }

  private:
    void pump(int flush, std::string& out) {
        std::array<Bytef, kPieceOctets> piece;
        zlib_.next_in = input(plain_);
        zlib_.avail_in = static_cast<uInt>(plain_.size());
        do {
            zlib_.next_out = piece.data();
            zlib_.avail_out = piece.size();
            CHECK(::deflate(&zlib_, flush) != Z_STREAM_ERROR);
            out.append(reinterpret_cast<const char*>(piece.data()), piece.size() - zlib_.avail_out);
        } while (zlib_.avail_out == 0);
    }

    std::unique_ptr<WireEncoder> inner_;
    z_stream zlib_{};
    std::string plain_;
};

class DeflateDecoder final : public WireDecoder {
  public:
    explicit DeflateDecoder(std::unique_ptr<WireDecoder> inner) : inner_(std::move(inner)) {
        CHECK(::inflateInit(&zlib_) == Z_OK);
    }

    DeflateDecoder(const DeflateDecoder&) = delete;
    DeflateDecoder& operator=(const DeflateDecoder&) = delete;

    ~DeflateDecoder() override { ::inflateEnd(&zlib_); }

    // A piece of input may grow a thousand times: the events see it in pieces, and whoever takes them
    // counts what is written.
    base::Result<std::size_t> feed(std::string_view octets, WireEvents& events) override {
        std::array<Bytef, kPieceOctets> piece;
        zlib_.next_in = input(octets);
        zlib_.avail_in = static_cast<uInt>(octets.size());
        int result = ended_ ? Z_STREAM_END : Z_OK;
        do {
            zlib_.next_out = piece.data();
            zlib_.avail_out = piece.size();
            result = result == Z_STREAM_END ? result : ::inflate(&zlib_, Z_NO_FLUSH);
            if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
                return base::fail(base::Errc::kSyntax, "the data is no zlib stream");
            }
            const std::size_t count = piece.size() - zlib_.avail_out;
            if (count > 0) {
                TRY_VOID(
                    inner_->feed({reinterpret_cast<const char*>(piece.data()), count}, events));
            }
        } while (zlib_.avail_out == 0 && result == Z_OK);
        ended_ = result == Z_STREAM_END;
        return octets.size() - zlib_.avail_in;
    }

    [[nodiscard]] bool ended() const override { return ended_; }

    [[nodiscard]] bool may_end() const override { return ended_ && inner_->may_end(); }

  private:
    std::unique_ptr<WireDecoder> inner_;
    z_stream zlib_{};
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<WireEncoder> make_deflate_encoder(std::unique_ptr<WireEncoder> inner, int level) {
    return std::make_unique<DeflateEncoder>(std::move(inner), level);
}

std::unique_ptr<WireDecoder> make_deflate_decoder(std::unique_ptr<WireDecoder> inner) {
    return std::make_unique<DeflateDecoder>(std::move(inner));
}

}  // namespace ftp
