#include "agent/listing_sink.h"

#include <utility>

#include "agent/terminal.h"

namespace agent {
namespace {

constexpr std::size_t kWaitingOctetsMax = std::size_t{64} * 1024;

}  // namespace

base::Result<> ListingSink::write(std::string_view octets) {
    for (const char c : octets) {
        if (c != '\r') {
            waiting_ += c;
        }
    }
    const std::size_t end = waiting_.rfind('\n');
    if (end == std::string::npos) {
        return waiting_.size() > kWaitingOctetsMax ? finish() : base::Result<>();
    }
    std::string rest = waiting_.substr(end + 1);
    waiting_.resize(end + 1);
    TRY_VOID(finish());
    waiting_ = std::move(rest);
    return {};
}

base::Result<> ListingSink::finish() {
    const std::string lines = std::exchange(waiting_, "");
    return lines.empty() ? base::Result<>()
                         : below_.write(clean_ ? without_controls(lines) : lines);
}

}  // namespace agent
