// Types, structures and modes: hostile wire octets whole and cut, and a file that goes out and comes back.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "ftp/grammar/content.h"

namespace {

// What becomes of `wire`; nothing for an error.
std::optional<std::string> decode(const ftp::Representation& representation,
                                  std::string_view wire,
                                  std::size_t cut) {
    ftp::ContentDecoder decoder(representation);
    std::string out;
    while (!wire.empty() && !decoder.ended()) {
        const auto taken = decoder.feed(wire.substr(0, cut), out);
        if (!taken) {
            return std::nullopt;
        }
        wire.remove_prefix(*taken);
    }
    if (!decoder.finish(out)) {
        return std::nullopt;
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const std::string_view octets(reinterpret_cast<const char*>(data + 2), size - 2);
    const std::size_t cut = 1U + (data[1] % 64U);
    const ftp::Representation representation{
        .type = static_cast<ftp::Type>(data[0] & 3U),
        .form = ftp::Form::kNonPrint,
        .structure = static_cast<ftp::Structure>((data[0] >> 2U & 3U) % 3U),
        .mode = static_cast<ftp::Mode>(data[0] >> 4U & 3U)};
    const auto whole = decode(representation, octets, octets.size() + 1);
    CHECK(whole == decode(representation, octets, cut));
    ftp::ContentEncoder encoder(representation);
    std::string wire;
    encoder.feed(octets.substr(0, cut), wire);
    encoder.marker("7", wire);
    encoder.feed(octets.substr(std::min(cut, octets.size())), wire);
    encoder.finish(wire);
    const auto back = decode(representation, wire, cut);
    CHECK(back.has_value());
    // A record is a line: the last one gets its end.
    const bool padded = representation.structure == ftp::Structure::kRecord && !octets.empty() &&
                        octets.back() != '\n';
    CHECK(*back == std::string(octets) + (padded ? "\n" : ""));
    return 0;
}
