#include "app/exit_status.h"

#include <fmt/format.h>

#include <cstdio>

namespace app {

int exit_status(base::Errc code) {
    switch (code) {
        case base::Errc::kSyntax:
        case base::Errc::kInvalid:
        case base::Errc::kTooLong:
        case base::Errc::kCorrupt:
            return kExitData;
        case base::Errc::kNotFound:
            return kExitNotFound;
        case base::Errc::kExists:
            return kExitCannotCreate;
        case base::Errc::kDenied:
            return kExitDenied;
        case base::Errc::kUnsupported:
            return kExitUnavailable;
        case base::Errc::kInUse:
        case base::Errc::kUnavailable:
        case base::Errc::kOverQuota:
        case base::Errc::kTimeout:
        case base::Errc::kRefused:
        case base::Errc::kUnreachable:
            return kExitTryAgain;
        case base::Errc::kEof:
        case base::Errc::kReset:
        case base::Errc::kNoSpace:
        case base::Errc::kIo:
            return kExitIo;
    }
    return kExitSoftware;
}

int report(const base::Error& error) {
    return report(error, exit_status(error.code));
}

int report(const base::Error& error, int status) {
    fmt::print(stderr, "staffetta: {}\n", error.text);
    return status;
}

}  // namespace app
