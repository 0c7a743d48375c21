#include "app/mail_writers.h"

#include <fmt/format.h>

#include <filesystem>
#include <set>
#include <utility>

#include "mail/maildir.h"
#include "mail/mbox.h"

namespace app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKeywordsOctetsMax = std::size_t{1} << 20;

class MaildirWriter final : public MailWriter {
  public:
    MaildirWriter(const PlainTree& root, const std::string& mailbox)
        : root_(root),
          is_top_(mail::format_maildir_folder(mailbox).empty()),
          prefix_(is_top_ ? "" : mail::format_maildir_folder(mailbox) + "/") {}

    base::Result<> open() {
        for (const char* const place : {"cur", "new", "tmp"}) {
            TRY_VOID(root_.make_folders(prefix_ + place));
        }
        if (!is_top_) {  // Maildir++: a folder, no maildir of its own
            TRY_VOID(root_.write(prefix_ + "maildirfolder", draft(), ""));
        }
        if (const auto file = root_.read(prefix_ + "dovecot-keywords", kKeywordsOctetsMax)) {
            keywords_ = mail::parse_maildir_keywords(file->octets);
        }
        TRY(const auto names, root_.names(prefix_ + "cur"));
        for (const std::string& name : names) {
            if (const auto known = mail::parse_maildir_name(name, {})) {
                there_.insert(known->unique);
            }
        }
        return {};
    }

    base::Result<bool> write(const CarriedMessage& message) override {
        const auto received =
            std::chrono::floor<std::chrono::seconds>(message.received).time_since_epoch().count();
        const std::string octets = mail::to_lf(message.octets);
        const mail::MaildirName name{
            .unique = fmt::format("{}.M{}.staffetta,S={}", received, message.uid, octets.size()),
            .flags = message.flags,
            .keywords = message.keywords};
        if (there_.contains(name.unique)) {
            return false;
        }
        const std::string file = prefix_ + "cur/" + mail::format_maildir_name(name, keywords_);
        TRY_VOID(root_.write(file, prefix_ + "tmp/" + name.unique, octets, message.received));
        return true;
    }

    base::Result<> finish() override {
        const std::string text = mail::format_maildir_keywords(keywords_);
        return text.empty() ? base::Result<>()
                            : root_.write(prefix_ + "dovecot-keywords", draft(), text);
    }

  private:
    [[nodiscard]] std::string draft() const { return prefix_ + "tmp/draft"; }

    const PlainTree& root_;
    const bool is_top_;
    const std::string prefix_;
    mail::MaildirKeywords keywords_;
    std::set<std::string> there_;
};

class MboxWriter final : public MailWriter {
  public:
    MboxWriter(const PlainTree& root, const std::string& mailbox)
        : root_(root),
          file_(mailbox + ".mbox"),
          draft_(mailbox + ".draft") {}

    base::Result<> open() {
        const std::string folder = fs::path(file_).parent_path();
        TRY_VOID(root_.make_folders(folder));
        TRY(out_, root_.create(draft_));
        return {};
    }

    base::Result<bool> write(const CarriedMessage& message) override {
        pending_ += mail::format_mbox(
            message.octets, message.return_path, message.received, message.flags, message.keywords);
        if (pending_.size() >= kPendingOctets) {
            TRY_VOID(flush());
        }
        return true;
    }

    base::Result<> finish() override {
        TRY_VOID(flush());
        return root_.rename(draft_, file_);
    }

  private:
    static constexpr std::size_t kPendingOctets = std::size_t{256} << 10U;

    base::Result<> flush() { return root_.write_all(out_, draft_, std::exchange(pending_, {})); }

    const PlainTree& root_;
    const std::string file_;
    const std::string draft_;
    base::UniqueFd out_;
    std::string pending_;
};

// No mailbox's name leads out of the folder.
base::Result<> expect_harmless(const std::string& mailbox) {
    for (const fs::path& level : fs::path(mailbox)) {
        if (level == ".." || level == "." || level.is_absolute()) {
            return base::fail(base::Errc::kInvalid,
                              "a name that no file may have; export it as maildir");
        }
    }
    return {};
}

}  // namespace

base::Result<std::unique_ptr<MailWriter>> open_maildir_writer(const PlainTree& root,
                                                              const std::string& mailbox) {
    auto writer = std::make_unique<MaildirWriter>(root, mailbox);
    TRY_VOID(writer->open());
    return writer;
}

base::Result<std::unique_ptr<MailWriter>> open_mbox_writer(const PlainTree& root,
                                                           const std::string& mailbox) {
    TRY_VOID(expect_harmless(mailbox));
    auto writer = std::make_unique<MboxWriter>(root, mailbox);
    TRY_VOID(writer->open());
    return writer;
}

base::Result<> write_subscriptions(const PlainTree& root, const std::vector<std::string>& paths) {
    TRY_VOID(root.make_folders("tmp"));
    return root.write("subscriptions", "tmp/draft", mail::format_maildir_subscriptions(paths));
}

}  // namespace app
