#include "net/tls_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cerrno>
#include <system_error>

#include "net/openssl_ptr.h"
#include "net/unique_fd.h"

namespace net {

using base::Errc;
using base::fail;

bool FileState::changed() const {
    struct ::stat now {};

    return ::stat(path.c_str(), &now) != 0 || now.st_ino != status.st_ino ||
           now.st_dev != status.st_dev || now.st_size != status.st_size ||
           now.st_mtim.tv_sec != status.st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != status.st_mtim.tv_nsec;
}

base::Result<FileState> look_at(const std::string& what, const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    FileState state{.path = path};
    if (fd && ::fstat(fd.get(), &state.status) == 0) {
        return state;
    }
    const int error = errno;
    return fail(error == ENOENT ? Errc::kNotFound : Errc::kDenied,
                fmt::format("cannot read the {} {}: {}; {}",
                            what,
                            path,
                            std::generic_category().message(error),
                            error == ENOENT ? "correct the path or put the file there"
                                            : "let the user that runs staffetta read it"));
}

namespace {

// Refuses a key that wants a passphrase, instead of asking for one on a terminal that is not there.
int no_passphrase(char* /*into*/, int /*size*/, int /*writing*/, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

base::Result<> load_certificate(SSL_CTX* context, const std::string& path) {
    if (SSL_CTX_use_certificate_chain_file(context, path.c_str()) != 1) {
        return fail(
            Errc::kInvalid,
            fmt::format("the certificate {} cannot be used: {}; it must be PEM, the server's "
                        "own certificate first",
                        path,
                        take_openssl_error()));
    }
    return {};
}

base::Result<> load_key(SSL_CTX* context, const CertificateFiles& files) {
    bool asked = false;
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
    const bool loaded =
        SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
    if (loaded) {
        return {};
    }
    const unsigned long error = ERR_peek_error();
    const bool foreign = ERR_GET_LIB(error) == ERR_LIB_X509 &&
                         (ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH ||
                          ERR_GET_REASON(error) == X509_R_KEY_TYPE_MISMATCH);
    const std::string reason = take_openssl_error();
    if (asked) {
        return fail(Errc::kInvalid,
                    fmt::format("the key {} is encrypted; decrypt it with openssl pkey -in {} -out "
                                "NEWKEY",
                                files.key,
                                files.key));
    }
    if (foreign) {
        return fail(
            Errc::kInvalid,
            fmt::format("the key {} does not belong to the certificate {}; name the key that "
                        "the certificate was requested with",
                        files.key,
                        files.certificate));
    }
    return fail(
        Errc::kInvalid,
        fmt::format(
            "the key {} cannot be used: {}; it must be a private key in PEM", files.key, reason));
}

}  // namespace

base::Result<> load_identity(ssl_ctx_st* context, const CertificateFiles& files) {
    TRY_VOID(load_certificate(context, files.certificate));
    return load_key(context, files);
}

}  // namespace net
