#include "smtp/server/meters.h"

#include <algorithm>
#include <string>

#include "smtp/server/commands.h"

namespace smtp {
namespace {

constexpr std::array<std::string_view, 4> kResultNames = {"2xx", "3xx", "4xx", "5xx"};

std::size_t result_of(int reply_code) {
    return static_cast<std::size_t>(std::clamp(reply_code / 100, 2, 5) - 2);
}

}  // namespace

Meters::Meters(base::Metrics& metrics) {
    const auto counter = [&](std::string_view name, std::string_view help, base::Labels labels) {
        labels.insert(labels.begin(), {"protocol", "smtp"});
        return &metrics.counter(name, help, labels);
    };
    const auto add_verb = [&](std::string_view verb) {
        ByResult& row = commands_.emplace_back();
        for (std::size_t i = 0; i < kResults; ++i) {
            row[i] =
                counter("staffetta_commands_total",
                        "Commands by verb and result",
                        {{"verb", std::string(verb)}, {"result", std::string(kResultNames[i])}});
        }
    };
    for (const Command& command : commands()) {
        add_verb(command.verb);
    }
    add_verb("unknown");
    for (std::size_t i = 0; i < kResults; ++i) {
        messages_[i] = counter("staffetta_messages_total",
                               "Messages by result",
                               {{"result", std::string(kResultNames[i])}});
    }
    message_octets_ = counter("staffetta_message_octets_total", "Octets of messages", {});
    const std::string_view logins = "staffetta_logins_total";
    logins_good_ = counter(logins, "Logins by result", {{"result", "ok"}});
    logins_bad_ = counter(logins, "Logins by result", {{"result", "denied"}});
    const std::string_view connections = "staffetta_connections_total";
    connections_clear_ = counter(connections, "Connections", {{"tls", "no"}});
    connections_tls_ = counter(connections, "Connections", {{"tls", "yes"}});
    open_connections_ =
        &metrics.gauge("staffetta_connections", "Open connections", {{"protocol", "smtp"}});
    commit_seconds_ = &metrics.histogram("staffetta_commit_seconds",
                                         "From the end of a message to its being on disk",
                                         {{"protocol", "smtp"}});
}

void Meters::count_command(std::size_t row, int reply_code) const {
    commands_[std::min(row, commands_.size() - 1)][result_of(reply_code)]->add();
}

void Meters::count_message(int reply_code, std::uint64_t octets) const {
    messages_[result_of(reply_code)]->add();
    if (reply_code < 300) {
        message_octets_->add(octets);
    }
}

}  // namespace smtp
