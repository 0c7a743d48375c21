// A tree's folders, one after another, however many there are and however deep they lie: in memory for the
// names that wait, and with no folder open but the one that is looked at.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace files {

// What is to be done with a folder: looks at what it holds, and adds the names of the folders in it that are to be walked
// as well.
using EnterFolder =
    std::function<base::Result<>(const std::string& path, std::vector<std::string>& folders)>;
// And once all of these have been.
using LeaveFolder = std::function<base::Result<>(const std::string& path)>;

// Calls `enter` for `top`, a path as join() makes them, and for each folder beneath it that it names; the first error
// ends the walk.
[[nodiscard]] base::Result<> walk(const std::string& top,
                                  const EnterFolder& enter,
                                  const LeaveFolder& leave = {});

}  // namespace files
