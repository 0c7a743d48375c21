// RFC 959 3.4.2: a series of blocks, each with a descriptor and a count of two octets before it.
#include <algorithm>

#include "ftp/grammar/wire_impl.h"

namespace ftp {
namespace {

constexpr std::size_t kBlockOctetsMax = 65535;
constexpr std::size_t kHeaderOctets = 3;

void put_block(unsigned descriptor, std::string_view octets, std::string& out) {
    out += static_cast<char>(descriptor);
    out += static_cast<char>(octets.size() >> 8U);
    out += static_cast<char>(octets.size() & 0xffU);
    out += octets;
}

class BlockEncoder final : public WireEncoder {
  public:
    void data(std::string_view octets, std::string& out) override {
        while (!octets.empty()) {
            const std::size_t count = std::min(octets.size(), kBlockOctetsMax);
            put_block(0, octets.substr(0, count), out);
            octets.remove_prefix(count);
        }
    }

    void end_record(std::string& out) override { put_block(kBlockEndOfRecord, {}, out); }

    void marker(std::string_view text, std::string& out) override {
        put_block(kBlockMarker, text.substr(0, kMarkerOctetsMax), out);
    }

    void end_file(std::string& out) override { put_block(kBlockEndOfFile, {}, out); }
};

class BlockDecoder final : public WireDecoder {
  public:
    base::Result<std::size_t> feed(std::string_view octets, WireEvents& events) override {
        const std::size_t given = octets.size();
        while (!octets.empty() && !ended_) {
            if (header_.size() < kHeaderOctets) {
                TRY_VOID(begin(octets, events));
                continue;
            }
            const std::string_view piece = octets.substr(0, std::min(octets.size(), left_));
            if ((descriptor() & kBlockMarker) != 0) {
                TRY_VOID(append_marker(marker_, piece));
            } else {
                events.data(piece);
            }
            left_ -= piece.size();
            octets.remove_prefix(piece.size());
            if (left_ == 0) {
                end(events);
            }
        }
        return given - octets.size();
    }

    [[nodiscard]] bool ended() const override { return ended_; }

    [[nodiscard]] bool may_end() const override { return ended_; }

  private:
    [[nodiscard]] unsigned descriptor() const { return static_cast<unsigned char>(header_[0]); }

    base::Result<> begin(std::string_view& octets, WireEvents& events) {
        header_ += octets.front();
        octets.remove_prefix(1);
        if (header_.size() < kHeaderOctets) {
            return {};
        }
        if ((descriptor() & 0x0fU) != 0) {
            return base::fail(base::Errc::kSyntax, "an unknown descriptor code before a block");
        }
        left_ = static_cast<unsigned char>(header_[1]) * std::size_t{256} +
                static_cast<unsigned char>(header_[2]);
        if (left_ == 0) {
            end(events);
        }
        return {};
    }

    void end(WireEvents& events) {
        if ((descriptor() & kBlockMarker) != 0) {
            events.marker(marker_);
            marker_.clear();
        }
        if ((descriptor() & kBlockEndOfRecord) != 0) {
            events.end_record();
        }
        ended_ = (descriptor() & kBlockEndOfFile) != 0;
        header_.clear();
    }

    std::string header_;  // of the block that is being read
    std::size_t left_ = 0;
    std::string marker_;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<WireEncoder> make_block_encoder() {
    return std::make_unique<BlockEncoder>();
}

std::unique_ptr<WireDecoder> make_block_decoder() {
    return std::make_unique<BlockDecoder>();
}

}  // namespace ftp
