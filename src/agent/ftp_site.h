// One FTP server as an agent knows it: where it is, who we are there, what we insist on; and connections to it, on
// a loop of its own that runs for as long as each step takes.
#pragma once

#include <atomic>
#include <csignal>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/ftp_url.h"
#include "agent/known_servers.h"
#include "ftp/client/client.h"
#include "net/host_lookup.h"
#include "net/loop.h"
#include "net/network.h"
#include "net/tls_client_context.h"

namespace agent {

// A server whose certificate does not prove its name.
struct Stranger {
    std::string server;       // host:port
    std::string distrust;     // why
    std::string fingerprint;  // as format_fingerprint() writes it
};

// What a user chose for every server.
struct FtpSettings {
    ftp::ClientTls tls = ftp::ClientTls::kOffered;
    bool verify = true;
    std::string authorities;  // a PEM file; empty: the system's
    // Servers that are trusted without proof; null: none.
    std::shared_ptr<KnownServers> known = {};
    // Asked about one that is not known yet: to accept or remember it is the asked one's. Null: nobody can be asked.
    std::function<void(KnownServers& known, const Stranger& stranger)> on_stranger = {};
    bool protect_data = true;
    bool passive = true;
    bool extended = true;
    bool use_mlsd = true;
    bool list_hidden = true;
    bool keep_returns = false;  // type A as it comes
    // Of every connection, whenever it is made.
    ftp::Mode mode = ftp::Mode::kStream;
    ftp::Structure structure = ftp::Structure::kFile;
    net::Family family = net::Family::kAny;
    base::Duration patience = std::chrono::seconds(60);
    std::uint64_t rate_max = 0;  // octets a second of all connections together; 0: no bound
    unsigned retries = 3;        // of a transfer that a lost connection or a 4yz reply ended
    base::Duration retry_delay = std::chrono::seconds(1);  // before the first; doubled each time
    bool debug = false;                                    // shows the dialogue: "---> USER alice"
    bool trace = false;                                    // with the time of each line
    bool verbose = false;                                  // shows replies
    std::string anonymous_password;
    std::string netrc;  // empty: $NETRC or ~/.netrc
    bool use_netrc = true;
    bool heeds_interrupts = true;  // SIGINT aborts its transfers
};

struct FtpLogin {
    std::string user;
    std::string password;
    std::string account;
    bool guessed = false;  // nobody said who: anonymous
};

// Who to be at `url`: what it says, else .netrc, else anonymous. What .netrc has that we do not know is told on the standard
// error. kDenied: the password stands in a .netrc that others read; kCorrupt: one that cannot be understood; kNotFound:
// the one that the settings name is not there.
[[nodiscard]] base::Result<FtpLogin> find_login(const FtpUrl& url, const FtpSettings& settings);

// Where that is looked up: what the settings name, $NETRC or ~/.netrc.
[[nodiscard]] std::string netrc_path(const FtpSettings& settings);

// SIGINT came since the last call.
[[nodiscard]] bool take_interrupt();
// From now on SIGINT ends transfers, not the program.
void catch_interrupts();

class FtpSite {
  public:
    // No replies are shown while it lives.
    class Silence {
      public:
        explicit Silence(FtpSite& site)
            : verbose_(site.settings_.verbose),
              before_(std::exchange(verbose_, false)) {}

        Silence(const Silence&) = delete;
        Silence& operator=(const Silence&) = delete;

        ~Silence() { verbose_ = before_; }

      private:
        bool& verbose_;
        const bool before_;
    };

    explicit FtpSite(FtpSettings settings);

    FtpSite(const FtpSite&) = delete;
    FtpSite& operator=(const FtpSite&) = delete;
    ~FtpSite();

    // Looks the host up, connects, logs in, where `login` says.
    [[nodiscard]] base::Result<> open(const FtpUrl& url, const std::optional<FtpLogin>& login);
    void close();

    // The user has seen the last reply: settings().verbose shows those to what was asked for, not those to what had to
    // be said besides, such as EPSV and SIZE.
    [[nodiscard]] bool reply_was_shown() const { return shown_; }

    // Of an `error` that open() ended with: its own statuses are that there is no such host, and that TLS is not to be had.
    [[nodiscard]] int status_of_opening(const base::Error& error) const;

    [[nodiscard]] bool is_open() const { return client_ != nullptr && client_->is_connected(); }

    // Aborts the transfer that runs, and those to come. From any thread, while this lives.
    void stop_from_any_thread();

    // There is one, though it may be lost.
    [[nodiscard]] bool has_client() const { return client_ != nullptr; }

    // Who further connections log in as, where open() was not told.
    void remember(FtpLogin login) { login_ = std::move(login); }

    // From the next octet on.
    void limit_rate(std::uint64_t octets_per_second);

    // The first connection; CHECKs that one was made.
    [[nodiscard]] ftp::Client& client();

    // One more connection, logged in and in the folder `directory`, for transfers beside one another.
    [[nodiscard]] base::Task<base::Result<std::shared_ptr<ftp::Client>>> another(
        std::string directory);

    // After a failure of `client` that may pass: waits, and where the connection is lost makes it anew, logged in and in
    // the folder `directory`. Counts in `tries`. False: it will not pass, or was tried often enough, or the user has
    // had enough.
    [[nodiscard]] base::Task<bool> try_again(ftp::Client& client,
                                             base::Errc failure,
                                             unsigned& tries,
                                             std::string directory);

    // SIGINT, or stop_from_any_thread(), and nobody took it yet.
    [[nodiscard]] bool is_interrupted() const;

    [[nodiscard]] FtpSettings& settings() { return settings_; }

    [[nodiscard]] net::IoLoop& loop() { return loop_; }

    [[nodiscard]] const std::string& host() const { return host_; }

    // Runs the loop until `task` has ended; SIGINT aborts the transfers of all connections.
    template <class T>
    T run(base::Task<T> task) {
        std::optional<T> value;
        base::spawn(keep(std::move(task), value), [](const std::exception_ptr& thrown) {
            if (thrown) {
                std::rethrow_exception(thrown);
            }
        });
        if (!value) {
            polls_interrupted_ = 0;
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
    void abort_transfers();
    void tell_how_to_end();
    [[nodiscard]] std::unique_ptr<ftp::Client> make_client();
    void follow(bool sent, std::string_view line);
    [[nodiscard]] base::Task<base::Result<>> enter(ftp::Client& client, std::string directory);
    // MODE and STRU as the settings have them.
    [[nodiscard]] base::Task<base::Result<>> represent(ftp::Client& client);
    // Until then, or until the user has had enough.
    [[nodiscard]] base::Task<> rest(base::Duration span);
    [[nodiscard]] base::Result<> load_tls(const FtpUrl& url);
    [[nodiscard]] bool knows(const std::string& server, const net::TlsInfo& tls);
    [[nodiscard]] std::string remedy_for(const base::Error& error) const;

    FtpSettings settings_;
    net::SystemNetwork network_;
    net::IoLoop loop_;
    net::IoLoop::TimerId timer_ = 0;
    bool running_ = false;  // the loop
    unsigned polls_interrupted_ = 0;
    std::atomic<bool> stopped_ = false;
    std::string host_;
    bool host_is_unknown_ = false;
    bool is_another_ = false;  // than the one that was trusted
    bool incidental_ = false;  // what was said last
    bool shown_ = false;       // the last reply
    base::SteadyTime opened_{};
    ftp::ClientOptions options_;
    std::optional<FtpLogin> login_;
    std::unique_ptr<ftp::Client> client_;
    std::vector<std::weak_ptr<ftp::Client>> others_;
};

}  // namespace agent
