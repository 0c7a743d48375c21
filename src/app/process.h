// The process and its surroundings: signals, privileges, descriptors.
#pragma once

#include <csignal>
#include <cstddef>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/file.h"

namespace app {

// SIGTERM, SIGINT and SIGHUP wait to be taken with wait_for_signal(); SIGPIPE is ignored. Before any
// thread starts, since threads inherit it.
void hold_signals();
// The next of them, or nothing after `patience`. One thread calls it.
[[nodiscard]] std::optional<int> wait_for_signal(base::Duration patience);

// As many descriptors as the kernel lets us have; returns how many.
std::size_t raise_descriptor_limit();

// What the allocator holds free goes back to the kernel, as far as whole pages of it are. Takes some milliseconds, in
// which other threads may wait for memory.
void give_memory_back();

// Makes `directory` (mode 0700, parents too, their names on the disk) if it is absent. When the process
// is root and `user` is not empty, it and the parents made then belong to that user.
[[nodiscard]] base::Result<> make_data_directory(
    const std::string& directory,
    const std::string& user,
    store::FileSystem& file_system = store::posix_file_system());

// The process, started as root, goes on as `user` for good; nothing happens when `user` is empty or the
// process is not root. kInvalid: there is no such user. With `keep_low_ports` it keeps the right to ports below 1024, and
// no other of root's: this thread and those that it starts.
[[nodiscard]] base::Result<> become_user(const std::string& user, bool keep_low_ports = false);

// Whether the process may become `user`. kInvalid: there is no such user; kDenied: only root may.
[[nodiscard]] base::Result<> expect_user(const std::string& user);
// `path` itself belongs to `user` from now on.
[[nodiscard]] base::Result<> give_to(const std::string& user, const std::string& path);

// What the kernel has refused in `folder`: where that is another user's than the process', the text says so, and how to
// give him `tree`, all of which should be his.
[[nodiscard]] base::Error with_owner(base::Error refusal,
                                     const std::string& folder,
                                     const std::string& tree);

}  // namespace app
