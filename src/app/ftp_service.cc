#include "app/ftp_service.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <system_error>

#include "app/service_options.h"
#include "mime/json_writer.h"

namespace app {
namespace {

// Each line in one write, behind whatever others have written.
base::Result<net::UniqueFd> open_transfer_log(const std::string& path) {
    if (path.empty()) {
        return net::UniqueFd();
    }
    net::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (!fd) {
        return base::fail(base::Errc::kDenied,
                          fmt::format("cannot write ftp.transfer_log {}: {}; correct the path or "
                                      "its folder's owner",
                                      path,
                                      std::generic_category().message(errno)));
    }
    return fd;
}

// As TZ and /etc/localtime have it.
std::chrono::seconds local_utc_offset(base::WallTime at) {
    const std::time_t seconds =
        std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(at));
    std::tm local{};
    return std::chrono::seconds(::localtime_r(&seconds, &local) == nullptr ? 0 : local.tm_gmtoff);
}

}  // namespace

base::Result<std::unique_ptr<FtpService>> FtpService::open(const Config& config,
                                                           FtpNeeds needs,
                                                           decltype(ftp::Services::watch) watch) {
    TRY(auto transfer_log, open_transfer_log(config.ftp.transfer_log));
    std::unique_ptr<FtpService> service(
        new FtpService(config, std::move(needs), std::move(transfer_log)));
    service->services_.watch = std::move(watch);
    return service;
}

FtpService::FtpService(const Config& config, FtpNeeds needs, net::UniqueFd transfer_log)
    : clock_(needs.clock),
      transfer_log_(std::move(transfer_log)),
      passive_(network_,
               needs.random,
               {.first = config.ftp.passive_first, .last = config.ftp.passive_last},
               needs.loops),
      activity_(ftp_activity_options(config)),
      options_(ftp_options(config, false)),
      implicit_options_(ftp_options(config, true)),
      services_{.authenticator = needs.authenticator,
                .files = needs.files,
                .network = network_,
                .passive = passive_,
                .activity = activity_,
                .clock = needs.clock,
                .random = needs.random,
                .log = needs.log,
                .metrics = needs.metrics,
                .resolver = needs.resolver,
                .tls = needs.tls ? needs.tls->for_protocols({"ftp-data", "ftp"}) : nullptr,
                .watch = {},
                .transfer_log = {},
                .utc_offset = local_utc_offset} {
    if (transfer_log_) {
        services_.transfer_log = [fd = transfer_log_.get()](std::string_view line) {
            static_cast<void>(!::write(fd, line.data(), line.size()));
        };
    }
}

base::Result<> FtpService::reopen_transfer_log(const std::string& path) {
    if (!transfer_log_) {
        return {};
    }
    TRY(const auto fresh, open_transfer_log(path));
    // In one step: sessions write to the number.
    if (::dup3(fresh.get(), transfer_log_.get(), O_CLOEXEC) < 0) {
        return base::fail(base::Errc::kIo, std::generic_category().message(errno));
    }
    return {};
}

std::string FtpService::who() const {
    std::string text;
    const auto now = clock_.now();
    for (const ftp::SessionView& view : activity_.sessions()) {
        const auto since = std::chrono::duration_cast<std::chrono::seconds>(now - view.doing_since);
        text += fmt::format("{}  {}  {}  {}  {}  {} s",
                            view.id,
                            view.peer,
                            view.tls ? "tls" : "clear",
                            view.account.empty() ? "-" : view.account,
                            view.doing,
                            since.count());
        if (view.octets != 0) {
            text += fmt::format(
                "  {}{} bytes", view.octets, view.size ? fmt::format(" of {}", *view.size) : "");
        }
        text += '\n';
    }
    return text;
}

std::string FtpService::who_as_json() const {
    mime::JsonWriter json;
    json.open_array();
    for (const ftp::SessionView& view : activity_.sessions()) {
        json.open_object();
        json.member("id", view.id);
        json.member("peer", view.peer);
        json.key("tls");
        json.boolean(view.tls);
        json.member("account", view.account);
        json.member("directory", view.directory);
        json.member("since", base::format_rfc3339(view.since));
        json.member("doing", view.doing);
        json.member("doing_since", base::format_rfc3339(view.doing_since));
        json.member("octets", view.octets);
        if (view.size) {
            json.member("size", *view.size);
        }
        json.close();
    }
    json.close();
    return json.take();
}

base::Task<> FtpService::serve(std::unique_ptr<net::Stream> stream, bool implicit_tls) {
    return ftp::serve(std::move(stream), implicit_tls ? implicit_options_ : options_, services_);
}

}  // namespace app
