// `staffetta export`: an account's mailboxes into a maildir or mbox files.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <set>
#include <utility>

#include "app/commands.h"
#include "app/config.h"
#include "app/exit_status.h"
#include "app/left_out.h"
#include "app/mail_port.h"
#include "app/mail_writers.h"
#include "app/plain_tree.h"
#include "app/progress.h"

namespace app {
namespace {

// Carries mailboxes out. One that cannot be written is named, and the rest goes on.
class Exporter {
  public:
    Exporter(MailPort& port, const PlainTree& root, bool is_mbox, LeftOut& left_out)
        : port_(port),
          root_(root),
          is_mbox_(is_mbox),
          left_out_(left_out) {}

    base::Result<> run(const std::vector<std::string>& mailboxes) {
        base::SystemClock clock;
        Progress progress(clock);
        for (const std::string& mailbox : mailboxes) {
            auto done = write(mailbox, progress);
            if (!done) {
                done.error().text = fmt::format("mailbox \"{}\": {}", mailbox, done.error().text);
            }
            if (!done && (mailboxes.size() == 1 || !is_about_one(done.error().code))) {
                return done;
            }
            if (!done) {
                left_out_.add(done.error());
            }
            mailboxes_ += done ? 1 : 0;
        }
        return {};
    }

    // Those of `mailboxes` that are subscribed, for a maildir that has all of them.
    base::Result<> tell_subscriptions(const std::vector<std::string>& mailboxes) {
        TRY(auto paths, port_.subscriptions());
        const std::set<std::string_view> written(mailboxes.begin(), mailboxes.end());
        std::erase_if(paths, [&](const std::string& path) { return !written.contains(path); });
        return write_subscriptions(root_, paths);
    }

    [[nodiscard]] std::uint64_t written() const { return written_; }

    [[nodiscard]] std::uint64_t there() const { return there_; }

    [[nodiscard]] std::uint64_t mailboxes() const { return mailboxes_; }

  private:
    base::Result<> write(const std::string& mailbox, Progress& progress) {
        TRY(const auto writer,
            is_mbox_ ? open_mbox_writer(root_, mailbox) : open_maildir_writer(root_, mailbox));
        TRY(const std::uint64_t total, port_.open(mailbox));
        base::Result<> outcome;
        for (std::uint64_t done = 1;; ++done) {
            auto message = port_.next();
            if (!message) {  // the port is of no more use, whatever it was about
                return base::fail(base::Errc::kIo, std::move(message.error().text));
            }
            if (!*message) {
                break;
            }
            if (outcome) {  // else the rest is only passed over: the next mailbox may do
                outcome = write(*writer, **message);
            }
            progress.show(mailbox, done, total, written_);
        }
        return outcome ? writer->finish() : outcome;
    }

    base::Result<> write(MailWriter& writer, const CarriedMessage& message) {
        TRY(const bool is_new, writer.write(message));
        ++(is_new ? written_ : there_);
        return {};
    }

    MailPort& port_;
    const PlainTree& root_;
    const bool is_mbox_;
    LeftOut& left_out_;
    std::uint64_t written_ = 0;
    std::uint64_t there_ = 0;
    std::uint64_t mailboxes_ = 0;
};

base::Result<PlainTree> open_target(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) {
        return base::fail(base::Errc::kIo, fmt::format("{}: {}", path, error.message()));
    }
    return PlainTree::open(path);
}

base::Result<> export_mail(const CarryOptions& options, const Config& config, LeftOut& left_out) {
    TRY(const auto port, open_mail_port(config, options.account));
    std::vector<std::string> mailboxes{options.mailbox};
    if (options.mailbox.empty()) {
        TRY(mailboxes, port->mailboxes());
    }
    TRY(const PlainTree root, open_target(options.path));
    const bool is_mbox = options.format == "mbox";
    Exporter exporter(*port, root, is_mbox, left_out);
    TRY_VOID(exporter.run(mailboxes));
    if (!is_mbox && options.mailbox.empty()) {
        TRY_VOID(exporter.tell_subscriptions(mailboxes));
    }
    fmt::print("exported {} message{} of {} mailbox{}, {} were there already\n",
               exporter.written(),
               exporter.written() == 1 ? "" : "s",
               exporter.mailboxes(),
               exporter.mailboxes() == 1 ? "" : "es",
               exporter.there());
    return {};
}

}  // namespace

int export_command(const CarryOptions& options) {
    const auto config = read_config(options.config);
    if (!config) {
        return report(config.error(), kExitConfig);
    }
    LeftOut left_out;
    const auto done = export_mail(options, *config, left_out);
    left_out.print();
    return done ? left_out.exit_status() : report(done.error());
}

}  // namespace app
