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
    FolderLines(files::Tree& tree,
                std::string path,
                std::unique_ptr<files::Listing> listing,
                ListingStyle style)
        : tree_(tree),
          path_(std::move(path)),
          listing_(std::move(listing)),
          style_(std::move(style)) {}

    Task<Result<bool>> next(base::Loop& loop, std::string& out) override {
        if (!listing_) {
            co_return co_await descend(loop, out);
        }
        CO_TRY(std::vector<files::Entry> batch, co_await listing_->next(loop));
        if (batch.empty()) {
            listing_.reset();
            co_return !pending_.empty();
        }
        std::ranges::sort(batch, {}, &files::Entry::name);
        for (const files::Entry& entry : batch) {
            take(entry, out);
        }
        co_return true;
    }

  private:
    void take(const files::Entry& entry, std::string& out) {
        if (!style_.pattern.empty() && !matches_pattern(style_.pattern, entry.name)) {
            return;
        }
        append_line(out, entry, entry.name, style_);
        out += style_.line_end;
        const bool folder = entry.kind == files::Kind::kDirectory;
        if (style_.recursive && folder && ++folders_ <= style_.entries_max) {
            pending_.push_back(files::child(path_, entry.name));
        }
    }

    // The next folder below, with its name as a heading, as `ls -R` prints it.
    Task<Result<bool>> descend(base::Loop& loop, std::string& out) {
        path_ = std::move(pending_.front());
        pending_.pop_front();
        auto opened = co_await tree_.list(loop, path_, style_.creation());
        if (!opened) {
            co_return !pending_.empty();  // removed meanwhile, or not for this user
        }
        listing_ = std::move(*opened);
        out += fmt::format("{0}{1}:{0}", style_.line_end, path_);
        co_return true;
    }

    files::Tree& tree_;
    std::string path_;
    std::unique_ptr<files::Listing> listing_;
    ListingStyle style_;
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

void append_line(std::string& out,
                 const files::Entry& entry,
                 std::string_view name,
                 const ListingStyle& style) {
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
    CO_TRY(auto listing, co_await tree.list(loop, path, style.creation()));
    co_return std::make_unique<FolderLines>(
        tree, std::move(path), std::move(listing), std::move(style));
}

std::unique_ptr<LineSource> make_lines(std::string text) {
    return std::make_unique<TextLines>(std::move(text));
}

}  // namespace ftp
