// A whole FTP session: the input is what a client sends, in pieces ended by 0xfe; a piece that begins with 0xfd
// goes over the data connection, 0xfc ends that. Whatever comes, the session ends with its connection,
// answers in replies only, leaves no upload behind and lets nobody in without the password.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "fakes/fake_network.h"
#include "fakes/temp_folder.h"
#include "fakes/world.h"
#include "ftp/grammar/command.h"
#include "ftp/grammar/data_port.h"
#include "ftp/server/server.h"
#include "net/pipe.h"

namespace {

constexpr std::string_view kUser = "bob@x.example";
constexpr std::string_view kPassword = "onion";

// Refusals of Telnet's options, IAC WONT or DONT, stand between replies (RFC 854).
std::string without_telnet(std::string_view output) {
    std::string plain;
    while (!output.empty()) {
        const bool refusal = output.starts_with("\xff\xfc") || output.starts_with("\xff\xfe");
        if (!refusal) {
            plain += output.front();
        }
        output.remove_prefix(std::min<std::size_t>(refusal ? 3 : 1, output.size()));
    }
    return plain;
}

// Every line ends in CRLF; each begins with a code, or is inside of a reply.
void check_output(std::string_view said) {
    const std::string plain = without_telnet(said);
    std::string_view output = plain;
    CHECK(output.empty() || output.starts_with("220 "));
    while (!output.empty()) {
        const std::string_view line = base::split_front(output, '\n');
        CHECK(line.ends_with('\r') && (line.starts_with(' ') || base::is_digit(line.front())));
    }
}

// The client's end of data connections: to wherever the last 227 or 229 said.
class DataClient {
  public:
    explicit DataClient(fakes::FakeNetwork& network) : network_(network) {}

    void see(std::string_view output) {
        while (!output.empty()) {
            const std::string_view line = base::split_front(output, '\n');
            const auto passive = ftp::parse_227(line);
            const auto extended = ftp::parse_229(line);
            if (line.starts_with("227 ") && passive) {
                port_ = passive->port;
            } else if (line.starts_with("229 ") && extended) {
                port_ = extended->port;
            }
        }
    }

    void send(std::string_view octets) {
        if (port_) {
            stream_ = network_.dial({.address = "192.0.2.25", .port = *port_, .path = ""},
                                    {.address = "127.0.0.1", .port = 50123, .path = ""});
            port_.reset();
        }
        if (stream_) {
            stream_->push(octets);
        }
    }

    void close() { stream_.reset(); }

  private:
    fakes::FakeNetwork& network_;
    std::optional<std::uint16_t> port_;
    std::unique_ptr<net::PipeStream> stream_;
};

// The control connection's lines as the session takes them, with Telnet's commands out of them.
std::string as_taken(std::string_view sent) {
    std::string lines;
    while (!sent.empty()) {
        lines += ftp::take_telnet(base::split_front(sent, '\n')).text + '\n';
    }
    return lines;
}

std::size_t files_below(const std::string& folder) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    fakes::World world;
    world.add_domain("x.example");
    world.add_user(kUser, kPassword);
    const fakes::TempFolder folder;
    files::Options file_options;
    file_options.root = folder.path() + "/files";
    auto files =
        files::Files::start(file_options, world.store, world.pool, world.clock, world.random);
    CHECK(files.has_value());
    fakes::FakeNetwork network;
    ftp::PassivePorts passive(network, world.random, {});
    ftp::Activity activity({});
    ftp::Services services{.authenticator = *world.authenticator,
                           .files = **files,
                           .network = network,
                           .passive = passive,
                           .activity = activity,
                           .clock = world.clock,
                           .random = world.random,
                           .log = world.log,
                           .metrics = world.metrics,
                           .tls = {},
                           .watch = {},
                           .transfer_log = {},
                           .utc_offset = {}};
    auto options = std::make_shared<ftp::ServerOptions>();
    options->hostname = "x.example";
    options->marker_octets = 4;
    net::PipeOptions pipe;
    pipe.client.address = "127.0.0.1";
    auto [server, client] = net::make_pipe(world.loop, pipe);
    bool ended = false;
    base::spawn(ftp::serve(std::move(server), options, services),
                [&ended](std::exception_ptr thrown) {
                    CHECK(!thrown);
                    ended = true;
                });
    DataClient data_client(network);
    std::string sent;
    std::string output;
    for (std::string_view rest = input; !rest.empty();) {
        const std::string_view piece = base::split_front(rest, '\xfe');
        if (piece.starts_with('\xfd')) {
            data_client.send(piece.substr(1));
        } else if (piece.starts_with('\xfc')) {
            data_client.close();
        } else {
            client->push(piece);
            sent += piece;
        }
        world.loop.run_for(std::chrono::seconds(1));
        const std::string said = client->take();
        data_client.see(said);
        output += said;
    }
    client->close();
    world.loop.run_for(std::chrono::hours(2));
    CHECK(ended);
    CHECK(world.log_text.find("bug in an ftp session") == std::string::npos);
    CHECK(activity.sessions().empty());
    check_output(output);
    CHECK(files_below(folder.path() + "/files/uploads") == 0);
    CHECK(output.find("\r\n230 ") == std::string::npos ||
          as_taken(sent).find(kPassword) != std::string::npos);
    return 0;
}
