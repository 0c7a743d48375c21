#include "agent/segment_status.h"

#include <fmt/format.h>

#include "agent/local_file.h"
#include "base/ascii.h"
#include "ftp/grammar/time_val.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

constexpr std::string_view kFirstLine = "staffetta-pget 1";
constexpr std::size_t kPartsMax = 4096;
constexpr std::size_t kOctetsMax = std::size_t{1} << 20;

tl::unexpected<base::Error> nonsense(std::string_view line) {
    return fail(Errc::kSyntax, fmt::format("{}: no line of a pget's status", line));
}

base::Result<> take_line(std::string_view line, SegmentStatus& status) {
    std::string_view rest = line;
    const std::string_view key = base::split_front(rest, ' ');
    if (key == "size") {
        const auto size = base::parse_u64(rest);
        status.size = size.value_or(0);
        return size ? base::Result<>() : nonsense(line);
    }
    if (key == "modified") {
        if (rest == "-") {
            return {};
        }
        TRY(status.modified, ftp::parse_time_val(rest));
        return {};
    }
    const auto offset = base::parse_u64(base::split_front(rest, ' '));
    const auto octets = base::parse_u64(rest);
    if (key != "part" || !offset || !octets || *offset > status.size ||
        *octets > status.size - *offset || status.missing.size() == kPartsMax) {
        return nonsense(line);
    }
    status.missing.push_back({.offset = *offset, .octets = *octets});
    return {};
}

}  // namespace

std::string format_segment_status(const SegmentStatus& status) {
    std::string text = fmt::format(
        "{}\nsize {}\nmodified {}\n",
        kFirstLine,
        status.size,
        status.modified
            ? ftp::format_time_val(std::chrono::floor<std::chrono::seconds>(*status.modified))
            : "-");
    for (const Part& part : status.missing) {
        text += fmt::format("part {} {}\n", part.offset, part.octets);
    }
    return text;
}

base::Result<SegmentStatus> parse_segment_status(std::string_view text) {
    const std::string_view first = base::split_front(text, '\n');
    if (first != kFirstLine) {
        return nonsense(first);
    }
    SegmentStatus status;
    while (!text.empty()) {
        TRY_VOID(take_line(base::split_front(text, '\n'), status));
    }
    return status;
}

std::string segment_status_path(const std::string& local) {
    return local + ".staffetta-pget";
}

std::optional<SegmentStatus> load_segment_status(const std::string& local) {
    const auto text = read_file(segment_status_path(local), kOctetsMax);
    if (!text) {
        return std::nullopt;
    }
    auto status = parse_segment_status(*text);
    return status ? std::optional(std::move(*status)) : std::nullopt;
}

base::Result<> save_segment_status(const std::string& local, const SegmentStatus& status) {
    return replace_file(segment_status_path(local), format_segment_status(status));
}

}  // namespace agent
