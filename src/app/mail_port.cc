#include "app/mail_port.h"

#include <utility>

#include "app/carry.h"
#include "app/control.h"
#include "app/mail_carrier.h"
#include "app/offline.h"
#include "base/ascii.h"
#include "base/blocking_loop.h"
#include "net/address.h"
#include "store/sha256.h"

namespace app {
namespace {

constexpr auto kConnectPatience = std::chrono::seconds(10);
constexpr auto kAnswerPatience = std::chrono::minutes(10);
constexpr std::size_t kPieceOctets = 256UL * 1024;

// A stopped server's mailboxes, in this process.
class LocalPort final : public MailPort {
  public:
    LocalPort(std::unique_ptr<OfflineStore> offline, account::AccountId account)
        : offline_(std::move(offline)),
          loop_(offline_->clock()),
          carrier_(offline_->mailboxes(), account) {}

    base::Result<std::vector<std::string>> mailboxes() override {
        return loop_.run(carrier_.list(loop_));
    }

    base::Result<std::vector<std::string>> subscriptions() override {
        return carrier_.subscriptions();
    }

    base::Result<> make(const std::string& path, bool subscribed) override {
        return loop_.run(carrier_.make(loop_, path, subscribed));
    }

    base::Result<> subscribe(const std::string& path) override {
        return loop_.run(carrier_.subscribe(loop_, path));
    }

    base::Result<std::vector<std::uint64_t>> known(const std::string& path) override {
        return loop_.run(carrier_.known(loop_, path));
    }

    base::Result<> add(const std::string& path,
                       const std::vector<CarriedMessage>& messages) override {
        for (const CarriedMessage& message : messages) {
            const std::string& octets = message.octets;
            carrier_.begin({.octets = {},
                            .uid = message.uid,
                            .flags = message.flags,
                            .keywords = message.keywords,
                            .received = message.received,
                            .return_path = message.return_path});
            for (std::size_t at = 0; at < octets.size(); at += kPieceOctets) {
                const auto piece = std::string_view(octets).substr(at, kPieceOctets);
                TRY_VOID(loop_.run(carrier_.feed(loop_, piece)));
            }
            TRY_VOID(carrier_.end());
        }
        return loop_.run(carrier_.commit(loop_, path));
    }

    base::Result<std::uint64_t> open(const std::string& path) override {
        return loop_.run(carrier_.open(loop_, path));
    }

    base::Result<std::optional<CarriedMessage>> next() override {
        return loop_.run(carrier_.next(loop_));
    }

  private:
    std::unique_ptr<OfflineStore> offline_;
    base::BlockingLoop loop_;
    MailCarrier carrier_;
};

// The running server's; kUnavailable when none runs.
base::Result<std::unique_ptr<MailPort>> open_remote(const Config& config,
                                                    const std::string& account) {
    TRY(const net::Endpoint endpoint, net::parse_endpoint(config.listen.control.front()));
    TRY(Dialogue dialogue, Dialogue::connect(endpoint, kConnectPatience));
    TRY_VOID(
        dialogue.send(format_request({.command = "carry", .arguments = {account}, .options = {}})));
    dialogue.set_patience(kAnswerPatience);
    TRY(const std::string line, dialogue.read_line());
    if (line == "ok") {
        return make_remote_port(std::move(dialogue));
    }
    std::string_view rest = line;
    if (base::split_front(rest, ' ') != "error") {
        return base::fail(base::Errc::kUnsupported,
                          endpoint.to_string() + " is not the control socket of this staffetta");
    }
    static_cast<void>(base::split_front(rest, ' '));
    return base::fail(base::Errc::kNotFound, std::string(rest));
}

}  // namespace

std::uint64_t fingerprint(std::string_view octets) {
    const store::BlobId id = store::Sha256::of(octets);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) {
        value = value << 8U | id.sha256[i];
    }
    return value;
}

base::Result<std::unique_ptr<MailPort>> open_mail_port(const Config& config,
                                                       const std::string& account) {
    auto remote = open_remote(config, account);
    if (remote || remote.error().code != base::Errc::kUnavailable) {
        return remote;
    }
    TRY(auto offline, OfflineStore::open(config));
    TRY(const account::AccountId id, offline->administration().account_id(account));
    return std::make_unique<LocalPort>(std::move(offline), id);
}

}  // namespace app
