// ftp::Client's listings: LIST, MLSD and NLST, line by line, and what cannot be read of them.
#include <fmt/format.h>

#include <functional>
#include <utility>

#include "base/ascii.h"
#include "ftp/client/client.h"

namespace ftp {

using base::Errc;
using base::fail;

namespace {

constexpr std::size_t kListingLineOctetsMax = std::size_t{64} * 1024;
constexpr std::size_t kListingLinesMax = 2'000'000;  // of one folder

// A listing, line by line: its text is never in memory as a whole.
class LineSink final : public ByteSink {
  public:
    using Take = std::function<void(std::string_view line)>;

    // `octets_max`: of all lines together.
    LineSink(std::size_t octets_max, Take take) : take_(std::move(take)), left_(octets_max) {}

    base::Result<> write(std::string_view octets) override {
        if (octets.size() > left_) {
            return fail(Errc::kTooLong, "a listing longer than any folder");
        }
        left_ -= octets.size();
        while (!octets.empty()) {
            const std::size_t end = octets.find('\n');
            line_ += octets.substr(0, end);
            if (line_.size() > kListingLineOctetsMax || lines_ == kListingLinesMax) {
                return fail(Errc::kTooLong, "a listing longer than any folder");
            }
            if (end == std::string_view::npos) {
                return {};
            }
            take_line();
            octets.remove_prefix(end + 1);
        }
        return {};
    }

    // A last line without an end, which is handed on as it is.
    std::string finish() {
        std::string cut = line_;
        if (!line_.empty()) {
            take_line();
        }
        return cut;
    }

  private:
    void take_line() {
        std::string_view line = line_;
        while (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        take_(line);
        ++lines_;
        line_.clear();
    }

    const Take take_;
    std::size_t left_;
    std::size_t lines_ = 0;
    std::string line_;
};

}  // namespace

// RFC 1123 4.1.2.7: listings go in type A or I alike; the one that is set saves a round trip.
Client::Async<void> Client::listing_into(std::string command_line, ByteSink& sink) {
    auto listed = co_await transfer(std::move(command_line), TransferOptions(), &sink, nullptr);
    if (!listed && last_reply_.code == 450) {
        // RFC 959 5.4 has no 550 here: ours and proftpd say so of a folder that is not there.
        co_return fail(Errc::kNotFound, listed.error().text);
    }
    CO_TRY_VOID(std::move(listed));
    co_return base::Result<>();
}

namespace {

// A path behind a command that may take options.
std::string as_argument(std::string_view path) {
    return fmt::format("{}{}{}", path.empty() ? "" : " ", path.starts_with('-') ? "./" : "", path);
}

// Servers hand LIST's path to an ls of theirs, and some part it at spaces or take it for a pattern.
bool is_for_ls(std::string_view path) {
    return path.find_first_of(" *?[{\\~") != std::string_view::npos;
}

// The server understood the command, and will not have it.
bool is_refusal(Errc code) {
    return code == Errc::kNotFound || code == Errc::kUnsupported || code == Errc::kSyntax ||
           code == Errc::kInvalid || code == Errc::kDenied;
}

}  // namespace

// Not the folder itself, nor the one above; what no local file may be called is told apart.
bool Client::admits(const RemoteEntry& entry) {
    if (entry.type == EntryType::kCurrent || entry.type == EntryType::kParent ||
        entry.name == "." || entry.name == "..") {
        return false;
    }
    if (!is_plain_name(entry.name)) {
        left_out_.push_back(entry.name);
        return false;
    }
    return true;
}

Client::Async<std::vector<RemoteEntry>> Client::list(std::string path) {
    if (options_.use_mlsd && (has("MLSD") || has("MLST"))) {
        co_return co_await list_facts(as_argument(path));
    }
    co_return co_await (is_for_ls(path) ? list_from_inside(path) : list_lines(path));
}

void Client::note_unread(std::string_view line) {
    if (unread_line_.empty()) {
        unread_line_ = line;
    }
}

Client::Async<std::vector<RemoteEntry>> Client::list_facts(std::string arguments) {
    left_out_.clear();
    unread_line_.clear();
    std::vector<RemoteEntry> entries;
    LineSink facts(options_.listing_octets_max, [&entries, this](std::string_view line) {
        auto read = parse_fact_listing(line);
        // RFC 3659 7.5.1: only its type tells a file from a folder.
        if (read.empty() ? !base::trim(line).empty() : !read.front().is_type_known) {
            note_unread(line);
        }
        for (RemoteEntry& entry : read) {
            if (admits(entry)) {
                entries.push_back(std::move(entry));
            }
        }
    });
    CO_TRY_VOID(co_await listing_into("MLSD" + arguments, facts));
    note_unread(facts.finish());
    co_return entries;
}

// There and back again: CWD takes a path as it is.
Client::Async<std::vector<RemoteEntry>> Client::list_from_inside(std::string path) {
    CO_TRY(std::string where, co_await working_directory());
    CO_TRY_VOID(co_await change_directory(std::move(path)));
    auto entries = co_await list_lines("");
    CO_TRY_VOID(co_await change_directory(where));
    directory_ = std::move(where);
    co_return entries;
}

// vsftpd shows ".profile" only to those who say -a, which RFC 959 does not have: other servers take it for a name, or for
// nothing, and pure-ftpd parts what follows it at spaces. Only a listing with "." in it was understood.
Client::Async<std::vector<RemoteEntry>> Client::list_lines(std::string path) {
    const std::string arguments = as_argument(path);
    if (options_.list_hidden && knows_all_.value_or(true)) {
        auto all = co_await read_list("LIST -a" + arguments);
        if (all && all->has_itself) {
            knows_all_ = true;
            co_return std::move(all->entries);
        }
        if (!all && (!is_connected() || !is_refusal(all.error().code))) {
            co_return base::forward_error(all);
        }
        if (all && knows_all_.value_or(false)) {
            co_return fail(Errc::kNotFound,
                           fmt::format("{}: the server shows no such folder", path));
        }
    }
    CO_TRY(Lines plain, co_await read_list("LIST" + arguments));
    if (plain.is_empty && !path.empty()) {
        CO_TRY_VOID(co_await expect_folder(path));
    }
    if (!knows_all_ && !plain.entries.empty()) {
        knows_all_ = false;
    }
    co_return std::move(plain.entries);
}

Client::Async<Client::Lines> Client::read_list(std::string command_line) {
    Lines read;
    left_out_.clear();
    unread_line_.clear();
    ListingReader reader({.now = loop_.clock().now()});
    LineSink lines(options_.listing_octets_max, [&](std::string_view line) {
        read.is_empty = false;
        auto entry = reader.take(line);
        read.has_itself = read.has_itself || (entry && entry->name == ".");
        if (entry && admits(*entry)) {
            read.entries.push_back(std::move(*entry));
        }
    });
    CO_TRY_VOID(co_await listing_into(std::move(command_line), lines));
    const std::string cut = lines.finish();
    if (const std::string* unread = reader.unread()) {
        note_unread(*unread);
    }
    note_unread(cut);
    // vsftpd: "226 Transfer done (but failed to open directory)."
    if (read.is_empty && last_reply_.to_string().find("failed to open") != std::string::npos) {
        co_return fail(Errc::kNotFound, last_reply_.to_string());
    }
    co_return read;
}

// Nothing is what a folder holds that is empty, or one that is not there: some say 226 of that as well.
Client::Async<void> Client::expect_folder(std::string path) {
    CO_TRY(std::string where, co_await working_directory());
    CO_TRY_VOID(co_await change_directory(std::move(path)));
    CO_TRY_VOID(co_await change_directory(where));
    directory_ = std::move(where);
    co_return base::Result<>();
}

Client::Async<std::vector<std::string>> Client::names(std::string arguments) {
    std::vector<std::string> names;
    LineSink lines(options_.listing_octets_max, [&names](std::string_view line) {
        if (!line.empty()) {
            names.emplace_back(line);
        }
    });
    CO_TRY_VOID(co_await listing_into(arguments.empty() ? "NLST" : "NLST " + arguments, lines));
    lines.finish();
    co_return names;
}

}  // namespace ftp
