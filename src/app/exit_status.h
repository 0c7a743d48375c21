// The program's exit statuses, those of BSD's sysexits.h, and which one an error becomes.
#pragma once

#include "base/result.h"

namespace app {

enum ExitStatus : int {
    kExitOk = 0,
    kExitUsage = 64,         // the command line is wrong
    kExitData = 65,          // the input is wrong, or the store is damaged
    kExitNotFound = 67,      // there is no such domain, account, message
    kExitUnavailable = 69,   // a service or a port is not to be had
    kExitSoftware = 70,      // a bug of ours
    kExitSystem = 71,        // the operating system refuses
    kExitCannotCreate = 73,  // it exists already, or cannot be written
    kExitIo = 74,            // the disk
    kExitTryAgain = 75,      // somebody else holds it: try again
    kExitDenied = 77,        // not permitted
    kExitConfig = 78,        // the configuration is wrong
};

[[nodiscard]] int exit_status(base::Errc code);

// Prints "staffetta: SENTENCE" on standard error and gives the status that fits.
[[nodiscard]] int report(const base::Error& error);
[[nodiscard]] int report(const base::Error& error, int status);

}  // namespace app
