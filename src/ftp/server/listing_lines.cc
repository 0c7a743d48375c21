#include "ftp/server/listing_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "ftp/grammar/listing.h"

namespace ftp {

using base::Result;
using base::Task;

namespace {

using Shape = ListingStyle::Shape;

EntryType type_of(files::Kind kind) {
    switch (kind) {
        case files::Kind::kFile:
            return EntryType::kFile;
        case files::Kind::kDirectory:
            return EntryType::kDirectory;
        case files::Kind::kLink:
            return EntryType::kLink;
        case files::Kind::kFifo:
            return EntryType::kFifo;
        case files::Kind::kSocket:
            return EntryType::kSocket;
        case files::Kind::kCharacterDevice:
            return EntryType::kCharacterDevice;
        case files::Kind::kBlockDevice:
            return EntryType::kBlockDevice;
        case files::Kind::kOther:
            break;
    }
    return EntryType::kOther;
}

class TextLines final : public LineSource {
  public:
    explicit TextLines(std::string text) : text_(std::move(text)) {}

    Task<Result<bool>> next(base::Loop& /*loop*/, std::string& out) override {
        out += text_;
        co_return false;
    }

  private:
    std::string text_;
};

class FolderLines final : public LineSource {
  public:
    FolderLines(files::Tree& tree, std::string path, ListingStyle style)
        : tree_(tree),
          path_(std::move(path)),
          style_(std::move(style)) {}

    // Opens the folder, and reads all of it where it is to be sorted. Before next().
    Task<Result<>> begin(base::Loop& loop) {
        CO_TRY(listing_, co_await tree_.list(loop, path_, style_.creation()));
        if (style_.dots && style_.pattern.empty()) {
            co_await add_dot(loop, path_, ".");
            co_await add_dot(loop, std::string(files::split(path_).parent), "..");
        }
        while (listing_ && style_.is_sorted()) {
            CO_TRY_VOID(co_await read(loop));
            if (entries_.size() > style_.sorted_max) {
                co_return base::fail(base::Errc::kTooLong,
                                     fmt::format("The folder has more than {} entries, too many to "
                                                 "sort",
                                                 style_.sorted_max));
            }
        }
        if (style_.is_sorted()) {
            sort();
        }
        co_return Result<>();
    }

    Task<Result<bool>> next(base::Loop& loop, std::string& out) override {
        if (taken_ == entries_.size()) {
            entries_.clear();
            taken_ = 0;
            if (!listing_) {
                co_return co_await descend(loop, out);
            }
            CO_TRY_VOID(co_await read(loop));
            std::ranges::sort(entries_, {}, &files::Entry::name);
        }
        const std::size_t end = std::min(entries_.size(), taken_ + kLinesAtOnce);
        for (; taken_ < end; ++taken_) {
            take(entries_[taken_], out);
        }
        co_return taken_ < entries_.size() || listing_ || !pending_.empty();
    }

  private:
    static constexpr std::size_t kLinesAtOnce = 512;

    // What cannot be seen has no line.
    Task<> add_dot(base::Loop& loop, std::string path, std::string name) {
        auto entry = co_await tree_.stat(loop, std::move(path), style_.creation());
        if (entry) {
            entry->name = std::move(name);
            entries_.push_back(std::move(*entry));
        }
    }

    // The next batch; none at the end.
    Task<Result<>> read(base::Loop& loop) {
        CO_TRY(std::vector<files::Entry> batch, co_await listing_->next(loop));
        if (batch.empty()) {
            listing_.reset();
        }
        for (files::Entry& entry : batch) {
            if (style_.pattern.empty() || matches_pattern(style_.pattern, entry.name)) {
                entries_.push_back(std::move(entry));
            }
        }
        co_return Result<>();
    }

    // Where times or sizes are the same, by name; -r turns all of it around.
    void sort() {
        const auto before = [this](const files::Entry& one, const files::Entry& other) {
            if (style_.order == ListingStyle::Order::kTime && one.modified != other.modified) {
                return one.modified > other.modified;
            }
            if (style_.order == ListingStyle::Order::kSize && one.size != other.size) {
                return one.size > other.size;
            }
            return one.name < other.name;
        };
        std::ranges::sort(entries_, before);
        if (style_.reversed) {
            std::ranges::reverse(entries_);
        }
    }

    void take(const files::Entry& entry, std::string& out) {
        append_line(out, entry, entry.name, style_);
        out += style_.line_end;
        const bool folder =
            entry.kind == files::Kind::kDirectory && entry.name != "." && entry.name != "..";
        if (style_.recursive && folder && ++folders_ <= style_.entries_max) {
            pending_.push_back(files::child(path_, entry.name));
        }
    }

    // The next folder below, with its name as a heading, as `ls -R` prints it.
    Task<Result<bool>> descend(base::Loop& loop, std::string& out) {
        if (pending_.empty()) {
            co_return false;
        }
        path_ = std::move(pending_.front());
        pending_.pop_front();
        auto begun = co_await begin(loop);
        if (!begun && begun.error().code == base::Errc::kTooLong) {
            co_return base::forward_error(begun);
        }
        if (!begun) {
            listing_.reset();
            entries_.clear();
            co_return !pending_.empty();  // removed meanwhile, or not for this user
        }
        out += fmt::format("{0}{1}:{0}", style_.line_end, path_);
        co_return true;
    }

    files::Tree& tree_;
    std::string path_;
    std::unique_ptr<files::Listing> listing_;
    ListingStyle style_;
    std::vector<files::Entry> entries_;  // read, and taken up to here:
    std::size_t taken_ = 0;
    std::deque<std::string> pending_;
    std::size_t folders_ = 0;
};

// "[a-z]" at the front of `pattern`: whether `c` is in it, and what stands behind. An unclosed bracket is
// itself.
bool take_class(std::string_view& pattern, char c) {
    const std::size_t close = pattern.find(']', 2);
    if (close == std::string_view::npos) {
        pattern.remove_prefix(1);
        return c == '[';
    }
    std::string_view members = pattern.substr(1, close - 1);
    pattern.remove_prefix(close + 1);
    const bool inverted = members.front() == '!' || members.front() == '^';
    members.remove_prefix(inverted ? 1 : 0);
    bool found = false;
    while (!members.empty()) {
        const bool range = members.size() >= 3 && members[1] == '-';
        found |= range ? c >= members[0] && c <= members[2] : c == members[0];
        members.remove_prefix(range ? 3 : 1);
    }
    return found != inverted;
}

}  // namespace

bool is_pattern(std::string_view text) {
    return text.find_first_of("*?[") != std::string_view::npos;
}

bool matches_pattern(std::string_view pattern, std::string_view name) {
    std::string_view after_star;  // the pattern behind the last star,
    std::string_view star_takes;  // and the name from where it might match
    bool star = false;
    while (!name.empty()) {
        std::string_view rest = pattern;
        bool one = false;
        if (!rest.empty() && rest.front() == '*') {
            star = true;
            after_star = pattern = rest.substr(1);
            star_takes = name;
            continue;
        }
        if (!rest.empty() && rest.front() == '[') {
            one = take_class(rest, name.front());
        } else if (!rest.empty()) {
            one = rest.front() == '?' || rest.front() == name.front();
            rest.remove_prefix(1);
        }
        if (one) {
            pattern = rest;
            name.remove_prefix(1);
        } else if (star) {
            star_takes.remove_prefix(1);
            name = star_takes;
            pattern = after_star;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*') == std::string_view::npos;
}

std::string perm_letters(const files::Entry& entry) {
    std::string letters;
    const auto add = [&](files::Rights rights, char letter) {
        const bool moves = letter == 'd' || letter == 'f';
        if ((entry.rights & rights) != 0 && !(moves && entry.top)) {
            letters += letter;
        }
    };
    if (entry.kind == files::Kind::kDirectory) {
        add(files::kCreate, 'c');
        add(files::kDelete, 'd');
        letters += 'e';
        add(files::kRename, 'f');
        add(files::kList, 'l');
        add(files::kMakeDirectory, 'm');
        add(files::kDelete, 'p');
    } else {
        add(files::kAppend, 'a');
        add(files::kDelete, 'd');
        add(files::kRename, 'f');
        add(files::kRead, 'r');
        add(files::kOverwrite, 'w');
    }
    return letters;
}

namespace {

// What `ls -F` puts behind a name. In a long line a link's is its target's.
std::string_view mark_of(const files::Entry& entry, Shape shape) {
    constexpr unsigned kMayRun = 0111;
    switch (entry.kind) {
        case files::Kind::kDirectory:
            return "/";
        case files::Kind::kLink:
            return shape == Shape::kNames ? "@" : "";
        case files::Kind::kFifo:
            return "|";
        case files::Kind::kSocket:
            return "=";
        default:
            return (entry.mode & kMayRun) != 0 ? "*" : "";
    }
}

}  // namespace

void append_line(std::string& out,
                 const files::Entry& entry,
                 std::string_view name,
                 const ListingStyle& style) {
    std::string marked;
    if (style.marks) {
        marked = fmt::format("{}{}", name, mark_of(entry, style.shape));
        name = marked;
    }
    if (style.shape == Shape::kNames) {
        out += style.prefix;
        out += name;
        return;
    }
    const std::string perm = style.shape == Shape::kFacts ? perm_letters(entry) : std::string();
    const ListEntry line{.name = name,
                         .type = type_of(entry.kind),
                         .size = entry.size,
                         .modified = entry.modified,
                         .created = entry.created,
                         .mode = entry.mode,
                         .links = entry.links,
                         .owner = entry.owner,
                         .group = entry.group,
                         .device = entry.device,
                         .inode = entry.inode,
                         .perm = perm,
                         .target = entry.target};
    if (style.shape == Shape::kFacts) {
        append_facts(out, line, style.facts);
    } else {
        append_list_line(out, line, style.now);
    }
}

Task<Result<std::unique_ptr<LineSource>>> open_folder_lines(files::Tree& tree,
                                                            base::Loop& loop,
                                                            std::string path,
                                                            ListingStyle style) {
    auto lines = std::make_unique<FolderLines>(tree, std::move(path), std::move(style));
    CO_TRY_VOID(co_await lines->begin(loop));
    co_return std::move(lines);
}

std::unique_ptr<LineSource> make_lines(std::string text) {
    return std::make_unique<TextLines>(std::move(text));
}

}  // namespace ftp
