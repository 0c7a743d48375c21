#include "store/forgetful_file_system.h"

#include <utility>

namespace store {
namespace {

using base::Result;

class ForgetfulFile final : public File {
  public:
    explicit ForgetfulFile(std::unique_ptr<File> file) : file_(std::move(file)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) const override {
        return file_->read_at(offset, into);
    }

    std::optional<std::size_t> read_cached(std::uint64_t offset,
                                           std::span<char> into) const override {
        return file_->read_cached(offset, into);
    }

    Result<> write_at(std::uint64_t offset, std::span<const std::string_view> parts) override {
        std::string octets;
        for (const std::string_view part : parts) {
            octets.append(part);
        }
        unsynced_.emplace_back(offset, std::move(octets));
        return {};
    }

    Result<> sync() override {
        for (const auto& [offset, octets] : std::exchange(unsynced_, {})) {
            const std::string_view parts[] = {octets};
            TRY_VOID(file_->write_at(offset, parts));
        }
        return file_->sync();
    }

    Result<> allocate(std::uint64_t octets) override { return file_->allocate(octets); }

    Result<> truncate(std::uint64_t octets) override { return file_->truncate(octets); }

    Result<std::uint64_t> size() const override { return file_->size(); }

  private:
    std::unique_ptr<File> file_;
    std::vector<std::pair<std::uint64_t, std::string>> unsynced_;
};

class ForgetfulFileSystem final : public FileSystem {
  public:
    Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
        TRY(auto file, kernel_.open(path, mode));
        if (mode == OpenMode::kRead) {
            return file;
        }
        return std::make_unique<ForgetfulFile>(std::move(file));
    }

    Result<std::vector<std::string>> list(const std::string& directory) override {
        return kernel_.list(directory);
    }

    Result<> make_directory(const std::string& directory) override {
        return kernel_.make_directory(directory);
    }

    Result<> clone(const std::string& from, const std::string& to) override {
        return kernel_.clone(from, to);
    }

    Result<> close_to_others(const std::string& directory) override {
        return kernel_.close_to_others(directory);
    }

    Result<> remove(const std::string& path) override { return kernel_.remove(path); }

    Result<> sync_directory(const std::string& directory) override {
        return kernel_.sync_directory(directory);
    }

    Result<std::uint64_t> free_octets(const std::string& directory) override {
        return kernel_.free_octets(directory);
    }

    Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
        return kernel_.lock(path);
    }

  private:
    FileSystem& kernel_ = posix_file_system();
};

}  // namespace

FileSystem& forgetful_file_system() {
    static ForgetfulFileSystem file_system;
    return file_system;
}

}  // namespace store
