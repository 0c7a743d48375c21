#include "files/creation.h"

#include <fcntl.h>
#include <sys/xattr.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/unique_fd.h"
#include "files/beneath.h"

namespace files {
namespace {

using base::Errc;
using base::Result;
using base::UniqueFd;

constexpr const char* kAttribute = "user.staffetta.created";
constexpr std::size_t kDigitsMax = 15;  // of the year 9999

// The first and the last millisecond that a listing can show: four digits of a year.
constexpr std::chrono::milliseconds kFirst =
    std::chrono::sys_days(std::chrono::year(0) / 1 / 1).time_since_epoch();
constexpr std::chrono::milliseconds kLast =
    std::chrono::sys_days(std::chrono::year(9999) / 12 / 31).time_since_epoch() +
    std::chrono::days(1) - std::chrono::milliseconds(1);

std::optional<base::WallTime> parse(std::string_view text) {
    const bool before = text.starts_with('-');
    text.remove_prefix(before ? 1 : 0);
    const auto limit = static_cast<std::uint64_t>(before ? -kFirst.count() : kLast.count());
    const auto count = text.size() <= kDigitsMax ? base::parse_u64(text, limit) : std::nullopt;
    if (!count) {
        return std::nullopt;
    }
    const std::chrono::milliseconds since(static_cast<std::int64_t>(*count));
    return base::WallTime(before ? -since : since);
}

}  // namespace

std::optional<base::WallTime> read_creation(int fd) {
    std::array<char, kDigitsMax + 1> text{};
    const ssize_t octets = ::fgetxattr(fd, kAttribute, text.data(), text.size());
    return octets > 0 ? parse({text.data(), static_cast<std::size_t>(octets)}) : std::nullopt;
}

Result<> write_creation(int fd, base::WallTime time) {
    const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
    if (since < kFirst || since > kLast) {
        return base::fail(Errc::kInvalid, "There is no such year.");
    }
    const std::string text = std::to_string(since.count());
    if (::fsetxattr(fd, kAttribute, text.data(), text.size(), 0) == 0) {
        return {};
    }
    if (errno == EOPNOTSUPP) {
        return base::fail(Errc::kUnsupported, "The file system keeps no date of creation.");
    }
    return fail_errno(errno);
}

void copy_creation(int from, int to) {
    if (const auto time = read_creation(from)) {
        (void)write_creation(to, *time);
    }
}

// Opened by one name that is no link, in a folder that is open: it leads nowhere else.
void tell_creation(int directory, const char* on_disk, Entry& entry) {
    if (entry.kind != Kind::kFile && entry.kind != Kind::kDirectory) {
        return;
    }
    const UniqueFd fd(
        ::openat(directory, on_disk, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (const auto time = fd ? read_creation(fd.get()) : std::nullopt) {
        entry.created = *time;
    }
}

void tell_creation(const Place& place, Entry& entry) {
    if (const auto spot = place.volume->beneath().spot(place.path)) {
        tell_creation(spot->directory.get(), spot->name.c_str(), entry);
    }
}

}  // namespace files
