// What lies beneath a folder that others may write to: read and written through no symbolic link, whoever puts one
// there meanwhile (openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS). Whoever imports or exports mail may read
// and write more than whose folder it is; a link must not lead him there.
//
// The path of the folder itself is as it was given, links and all. Paths beneath it are relative: "cur/1.M1", or "."
// for itself. Errors name the whole path.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace app {

struct PlainFile {
    std::string octets;
    base::WallTime modified;
};

class PlainTree {
  public:
    // kNotFound, kDenied, kInvalid for what is no folder.
    [[nodiscard]] static base::Result<PlainTree> open(const std::string& folder);

    [[nodiscard]] std::string name_of(const std::string& path) const;

    // kInvalid when a link, or a file for a folder, is in the way. Without waiting for what is no file; new files are
    // their owner's alone.
    [[nodiscard]] base::Result<base::UniqueFd> open(const std::string& path, int flags) const;
    // A file whole. kNotFound for a link, a folder, a FIFO or anything else that is no file; kTooLong past
    // `octets_max`, without reading it.
    [[nodiscard]] base::Result<PlainFile> read(const std::string& path,
                                               std::size_t octets_max) const;
    // The names in a folder, without "." and "..", in no order.
    [[nodiscard]] base::Result<std::vector<std::string>> names(const std::string& path) const;
    [[nodiscard]] bool is_folder(const std::string& path) const;

    // Makes what is missing of a path of folders.
    [[nodiscard]] base::Result<> make_folders(const std::string& path) const;
    // A new file in place of whatever had its name, for write_all().
    [[nodiscard]] base::Result<base::UniqueFd> create(const std::string& path) const;
    [[nodiscard]] base::Result<> rename(const std::string& from, const std::string& to) const;
    // A file that appears whole or not at all: written as `draft` first.
    [[nodiscard]] base::Result<> write(const std::string& path,
                                       const std::string& draft,
                                       std::string_view octets,
                                       std::optional<base::WallTime> modified = {}) const;
    [[nodiscard]] base::Result<> write_all(const base::UniqueFd& file,
                                           const std::string& path,
                                           std::string_view octets) const;

  private:
    PlainTree(std::string folder, base::UniqueFd root)
        : folder_(std::move(folder)),
          root_(std::move(root)) {}

    // The folder that `path` lies in.
    [[nodiscard]] base::Result<base::UniqueFd> parent(const std::string& path) const;
    [[nodiscard]] tl::unexpected<base::Error> failed(const std::string& path) const;

    std::string folder_;
    base::UniqueFd root_;
};

}  // namespace app
