// A server with a small line protocol, and clients: what the tests of Server share.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ascii.h"
#include "base/base64.h"
#include "net/line_stream.h"
#include "net/server.h"
#include "net/test_client.h"

namespace net {

using namespace std::chrono_literals;

inline std::string describe(const TlsInfo* tls) {
    return tls == nullptr ? "clear\r\n"
                          : fmt::format("{} {} {} [{}] [{}] {} {} {}\r\n",
                                        tls->version,
                                        tls->cipher,
                                        tls->bits,
                                        tls->server_name,
                                        fmt::join(tls->client_names, ","),
                                        tls->unique.size(),
                                        tls->end_point.size(),
                                        base::base64_encode(tls->exporter));
}

// A small protocol with all that matters here: PEER, TLS, BIG n, STARTTLS, DROP, QUIT; else an echo.
inline base::Task<base::Result<>> answer(LineStream& lines, std::string command) {
    const base::SteadyTime deadline = lines.stream().loop().clock().steady() + 20s;
    if (command == "PEER") {
        lines.put(lines.stream().peer().to_string() + " to " + lines.stream().local().to_string() +
                  "\r\n");
    } else if (command == "TLS") {
        lines.put(describe(lines.stream().tls()));
    } else if (command.starts_with("BIG ")) {
        const std::string octets(base::parse_u64(command.substr(4), 1'000'000'000).value_or(0),
                                 'x');
        co_return co_await lines.stream().write(octets, deadline);
    } else if (command == "STARTTLS") {
        lines.put("go ahead\r\n");
        co_return co_await lines.start_tls(deadline);
    } else {
        lines.put("echo " + command + "\r\n");
    }
    co_return base::Result<>();
}

inline base::Task<> converse(std::unique_ptr<Stream> stream, base::Duration idle_max) {
    LineStream lines(*stream);
    lines.put("hello\r\n");
    while (true) {
        const auto line = co_await lines.read_line(512, stream->loop().clock().steady() + idle_max);
        if (!line || line->text == "QUIT") {
            lines.put(line ? "bye\r\n" : fmt::format("{}\r\n", base::errc_name(line.error().code)));
            static_cast<void>(co_await lines.flush(stream->loop().clock().steady() + 1s));
            stream->close();
            co_return;
        }
        if (line->text == "DROP") {
            co_return;
        }
        if (const auto done = co_await answer(lines, std::string(line->text)); !done) {
            co_return;
        }
    }
}

class ServerTest : public testing::TestWithParam<unsigned> {
  protected:
    ServerTest()
        : directory_(testing::TempDir() + "net_server_test." + std::to_string(::getpid())) {
        std::filesystem::create_directories(directory_);
        options_.threads = GetParam();
        listen_.address = "127.0.0.1:0";
        listen_.service = "test";
        listen_.serve = [](std::unique_ptr<Stream> stream) {
            return net::converse(std::move(stream), 20s);
        };
        listen_.refusal = [](Refusal why) {
            return why == Refusal::kTooMany ? "421 too many\r\n" : "421 too many from you\r\n";
        };
    }

    ~ServerTest() override { std::filesystem::remove_all(directory_); }

    [[nodiscard]] std::string path(const std::string& name) const {
        return directory_ + "/" + name;
    }

    CertificateFiles certificate(const std::vector<std::string>& names) {
        CertificateFiles files{.certificate = path(names.front() + ".pem"),
                               .key = path(names.front() + ".key")};
        EXPECT_TRUE(make_self_signed(names, files.certificate, files.key));
        return files;
    }

    void use_tls(TlsSettings settings = {}) {
        if (settings.certificates.empty()) {
            settings.certificates = {certificate({"mail.hamburger.example"})};
        }
        auto context = TlsContext::load(std::move(settings));
        ASSERT_TRUE(context) << context.error().text;
        listen_.tls = *context;
    }

    Server& start() {
        server_.emplace(options_);
        const auto bound = server_->listen(listen_);
        EXPECT_TRUE(bound) << bound.error().text;
        bound_ = bound.value_or(Endpoint());
        server_->start();
        return *server_;
    }

    // Connected and greeted.
    TestClient& connect() {
        TestClient& client = clients_.emplace_back(bound_);
        EXPECT_EQ(client.read_line(), "hello");
        return client;
    }

    static std::string ask(TestClient& client, const std::string& command) {
        client.send(command + "\r\n");
        return client.read_line();
    }

    std::string directory_;
    ServerOptions options_;
    ListenOptions listen_;
    Endpoint bound_;
    std::optional<Server> server_;
    std::deque<TestClient> clients_;
};

}  // namespace net
