#include "app/metrics_http.h"

#include <fmt/format.h>

#include "base/ascii.h"
#include "net/line_stream.h"

namespace app {
namespace {

constexpr std::size_t kLineOctetsMax = 8UL * 1024;
constexpr std::size_t kFieldsMax = 100;
constexpr auto kPatience = std::chrono::seconds(10);

struct HttpRequest {
    std::string method;
    std::string path;
};

// request-line = method SP request-target SP HTTP-version (RFC 9112 3), then fields up to an empty line,
// which say nothing that matters here. kSyntax is answered with 400.
base::Task<base::Result<HttpRequest>> read_request(net::LineStream& lines) {
    const auto deadline = lines.stream().loop().clock().steady() + kPatience;
    CO_TRY(const net::Line first, co_await lines.read_line(kLineOctetsMax, deadline));
    std::string_view rest = first.text;
    HttpRequest request;
    request.method = base::split_front(rest, ' ');
    request.path = base::split_front(rest, ' ');
    const bool well_formed = rest.starts_with("HTTP/1.") && request.path.starts_with('/');
    for (std::size_t i = 0; i < kFieldsMax; ++i) {
        CO_TRY(const net::Line field, co_await lines.read_line(kLineOctetsMax, deadline));
        if (field.text.empty()) {
            if (!well_formed) {
                co_return base::fail(base::Errc::kSyntax, "no HTTP/1 request line");
            }
            co_return request;
        }
    }
    co_return base::fail(base::Errc::kTooLong, "too many fields");
}

std::string respond(std::string_view status, std::string_view type, std::string_view body) {
    return fmt::format(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        status,
        type,
        body.size(),
        body);
}

std::string refuse(std::string_view status) {
    return respond(status, "text/plain", fmt::format("{}; try GET /metrics\n", status));
}

std::string answer(const HttpRequest& request,
                   const base::Metrics& metrics,
                   const RefreshMetrics& refresh) {
    if (request.method != "GET") {
        return refuse("405 Method Not Allowed\r\nAllow: GET");
    }
    if (request.path != "/metrics") {
        return refuse("404 Not Found");
    }
    refresh();
    return respond("200 OK", "text/plain; version=0.0.4", metrics.prometheus_text());
}

}  // namespace

base::Task<> serve_metrics(std::unique_ptr<net::Stream> stream,
                           const base::Metrics& metrics,
                           const RefreshMetrics& refresh) {
    net::LineStream lines(*stream);
    const auto request = co_await read_request(lines);
    if (request) {
        lines.put(answer(*request, metrics, refresh));
    } else if (request.error().code == base::Errc::kSyntax ||
               request.error().code == base::Errc::kTooLong) {
        lines.put(refuse("400 Bad Request"));
    }
    // A scraper that is gone already misses nothing.
    static_cast<void>(co_await lines.flush(stream->loop().clock().steady() + kPatience));
    stream->close();
}

}  // namespace app
