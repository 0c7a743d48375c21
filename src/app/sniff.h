// The media type of a file by its octets, from libmagic's database; its name helps where octets say little.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct magic_set;

namespace app {

// Loads the database once; without one (or with $MAGIC naming none) mime::guess_media_type answers alone.
// Not thread-safe: one for each thread.
class Sniffer {
  public:
    Sniffer();

    // "image/png", never empty. Looks at the first 64 KiB of `octets`. As in guess_media_type, active types
    // (HTML, scripts) are only ever told by the name.
    [[nodiscard]] std::string media_type(std::string_view name, std::string_view octets) const;

  private:
    std::unique_ptr<magic_set, void (*)(magic_set*)> magic_;  // null: there is no database
};

}  // namespace app
