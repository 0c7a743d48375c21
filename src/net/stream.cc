#include "net/stream.h"

namespace net {

base::Task<base::Result<>> Stream::start_tls_client(TlsClientOptions /*options*/,
                                                    base::SteadyTime /*deadline*/) {
    co_return base::fail(base::Errc::kUnsupported, "no TLS on this stream");
}

base::Task<base::Result<>> Stream::start_tls_bound(Stream& /*control*/,
                                                   AcceptsBinding /*accepts*/,
                                                   base::SteadyTime deadline) {
    co_return co_await start_tls(deadline);
}

base::Task<base::Result<>> Stream::stop_tls(base::SteadyTime /*deadline*/) {
    co_return base::fail(base::Errc::kUnsupported, "TLS lasts as long as this stream");
}

base::Task<base::Result<std::uint64_t>> Stream::send_file(int /*fd*/,
                                                          std::uint64_t /*offset*/,
                                                          std::uint64_t /*count*/,
                                                          base::Duration /*stall*/) {
    co_return base::fail(base::Errc::kUnsupported, "this stream takes octets, not files");
}

base::Task<base::Result<std::uint64_t>> Stream::receive_file(int /*fd*/,
                                                             std::uint64_t /*offset*/,
                                                             std::uint64_t /*count_max*/,
                                                             base::Duration /*stall*/) {
    co_return base::fail(base::Errc::kUnsupported, "this stream gives octets, not files");
}

base::Task<base::Result<std::size_t>> Stream::receive_into(std::span<char> /*room*/,
                                                           base::SteadyTime /*deadline*/) {
    co_return base::fail(base::Errc::kUnsupported, "this stream gives octets where it wants");
}

std::function<Stream::Traffic()> Stream::traffic() const {
    return [] { return Traffic::kNone; };
}

base::Task<base::Result<>> Stream::shut_down_write(base::SteadyTime /*deadline*/) {
    co_return base::fail(base::Errc::kUnsupported, "this stream only closes as a whole");
}

}  // namespace net
