#include "net/tls_context.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <csignal>
#include <mutex>

#include "net/openssl_ptr.h"
#include "net/ticket_keys.h"
#include "net/tls_files.h"
#include "net/tls_session.h"

namespace net {

using base::Errc;
using base::fail;

namespace {

using ContextPtr = OpensslPtr<SSL_CTX, SSL_CTX_free>;

// RFC 9325 4.2: forward secrecy and authenticated encryption. TLS 1.3 has nothing else to begin with. Ten rounds
// of AES are as far beyond reach as fourteen, and an eighth quicker over a whole file.
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM+AES128:ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL";
constexpr const char* kTls13Ciphers =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

base::Result<> load_authorities(SSL_CTX* context, const std::string& path) {
    STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(path.c_str());
    if (names == nullptr || SSL_CTX_load_verify_file(context, path.c_str()) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return fail(Errc::kInvalid,
                    fmt::format("the client authorities {} cannot be used: {}; it must hold "
                                "certificates in PEM",
                                path,
                                take_openssl_error()));
    }
    SSL_CTX_set_client_CA_list(context, names);
    // The handshake goes on whatever the outcome; SSL_get_verify_result() keeps it for client_names().
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    static constexpr unsigned char kIdContext[] = "staffetta";
    SSL_CTX_set_session_id_context(context, kIdContext, sizeof kIdContext - 1);
    return {};
}

void set_protocol(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_options(context,
                        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                            SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                            SSL_OP_ENABLE_KTLS);
    SSL_CTX_set_cipher_list(context, kTls12Ciphers);
    SSL_CTX_set_ciphersuites(context, kTls13Ciphers);
    SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384");
    // An idle connection gives its record buffers back; one read(2) takes header and body.
    SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                         SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    // Tickets keep the sessions at the client; one is enough for a mail program.
    SSL_CTX_set_num_tickets(context, 1);
    // OpenSSL's two hours are less than a large mirror takes, whose data connections must resume to its end.
    SSL_CTX_set_timeout(context, std::chrono::seconds(TicketKeys::kLifetime).count());
    // Clients of TLS 1.2 that take none (curl above all) resume the session of a connection that is open, or none.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_get_cb(context, find_session);
}

// As OpenSSL decides without a callback; it wants one beside put_binding().
// NOLINTNEXTLINE(readability-function-size): OpenSSL's signature
SSL_TICKET_RETURN accept_ticket(SSL* /*ssl*/,
                                SSL_SESSION* /*session*/,
                                const unsigned char* /*name*/,
                                std::size_t /*octets*/,
                                SSL_TICKET_STATUS status,
                                void* /*argument*/) {
    switch (status) {
        case SSL_TICKET_SUCCESS:
            return SSL_TICKET_RETURN_USE;
        case SSL_TICKET_SUCCESS_RENEW:
            return SSL_TICKET_RETURN_USE_RENEW;
        default:
            return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
}

base::WallTime end_of(const SSL_CTX* context) {
    std::tm when{};
    ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context)), &when);
    return base::WallTime(std::chrono::seconds(::timegm(&when)));
}

}  // namespace

struct TlsContext::Loaded {
    std::vector<ContextPtr> contexts;  // as in TlsSettings::certificates
    std::vector<FileState> files;
    std::shared_ptr<TicketKeys> tickets;
    base::WallTime expires = base::WallTime::max();

    [[nodiscard]] base::Result<> add(const CertificateFiles& certificate,
                                     const std::string& authorities);
    [[nodiscard]] SSL_CTX* find(const char* server_name) const;
    [[nodiscard]] static base::Result<std::shared_ptr<const Loaded>> read(
        const TlsSettings& settings, std::shared_ptr<TicketKeys> tickets);
};

namespace {

// RFC 6066 3: a name that we do not know is no reason to refuse; the client decides.
template <class Loaded>
int on_server_name(SSL* ssl, int* /*alert*/, void* argument) {
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    SSL_CTX* found = name == nullptr ? nullptr : static_cast<const Loaded*>(argument)->find(name);
    if (found == nullptr) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    SSL_set_SSL_CTX(ssl, found);
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

base::Result<> TlsContext::Loaded::add(const CertificateFiles& certificate,
                                       const std::string& authorities) {
    TRY(FileState certificate_file, look_at("certificate", certificate.certificate));
    TRY(FileState key_file, look_at("key", certificate.key));
    files.push_back(std::move(certificate_file));
    files.push_back(std::move(key_file));
    ContextPtr context(SSL_CTX_new(TLS_server_method()));
    if (!context) {
        return fail(Errc::kUnavailable, "OpenSSL cannot start: " + take_openssl_error());
    }
    set_protocol(context.get());
    TRY_VOID(load_identity(context.get(), certificate));
    if (!authorities.empty()) {
        TRY(FileState authorities_file, look_at("client authorities", authorities));
        files.push_back(std::move(authorities_file));
        TRY_VOID(load_authorities(context.get(), authorities));
    }
    tickets->install(context.get());
    SSL_CTX_set_session_ticket_cb(context.get(), put_binding, accept_ticket, nullptr);
    SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
    expires = std::min(expires, end_of(context.get()));
    contexts.push_back(std::move(context));
    return {};
}

SSL_CTX* TlsContext::Loaded::find(const char* server_name) const {
    for (const ContextPtr& context : contexts) {
        X509* certificate = SSL_CTX_get0_certificate(context.get());
        if (X509_check_host(certificate, server_name, 0, 0, nullptr) == 1) {
            return context.get();
        }
    }
    return nullptr;
}

base::Result<std::shared_ptr<const TlsContext::Loaded>> TlsContext::Loaded::read(
    const TlsSettings& settings, std::shared_ptr<TicketKeys> tickets) {
    if (settings.certificates.empty()) {
        return fail(Errc::kInvalid, "TLS needs a certificate and its key");
    }
    const auto loaded = std::make_shared<Loaded>();
    loaded->tickets = std::move(tickets);
    for (const CertificateFiles& certificate : settings.certificates) {
        TRY_VOID(loaded->add(certificate, settings.client_authorities));
    }
    SSL_CTX* first = loaded->contexts.front().get();
    SSL_CTX_set_tlsext_servername_callback(first, on_server_name<Loaded>);
    SSL_CTX_set_tlsext_servername_arg(first, loaded.get());
    return std::shared_ptr<const Loaded>(loaded);
}

// What all services share, and reload() replaces.
struct TlsContext::Certificates {
    explicit Certificates(TlsSettings given) : settings(std::move(given)) {}

    [[nodiscard]] std::shared_ptr<const Loaded> current() const {
        const std::scoped_lock lock(mutex);
        return loaded;
    }

    const TlsSettings settings;
    const std::shared_ptr<TicketKeys> tickets = std::make_shared<TicketKeys>();
    mutable std::mutex mutex;
    std::shared_ptr<const Loaded> loaded;  // guarded by mutex
};

TlsContext::TlsContext(std::shared_ptr<Certificates> certificates, std::string protocols)
    : certificates_(std::move(certificates)),
      protocols_(std::make_shared<const std::string>(std::move(protocols))) {}

TlsContext::~TlsContext() = default;

base::Result<std::shared_ptr<TlsContext>> TlsContext::load(TlsSettings settings) {
    // OpenSSL writes without MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
    // make_shared would need a public constructor.
    std::shared_ptr<TlsContext> context(
        new TlsContext(std::make_shared<Certificates>(std::move(settings)), ""));
    TRY_VOID(context->reload());
    return context;
}

std::shared_ptr<TlsContext> TlsContext::for_protocols(const std::vector<std::string>& names) const {
    return std::shared_ptr<TlsContext>(new TlsContext(certificates_, protocol_list(names)));
}

base::Result<> TlsContext::reload() {
    TRY(auto loaded, Loaded::read(certificates_->settings, certificates_->tickets));
    const std::scoped_lock lock(certificates_->mutex);
    certificates_->loaded = std::move(loaded);
    return {};
}

bool TlsContext::changed_on_disk() const {
    const auto loaded = certificates_->current();
    return std::any_of(loaded->files.begin(), loaded->files.end(), [](const FileState& file) {
        return file.changed();
    });
}

base::WallTime TlsContext::expires() const {
    return certificates_->current()->expires;
}

std::unique_ptr<TlsSession> TlsContext::open(int fd) const {
    auto loaded = certificates_->current();
    SSL* ssl = SSL_new(loaded->contexts.front().get());
    if (ssl == nullptr || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        ERR_clear_error();
        return nullptr;
    }
    SSL_set_accept_state(ssl);
    auto session = std::make_unique<TlsSession>(ssl, std::move(loaded));
    session->accept_protocols(protocols_);
    return session;
}

}  // namespace net
