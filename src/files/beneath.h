// Opening what lies beneath a folder, and nothing else, whatever the path says and whoever renames what
// meanwhile: openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS. All paths here are as join()
// makes them, "/" being the folder itself. Every call may wait for the disk, unless it is told not to.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace files {

// The failure of a system call as an error that users may see.
[[nodiscard]] tl::unexpected<base::Error> fail_errno(int number);

// Whether a call may wait for the disk. With kNever it fails where it would have to, with whatever error: the
// caller then asks again on a thread that may wait.
enum class Wait { kForDisk, kNever };

class Beneath {
  public:
    explicit Beneath(base::UniqueFd root) : root_(std::move(root)) {}

    // The folder `directory` of the disk; kNotFound when it is absent.
    [[nodiscard]] static base::Result<Beneath> open_root(const std::string& directory);

    [[nodiscard]] int root() const { return root_.get(); }

    // open(2) with `flags`, through no symbolic link; never blocking on what is no file.
    [[nodiscard]] base::Result<base::UniqueFd> open(std::string_view path,
                                                    int flags,
                                                    Wait wait = Wait::kForDisk) const;

    // The folder that `path` lies in, and its last name as the disk has it: for the *at() calls.
    struct Spot {
        base::UniqueFd directory;
        std::string name;  // "." for "/"
    };

    [[nodiscard]] base::Result<Spot> spot(std::string_view path) const;

    // `path` without symbolic links, as they lead now, in the disk's own spelling. kDenied for one that
    // leads out of the folder, kNotFound for one that leads nowhere. Needs /proc.
    [[nodiscard]] base::Result<std::string> resolve(std::string_view path) const;

  private:
    // `path` as the disk spells it, as far as it is there.
    [[nodiscard]] std::string spelled(std::string_view path) const;
    [[nodiscard]] base::Result<std::string> real_path(int fd) const;

    base::UniqueFd root_;
};

}  // namespace files
