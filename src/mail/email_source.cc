#include "mail/email_source.h"

#include <algorithm>

#include "mail/summarizer.h"

namespace mail {
namespace {

constexpr std::size_t kReadOctets = std::size_t{64} * 1024;

}  // namespace

base::Task<base::Result<std::string>> read_octets(base::Loop& loop,
                                                  store::BlobReader& body,
                                                  std::uint64_t begin,
                                                  std::uint64_t end) {
    end = std::min(end, body.size());
    std::string octets(end > begin ? end - begin : 0, '\0');
    std::size_t filled = 0;
    while (filled < octets.size()) {
        CO_TRY(
            const std::size_t got,
            co_await body.read(
                loop, begin + filled, std::span(octets.data() + filled, octets.size() - filled)));
        if (got == 0) {
            co_return base::fail(base::Errc::kCorrupt, "a message ends before its end");
        }
        filled += got;
    }
    co_return octets;
}

base::Task<base::Result<Summary>> summarize_body(base::Loop& loop, store::BlobReader& body) {
    Summarizer summarizer;
    for (std::uint64_t at = 0; at < body.size(); at += kReadOctets) {
        CO_TRY(const std::string octets, co_await read_octets(loop, body, at, at + kReadOctets));
        summarizer.feed(octets);
    }
    co_return summarizer.finish();
}

}  // namespace mail
