#include "app/peer_watch.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/ascii.h"
#include "net/address.h"

namespace app {

std::string format_dialogue(std::string_view session_id, char side, std::string_view octets) {
    std::string text;
    while (!octets.empty()) {
        std::string_view line = base::split_front(octets, '\n');
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        fmt::format_to(std::back_inserter(text), "{} {}: ", session_id, side);
        for (const char c : line) {
            if (base::is_control(c)) {
                fmt::format_to(
                    std::back_inserter(text), "\\x{:02x}", static_cast<unsigned char>(c));
            } else {
                text += c;
            }
        }
        text += '\n';
    }
    return text;
}

PeerWatch make_peer_watch(std::string_view peers) {
    const auto block = net::AddressBlock::parse(peers);
    if (!block) {
        return {};
    }
    return [block = *block](std::string_view session_id, const net::Endpoint& peer) {
        net::LineStream::Watcher watcher;
        if (block.contains(peer.address)) {
            watcher = [session = std::string(session_id)](char side, std::string_view octets) {
                const std::string text = format_dialogue(session, side, octets);
                static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
            };
        }
        return watcher;
    };
}

}  // namespace app
