#include "app/left_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/exit_status.h"
#include "base/ascii.h"

namespace app {
namespace {

constexpr std::size_t kLinesMax = 1000;
constexpr std::size_t kLineOctetsMax = 5000;  // a path and more

}  // namespace

void LeftOut::add(std::string_view what, std::string_view why) {
    ++count_;
    if (lines_.size() >= kLinesMax) {
        return;
    }
    std::string line(what);
    line.append(why.empty() ? "" : ": ").append(why);
    line.resize(std::min(line.size(), kLineOctetsMax));
    std::replace_if(line.begin(), line.end(), base::is_control, '?');  // nothing reaches a terminal
    lines_.push_back(std::move(line));
}

void LeftOut::print() const {
    for (const std::string& line : lines_) {
        fmt::print(stderr, "staffetta: left out: {}\n", line);
    }
    if (count_ > lines_.size()) {
        fmt::print(stderr, "staffetta: left out: and {} more\n", count_ - lines_.size());
    }
}

int LeftOut::exit_status() const {
    return count_ == 0 ? kExitOk : kExitData;
}

bool is_about_one(base::Errc code) {
    switch (code) {
        case base::Errc::kInvalid:
        case base::Errc::kTooLong:
        case base::Errc::kNotFound:
        case base::Errc::kExists:
        case base::Errc::kDenied:
            return true;
        default:
            return false;
    }
}

}  // namespace app
