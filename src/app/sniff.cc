#include "app/sniff.h"

#include <magic.h>

#include <algorithm>
#include <array>

#include "mime/media_type.h"

namespace app {
namespace {

constexpr std::size_t kSniffedOctets = 64UL * 1024;

// What says nothing, containers of which the name tells what they contain, and types that a reader's
// program would run.
constexpr std::array<std::string_view, 9> kLeftToName = {
    "application/octet-stream",
    "application/x-empty",
    "application/zip",
    "application/CDFV2",  // Office's documents before 2007
    "application/x-ole-storage",
    "application/javascript",
    "application/xhtml+xml",
    "application/xml",
    "image/svg+xml",
};

// libmagic calls text by what it resembles, a letter "message/rfc822" among it; and it has been seen to
// print two types without anything between them.
bool is_telling(std::string_view type) {
    const std::string_view top = type.substr(0, type.find('/'));
    const bool is_known_top =
        top == "application" || top == "image" || top == "audio" || top == "video" || top == "font";
    return is_known_top && std::ranges::count(type, '/') == 1 &&
           std::ranges::find(kLeftToName, type) == kLeftToName.end();
}

}  // namespace

Sniffer::Sniffer() : magic_(::magic_open(MAGIC_MIME_TYPE), ::magic_close) {
    if (magic_ && ::magic_load(magic_.get(), nullptr) != 0) {
        magic_.reset();
    }
}

std::string Sniffer::media_type(std::string_view name, std::string_view octets) const {
    const std::size_t count = std::min(octets.size(), kSniffedOctets);
    const char* type = magic_ ? ::magic_buffer(magic_.get(), octets.data(), count) : nullptr;
    return type != nullptr && is_telling(type) ? type : mime::guess_media_type(name, octets);
}

}  // namespace app
