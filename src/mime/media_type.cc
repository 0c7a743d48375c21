#include "mime/media_type.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"

namespace mime {
namespace {

using namespace std::string_view_literals;

struct Magic {
    std::size_t offset;
    std::string_view octets;
    std::string_view type;
};

constexpr std::array kMagic = {
    Magic{0, "\x89PNG\r\n\x1a\n", "image/png"},
    Magic{0, "\xff\xd8\xff", "image/jpeg"},
    Magic{0, "GIF87a", "image/gif"},
    Magic{0, "GIF89a", "image/gif"},
    Magic{8, "WEBP", "image/webp"},
    Magic{4, "ftypavif", "image/avif"},
    Magic{4, "ftyphei", "image/heic"},
    Magic{0, "II*\0"sv, "image/tiff"},
    Magic{0, "MM\0*"sv, "image/tiff"},
    Magic{0, "%PDF-", "application/pdf"},
    Magic{0, "\x1f\x8b", "application/gzip"},
    Magic{0, "7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"},
    Magic{0, "ID3", "audio/mpeg"},
    Magic{0, "OggS", "application/ogg"},
    Magic{0, "fLaC", "audio/flac"},
    Magic{8, "WAVE", "audio/x-wav"},
    Magic{4, "ftyp", "video/mp4"},
    Magic{0, "\x1a\x45\xdf\xa3", "video/webm"},
    Magic{0, "{\\rtf", "application/rtf"},
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 35> kExtensions = {{
    {"bmp", "image/bmp"},
    {"c", "text/x-c"},
    {"csv", "text/csv"},
    {"diff", "text/x-diff"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"eml", "message/rfc822"},
    {"epub", "application/epub+zip"},
    {"gif", "image/gif"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ics", "text/calendar"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript"},
    {"json", "application/json"},
    {"md", "text/markdown"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"patch", "text/x-diff"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"txt", "text/plain"},
    {"vcf", "text/vcard"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "application/xml"},
    {"zip", "application/zip"},
}};

std::string_view by_extension(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    const std::string extension =
        dot == std::string_view::npos ? std::string{} : base::to_lower(name.substr(dot + 1));
    const auto found = std::lower_bound(
        kExtensions.begin(),
        kExtensions.end(),
        extension,
        [](const auto& row, const std::string& wanted) { return row.first < wanted; });
    return found != kExtensions.end() && found->first == extension ? found->second : "";
}

}  // namespace

std::string guess_media_type(std::string_view name, std::string_view octets) {
    for (const Magic& magic : kMagic) {
        if (octets.size() > magic.offset && octets.substr(magic.offset).starts_with(magic.octets)) {
            return std::string(magic.type);
        }
    }
    if (const std::string_view type = by_extension(name); !type.empty()) {
        return std::string(type);
    }
    if (octets.starts_with("PK\x03\x04")) {  // after the name: documents of offices are ZIP files
        return "application/zip";
    }
    const std::string_view beginning = octets.substr(0, 4096);
    const bool has_control = std::any_of(beginning.begin(), beginning.end(), [](char c) {
        return base::is_control(c) && c != '\t' && c != '\r' && c != '\n' && c != '\f';
    });
    const bool is_text = !octets.empty() && !has_control && base::is_utf8(octets);
    return is_text ? "text/plain" : "application/octet-stream";
}

}  // namespace mime
