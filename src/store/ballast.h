// Space that the store holds on its disk without using it. When others have filled the disk it is given
// back to the file system, and with it mail can be deleted: that is what makes room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/file.h"

namespace store {

inline constexpr std::string_view kBallastFile = "BALLAST";

class Ballast {
  public:
    // Of `octets`, a file in the store's folder `directory`; 0 is none. Holds nothing yet.
    Ballast(FileSystem& file_system, const std::string& directory, std::uint64_t octets);

    // Holds what an earlier process left.
    [[nodiscard]] base::Result<> open();
    // Takes it where `free_octets` are enough for it twice, and tries once only: a disk that refuses, as
    // one with a quota, would be asked at every change.
    void take(std::uint64_t free_octets);
    // Gives it back; the next take() may follow.
    [[nodiscard]] base::Result<> release();

    [[nodiscard]] bool held() const { return held_; }

    // False while it is missed: what comes in meanwhile would eat the space that it is to come back to.
    [[nodiscard]] bool settled() const { return held_ || refused_ || octets_ == 0; }

  private:
    [[nodiscard]] base::Result<> make();

    FileSystem& file_system_;
    std::string directory_;
    std::string path_;
    std::uint64_t octets_;
    bool held_ = false;
    bool refused_ = false;
};

}  // namespace store
