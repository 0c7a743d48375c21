// FTP's URLs: what is read has a host and no line end in it, and what is written of it is read as the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/bookmarks.h"
#include "agent/ftp_url.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto url = agent::parse_ftp_url(text);
    if (!url) {
        CHECK(!url.error().text.empty());
        return 0;
    }
    CHECK(!url->host.empty());
    for (const std::string& part : {url->host, url->path, url->user.value_or("")}) {
        CHECK(!agent::looks_like_url(text) || part.find('\n') == std::string::npos);
    }
    if (agent::looks_like_url(text)) {
        const auto again = agent::parse_ftp_url(agent::format_ftp_url(*url));
        CHECK(again && again->host == url->host && again->path == url->path);
        CHECK(again->user == url->user && again->ascii == url->ascii && again->tls == url->tls);
        CHECK(again->port_or_default() == url->port_or_default());
    }
    return 0;
}
