#include "pop3/grammar/multiline.h"

namespace pop3 {

std::size_t TopCutter::feed(std::string_view octets) {
    std::size_t taken = 0;
    while (taken < octets.size() && !done()) {
        const std::size_t end = octets.find('\n', taken);
        if (end == std::string_view::npos) {
            add_to_line(octets.substr(taken));
            return octets.size();
        }
        add_to_line(octets.substr(taken, end - taken));
        end_line();
        taken = end + 1;
    }
    return taken;
}

void TopCutter::add_to_line(std::string_view text) {
    if (text.empty()) {
        return;
    }
    line_ = line_ == LineSoFar::kEmpty && text == "\r" ? LineSoFar::kCr : LineSoFar::kText;
}

void TopCutter::end_line() {
    if (in_body_) {
        --lines_left_;
    } else {
        in_body_ = line_ != LineSoFar::kText;
    }
    line_ = LineSoFar::kEmpty;
}

}  // namespace pop3
