#include "app/mail_port.h"

#include <utility>

#include "app/carry.h"
#include "app/control.h"
#include "app/own_server.h"
#include "base/ascii.h"
#include "net/address.h"
#include "store/sha256.h"

namespace app {
namespace {

constexpr auto kConnectPatience = std::chrono::seconds(10);
constexpr auto kAnswerPatience = std::chrono::minutes(10);

// The running server's; kUnavailable when none runs.
base::Result<Dialogue> begin_dialogue(const Config& config, const std::string& account) {
    TRY(const net::Endpoint endpoint, net::parse_endpoint(config.listen.control.front()));
    TRY(Dialogue dialogue, Dialogue::connect(endpoint, kConnectPatience));
    TRY_VOID(
        dialogue.send(format_request({.command = "carry", .arguments = {account}, .options = {}})));
    dialogue.set_patience(kAnswerPatience);
    TRY(const std::string line, dialogue.read_line());
    if (line == "ok") {
        return dialogue;
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
    auto dialogue = begin_dialogue(config, account);
    if (!dialogue && dialogue.error().code == base::Errc::kUnavailable) {
        TRY_VOID(start_own_server(config));
        dialogue = begin_dialogue(config, account);
    }
    if (!dialogue) {
        return base::forward_error(dialogue);
    }
    return make_remote_port(std::move(*dialogue));
}

}  // namespace app
