#include "store/segment.h"

#include <fmt/format.h>

#include <optional>

namespace store {
namespace {

constexpr std::size_t kOpenFilesMax = 128;
constexpr std::size_t kNumberDigits = 16;
constexpr std::string_view kSuffix = ".segment";

}  // namespace

void OpenFiles::keep(std::shared_ptr<File> file) {
    const std::lock_guard lock(mutex_);
    if (ring_.size() < kOpenFilesMax) {
        ring_.push_back(std::move(file));
        return;
    }
    ring_[next_] = std::move(file);
    next_ = (next_ + 1) % kOpenFilesMax;
}

Segment::~Segment() {
    if (doomed_) {
        // A file that stays behind is collected again after the next start.
        static_cast<void>(file_system_.remove(path_));
    }
}

base::Result<std::shared_ptr<File>> Segment::file() const {
    const std::lock_guard lock(mutex_);
    if (auto open = file_.lock()) {
        return open;
    }
    auto attempt = file_system_.open(path_, OpenMode::kRead);
    if (!attempt && attempt.error().code == base::Errc::kNotFound) {
        return base::fail(base::Errc::kCorrupt,
                          path_ + " has disappeared; restore the store from a backup");
    }
    TRY(std::shared_ptr<File> opened, std::move(attempt));
    file_ = opened;
    open_files_->keep(opened);
    return opened;
}

std::string segment_name(std::uint64_t number) {
    return fmt::format("{:016x}{}", number, kSuffix);
}

std::optional<std::uint64_t> segment_number(std::string_view name) {
    if (name.size() != kNumberDigits + kSuffix.size() || !name.ends_with(kSuffix)) {
        return std::nullopt;
    }
    std::uint64_t number = 0;
    for (const char digit : name.substr(0, kNumberDigits)) {
        const std::size_t value = std::string_view("0123456789abcdef").find(digit);
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        number = number << 4U | value;
    }
    return number;
}

}  // namespace store
