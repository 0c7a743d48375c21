#include "mime/structure.h"

#include <algorithm>
#include <array>

namespace mime {
namespace {

constexpr std::array<std::string_view, kDefectKinds> kDefectNames = {
    "bad-header-line",   "missing-blank-line",
    "mbox-from-line",    "header-cut-short",
    "field-too-long",    "too-much-header",
    "duplicate-field",   "missing-mime-version",
    "bad-content-type",  "bad-encoding",
    "encoded-container", "missing-boundary",
    "empty-multipart",   "unclosed-multipart",
    "too-deep",          "too-many-parts",
    "8bit-header",       "nul",
    "bare-lf",           "bare-cr",
    "bad-mime-version",  "8bit-body",
};

}  // namespace

std::string_view defect_name(DefectKind kind) {
    return kDefectNames[static_cast<std::size_t>(kind)];
}

bool Structure::has(DefectKind kind) const {
    return std::any_of(defects.begin(), defects.end(), [kind](const Defect& defect) {
        return defect.kind == kind;
    });
}

std::string_view slice(std::string_view message, std::uint64_t begin, std::uint64_t end) {
    const std::uint64_t from = std::min<std::uint64_t>(begin, message.size());
    const std::uint64_t to = std::clamp<std::uint64_t>(end, from, message.size());
    return message.substr(from, to - from);
}

std::string_view header_of(std::string_view message, const Part& part) {
    return slice(message, part.header_begin, part.body_begin);
}

std::string_view body_of(std::string_view message, const Part& part) {
    return slice(message, part.body_begin, part.body_end);
}

}  // namespace mime
