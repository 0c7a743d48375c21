// What a server's listing says of one file: LIST in whatever format the server prints (RFC 959 4.1.3), or the
// facts of MLSD (RFC 3659 7). Bytes to values, no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ftp/grammar/listing.h"

namespace ftp {

struct RemoteEntry {
    std::string name;
    EntryType type = EntryType::kFile;
    std::optional<std::uint64_t> size;
    std::optional<base::WallTime> modified;
    // How wide `modified` may be off: a listing without seconds, or without the time of day.
    base::Duration precision = std::chrono::seconds(1);
    std::optional<unsigned> mode;  // permission bits, where they were shown as such
    std::string target;            // of a link
    bool is_type_known = true;     // else it is shown as a file, and may be a folder

    [[nodiscard]] bool is_directory() const { return type == EntryType::kDirectory; }
};

// How to read times that come without a year or a zone.
struct ListingClock {
    base::WallTime now{};
    // The server's clock is this much ahead of UTC.
    std::chrono::minutes zone{0};
};

// One line of LIST as Unix (GNU, BSD, busybox, long-iso, without group), NetWare, MS-DOS and IIS, VMS or EPLF
// print it, OS/2, IBM i, z/OS, z/VM, NonStop, VxWorks and VShell besides. Nothing for a heading, a total or a format
// nobody knows. A month in a language nobody knows leaves an entry without a time.
[[nodiscard]] std::optional<RemoteEntry> parse_list_line(std::string_view line,
                                                         const ListingClock& clock);

// LIST's lines as they come; VMS's wrapped ones are joined.
class ListingReader {
  public:
    explicit ListingReader(const ListingClock& clock) : clock_(clock) {}

    // `line` without its end. Nothing where it says nothing, or the next one says the rest.
    [[nodiscard]] std::optional<RemoteEntry> take(std::string_view line);

    // The first line so far that was neither a file nor a heading: a file may hide in it, so nobody knows what the folder
    // has not. Null: none.
    [[nodiscard]] const std::string* unread() const;

  private:
    ListingClock clock_;
    std::string wrapped_;       // the name that a line ended behind
    bool are_members_ = false;  // what follows, of a z/OS library: a name alone is one
    std::optional<std::string> unread_;
};

// All of a listing. Lines that say nothing are left out.
[[nodiscard]] std::vector<RemoteEntry> parse_listing(std::string_view text,
                                                     const ListingClock& clock);
// All that MLSD sent.
[[nodiscard]] std::vector<RemoteEntry> parse_fact_listing(std::string_view text);

// Whether `name` may become the name of a local file: one component, neither "." nor "..", without what ends a line.
// A hostile server's "../../.ssh/authorized_keys" is not.
[[nodiscard]] bool is_plain_name(std::string_view name);

}  // namespace ftp
