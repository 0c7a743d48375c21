// The data connection of one transfer, at the client.
#pragma once

#include <memory>

#include "ftp/client/client.h"
#include "net/wakeup.h"

namespace ftp {

struct Client::DataChannel {
    explicit DataChannel(base::Loop& loop) : pause(loop) {}

    std::unique_ptr<net::Stream> stream;      // once connected
    std::unique_ptr<net::Acceptor> acceptor;  // active mode, until the server connects
    // Octets are left that nobody wants: the server's complaint about the cut is expected.
    bool enough = false;
    bool ranged = false;  // the server was told which octets are wanted, and knows RANG
    net::Wakeup pause;    // until the rate lets more through

    // Wakes whoever waits for it.
    void close() {
        pause.post();
        if (stream) {
            stream->close();
        }
        if (acceptor) {
            acceptor->close();
        }
    }
};

}  // namespace ftp
