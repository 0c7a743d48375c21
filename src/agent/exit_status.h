// The exit statuses of `staffetta ftp`, those of BSD's sysexits.h: scripts rely on them, so they only ever grow.
#pragma once

#include "base/result.h"

namespace agent {

enum FtpExit : int {
    kFtpOk = 0,
    kFtpUsage = 64,         // the command line is wrong
    kFtpNoInput = 66,       // there is no such file, there or here
    kFtpNoHost = 68,        // no host of that name
    kFtpUnavailable = 69,   // nobody answers there, or TLS is required and not to be had
    kFtpCannotCreate = 73,  // a file cannot be made: disk or quota full
    kFtpIo = 74,            // the connection broke, or a disk failed
    kFtpTryAgain = 75,      // not now: a 4yz reply, a time-out
    kFtpProtocol = 76,      // the server says what FTP does not, or refuses a command
    kFtpDenied = 77,        // login refused, certificate not proven, no permission
    kFtpConfig = 78,        // a file of the user's settings cannot be understood: .netrc
};

[[nodiscard]] int ftp_exit_status(base::Errc code);

}  // namespace agent
