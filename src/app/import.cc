// `staffetta import`: mail from files into an account's mailboxes.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <unordered_map>
#include <utility>

#include "app/commands.h"
#include "app/config.h"
#include "app/exit_status.h"
#include "app/left_out.h"
#include "app/mail_files.h"
#include "app/mail_port.h"
#include "app/progress.h"
#include "imap/grammar/flags.h"
#include "imap/grammar/scanner.h"

namespace app {
namespace {

constexpr std::size_t kBatchMessages = 200;
constexpr std::size_t kBatchOctets = std::size_t{8} << 20;

// A keyword that IMAP has no word for, or one too many, is left behind; and what is no address.
void make_sayable(CarriedMessage& message) {
    constexpr std::size_t kReturnPathOctetsMax = 1000;
    std::erase_if(message.keywords, [](const std::string& keyword) {
        return keyword.empty() || keyword.size() > imap::kKeywordOctetsMax ||
               !std::all_of(keyword.begin(), keyword.end(), imap::is_atom_char);
    });
    message.keywords.resize(std::min(message.keywords.size(), mail::kKeywordsMax));
    if (message.return_path.size() > kReturnPathOctetsMax) {
        message.return_path.clear();
    }
}

// Carries messages over in batches, and leaves out what a mailbox has already: so an import that was cut
// short goes on where it was when it is asked for again. What cannot be carried is named, and the rest goes on.
class Importer {
  public:
    Importer(MailPort& port, LeftOut& left_out) : port_(port), left_out_(left_out) {}

    base::Result<> run(MailFiles& files) {
        base::SystemClock clock;
        Progress progress(clock);
        const auto subscriptions = files.subscriptions();
        while (const auto mailbox = files.next_mailbox()) {
            TRY(const bool is_open, begin(*mailbox, !subscriptions));
            while (is_open) {
                auto found = files.next_message();
                if (!found) {
                    break;
                }
                TRY_VOID(take(std::move(*found)));
                progress.show(mailbox_, files.done(), files.total(), imported_ + batch_.size());
            }
            TRY_VOID(flush());
        }
        for (const std::string& path : subscriptions.value_or(std::vector<std::string>())) {
            TRY_VOID(unless_one(port_.subscribe(path), path));
        }
        return {};
    }

    [[nodiscard]] std::uint64_t imported() const { return imported_; }

    [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

    [[nodiscard]] std::uint64_t mailboxes() const { return mailboxes_; }

  private:
    // Keeps an error that is about one thing for the end; others are handed on.
    base::Result<> unless_one(base::Result<> done, const std::string& source) {
        if (done || !is_about_one(done.error().code)) {
            return done;
        }
        left_out_.add(source, done.error().text);
        return {};
    }

    // False: it is left out.
    base::Result<bool> begin(const FoundMailbox& mailbox, bool subscribe) {
        mailbox_ = mailbox.path;
        there_.clear();
        const std::uint64_t left_out = left_out_.count();
        TRY_VOID(unless_one(load(subscribe), mailbox.source));
        const bool is_open = left_out_.count() == left_out;
        mailboxes_ += is_open ? 1 : 0;
        return is_open;
    }

    base::Result<> load(bool subscribe) {
        TRY_VOID(port_.make(mailbox_, subscribe));
        TRY(const auto known, port_.known(mailbox_));
        for (const std::uint64_t value : known) {
            ++there_[value];
        }
        return {};
    }

    base::Result<> take(FoundMessage found) {
        CarriedMessage& message = found.message;
        if (message.octets.size() > kCarriedOctetsMax) {
            left_out_.add(found.source, "a message that is too large");
            return {};
        }
        // A message that stands in the files twice is there twice.
        const auto there = there_.find(fingerprint(message.octets));
        if (there != there_.end() && there->second > 0) {
            --there->second;
            ++skipped_;
            return {};
        }
        make_sayable(message);
        batch_octets_ += message.octets.size();
        batch_.push_back(std::move(message));
        sources_.push_back(std::move(found.source));
        return batch_.size() >= kBatchMessages || batch_octets_ >= kBatchOctets ? flush()
                                                                                : base::Result<>{};
    }

    base::Result<> flush() {
        if (batch_.empty()) {
            return {};
        }
        const std::size_t count = batch_.size();
        batch_octets_ = 0;
        const auto sources = std::exchange(sources_, {});
        auto batch = std::exchange(batch_, {});
        auto added = port_.add(mailbox_, batch);
        if (!added && is_about_one(added.error().code)) {
            return add_one_by_one(std::move(batch), sources);
        }
        imported_ += added ? count : 0;
        return added;
    }

    // One of them cannot be: which?
    base::Result<> add_one_by_one(std::vector<CarriedMessage> batch,
                                  const std::vector<std::string>& sources) {
        for (std::size_t i = 0; i < batch.size(); ++i) {
            std::vector<CarriedMessage> one;
            one.push_back(std::move(batch[i]));
            const std::uint64_t left_out = left_out_.count();
            TRY_VOID(unless_one(port_.add(mailbox_, one), sources[i]));
            imported_ += left_out_.count() == left_out ? 1 : 0;
        }
        return {};
    }

    MailPort& port_;
    LeftOut& left_out_;
    std::string mailbox_;
    std::unordered_map<std::uint64_t, std::uint32_t> there_;
    std::vector<CarriedMessage> batch_;
    std::vector<std::string> sources_;  // of each in batch_
    std::size_t batch_octets_ = 0;
    std::uint64_t imported_ = 0;
    std::uint64_t skipped_ = 0;
    std::uint64_t mailboxes_ = 0;
};

base::Result<> import_mail(const CarryOptions& options, const Config& config, LeftOut& left_out) {
    TRY(const auto files, open_mail_files(options.path, options.format, options.mailbox, left_out));
    TRY(const auto port, open_mail_port(config, options.account));
    Importer importer(*port, left_out);
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
    LeftOut left_out;
    const auto done = import_mail(options, *config, left_out);
    left_out.print();
    return done ? left_out.exit_status() : report(done.error());
}

}  // namespace app
