// Mail in a maildir and its folders (Maildir++), as Courier and Dovecot have them.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/mail_files_impl.h"
#include "app/plain_tree.h"
#include "base/ascii.h"
#include "mail/maildir.h"
#include "mail/mbox.h"

namespace app {
namespace {

constexpr std::size_t kSmallOctetsMax = std::size_t{1} << 20;

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

// Absent, or a link or a file where a folder should be: nothing of a maildir's, as it was before links were made.
bool is_absent(base::Errc code) {
    return code == base::Errc::kNotFound || code == base::Errc::kInvalid;
}

class MaildirFiles final : public MailFiles {
  public:
    MaildirFiles(PlainTree tree, std::string mailbox, LeftOut& left_out)
        : tree_(std::move(tree)),
          mailbox_(std::move(mailbox)),
          left_out_(left_out) {}

    base::Result<> find_folders() {
        add_folder(".", "INBOX");
        TRY(const auto names, tree_.names("."));
        for (const std::string& name : names) {
            if (name.front() == '.' && has_messages(name)) {
                add_named_folder(name);
            }
        }
        std::sort(folders_.begin(), folders_.end(), [](const Folder& a, const Folder& b) {
            return a.mailbox < b.mailbox;
        });
        return {};
    }

    std::optional<FoundMailbox> next_mailbox() override {
        if (next_folder_ == folders_.size()) {
            return std::nullopt;
        }
        folder_ = &folders_[next_folder_++];
        done_ = folder_->before;
        file_ = 0;
        return FoundMailbox{.path = folder_->mailbox, .source = tree_.name_of(folder_->path)};
    }

    std::optional<FoundMessage> next_message() override {
        while (folder_ != nullptr && file_ < folder_->files.size()) {
            const std::string file = folder_->path + "/" + folder_->files[file_++];
            ++done_;
            auto found = tree_.read(file, kCarriedOctetsMax);
            if (!found) {
                if (found.error().code != base::Errc::kNotFound) {
                    left_out_.add(found.error());
                }
                continue;
            }
            const auto name =
                mail::parse_maildir_name(file.substr(file.rfind('/') + 1), folder_->keywords);
            FoundMessage message{.source = tree_.name_of(file), .message = {}};
            message.message.octets = mail::to_crlf(found->octets);
            message.message.flags = name ? name->flags : 0;
            message.message.keywords = name ? name->keywords : std::vector<std::string>();
            message.message.received = found->modified;
            return message;
        }
        return std::nullopt;
    }

    std::optional<std::vector<std::string>> subscriptions() override {
        const auto text = tree_.read("subscriptions", kSmallOctetsMax);
        if (!text) {
            if (!is_absent(text.error().code)) {
                left_out_.add(text.error());
            }
            return std::nullopt;
        }
        std::vector<std::string> paths;
        for (const std::string& path : mail::parse_maildir_subscriptions(text->octets)) {
            if (auto place = place_below(mailbox_, path)) {
                paths.push_back(std::move(*place));
            }
        }
        return paths;
    }

    std::uint64_t done() const override { return done_; }

    std::uint64_t total() const override { return total_; }

  private:
    struct Folder {
        std::string path;  // in the maildir
        std::string mailbox;
        mail::MaildirKeywords keywords;
        std::vector<std::string> files;  // "cur/NAME"
        std::uint64_t before = 0;        // messages of the folders before it
    };

    // Whether it is a folder of messages. One that cannot be looked at may be one.
    bool has_messages(const std::string& name) {
        const auto cur = tree_.open(name + "/cur", O_PATH | O_DIRECTORY);
        if (!cur && !is_absent(cur.error().code)) {
            left_out_.add(cur.error());
        }
        return cur.has_value();
    }

    void add_named_folder(const std::string& name) {
        const auto path = mail::parse_maildir_folder(name);
        if (!path) {
            left_out_.add(tree_.name_of(name), "the folder's name is no mailbox's");
            return;
        }
        add_folder(name, *path);
    }

    void add_folder(const std::string& path, const std::string& mailbox) {
        auto place = place_below(mailbox_, mailbox);
        if (!place) {
            left_out_.add(tree_.name_of(path), place.error().text);
            return;
        }
        Folder folder{.path = path,
                      .mailbox = std::move(*place),
                      .keywords = {},
                      .files = {},
                      .before = total_};
        if (const auto text = tree_.read(path + "/dovecot-keywords", kSmallOctetsMax)) {
            folder.keywords = mail::parse_maildir_keywords(text->octets);
        }
        for (const char* const name : {"cur", "new"}) {
            add_files(folder, name);
        }
        // In the order in which they came: names begin with the time.
        std::sort(folder.files.begin(),
                  folder.files.end(),
                  [](const std::string& a, const std::string& b) {
                      return natural_less(a.substr(4), b.substr(4));
                  });
        total_ += folder.files.size();
        folders_.push_back(std::move(folder));
    }

    void add_files(Folder& folder, const std::string& place) {
        const auto names = tree_.names(folder.path + "/" + place);
        if (!names) {
            if (!is_absent(names.error().code)) {
                left_out_.add(names.error());
            }
            return;
        }
        for (const std::string& name : *names) {
            if (name.front() != '.') {
                folder.files.push_back(fmt::format("{}/{}", place, name));
            }
        }
    }

    const PlainTree tree_;
    const std::string mailbox_;
    LeftOut& left_out_;
    std::vector<Folder> folders_;
    std::size_t next_folder_ = 0;
    const Folder* folder_ = nullptr;
    std::size_t file_ = 0;
    std::uint64_t done_ = 0;
    std::uint64_t total_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<MailFiles>> open_maildir(const std::string& path,
                                                      const std::string& mailbox,
                                                      LeftOut& left_out) {
    TRY(PlainTree tree, PlainTree::open(path));
    auto files = std::make_unique<MaildirFiles>(std::move(tree), mailbox, left_out);
    TRY_VOID(files->find_folders());
    return files;
}

}  // namespace app
