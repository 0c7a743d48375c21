// The files of certificates, keys and authorities, and what to say about those that cannot be used. For
// the .cc files that include OpenSSL.
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/result.h"
#include "net/tls_context.h"

struct ssl_ctx_st;

namespace net {

// A file as it was when it was loaded.
struct FileState {
    std::string path;

    struct ::stat status {};

    // Another one has its name now, or it was written since.
    [[nodiscard]] bool changed() const;
};

// `what` it is, for the error: kNotFound or kDenied.
[[nodiscard]] base::Result<FileState> look_at(const std::string& what, const std::string& path);

// Makes `context` show the certificate with its chain and prove it with its key. kInvalid with the remedy.
[[nodiscard]] base::Result<> load_identity(ssl_ctx_st* context, const CertificateFiles& files);

}  // namespace net
