// Copies one file from or to a server: with resumption that is verified, times kept, and a meter.
#pragma once

#include <optional>
#include <string>

#include "agent/ftp_site.h"
#include "agent/progress.h"
#include "ftp/client/client.h"

namespace agent {

struct CopyOptions {
    // Go on where the target ends. What is there already is compared by SHA-256 where the server computes it; a
    // target that differs is copied from its beginning.
    bool resume = false;
    bool keep_time = true;
    ftp::Type type = ftp::Type::kImage;
    ftp::Form form = ftp::Form::kNonPrint;
    // Appends to the target (upload: APPE), whatever it holds.
    bool append = false;
    bool unique = false;  // upload: STOU

    // Lengths and places here are those there, of which servers (ours among them) tell in no other type.
    [[nodiscard]] bool keeps_octets() const { return type == ftp::Type::kImage; }
};

// The two ends of a copy.
struct CopyPaths {
    std::string remote;
    std::string local;
};

// Into `local`, a path or "-". The octets that came. Errors as ftp::Client::retrieve() has them. A connection that is
// lost is made anew, as often as the site's settings have it, and the transfer goes on where it was.
[[nodiscard]] base::Task<base::Result<std::uint64_t>> download(
    FtpSite& site, ftp::Client& client, CopyPaths paths, CopyOptions options, Meter& meter);
// The same the other way. What comes from a pipe, is appended or named by the server is not sent twice.
[[nodiscard]] base::Task<base::Result<std::uint64_t>> upload(
    FtpSite& site, ftp::Client& client, CopyPaths paths, CopyOptions options, Meter& meter);

// The SHA-256 of a local file's first octets, in lower-case hexadecimal.
[[nodiscard]] base::Result<std::string> local_sha256(const std::string& path,
                                                     std::optional<std::uint64_t> octets);

}  // namespace agent
