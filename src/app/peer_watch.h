// --trace-peer: one client's dialogue on standard error, as it is spoken, secrets concealed.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "net/line_stream.h"

namespace app {

using PeerWatch =
    std::function<net::LineStream::Watcher(std::string_view session_id, const net::Endpoint& peer)>;

// Prints the dialogues of the peers with this address, or in this block ("192.0.2.0/24"); what is neither
// makes an empty function.
[[nodiscard]] PeerWatch make_peer_watch(std::string_view peers);

// What one watcher prints for `octets`: a line each, "SESSION C: text", controls shown as \xNN.
[[nodiscard]] std::string format_dialogue(std::string_view session_id,
                                          char side,
                                          std::string_view octets);

}  // namespace app
