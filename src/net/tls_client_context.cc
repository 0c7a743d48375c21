#include "net/tls_client_context.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <csignal>

#include "net/address.h"
#include "net/openssl_ptr.h"
#include "net/tls_files.h"
#include "net/tls_session.h"

namespace net {

using base::Errc;
using base::fail;

namespace {

using ContextPtr = OpensslPtr<SSL_CTX, SSL_CTX_free>;
using SslPtr = OpensslPtr<SSL, SSL_free>;

// What our own server insists on comes first. The others follow because the alternative of an opportunistic
// client (RFC 7435 3) is clear text; nothing anonymous, no export, no RC4 or 3DES.
constexpr const char* kTls12Ciphers =
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:DHE+AES:RSA+AESGCM:RSA+AES:"
    "!aNULL:!eNULL:!PSK:!SRP:!DSS";

void set_protocol(SSL_CTX* context, bool tls13_only) {
    SSL_CTX_set_min_proto_version(context, tls13_only ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_options(context,
                        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_ENABLE_KTLS);
    SSL_CTX_set_cipher_list(context, kTls12Ciphers);
    SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                         SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    // Sessions are kept by whoever asks for tls_ticket().
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

base::Result<> load_trust(SSL_CTX* context, const std::string& path) {
    if (path.empty()) {
        if (SSL_CTX_set_default_verify_paths(context) != 1) {
            return fail(Errc::kInvalid,
                        "the system's trust store cannot be used: " + take_openssl_error());
        }
        return {};
    }
    TRY_VOID(look_at("authorities", path));
    if (SSL_CTX_load_verify_file(context, path.c_str()) != 1) {
        return fail(Errc::kInvalid,
                    fmt::format("the authorities {} cannot be used: {}; the file must hold "
                                "certificates in PEM",
                                path,
                                take_openssl_error()));
    }
    return {};
}

// RFC 6066 3: host names only; RFC 6125 6.4.3: "*.example" matches one label, "m*.example" none.
bool expect_name(SSL* ssl, const std::string& name) {
    if (name.empty()) {
        return true;
    }
    if (to_socket_address({.address = name, .port = 0, .path = ""})) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1;
    }
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set_tlsext_host_name(ssl, name.c_str()) == 1 &&
           SSL_set1_host(ssl, name.c_str()) == 1;
}

bool offer_protocols(SSL* ssl, const std::vector<std::string>& names) {
    const std::string list = protocol_list(names);
    return list.empty() || SSL_set_alpn_protos(ssl,
                                               reinterpret_cast<const unsigned char*>(list.data()),
                                               static_cast<unsigned>(list.size())) == 0;
}

// A resumed session shows no certificate: what was proven of it, and for which name, must hold now.
bool may_resume(const TlsClientOptions& options) {
    return options.resume && options.resume->session() != nullptr &&
           options.resume->server_name() == options.server_name &&
           (options.resume->proven() || !options.verify);
}

}  // namespace

base::Result<std::shared_ptr<TlsClientContext>> TlsClientContext::load(
    const TlsClientSettings& settings) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    ContextPtr context(SSL_CTX_new(TLS_client_method()));
    if (!context) {
        return fail(Errc::kUnavailable, "OpenSSL cannot start: " + take_openssl_error());
    }
    set_protocol(context.get(), settings.tls13_only);
    TRY_VOID(load_trust(context.get(), settings.authorities));
    if (settings.certificate) {
        TRY_VOID(load_identity(context.get(), *settings.certificate));
    }
    return std::make_shared<TlsClientContext>(context.release());
}

TlsClientContext::~TlsClientContext() {
    SSL_CTX_free(context_);
}

std::unique_ptr<TlsSession> TlsClientContext::open(int fd, const TlsClientOptions& options) const {
    SslPtr ssl(SSL_new(context_));
    const bool ready = ssl && SSL_set_fd(ssl.get(), fd) == 1 &&
                       expect_name(ssl.get(), options.server_name) &&
                       offer_protocols(ssl.get(), options.alpn);
    if (!ready) {
        ERR_clear_error();
        return nullptr;
    }
    SSL_set_verify(ssl.get(), options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    if (may_resume(options)) {
        SSL_set_session(ssl.get(), options.resume->session());
    }
    SSL_set_connect_state(ssl.get());
    return std::make_unique<TlsSession>(ssl.release(), nullptr, options.server_name);
}

}  // namespace net
