// What a user may do with a path.
#pragma once

#include <cstdint>

namespace files {

// A set of the bits below.
using Rights = std::uint32_t;

enum Right : Rights {
    kList = 1,       // see what stands in a folder
    kRead = 2,       // fetch a file
    kCreate = 4,     // store a file under a new name
    kOverwrite = 8,  // replace a file, or change its date and mode
    kAppend = 16,    // add to the end of a file
    kRename = 32,    // give a file or folder another name
    kDelete = 64,    // remove a file or an empty folder
    kMakeDirectory = 128,
};

inline constexpr Rights kAllRights = 255;

}  // namespace files
