#include "mime/iconv_converter.h"

#include <algorithm>
#include <array>
#include <cerrno>

namespace mime {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";
// Longer than any character or escape sequence of a charset in the table.
constexpr std::size_t kHeldMax = 32;

bool is_graphic(char c) {
    return c > ' ' && c < '\x7f';
}

}  // namespace

IconvConverter::IconvConverter(std::string_view charset, std::size_t unit_octets)
    : handle_(iconv_open("UTF-8", std::string(charset).c_str())),
      unit_octets_(unit_octets),
      is_shifting_(charset.starts_with("ISO-2022-")) {}

IconvConverter::~IconvConverter() {
    if (valid()) {
        iconv_close(handle_);
    }
}

bool IconvConverter::valid() const {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): iconv_open's way to say no.
    return handle_ != reinterpret_cast<iconv_t>(-1);
}

void IconvConverter::feed(std::string_view octets, std::string& out) {
    if (!held_.empty()) {
        held_ += octets;
        std::string joined;
        joined.swap(held_);
        convert(joined, out);
    } else {
        convert(octets, out);
    }
}

void IconvConverter::finish(std::string& out) {
    if (!held_.empty()) {
        out += kReplacement;
        held_.clear();
    }
    std::array<char, 64> buffer{};
    char* to = buffer.data();
    std::size_t room = buffer.size();
    iconv(handle_, nullptr, nullptr, &to, &room);
    out.append(buffer.data(), buffer.size() - room);
}

// A graphic octet by itself always means something: where it does not, it is the first of a pair. To go on at
// the second would read all that follows by one octet shifted.
std::size_t IconvConverter::meaningless(std::string_view octets) const {
    if (!is_shifting_ || !is_graphic(octets.front())) {
        return std::min(unit_octets_, octets.size());
    }
    if (octets.size() == 1) {
        return 0;
    }
    return is_graphic(octets[1]) ? 2 : 1;
}

void IconvConverter::convert(std::string_view octets, std::string& out) {
    // iconv's interface is not const-correct; it does not write to its input.
    char* in = const_cast<char*>(octets.data());
    std::size_t left = octets.size();
    std::array<char, 4096> buffer;  // NOLINT(*-member-init): iconv fills it
    while (left > 0) {
        char* to = buffer.data();
        std::size_t room = buffer.size();
        const std::size_t status = iconv(handle_, &in, &left, &to, &room);
        const int reason = errno;
        out.append(buffer.data(), buffer.size() - room);
        if (status != static_cast<std::size_t>(-1) || reason == E2BIG) {
            continue;
        }
        const bool waits = reason == EINVAL && left < kHeldMax;
        const std::size_t skipped = waits ? 0 : meaningless({in, left});
        if (skipped == 0) {
            held_.assign(in, left);
            return;
        }
        out += kReplacement;
        in += skipped;
        left -= skipped;
    }
}

}  // namespace mime
