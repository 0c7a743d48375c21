// The codecs of single modes, for wire.cc, which chooses among them.
#pragma once

#include "ftp/grammar/wire.h"

namespace ftp {

// mode_stream.cc: RFC 959 3.4.1
[[nodiscard]] std::unique_ptr<WireEncoder> make_stream_encoder(bool records);
[[nodiscard]] std::unique_ptr<WireDecoder> make_stream_decoder(bool records);
// mode_block.cc: RFC 959 3.4.2
[[nodiscard]] std::unique_ptr<WireEncoder> make_block_encoder();
[[nodiscard]] std::unique_ptr<WireDecoder> make_block_decoder();
// mode_compressed.cc: RFC 959 3.4.3
[[nodiscard]] std::unique_ptr<WireEncoder> make_compressed_encoder(char filler);
[[nodiscard]] std::unique_ptr<WireDecoder> make_compressed_decoder(char filler);
// mode_deflate.cc: what stands inside is as in stream mode.
[[nodiscard]] std::unique_ptr<WireEncoder> make_deflate_encoder(std::unique_ptr<WireEncoder> inner,
                                                                int level);
[[nodiscard]] std::unique_ptr<WireDecoder> make_deflate_decoder(std::unique_ptr<WireDecoder> inner);

// A marker that is being collected. kTooLong beyond kMarkerOctetsMax.
[[nodiscard]] base::Result<> append_marker(std::string& marker, std::string_view octets);

}  // namespace ftp
