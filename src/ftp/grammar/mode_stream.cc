// RFC 959 3.4.1: octets as they are; in record structure, X'FF' and a control code between records.
#include <algorithm>
#include <array>

#include "ftp/grammar/wire_impl.h"

namespace ftp {
namespace {

constexpr char kEscape = '\xff';
constexpr char kEndOfRecord = '\x01';
constexpr char kEndOfFile = '\x02';
constexpr char kEndOfBoth = '\x03';

class PlainEncoder final : public WireEncoder {
  public:
    void data(std::string_view octets, std::string& out) override { out += octets; }

    void end_record(std::string& /*out*/) override {}

    void marker(std::string_view /*text*/, std::string& /*out*/) override {}

    void end_file(std::string& /*out*/) override {}
};

class PlainDecoder final : public WireDecoder {
  public:
    base::Result<std::size_t> feed(std::string_view octets, WireEvents& events) override {
        events.data(octets);
        return octets.size();
    }

    [[nodiscard]] bool ended() const override { return false; }

    [[nodiscard]] bool may_end() const override { return true; }
};

class RecordEncoder final : public WireEncoder {
  public:
    void data(std::string_view octets, std::string& out) override {
        while (!octets.empty()) {
            const std::size_t end = std::min(octets.find(kEscape), octets.size());
            out += octets.substr(0, end);
            if (end < octets.size()) {
                out += kEscape;
                out += kEscape;
            }
            octets.remove_prefix(std::min(end + 1, octets.size()));
        }
    }

    void end_record(std::string& out) override {
        out += kEscape;
        out += kEndOfRecord;
    }

    void marker(std::string_view /*text*/, std::string& /*out*/) override {}

    void end_file(std::string& out) override {
        out += kEscape;
        out += kEndOfFile;
    }
};

class RecordDecoder final : public WireDecoder {
  public:
    base::Result<std::size_t> feed(std::string_view octets, WireEvents& events) override {
        std::size_t at = 0;
        while (at < octets.size() && !ended_) {
            if (escaped_) {
                escaped_ = false;
                TRY_VOID(control(octets[at++], events));
                continue;
            }
            const std::size_t end = std::min(octets.find(kEscape, at), octets.size());
            if (end > at) {
                events.data(octets.substr(at, end - at));
            }
            escaped_ = end < octets.size();
            at = std::min(end + 1, octets.size());
        }
        return at;
    }

    [[nodiscard]] bool ended() const override { return ended_; }

    // RFC 959 3.4.1: the end of the connection is the end of the file here too, when nothing is open.
    [[nodiscard]] bool may_end() const override { return ended_ || !escaped_; }

  private:
    base::Result<> control(char code, WireEvents& events) {
        static constexpr char kQuoted = kEscape;
        switch (code) {
            case kEscape:
                events.data({&kQuoted, 1});
                return {};
            case kEndOfRecord:
                events.end_record();
                return {};
            case kEndOfBoth:
                events.end_record();
                [[fallthrough]];
            case kEndOfFile:
                ended_ = true;
                return {};
            default:
                return base::fail(base::Errc::kSyntax, "an unknown control code between records");
        }
    }

    bool escaped_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<WireEncoder> make_stream_encoder(bool records) {
    if (records) {
        return std::make_unique<RecordEncoder>();
    }
    return std::make_unique<PlainEncoder>();
}

std::unique_ptr<WireDecoder> make_stream_decoder(bool records) {
    if (records) {
        return std::make_unique<RecordDecoder>();
    }
    return std::make_unique<PlainDecoder>();
}

}  // namespace ftp
