#include "base/result.h"

namespace base {

std::string_view errc_name(Errc code) {
    switch (code) {
        case Errc::kSyntax:
            return "syntax";
        case Errc::kInvalid:
            return "invalid";
        case Errc::kTooLong:
            return "too-long";
        case Errc::kNotFound:
            return "not-found";
        case Errc::kExists:
            return "exists";
        case Errc::kDenied:
            return "denied";
        case Errc::kOverQuota:
            return "over-quota";
        case Errc::kInUse:
            return "in-use";
        case Errc::kUnsupported:
            return "unsupported";
        case Errc::kUnavailable:
            return "unavailable";
        case Errc::kEof:
            return "eof";
        case Errc::kReset:
            return "reset";
        case Errc::kRefused:
            return "refused";
        case Errc::kUnreachable:
            return "unreachable";
        case Errc::kTimeout:
            return "timeout";
        case Errc::kNoSpace:
            return "no-space";
        case Errc::kIo:
            return "io";
        case Errc::kCorrupt:
            return "corrupt";
    }
    return "unknown";
}

}  // namespace base
