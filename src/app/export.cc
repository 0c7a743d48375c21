// `staffetta export`: an account's mailboxes into a maildir or mbox files.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "app/commands.h"
#include "app/config.h"
#include "app/exit_status.h"
#include "app/files.h"
#include "app/mail_port.h"
#include "app/progress.h"
#include "mail/maildir.h"
#include "mail/mbox.h"

namespace app {
namespace {

namespace fs = std::filesystem;

base::Result<> failed_at(const fs::path& path, const std::error_code& error) {
    return base::fail(base::Errc::kIo, fmt::format("{}: {}", path.string(), error.message()));
}

base::Result<> make_folders(const fs::path& path) {
    std::error_code error;
    fs::create_directories(path, error);
    return error ? failed_at(path, error) : base::Result<>{};
}

// The file appears whole or not at all.
base::Result<> write_file(const fs::path& path, const fs::path& draft, std::string_view octets) {
    std::ofstream out(draft, std::ios::binary | std::ios::trunc);
    out.write(octets.data(), static_cast<std::streamsize>(octets.size()));
    out.close();
    if (!out) {
        return failed_at(draft, {errno, std::generic_category()});
    }
    std::error_code error;
    fs::rename(draft, path, error);
    return error ? failed_at(path, error) : base::Result<>{};
}

void set_time(const fs::path& path, base::WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    const timespec moment{.tv_sec = seconds, .tv_nsec = 0};
    const timespec times[] = {moment, moment};
    static_cast<void>(::utimensat(AT_FDCWD, path.c_str(), times, 0));
}

// One mailbox of an account going out.
class Writer {
  public:
    Writer() = default;
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    virtual ~Writer() = default;

    // False: it was there already.
    [[nodiscard]] virtual base::Result<bool> write(const CarriedMessage& message) = 0;
    [[nodiscard]] virtual base::Result<> finish() = 0;
};

// ROOT/.Folder/{cur,new,tmp}; files that an earlier export wrote stay as they are.
class MaildirWriter final : public Writer {
  public:
    static base::Result<std::unique_ptr<Writer>> open(const fs::path& root,
                                                      const std::string& mailbox) {
        std::unique_ptr<MaildirWriter> writer(new MaildirWriter);
        const std::string name = mail::format_maildir_folder(mailbox);
        writer->folder_ = name.empty() ? root : root / name;
        for (const char* const place : {"cur", "new", "tmp"}) {
            TRY_VOID(make_folders(writer->folder_ / place));
        }
        if (!name.empty()) {  // Maildir++: a folder, no maildir of its own
            TRY_VOID(write_file(
                writer->folder_ / "maildirfolder", writer->folder_ / "tmp" / "draft", ""));
        }
        if (const auto text = read_small_file(writer->folder_ / "dovecot-keywords")) {
            writer->keywords_ = mail::parse_maildir_keywords(*text);
        }
        for (const auto& entry : fs::directory_iterator(writer->folder_ / "cur")) {
            const auto known = mail::parse_maildir_name(entry.path().filename().string(), {});
            if (known) {
                writer->there_.insert(known->unique);
            }
        }
        return writer;
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
        const fs::path file = folder_ / "cur" / mail::format_maildir_name(name, keywords_);
        TRY_VOID(write_file(file, folder_ / "tmp" / name.unique, octets));
        set_time(file, message.received);
        return true;
    }

    base::Result<> finish() override {
        const std::string text = mail::format_maildir_keywords(keywords_);
        if (text.empty()) {
            return {};
        }
        return write_file(folder_ / "dovecot-keywords", folder_ / "tmp" / "draft", text);
    }

  private:
    MaildirWriter() = default;

    fs::path folder_;
    mail::MaildirKeywords keywords_;
    std::set<std::string> there_;
};

// ROOT/PATH.mbox, written anew each time.
class MboxWriter final : public Writer {
  public:
    static base::Result<std::unique_ptr<Writer>> open(const fs::path& root,
                                                      const std::string& mailbox) {
        std::unique_ptr<MboxWriter> writer(new MboxWriter);
        writer->file_ = root / (mailbox + ".mbox");
        writer->draft_ = root / (mailbox + ".draft");
        TRY_VOID(make_folders(writer->file_.parent_path()));
        writer->out_.open(writer->draft_, std::ios::binary | std::ios::trunc);
        return writer;
    }

    base::Result<bool> write(const CarriedMessage& message) override {
        const std::string text = mail::format_mbox(
            message.octets, message.return_path, message.received, message.flags, message.keywords);
        out_.write(text.data(), static_cast<std::streamsize>(text.size()));
        if (!out_) {
            TRY_VOID(failed_at(draft_, {errno, std::generic_category()}));
        }
        return true;
    }

    base::Result<> finish() override {
        out_.close();
        if (!out_) {
            return failed_at(draft_, {errno, std::generic_category()});
        }
        std::error_code error;
        fs::rename(draft_, file_, error);
        return error ? failed_at(file_, error) : base::Result<>{};
    }

  private:
    MboxWriter() = default;

    fs::path file_;
    fs::path draft_;
    std::ofstream out_;
};

struct Exported {
    std::uint64_t written = 0;
    std::uint64_t there = 0;
};

// No mailbox's name leads out of the folder.
base::Result<> expect_harmless(const std::string& mailbox) {
    for (const fs::path& level : fs::path(mailbox)) {
        if (level == ".." || level == "." || level.is_absolute()) {
            return base::fail(base::Errc::kInvalid,
                              fmt::format("the mailbox \"{}\" has a name that no file may have; "
                                          "export it as maildir",
                                          mailbox));
        }
    }
    return {};
}

base::Result<> export_mailbox(MailPort& port,
                              const CarryOptions& options,
                              const std::string& mailbox,
                              Progress& progress,
                              Exported& exported) {
    const bool is_mbox = options.format == "mbox";
    if (is_mbox) {
        TRY_VOID(expect_harmless(mailbox));
    }
    TRY(const auto writer,
        is_mbox ? MboxWriter::open(options.path, mailbox)
                : MaildirWriter::open(options.path, mailbox));
    TRY(const std::uint64_t total, port.open(mailbox));
    for (std::uint64_t done = 1;; ++done) {
        TRY(const auto message, port.next());
        if (!message) {
            break;
        }
        TRY(const bool is_new, writer->write(*message));
        ++(is_new ? exported.written : exported.there);
        progress.show(mailbox, done, total, exported.written);
    }
    return writer->finish();
}

base::Result<> export_mail(const CarryOptions& options, const Config& config) {
    TRY(const auto port, open_mail_port(config, options.account));
    std::vector<std::string> mailboxes{options.mailbox};
    if (options.mailbox.empty()) {
        TRY(mailboxes, port->mailboxes());
    }
    TRY_VOID(make_folders(options.path));
    Exported exported;
    {
        base::SystemClock clock;
        Progress progress(clock);
        for (const std::string& mailbox : mailboxes) {
            TRY_VOID(export_mailbox(*port, options, mailbox, progress, exported));
        }
    }
    fmt::print("exported {} message{} of {} mailbox{}, {} were there already\n",
               exported.written,
               exported.written == 1 ? "" : "s",
               mailboxes.size(),
               mailboxes.size() == 1 ? "" : "es",
               exported.there);
    return {};
}

}  // namespace

int export_command(const CarryOptions& options) {
    const auto config = read_config(options.config);
    if (!config) {
        return report(config.error(), kExitConfig);
    }
    const auto done = export_mail(options, *config);
    return done ? int{kExitOk} : report(done.error());
}

}  // namespace app
