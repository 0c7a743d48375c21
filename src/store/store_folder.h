// The folder of a store on disk: who may open it, and what its format is.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/file.h"

namespace store {

inline constexpr std::string_view kIndexFolder = "index";
inline constexpr std::string_view kJournalFolder = "journal";
inline constexpr std::string_view kFormatFile = "FORMAT";
inline constexpr std::string_view kLockFile = "LOCK";
inline constexpr std::string_view kFormat = "staffetta store 1\n";

// Makes the folder where it is absent, and holds it against every other process. kInUse with the remedy.
[[nodiscard]] base::Result<std::unique_ptr<FileLock>> lock_store(FileSystem& file_system,
                                                                 const std::string& directory);

// Marks an empty folder as a store, or makes sure that it is one of this format. kUnsupported for a
// later format, kInvalid for a folder that holds something else.
[[nodiscard]] base::Result<> check_format(FileSystem& file_system, const std::string& directory);

}  // namespace store
