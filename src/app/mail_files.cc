#include "app/mail_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "app/files.h"
#include "base/ascii.h"
#include "mail/maildir.h"
#include "mail/mbox.h"

namespace app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMessageOctetsMax = std::size_t{1} << 30;
constexpr std::size_t kKeywordsOctetsMax = std::size_t{1} << 20;

// Where a path found in files lies when `mailbox` was asked for.
std::string below(const std::string& mailbox, const std::string& path) {
    if (mailbox.empty()) {
        return path;
    }
    return path == "INBOX" ? mailbox : mailbox + "/" + path;
}

base::WallTime modification_time(const fs::path& file) {
    struct stat status {};

    if (::stat(file.c_str(), &status) != 0) {
        return {};
    }
    return base::WallTime(std::chrono::seconds(status.st_mtim.tv_sec));
}

// "9" before "10": numbers in names count as numbers.
bool natural_less(const std::string& a, const std::string& b) {
    std::size_t i = 0;
    std::size_t j = 0;
    const auto number_end = [](const std::string& text, std::size_t at) {
        while (at < text.size() && base::is_digit(text[at])) {
            ++at;
        }
        return at;
    };
    while (i < a.size() && j < b.size()) {
        if (!base::is_digit(a[i]) || !base::is_digit(b[j])) {
            if (a[i] != b[j]) {
                return a[i] < b[j];
            }
            ++i;
            ++j;
            continue;
        }
        const std::size_t i_end = number_end(a, i);
        const std::size_t j_end = number_end(b, j);
        if (i_end - i != j_end - j) {
            return i_end - i < j_end - j;
        }
        const int order = a.compare(i, i_end - i, b, j, j_end - j);
        if (order != 0) {
            return order < 0;
        }
        i = i_end;
        j = j_end;
    }
    return a.size() - i < b.size() - j;
}

// Itself, and no link to one: who imports may read more than whose mail it is, and links could lead him to it.
bool is_folder(const fs::path& path) {
    std::error_code failed;
    return fs::is_directory(fs::symlink_status(path, failed));
}

class MaildirFiles final : public MailFiles {
  public:
    static base::Result<std::unique_ptr<MailFiles>> open(const fs::path& root,
                                                         const std::string& mailbox) {
        std::unique_ptr<MaildirFiles> files(new MaildirFiles);
        std::error_code failed;
        TRY_VOID(files->add_folder(root, below(mailbox, "INBOX")));
        for (const auto& entry : fs::directory_iterator(root, failed)) {
            const std::string name = entry.path().filename();
            if (name.empty() || name.front() != '.' || !is_folder(entry.path()) ||
                !is_folder(entry.path() / "cur")) {
                continue;
            }
            const auto path = mail::parse_maildir_folder(name);
            if (!path) {
                return base::fail(
                    base::Errc::kInvalid,
                    fmt::format("{}: the folder's name is no mailbox's", entry.path().string()));
            }
            TRY_VOID(files->add_folder(entry.path(), below(mailbox, *path)));
        }
        if (failed) {
            return base::fail(base::Errc::kIo,
                              fmt::format("{}: {}", root.string(), failed.message()));
        }
        std::sort(files->folders_.begin(),
                  files->folders_.end(),
                  [](const Folder& a, const Folder& b) { return a.mailbox < b.mailbox; });
        return files;
    }

    base::Result<std::optional<FoundMessage>> next() override {
        while (folder_ < folders_.size()) {
            const Folder& folder = folders_[folder_];
            if (file_ == folder.files.size()) {
                ++folder_;
                file_ = 0;
                continue;
            }
            const fs::path file = folder.path / folder.files[file_++];
            ++done_;
            auto octets = read_plain_file(file, kMessageOctetsMax);
            if (!octets && octets.error().code == base::Errc::kNotFound) {
                continue;
            }
            if (!octets) {
                return base::forward_error(octets);
            }
            const auto name = mail::parse_maildir_name(file.filename().string(), folder.keywords);
            FoundMessage found;
            found.mailbox = folder.mailbox;
            found.message.octets = mail::to_crlf(*octets);
            found.message.flags = name ? name->flags : 0;
            found.message.keywords = name ? name->keywords : std::vector<std::string>();
            found.message.received = modification_time(file);
            return std::optional(std::move(found));
        }
        return std::nullopt;
    }

    std::uint64_t done() const override { return done_; }

    std::uint64_t total() const override { return total_; }

  private:
    struct Folder {
        fs::path path;
        std::string mailbox;
        mail::MaildirKeywords keywords;
        std::vector<std::string> files;  // "cur/NAME"
    };

    MaildirFiles() = default;

    base::Result<> add_folder(const fs::path& path, std::string mailbox) {
        Folder folder{.path = path, .mailbox = std::move(mailbox), .keywords = {}, .files = {}};
        if (const auto text = read_plain_file(path / "dovecot-keywords", kKeywordsOctetsMax)) {
            folder.keywords = mail::parse_maildir_keywords(*text);
        }
        for (const char* const place : {"cur", "new"}) {
            if (!is_folder(path / place)) {
                continue;
            }
            std::error_code failed;
            for (const auto& entry : fs::directory_iterator(path / place, failed)) {
                const std::string name = entry.path().filename();
                std::error_code unknown;
                if (!name.empty() && name.front() != '.' &&
                    fs::is_regular_file(entry.symlink_status(unknown))) {
                    folder.files.push_back(std::string(place) + "/" + name);
                }
            }
            if (failed && failed != std::errc::no_such_file_or_directory) {
                return base::fail(base::Errc::kIo,
                                  fmt::format("{}: {}", (path / place).string(), failed.message()));
            }
        }
        // In the order in which they came: names begin with the time.
        std::sort(folder.files.begin(),
                  folder.files.end(),
                  [](const std::string& a, const std::string& b) {
                      return natural_less(a.substr(4), b.substr(4));
                  });
        total_ += folder.files.size();
        folders_.push_back(std::move(folder));
        return {};
    }

    std::vector<Folder> folders_;
    std::size_t folder_ = 0;
    std::size_t file_ = 0;
    std::uint64_t done_ = 0;
    std::uint64_t total_ = 0;
};

// A file's octets without reading it whole: the kernel brings what is looked at.
//
// BUGS: a file that is cut short meanwhile ends the program with SIGBUS.
class MappedFile {
  public:
    static base::Result<MappedFile> open(const fs::path& path) {
        const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);

        struct stat status {};

        if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
            const std::error_code failed(errno, std::generic_category());
            if (descriptor >= 0) {
                ::close(descriptor);
            }
            return base::fail(base::Errc::kIo,
                              fmt::format("{}: {}", path.string(), failed.message()));
        }
        MappedFile file;
        file.size_ = static_cast<std::size_t>(status.st_size);
        if (file.size_ > 0) {
            void* const address =
                ::mmap(nullptr, file.size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
            file.address_ = address == MAP_FAILED ? nullptr : address;
        }
        ::close(descriptor);
        if (file.size_ > 0 && file.address_ == nullptr) {
            return base::fail(base::Errc::kIo, fmt::format("{} cannot be mapped", path.string()));
        }
        return file;
    }

    MappedFile(MappedFile&& other) noexcept
        : address_(std::exchange(other.address_, nullptr)),
          size_(std::exchange(other.size_, 0)) {}

    MappedFile& operator=(MappedFile&& other) noexcept {
        std::swap(address_, other.address_);
        std::swap(size_, other.size_);
        return *this;
    }

    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    ~MappedFile() {
        if (address_ != nullptr) {
            ::munmap(address_, size_);
        }
    }

    [[nodiscard]] std::string_view octets() const {
        return {static_cast<const char*>(address_), size_};
    }

  private:
    MappedFile() = default;

    void* address_ = nullptr;
    std::size_t size_ = 0;
};

class MboxFiles final : public MailFiles {
  public:
    struct File {
        fs::path path;
        std::string mailbox;
        std::uint64_t octets = 0;
    };

    explicit MboxFiles(std::vector<File> files) : files_(std::move(files)) {
        std::sort(files_.begin(), files_.end(), [](const File& a, const File& b) {
            return a.mailbox < b.mailbox;
        });
        for (const File& file : files_) {
            total_ += file.octets;
        }
    }

    base::Result<std::optional<FoundMessage>> next() override {
        while (next_ < files_.size()) {
            const File& file = files_[next_];
            if (!reader_) {
                TRY_VOID(open(file));
            }
            const auto message = reader_->next();
            if (!message) {
                TRY_VOID(close(file));
                continue;
            }
            mail::MboxContent content = mail::read_content(*message);
            FoundMessage found;
            found.mailbox = file.mailbox;
            found.message.octets = std::move(content.octets);
            found.message.flags = content.flags;
            found.message.keywords = std::move(content.keywords);
            found.message.received = message->received.value_or(modification_time(file.path));
            found.message.return_path = message->sender;
            return std::optional(std::move(found));
        }
        return std::nullopt;
    }

    std::uint64_t done() const override { return before_ + (reader_ ? reader_->position() : 0); }

    std::uint64_t total() const override { return total_; }

  private:
    base::Result<> open(const File& file) {
        TRY(MappedFile mapped, MappedFile::open(file.path));
        mapped_.emplace(std::move(mapped));
        reader_.emplace(mapped_->octets());
        return {};
    }

    base::Result<> close(const File& file) {
        if (reader_->position() < mapped_->octets().size()) {
            return base::fail(base::Errc::kInvalid,
                              fmt::format("{}: no message begins at octet {}: a line \"From "
                                          "SENDER DATE\" is expected there",
                                          file.path.string(),
                                          reader_->position()));
        }
        before_ += mapped_->octets().size();
        reader_.reset();
        mapped_.reset();
        ++next_;
        return {};
    }

    std::vector<File> files_;
    std::size_t next_ = 0;
    std::optional<MappedFile> mapped_;
    std::optional<mail::MboxReader> reader_;
    std::uint64_t before_ = 0;
    std::uint64_t total_ = 0;
};

base::Result<std::unique_ptr<MailFiles>> open_mbox(const fs::path& path,
                                                   const std::string& mailbox) {
    std::vector<MboxFiles::File> files;
    std::error_code failed;
    if (!fs::is_directory(path, failed)) {
        files.push_back({path, below(mailbox, "INBOX"), fs::file_size(path, failed)});
    } else {
        for (const auto& entry : fs::recursive_directory_iterator(path, failed)) {
            if (fs::is_regular_file(entry.symlink_status(failed)) &&
                entry.path().extension() == ".mbox") {
                const fs::path name = fs::relative(entry.path(), path).replace_extension();
                files.push_back({entry.path(), below(mailbox, name), entry.file_size(failed)});
            }
        }
    }
    if (failed) {
        return base::fail(base::Errc::kIo, fmt::format("{}: {}", path.string(), failed.message()));
    }
    if (files.empty()) {
        return base::fail(
            base::Errc::kInvalid,
            fmt::format("{}: no file in it ends with .mbox, and it is no maildir", path.string()));
    }
    return std::make_unique<MboxFiles>(std::move(files));
}

}  // namespace

base::Result<std::unique_ptr<MailFiles>> open_mail_files(const std::string& path,
                                                         std::string_view format,
                                                         const std::string& mailbox) {
    std::error_code failed;
    if (!fs::exists(path, failed)) {
        return base::fail(base::Errc::kNotFound, fmt::format("{}: there is no such file", path));
    }
    const bool is_maildir = fs::is_directory(fs::path(path) / "cur", failed);
    if (format == "mbox" || (format.empty() && !is_maildir)) {
        return open_mbox(path, mailbox);
    }
    if (!is_maildir) {
        return base::fail(base::Errc::kInvalid,
                          fmt::format("{} is no maildir: it has no folder \"cur\"", path));
    }
    return MaildirFiles::open(path, mailbox);
}

}  // namespace app
