// What FTP's transcripts need beside the other protocols' world: files on a disk of memory, a network in which
// data connections are made, and the client's end of them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fakes/fake_network.h"
#include "fakes/temp_folder.h"
#include "fakes/world.h"
#include "ftp/server/server.h"
#include "net/pipe.h"

namespace transcripts {

class FtpHouse {
  public:
    explicit FtpHouse(fakes::World& world);
    FtpHouse(const FtpHouse&) = delete;
    FtpHouse& operator=(const FtpHouse&) = delete;
    ~FtpHouse();

    [[nodiscard]] ftp::ServerOptions& options() { return *options_; }

    // Where data connections are made.
    [[nodiscard]] fakes::FakeNetwork& network() { return network_; }

    // `name=value` of `given: option`; false when there is none of that name.
    bool set_option(std::string_view key, std::string_view value);
    // The share is added where it is new. `who`: "anonymous", "everyone", an address ...
    void grant(std::string_view share,
               std::string_view who,
               std::string_view rights,
               std::string_view path);
    // A file of `address`, with the folders above it.
    void put_file(std::string_view address, std::string_view path, std::string_view octets);
    // Its octets; nothing when it is not there.
    [[nodiscard]] std::optional<std::string> file(std::string_view address, std::string_view path);
    // What stands aside on the disk though no session is there any more.
    [[nodiscard]] std::vector<std::string> leftovers();

    // A session on the server's end of a control connection. `client` is where its peer comes from.
    [[nodiscard]] base::Task<> serve(std::unique_ptr<net::Stream> stream);

    // The client reads and writes the control connection: PORT, EPRT, 227 and 229 say where data goes.
    void see_client(std::string_view line, bool refuses);
    void see_server(std::string_view line, const net::Endpoint& client);

    // The client's end of the data connection, opened where that was not done; null when it cannot be.
    [[nodiscard]] net::PipeStream* data();
    // The next line, without CRLF; nothing when the server ends or keeps silent.
    [[nodiscard]] std::optional<std::string> next_line();
    [[nodiscard]] std::optional<std::string> next_octets(std::size_t count);
    // True once the server has ended the data connection and everything was read.
    [[nodiscard]] bool data_ended();
    void close_data();

  private:
    void start();
    [[nodiscard]] std::shared_ptr<files::Tree> tree(std::string_view address);

    fakes::World& world_;
    fakes::TempFolder folder_;
    fakes::FakeNetwork network_;
    std::shared_ptr<ftp::ServerOptions> options_;
    ftp::PortRange ports_;
    ftp::ActivityOptions limits_;
    files::Options files_options_;
    std::unique_ptr<files::Files> files_;
    std::unique_ptr<ftp::PassivePorts> passive_;
    std::unique_ptr<ftp::Activity> activity_;
    std::unique_ptr<ftp::Services> services_;

    std::optional<net::Endpoint> listens_;    // the server, for us
    std::optional<net::Endpoint> listening_;  // we, for the server
    net::Endpoint client_;
    std::unique_ptr<net::PipeStream> data_;
    std::string received_;
};

}  // namespace transcripts
