// MODE Z: the octets of stream mode inside one zlib stream (RFC 1950, RFC 1951), which ends with the file.
#include <array>

#include "base/deflate.h"
#include "ftp/grammar/wire_impl.h"

namespace ftp {
namespace {

constexpr std::size_t kPieceOctets = std::size_t{16} * 1024;

using base::Deflater;

class DeflateEncoder final : public WireEncoder {
  public:
    DeflateEncoder(std::unique_ptr<WireEncoder> inner, int level)
        : inner_(std::move(inner)),
          deflater_(base::DeflateForm::kZlib, level) {}

    void data(std::string_view octets, std::string& out) override {
        plain_.clear();
        inner_->data(octets, plain_);
        deflater_.feed(plain_, Deflater::Flush::kNone, out);
    }

    void end_record(std::string& out) override {
        plain_.clear();
        inner_->end_record(plain_);
        deflater_.feed(plain_, Deflater::Flush::kNone, out);
    }

    void marker(std::string_view /*text*/, std::string& /*out*/) override {}

    void end_file(std::string& out) override {
        plain_.clear();
        inner_->end_file(plain_);
        deflater_.feed(plain_, Deflater::Flush::kEnd, out);
    }

  private:
    std::unique_ptr<WireEncoder> inner_;
    Deflater deflater_;
    std::string plain_;
};

class DeflateDecoder final : public WireDecoder {
  public:
    explicit DeflateDecoder(std::unique_ptr<WireDecoder> inner) : inner_(std::move(inner)) {}

    // A piece of input may grow a thousand times: the events see it in pieces, and whoever takes them
    // counts what is written.
    base::Result<std::size_t> feed(std::string_view octets, WireEvents& events) override {
        std::array<char, kPieceOctets> piece;  // NOLINT(*-member-init): the inflater fills it
        std::size_t taken = 0;
        while (true) {
            TRY(const base::Inflater::Step done, inflater_.step(octets.substr(taken), piece));
            taken += done.taken;
            if (done.made > 0) {
                TRY_VOID(inner_->feed({piece.data(), done.made}, events));
            }
            if (done.taken == 0 && done.made == 0) {
                return taken;
            }
        }
    }

    [[nodiscard]] bool ended() const override { return inflater_.ended(); }

    [[nodiscard]] bool may_end() const override { return inflater_.ended() && inner_->may_end(); }

  private:
    std::unique_ptr<WireDecoder> inner_;
    base::Inflater inflater_{base::DeflateForm::kZlib};
};

}  // namespace

std::unique_ptr<WireEncoder> make_deflate_encoder(std::unique_ptr<WireEncoder> inner, int level) {
    return std::make_unique<DeflateEncoder>(std::move(inner), level);
}

std::unique_ptr<WireDecoder> make_deflate_decoder(std::unique_ptr<WireDecoder> inner) {
    return std::make_unique<DeflateDecoder>(std::move(inner));
}

}  // namespace ftp
