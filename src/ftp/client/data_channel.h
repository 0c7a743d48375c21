// The data connection of one transfer, at the client.
#pragma once

#include <memory>

#include "ftp/client/client.h"
#include "net/wakeup.h"

namespace ftp {

struct Client::DataChannel {
    DataChannel(base::Loop& loop, bool uploads) : upload(uploads), pause(loop) {}

    DataChannel(const DataChannel&) = delete;
    DataChannel& operator=(const DataChannel&) = delete;

    ~DataChannel() { end_stream(); }

    std::unique_ptr<net::Stream> stream;      // once connected
    std::unique_ptr<net::Acceptor> acceptor;  // active mode, until the server connects
    // Octets are left that nobody wants: the server's complaint about the cut is expected.
    bool enough = false;
    bool ranged = false;  // the server was told which octets are wanted, and knows RANG
    const bool upload;
    bool whole = false;  // all that was to go up is written
    net::Wakeup pause;   // until the rate lets more through

    // Wakes whoever waits for it.
    void close() {
        pause.post();
        end_stream();
        if (acceptor) {
            acceptor->close();
        }
    }

  private:
    // In stream mode the end of the data is the end of the file (RFC 959 3.4.1), so that a part must not end in good order:
    // the server would put it in the place of the file that is there.
    void end_stream() {
        if (stream && upload && !whole) {
            stream->abort();
        } else if (stream) {
            stream->close();
        }
    }
};

}  // namespace ftp
