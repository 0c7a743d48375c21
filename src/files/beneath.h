// Opening what lies beneath a folder, and nothing else, whatever the path says and whoever renames what
// meanwhile: openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS. All paths here are as join()
// makes them, "/" being the folder itself. Every call may wait for the disk.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace files {

// The failure of a system call as an error that users may see.
[[nodiscard]] tl::unexpected<base::Error> fail_errno(int number);

class Beneath {
  public:
    // `follow_links`: symbolic links are followed as long as they stay beneath; else they are refused.
    Beneath(base::UniqueFd root, bool follow_links)
        : root_(std::move(root)),
          follow_links_(follow_links) {}

    // The folder `directory` of the disk; kNotFound when it is absent.
    [[nodiscard]] static base::Result<Beneath> open_root(const std::string& directory,
                                                         bool follow_links);

    [[nodiscard]] int root() const { return root_.get(); }

    [[nodiscard]] bool follows_links() const { return follow_links_; }

    // open(2) with `flags`, never blocking on what is no file, never becoming a controlling terminal.
    [[nodiscard]] base::Result<base::UniqueFd> open(std::string_view path, int flags) const;

    // The folder that `path` lies in, and its last name as the disk has it: for the *at() calls.
    struct Spot {
        base::UniqueFd directory;
        std::string name;  // "." for "/"
    };

    [[nodiscard]] base::Result<Spot> spot(std::string_view path) const;

    // Where `fd`, opened through this object, really lies: a path like the one it was opened by, links
    // resolved. kDenied when it has left the folder since.
    [[nodiscard]] base::Result<std::string> real_path(int fd) const;

  private:
    [[nodiscard]] base::Result<base::UniqueFd> open_spelled(std::string_view path, int flags) const;
    [[nodiscard]] std::string spelled(std::string_view path) const;

    base::UniqueFd root_;
    bool follow_links_;
};

}  // namespace files
