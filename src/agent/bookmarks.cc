#include "agent/bookmarks.h"

#include <fmt/format.h>

#include "agent/local_file.h"
#include "base/ascii.h"
#include "base/environment.h"

namespace agent {
namespace {

constexpr std::size_t kOctetsMax = std::size_t{1} << 20;

std::string bookmarks_path() {
    const std::string home = base::environment("HOME");
    return (home.empty() ? "." : home) + "/.staffetta-ftp-bookmarks";
}

// RFC 3986 2.1: what is not unreserved; in a path '/' stays.
std::string encode(std::string_view text, std::string_view kept) {
    std::string encoded;
    for (const char c : text) {
        const bool plain = base::is_alnum(c) || std::string_view("-._~").find(c) < 4 ||
                           kept.find(c) != std::string_view::npos;
        encoded +=
            plain ? std::string(1, c)
                  : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return encoded;
}

}  // namespace

Bookmarks read_bookmarks() {
    Bookmarks bookmarks;
    const auto text = read_file(bookmarks_path(), kOctetsMax);
    std::string_view rest = text ? std::string_view(*text) : std::string_view();
    while (!rest.empty()) {
        std::string_view line = base::split_front(rest, '\n');
        const std::string name(base::split_front(line, ' '));
        if (!name.empty() && !line.empty()) {
            bookmarks[name] = line;
        }
    }
    return bookmarks;
}

base::Result<> write_bookmarks(const Bookmarks& bookmarks) {
    std::string text;
    for (const auto& [name, url] : bookmarks) {
        text += fmt::format("{} {}\n", name, url);
    }
    return replace_file(bookmarks_path(), text);
}

std::vector<std::string> bookmark_names() {
    std::vector<std::string> names;
    for (const auto& [name, url] : read_bookmarks()) {
        names.push_back(name);
    }
    return names;
}

std::string format_ftp_url(const FtpUrl& url) {
    const std::string_view scheme = url.tls == ftp::ClientTls::kImplicit   ? "ftps"
                                    : url.tls == ftp::ClientTls::kRequired ? "ftpes"
                                                                           : "ftp";
    const bool ipv6 = url.host.find(':') != std::string::npos;
    // A path from the root begins with a slash of its own.
    const bool from_root = url.path.starts_with('/');
    return fmt::format("{}://{}{}:{}/{}{}",
                       scheme,
                       url.user ? encode(*url.user, "") + "@" : "",
                       ipv6 ? "[" + url.host + "]" : encode(url.host, ""),
                       url.port_or_default(),
                       (from_root ? "%2F" : "") + encode(url.path.substr(from_root ? 1 : 0), "/"),
                       url.ascii ? ";type=a" : "");
}

}  // namespace agent
