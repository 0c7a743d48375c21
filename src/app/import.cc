// `staffetta import`: mail from files into an account's mailboxes.
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <unordered_map>
#include <utility>

#include "app/commands.h"
#include "app/config.h"
#include "app/exit_status.h"
#include "app/mail_files.h"
#include "app/mail_port.h"
#include "app/progress.h"

namespace app {
namespace {

constexpr std::size_t kBatchMessages = 200;
constexpr std::size_t kBatchOctets = std::size_t{8} << 20;

// Carries messages over in batches, and leaves out what a mailbox has already: so an import that was cut
// short goes on where it was when it is asked for again.
class Importer {
  public:
    explicit Importer(MailPort& port) : port_(port) {}

    base::Result<> run(MailFiles& files) {
        base::SystemClock clock;
        Progress progress(clock);
        while (true) {
            TRY(auto found, files.next());
            if (!found) {
                break;
            }
            if (found->mailbox != mailbox_) {
                TRY_VOID(flush());
                TRY_VOID(begin(found->mailbox));
            }
            TRY_VOID(take(std::move(found->message)));
            progress.show(mailbox_, files.done(), files.total(), imported_ + batch_.size());
        }
        return flush();
    }

    [[nodiscard]] std::uint64_t imported() const { return imported_; }

    [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

    [[nodiscard]] std::uint64_t mailboxes() const { return mailboxes_; }

  private:
    base::Result<> begin(const std::string& mailbox) {
        mailbox_ = mailbox;
        ++mailboxes_;
        there_.clear();
        TRY(const auto known, port_.known(mailbox));
        for (const std::uint64_t value : known) {
            ++there_[value];
        }
        return {};
    }

    base::Result<> take(CarriedMessage message) {
        // A message that stands in the files twice is there twice.
        const auto there = there_.find(fingerprint(message.octets));
        if (there != there_.end() && there->second > 0) {
            --there->second;
            ++skipped_;
            return {};
        }
        batch_octets_ += message.octets.size();
        batch_.push_back(std::move(message));
        return batch_.size() >= kBatchMessages || batch_octets_ >= kBatchOctets ? flush()
                                                                                : base::Result<>{};
    }

    base::Result<> flush() {
        if (batch_.empty()) {
            return {};
        }
        const std::size_t count = batch_.size();
        batch_octets_ = 0;
        TRY_VOID(port_.add(mailbox_, std::exchange(batch_, {})));
        imported_ += count;
        return {};
    }

    MailPort& port_;
    std::string mailbox_;
    std::unordered_map<std::uint64_t, std::uint32_t> there_;
    std::vector<CarriedMessage> batch_;
    std::size_t batch_octets_ = 0;
    std::uint64_t imported_ = 0;
    std::uint64_t skipped_ = 0;
    std::uint64_t mailboxes_ = 0;
};

base::Result<> import_mail(const CarryOptions& options, const Config& config) {
    TRY(const auto files, open_mail_files(options.path, options.format, options.mailbox));
    TRY(const auto port, open_mail_port(config, options.account));
    Importer importer(*port);
    auto done = importer.run(*files);
    fmt::print("imported {} message{} into {} mailbox{}, {} were there already\n",
               importer.imported(),
               importer.imported() == 1 ? "" : "s",
               importer.mailboxes(),
               importer.mailboxes() == 1 ? "" : "es",
               importer.skipped());
    if (!done) {
        done.error().text += "; what was imported is kept: run the command again to go on";
    }
    return done;
}

}  // namespace

int import_command(const CarryOptions& options) {
    const auto config = read_config(options.config);
    if (!config) {
        return report(config.error(), kExitConfig);
    }
    const auto done = import_mail(options, *config);
    return done ? int{kExitOk} : report(done.error());
}

}  // namespace app
