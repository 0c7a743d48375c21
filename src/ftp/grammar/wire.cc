#include "ftp/grammar/wire.h"

#include "ftp/grammar/wire_impl.h"

namespace ftp {

std::unique_ptr<WireEncoder> make_encoder(Mode mode, Structure structure, char filler, int level) {
    const bool records = structure == Structure::kRecord;
    switch (mode) {
        case Mode::kBlock:
            return make_block_encoder();
        case Mode::kCompressed:
            return make_compressed_encoder(filler);
        case Mode::kDeflate:
            return make_deflate_encoder(make_stream_encoder(records), level);
        case Mode::kStream:
            break;
    }
    return make_stream_encoder(records);
}

std::unique_ptr<WireDecoder> make_decoder(Mode mode, Structure structure, char filler) {
    const bool records = structure == Structure::kRecord;
    switch (mode) {
        case Mode::kBlock:
            return make_block_decoder();
        case Mode::kCompressed:
            return make_compressed_decoder(filler);
        case Mode::kDeflate:
            return make_deflate_decoder(make_stream_decoder(records));
        case Mode::kStream:
            break;
    }
    return make_stream_decoder(records);
}

base::Result<> append_marker(std::string& marker, std::string_view octets) {
    if (marker.size() + octets.size() > kMarkerOctetsMax) {
        return base::fail(base::Errc::kTooLong, "a restart marker of more than 255 octets");
    }
    marker += octets;
    return {};
}

}  // namespace ftp
