// Folders as lines, made while they are sent: the sources behind LIST, NLST and MLSD.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "files/files.h"
#include "ftp/grammar/listing.h"
#include "ftp/server/transfer.h"

namespace ftp {

struct ListingStyle {
    enum class Shape : std::uint8_t { kLong, kNames, kFacts };
    enum class Order : std::uint8_t { kName, kTime, kSize };

    Shape shape = Shape::kLong;
    std::uint16_t facts = 0;  // kFacts
    bool recursive = false;   // kLong
    bool by_path = false;     // kNames: as the argument has it, with its prefix
    bool itself = false;      // a folder's line instead of those of what is in it
    bool dots = false;        // "." and ".." too
    bool marks = false;       // "/" behind folders' names, "*" behind programs', "@" behind links'
    Order order = Order::kName;  // the newest and the largest come first
    bool reversed = false;
    std::string prefix = {};           // kNames: before each name, so that it is one for RETR
    std::string pattern = {};          // only names that match; empty: all
    std::size_t entries_max = 10'000;  // with `recursive`
    std::size_t sorted_max = 20'000;   // entries of a folder that is_sorted()
    std::string_view line_end = "\r\n";
    base::WallTime now{};

    // Then a folder is read to its end before its first line, within sorted_max. Else names are in order by and large:
    // those of each batch.
    [[nodiscard]] bool is_sorted() const { return order != Order::kName || reversed; }

    // What the tree is asked for: it costs nothing where nobody sees it.
    [[nodiscard]] files::Creation creation() const {
        const bool seen = shape == Shape::kFacts && (facts & kFactCreate) != 0;
        return seen ? files::Creation::kAsSet : files::Creation::kOfDisk;
    }
};

// One line for `entry`, called `name`, appended to `out`.
void append_line(std::string& out,
                 const files::Entry& entry,
                 std::string_view name,
                 const ListingStyle& style);

// The folder `path` of `tree`, which must outlive the lines. Never whole in memory but where it is to be sorted;
// kTooLong where it has too many entries for that.
[[nodiscard]] base::Task<base::Result<std::unique_ptr<LineSource>>> open_folder_lines(
    files::Tree& tree, base::Loop& loop, std::string path, ListingStyle style);

// Some text that is there already.
[[nodiscard]] std::unique_ptr<LineSource> make_lines(std::string text);

// RFC 959 names no patterns; "*", "?" and "[a-z]" are what clients send. Linear in both lengths but for
// one star's retry: no input takes more than their product.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view name);
[[nodiscard]] bool is_pattern(std::string_view text);

// RFC 3659 7.5.5.
[[nodiscard]] std::string perm_letters(const files::Entry& entry);

}  // namespace ftp
