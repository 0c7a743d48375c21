// Servers whose certificates prove nothing by themselves, and which somebody chose to trust: as ssh keeps its known hosts,
// a line each of server and fingerprint.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"

namespace agent {

// "AB:CD:...", as `openssl x509 -fingerprint` prints it.
[[nodiscard]] std::string format_fingerprint(std::string_view hash);

// Thread-safe. `server` is "host:port", a fingerprint what format_fingerprint() made.
class KnownServers {
  public:
    enum class Standing : std::uint8_t {
        kStranger,
        kKnown,
        kChanged,  // it is known by another certificate
    };

    // What is remembered goes to the file at `path`; with an empty one nothing outlasts the process.
    explicit KnownServers(std::string path) : path_(std::move(path)) {}

    // Reads the file each time: another window may have written to it.
    [[nodiscard]] Standing judge(const std::string& server, const std::string& fingerprint) const;

    // Until this process ends.
    void accept(const std::string& server, const std::string& fingerprint);
    // For good. Whatever comes of it, accept() is part of it.
    [[nodiscard]] base::Result<> remember(const std::string& server,
                                          const std::string& fingerprint);

    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    [[nodiscard]] std::map<std::string, std::string> read() const;

    const std::string path_;
    mutable std::mutex mutex_;
    std::map<std::string, std::string> accepted_;
};

}  // namespace agent
