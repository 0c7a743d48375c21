// Mail in one mbox file, or in a folder of files that end with .mbox, and in its folders.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "app/mail_files_impl.h"
#include "app/mapped_file.h"
#include "app/plain_tree.h"
#include "mail/mbox.h"

namespace app {
namespace {

namespace fs = std::filesystem;

struct File {
    std::string path;  // in the folder, or the file itself where there is none
    std::string mailbox;
    std::uint64_t octets = 0;
    base::WallTime modified;
};

class MboxFiles final : public MailFiles {
  public:
    // `tree` is empty for a file by itself.
    MboxFiles(std::optional<PlainTree> tree, std::vector<File> files, LeftOut& left_out)
        : tree_(std::move(tree)),
          files_(std::move(files)),
          left_out_(left_out) {
        std::sort(files_.begin(), files_.end(), [](const File& a, const File& b) {
            return a.mailbox < b.mailbox;
        });
        for (const File& file : files_) {
            total_ += file.octets;
        }
    }

    std::optional<FoundMailbox> next_mailbox() override {
        reader_.reset();
        mapped_.reset();
        while (next_ < files_.size()) {
            file_ = &files_[next_++];
            auto mapped = open();
            if (!mapped) {
                pass_over();
                left_out_.add(mapped.error());
                continue;
            }
            mapped_.emplace(std::move(*mapped));
            reader_.emplace(mapped_->octets());
            return FoundMailbox{.path = file_->mailbox, .source = name()};
        }
        return std::nullopt;
    }

    std::optional<FoundMessage> next_message() override {
        if (!reader_) {
            return std::nullopt;
        }
        while (true) {
            const std::size_t begin = reader_->position();
            const auto message = reader_->next();
            if (!message) {
                break;
            }
            const std::string source = fmt::format("{}, octet {}", name(), begin);
            if (message->header.size() + message->body.size() > kCarriedOctetsMax) {
                left_out_.add(source, "a message that is too large");
                continue;
            }
            mail::MboxContent content = mail::read_content(*message);
            FoundMessage found{.source = source, .message = {}};
            found.message.octets = std::move(content.octets);
            found.message.flags = content.flags;
            found.message.keywords = std::move(content.keywords);
            found.message.received = message->received.value_or(file_->modified);
            found.message.return_path = message->sender;
            return found;
        }
        if (reader_->position() < mapped_->octets().size()) {
            left_out_.add(name(),
                          fmt::format("no message begins at octet {}: a line \"From SENDER DATE\" "
                                      "is expected there",
                                      reader_->position()));
        }
        pass_over();
        return std::nullopt;
    }

    std::uint64_t done() const override { return before_ + (reader_ ? reader_->position() : 0); }

    std::uint64_t total() const override { return total_; }

  private:
    [[nodiscard]] std::string name() const {
        return tree_ ? tree_->name_of(file_->path) : file_->path;
    }

    base::Result<MappedFile> open() const {
        if (!tree_) {
            return MappedFile::open(file_->path);
        }
        TRY(const base::UniqueFd file, tree_->open(file_->path, O_RDONLY));
        return MappedFile::of(file, name());
    }

    void pass_over() {
        before_ += file_->octets;
        reader_.reset();
        mapped_.reset();
    }

    const std::optional<PlainTree> tree_;
    std::vector<File> files_;
    LeftOut& left_out_;
    std::size_t next_ = 0;
    const File* file_ = nullptr;
    std::optional<MappedFile> mapped_;
    std::optional<mail::MboxReader> reader_;
    std::uint64_t before_ = 0;
    std::uint64_t total_ = 0;
};

// What stat(2) says of a file; nothing when it is none.
std::optional<File> look_at(const base::UniqueFd& opened, std::string path) {
    struct stat status {};

    if (::fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return std::nullopt;
    }
    return File{.path = std::move(path),
                .mailbox = {},
                .octets = static_cast<std::uint64_t>(status.st_size),
                .modified = base::WallTime(std::chrono::seconds(status.st_mtim.tv_sec))};
}

// Every .mbox file of a folder and those below it.
class Search {
  public:
    Search(const PlainTree& tree, const std::string& mailbox, LeftOut& left_out)
        : tree_(tree),
          mailbox_(mailbox),
          left_out_(left_out) {}

    std::vector<File> run() {
        std::vector<std::string> folders{"."};
        while (!folders.empty()) {
            const std::string folder = std::move(folders.back());
            folders.pop_back();
            const auto names = tree_.names(folder);
            if (!names) {
                left_out_.add(names.error());
                continue;
            }
            for (const std::string& name : *names) {
                std::string path = folder == "." ? name : fmt::format("{}/{}", folder, name);
                if (tree_.is_folder(path)) {
                    folders.push_back(std::move(path));
                } else if (name.size() > kSuffix.size() && name.ends_with(kSuffix)) {
                    add(path);
                }
            }
        }
        return std::move(files_);
    }

  private:
    static constexpr std::string_view kSuffix = ".mbox";

    void add(const std::string& path) {
        const auto opened = tree_.open(path, O_PATH);  // a link is no file to it
        auto file = opened ? look_at(*opened, path) : std::nullopt;
        if (!file) {
            return;
        }
        auto place = place_below(mailbox_, path.substr(0, path.size() - kSuffix.size()));
        if (!place) {
            left_out_.add(tree_.name_of(path), place.error().text);
            return;
        }
        file->mailbox = std::move(*place);
        files_.push_back(std::move(*file));
    }

    const PlainTree& tree_;
    const std::string& mailbox_;
    LeftOut& left_out_;
    std::vector<File> files_;
};

}  // namespace

base::Result<std::unique_ptr<MailFiles>> open_mbox(const std::string& path,
                                                   const std::string& mailbox,
                                                   LeftOut& left_out) {
    std::error_code failed;
    if (!fs::is_directory(path, failed)) {
        struct stat status {};

        static_cast<void>(::stat(path.c_str(), &status));
        TRY(std::string place, place_below(mailbox, "INBOX"));
        std::vector<File> files{
            {.path = path,
             .mailbox = std::move(place),
             .octets = static_cast<std::uint64_t>(status.st_size),
             .modified = base::WallTime(std::chrono::seconds(status.st_mtim.tv_sec))}};
        return std::make_unique<MboxFiles>(std::nullopt, std::move(files), left_out);
    }
    TRY(PlainTree tree, PlainTree::open(path));
    std::vector<File> files = Search(tree, mailbox, left_out).run();
    if (files.empty() && left_out.count() == 0) {
        return base::fail(
            base::Errc::kInvalid,
            fmt::format("{}: no file in it ends with .mbox, and it is no maildir", path));
    }
    return std::make_unique<MboxFiles>(std::move(tree), std::move(files), left_out);
}

}  // namespace app
