#include "net/stream.h"

namespace net {

base::Task<base::Result<>> Stream::start_tls_client(TlsClientOptions /*options*/,
                                                    base::SteadyTime /*deadline*/) {
    co_return base::fail(base::Errc::kUnsupported, "no TLS on this stream");
}

base::Task<base::Result<>> Stream::shut_down_write(base::SteadyTime /*deadline*/) {
    co_return base::fail(base::Errc::kUnsupported, "this stream only closes as a whole");
}

}  // namespace net
