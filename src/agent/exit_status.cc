#include "agent/exit_status.h"

namespace agent {

int ftp_exit_status(base::Errc code) {
    using enum base::Errc;
    switch (code) {
        case kNotFound:
            return kFtpNoInput;
        case kRefused:
        case kUnreachable:
            return kFtpUnavailable;
        case kNoSpace:
        case kOverQuota:
        case kExists:
            return kFtpCannotCreate;
        case kEof:
        case kReset:
        case kIo:
            return kFtpIo;
        case kTimeout:
        case kUnavailable:
        case kInUse:
            return kFtpTryAgain;
        case kDenied:
            return kFtpDenied;
        case kSyntax:
        case kInvalid:
        case kTooLong:
        case kUnsupported:
            return kFtpProtocol;
        case kCorrupt:
            return kFtpConfig;
    }
    return kFtpProtocol;
}

}  // namespace agent
