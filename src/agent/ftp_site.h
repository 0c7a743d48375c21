// One FTP server as an agent knows it: where it is, who we are there, what we insist on; and connections to it, on
// a loop of its own that runs for as long as each step takes.
#pragma once

#include <atomic>
#include <csignal>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "agent/ftp_url.h"
#include "ftp/client/client.h"
#include "net/host_lookup.h"
#include "net/loop.h"
#include "net/network.h"
#include "net/tls_client_context.h"

namespace agent {

// What a user chose for every server.
struct FtpSettings {
    ftp::ClientTls tls = ftp::ClientTls::kOffered;
    bool verify = true;
    std::string authorities;  // a PEM file; empty: the system's
    bool protect_data = true;
    bool passive = true;
    bool extended = true;
    bool use_mlsd = true;
    net::Family family = net::Family::kAny;
    base::Duration patience = std::chrono::seconds(60);
    std::uint64_t rate_max = 0;  // octets a second of each connection; 0: no bound
    bool debug = false;          // shows the dialogue: "---> USER alice"
    bool verbose = false;        // shows replies
    std::string netrc;           // empty: $NETRC or ~/.netrc
    bool use_netrc = true;
    bool heeds_interrupts = true;  // SIGINT aborts its transfers
};

struct FtpLogin {
    std::string user;
    std::string password;
    std::string account;
    bool guessed = false;  // nobody said who: anonymous
};

// Who to be at `url`: what it says, else .netrc, else anonymous. kDenied: a .netrc that others read.
[[nodiscard]] base::Result<FtpLogin> find_login(const FtpUrl& url, const FtpSettings& settings);

// Where that is looked up: what the settings name, $NETRC or ~/.netrc.
[[nodiscard]] std::string netrc_path(const FtpSettings& settings);

// SIGINT came since the last call.
[[nodiscard]] bool take_interrupt();
// From now on SIGINT ends transfers, not the program.
void catch_interrupts();

class FtpSite {
  public:
    explicit FtpSite(FtpSettings settings) : settings_(std::move(settings)) {}

    FtpSite(const FtpSite&) = delete;
    FtpSite& operator=(const FtpSite&) = delete;
    ~FtpSite();

    // Looks the host up, connects, logs in, where `login` says.
    [[nodiscard]] base::Result<> open(const FtpUrl& url, const std::optional<FtpLogin>& login);
    void close();

    [[nodiscard]] bool is_open() const { return client_ != nullptr && client_->is_connected(); }

    // Aborts the transfer that runs, and those to come. From any thread, while this lives.
    void stop_from_any_thread();

    // There is one, though it may be lost.
    [[nodiscard]] bool has_client() const { return client_ != nullptr; }

    // Who further connections log in as, where open() was not told.
    void remember(FtpLogin login) { login_ = std::move(login); }

    [[nodiscard]] std::uint64_t rate_max() const { return settings_.rate_max; }

    // The first connection; CHECKs that one was made.
    [[nodiscard]] ftp::Client& client();

    // One more connection, logged in and in the folder `directory`, for transfers beside one another.
    [[nodiscard]] base::Task<base::Result<std::unique_ptr<ftp::Client>>> another(
        std::string directory);

    [[nodiscard]] FtpSettings& settings() { return settings_; }

    [[nodiscard]] net::IoLoop& loop() { return loop_; }

    [[nodiscard]] const std::string& host() const { return host_; }

    // Runs the loop until `task` has ended; SIGINT aborts the transfer of the first connection.
    template <class T>
    T run(base::Task<T> task) {
        std::optional<T> value;
        base::spawn(keep(std::move(task), value), [](const std::exception_ptr& thrown) {
            if (thrown) {
                std::rethrow_exception(thrown);
            }
        });
        if (!value) {
            watch_for_interrupt();
            running_ = true;
            loop_.run();
            running_ = false;
            loop_.cancel(timer_);
        }
        return std::move(*value);
    }

  private:
    template <class T>
    base::Task<> keep(base::Task<T> task, std::optional<T>& value) {
        value.emplace(co_await task);
        if (running_) {  // else it would stop the next run
            loop_.stop();
        }
    }

    void watch_for_interrupt();
    [[nodiscard]] std::unique_ptr<ftp::Client> make_client();
    [[nodiscard]] base::Result<> load_tls(const FtpUrl& url);

    FtpSettings settings_;
    net::SystemNetwork network_;
    net::IoLoop loop_;
    net::IoLoop::TimerId timer_ = 0;
    bool running_ = false;  // the loop
    std::atomic<bool> stopped_ = false;
    std::string host_;
    ftp::ClientOptions options_;
    std::optional<FtpLogin> login_;
    std::unique_ptr<ftp::Client> client_;
};

}  // namespace agent
