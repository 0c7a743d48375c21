#include "pop3/grammar/surrogate.h"

#include <optional>
#include <string_view>

#include "base/ascii.h"
#include "pop3/grammar/multiline.h"

namespace pop3 {

void make_surrogate(std::string& head, mime::ToALabels to_a_labels) {
    TopCutter cutter(0);
    const std::size_t end = cutter.feed(head);
    const std::string_view header = std::string_view(head).substr(0, end);
    if (!cutter.done() || base::is_ascii(header) || !base::is_utf8(header)) {
        return;
    }
    head.replace(
        0, end, mime::downgrade_header(header, mime::HeaderDowngrade::kRfc6857, to_a_labels));
}

}  // namespace pop3
