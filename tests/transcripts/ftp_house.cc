#include "transcripts/ftp_house.h"

#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>

#include "account/address.h"
#include "base/ascii.h"
#include "files/shares.h"
#include "ftp/grammar/command.h"
#include "ftp/grammar/data_port.h"

namespace transcripts {

namespace fs = std::filesystem;

FtpHouse::FtpHouse(fakes::World& world)
    : world_(world),
      options_(std::make_shared<ftp::ServerOptions>()) {}

FtpHouse::~FtpHouse() = default;

bool FtpHouse::set_option(std::string_view key, std::string_view value) {
    const std::uint64_t number = base::parse_u64(value).value_or(0);
    const std::map<std::string_view, std::function<void()>> options = {
        {"active", [&] { options_->active = value == "true"; }},
        {"allow_ccc", [&] { options_->allow_ccc = value == "true"; }},
        {"require_data_tls", [&] { options_->require_data_tls = value == "true"; }},
        {"errors_max", [&] { options_->errors_max = number; }},
        {"login_failures_max", [&] { options_->login_failures_max = number; }},
        {"sorted_max", [&] { options_->sorted_max = number; }},
        {"marker_octets", [&] { options_->marker_octets = number; }},
        {"external_address", [&] { options_->external.address = value; }},
        {"external_rule",  // CLIENTS,ADDRESS
         [&] {
             const std::size_t comma = value.find(',');
             options_->external.rules.push_back(
                 {.clients = net::AddressBlock::parse(value.substr(0, comma)).value(),
                  .address = std::string(value.substr(comma + 1))});
         }},
        {"fxp_account", [&] { options_->fxp_accounts.emplace_back(value); }},
        {"fxp_network",
         [&] { options_->fxp_networks.push_back(net::AddressBlock::parse(value).value()); }},
        {"host", [&] { options_->hosts.emplace_back(value); }},
        {"greeting", [&] { options_->greeting = value; }},
        {"welcome", [&] { options_->welcome = value; }},
        {"passive_ports", [&] { ports_.first = ports_.last = static_cast<std::uint16_t>(number); }},
        {"sessions_per_account", [&] { limits_.per_account.sessions = number; }},
        {"sessions", [&] { limits_.total.sessions = number; }},
        {"transfers_per_address", [&] { limits_.per_address.transfers = number; }},
        {"rate", [&] { limits_.total.octets_per_second = number; }},
        {"anonymous",
         [&] {
             options_->anonymous = true;
             files_options_.anonymous_share = value;
         }},
        {"keep_partials", [&] { files_options_.keep_partials = value == "true"; }},
        {"symlinks",
         [&] {
             files_options_.links =
                 value == "inside" ? files::Links::kInside : files::Links::kRefuse;
         }},
        {"quota", [&] { files_options_.quota_octets = number; }},
        {"max_files", [&] { files_options_.quota_files = number; }},
    };
    const auto option = options.find(key);
    if (option == options.end()) {
        return false;
    }
    option->second();
    return true;
}

void FtpHouse::start() {
    if (services_) {
        return;
    }
    files_options_.root = folder_.path() + "/files";
    auto files =
        files::Files::start(files_options_, world_.store, world_.pool, world_.clock, world_.random);
    CHECK(files.has_value());
    files_ = std::move(*files);
    passive_ = std::make_unique<ftp::PassivePorts>(network_, world_.random, ports_);
    activity_ = std::make_unique<ftp::Activity>(limits_);
    services_.reset(new ftp::Services{.authenticator = *world_.authenticator,
                                      .files = *files_,
                                      .network = network_,
                                      .passive = *passive_,
                                      .activity = *activity_,
                                      .clock = world_.clock,
                                      .random = world_.random,
                                      .log = world_.log,
                                      .metrics = world_.metrics,
                                      .resolver = &world_.resolver,
                                      .tls = {},
                                      .watch = {},
                                      .transfer_log = {},
                                      .utc_offset = {}});
}

base::Task<> FtpHouse::serve(std::unique_ptr<net::Stream> stream) {
    start();
    return ftp::serve(std::move(stream), options_, *services_);
}

std::shared_ptr<files::Tree> FtpHouse::tree(std::string_view address) {
    start();
    const auto parsed = account::parse_address(address);
    CHECK(parsed.has_value());
    const auto account = account::find_account(*world_.store.snapshot(), *parsed);
    CHECK(account.has_value() && account->has_value());
    auto opened = world_.run(files_->open_tree(world_.loop, (*account)->id));
    CHECK(opened.has_value());
    return std::move(*opened);
}

void FtpHouse::grant(std::string_view share,
                     std::string_view who,
                     std::string_view rights,
                     std::string_view path) {
    const auto add = [&](store::Transaction& change) -> base::Result<> {
        TRY(const auto known, files::find_share(change, share));
        if (!known) {
            TRY_VOID(
                files::add_share(change, {.name = std::string(share), .limits = {}, .grants = {}}));
        }
        files::Grant grant{.path = std::string(path), .who = {}, .rights = 0};
        TRY(grant.who, files::parse_principal(change, who));
        TRY(grant.rights, files::parse_rights(rights));
        return files::set_grant(change, share, std::move(grant));
    };
    CHECK(world_.run(world_.store.change(world_.loop, add)).has_value());
}

void FtpHouse::put_file(std::string_view address, std::string_view path, std::string_view octets) {
    const auto files = tree(address);
    for (std::size_t slash = path.find('/', 1); slash != std::string_view::npos;
         slash = path.find('/', slash + 1)) {
        static_cast<void>(
            world_.run(files->make_directory(world_.loop, std::string(path.substr(0, slash)))));
    }
    auto upload = world_.run(files->upload(world_.loop, std::string(path), {}));
    CHECK(upload.has_value());
    CHECK(world_.run((*upload)->write(world_.loop, octets)).has_value());
    CHECK(world_.run((*upload)->commit(world_.loop)).has_value());
}

std::optional<std::string> FtpHouse::file(std::string_view address, std::string_view path) {
    const auto files = tree(address);
    auto open = world_.run(files->open(world_.loop, std::string(path)));
    if (!open) {
        return std::nullopt;
    }
    std::string octets((*open)->entry().size, '\0');
    const auto read = world_.run((*open)->read(world_.loop, 0, octets));
    CHECK(read.has_value() && *read == octets.size());
    return octets;
}

// Uploads on their way have no name, or one that the files room keeps for itself.
std::vector<std::string> FtpHouse::leftovers() {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path(), ignored)) {
        const std::string path = entry.path().string();
        if (entry.is_regular_file() && path.find("/uploads/") != std::string::npos) {
            names.push_back(path);
        }
    }
    return names;
}

// Where the client would listen, it does, unless the transcript says otherwise.
void FtpHouse::see_client(std::string_view line, bool refuses) {
    std::string_view rest = line;
    const std::string verb = base::to_upper(base::split_front(rest, ' '));
    const auto where = verb == "PORT"   ? ftp::parse_port(rest)
                       : verb == "EPRT" ? ftp::parse_eprt(rest)
                                        : base::Result<ftp::DataPort>(base::fail({}, ""));
    if (!where) {
        return;
    }
    listening_ = {.address = where->address, .port = where->port, .path = {}};
    listens_.reset();
    data_.reset();
    received_.clear();
    network_.host(*listening_).answer =
        refuses ? fakes::RemoteHost::Answer::kRefuse : fakes::RemoteHost::Answer::kAccept;
}

void FtpHouse::see_server(std::string_view line, const net::Endpoint& client) {
    const bool passive = line.starts_with("227 ");
    if (!passive && !line.starts_with("229 ")) {
        return;
    }
    const auto where = passive ? ftp::parse_227(line.substr(4)) : ftp::parse_229(line.substr(4));
    CHECK(where.has_value());
    client_ = client;
    listens_ = {.address = net::PipeOptions().server.address, .port = where->port, .path = {}};
    listening_.reset();
    data_.reset();
    received_.clear();
}

net::PipeStream* FtpHouse::data() {
    if (!data_ && listens_) {
        net::Endpoint from = client_;
        from.port = 50123;
        data_ = network_.dial(*listens_, from);
        listens_.reset();
    } else if (!data_ && listening_) {
        auto& arrived = network_.host(*listening_).arrived;
        static_cast<void>(world_.loop.run_until([&arrived] { return !arrived.empty(); },
                                                std::chrono::minutes(2)));
        if (!arrived.empty()) {
            data_ = std::move(arrived.front());
            arrived.pop_front();
        }
    }
    return data_.get();
}

std::optional<std::string> FtpHouse::next_line() {
    if (data() == nullptr) {
        return std::nullopt;
    }
    const auto has_line = [this] {
        received_ += data_->take();
        return received_.find('\n') != std::string::npos || data_->ended();
    };
    static_cast<void>(world_.loop.run_until(has_line, std::chrono::minutes(2)));
    const std::size_t end = received_.find('\n');
    if (end == std::string::npos) {
        return std::nullopt;
    }
    std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    if (line.ends_with('\r')) {
        line.pop_back();
    } else {
        line += "<bare LF>";
    }
    return line;
}

std::optional<std::string> FtpHouse::next_octets(std::size_t count) {
    if (data() == nullptr) {
        return std::nullopt;
    }
    const auto has_them = [this, count] {
        received_ += data_->take();
        return received_.size() >= count || data_->ended();
    };
    static_cast<void>(world_.loop.run_until(has_them, std::chrono::minutes(2)));
    std::string octets = received_.substr(0, count);
    received_.erase(0, octets.size());
    return octets;
}

bool FtpHouse::data_ended() {
    if (data() == nullptr) {
        return false;
    }
    const auto has_ended = [this] {
        received_ += data_->take();
        return data_->ended();
    };
    return world_.loop.run_until(has_ended, std::chrono::minutes(2)) && received_.empty();
}

void FtpHouse::close_data() {
    if (data() != nullptr) {
        data_->close();
        data_.reset();
    }
    received_.clear();
}

}  // namespace transcripts
