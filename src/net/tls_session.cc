#include "net/tls_session.h"

#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <system_error>

#include "base/check.h"
#include "net/openssl_ptr.h"

namespace net {
namespace {

using Kind = Attempt::Kind;

constexpr int kBindingOctets = 16;

// What OpenSSL's answer `result` means. `octets` were moved if it succeeded.
Attempt outcome(ssl_st* ssl, int result, std::size_t octets) {
    const int error = errno;
    switch (SSL_get_error(ssl, result)) {
        case SSL_ERROR_NONE:
            return {.kind = Kind::kDone, .octets = octets};
        case SSL_ERROR_WANT_READ:
            return {.kind = Kind::kWantRead};
        case SSL_ERROR_WANT_WRITE:
            return {.kind = Kind::kWantWrite};
        case SSL_ERROR_ZERO_RETURN:
            return {.kind = Kind::kEof, .text = "closed by peer"};
        case SSL_ERROR_SYSCALL:
            return {.kind = Kind::kFailed,
                    .text = error == 0 ? "closed by peer" : std::generic_category().message(error)};
        default:
            return {.kind = Kind::kFailed, .text = take_openssl_error()};
    }
}

std::string to_string(const unsigned char* octets, std::size_t count) {
    return {reinterpret_cast<const char*>(octets), count};
}

// RFC 5929 3: the first Finished message of the handshake, the client's unless a session was resumed.
// Only where the extended master secret (RFC 7627) binds it; TLS 1.3 has none.
std::string tls_unique(ssl_st* ssl) {
    if (SSL_version(ssl) != TLS1_2_VERSION || SSL_get_extms_support(ssl) != 1) {
        return {};
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> finished{};
    const bool ours = (SSL_session_reused(ssl) != 0) == (SSL_is_server(ssl) != 0);
    const std::size_t count = ours ? SSL_get_finished(ssl, finished.data(), finished.size())
                                   : SSL_get_peer_finished(ssl, finished.data(), finished.size());
    return to_string(finished.data(), count);
}

// RFC 9266 2: 32 octets under this label, without a context.
std::string tls_exporter(ssl_st* ssl) {
    static constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
    std::array<unsigned char, 32> octets{};
    const bool bound = SSL_version(ssl) != TLS1_2_VERSION || SSL_get_extms_support(ssl) == 1;
    if (!bound ||
        SSL_export_keying_material(
            ssl, octets.data(), octets.size(), kLabel.data(), kLabel.size(), nullptr, 0, 0) != 1) {
        return {};
    }
    return to_string(octets.data(), octets.size());
}

// RFC 5929 4.1: the certificate's hash by the function of its own signature, SHA-256 instead of MD5 and
// SHA-1. Undefined, and empty here, for signatures that name no hash (Ed25519).
std::string tls_server_end_point(ssl_st* ssl) {
    X509* certificate =
        SSL_is_server(ssl) != 0 ? SSL_get_certificate(ssl) : SSL_get0_peer_certificate(ssl);
    int digest = NID_undef;
    if (certificate == nullptr ||
        X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr) != 1) {
        ERR_clear_error();
        return {};
    }
    const EVP_MD* hash =
        digest == NID_md5 || digest == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(digest);
    std::array<unsigned char, EVP_MAX_MD_SIZE> octets{};
    unsigned count = 0;
    if (hash == nullptr || X509_digest(certificate, hash, octets.data(), &count) != 1) {
        return {};
    }
    return to_string(octets.data(), count);
}

// The rfc822Name and dNSName entries of a client certificate that verified.
std::vector<std::string> client_names(ssl_st* ssl) {
    std::vector<std::string> names;
    const X509* certificate = SSL_get0_peer_certificate(ssl);
    if (SSL_is_server(ssl) == 0 || certificate == nullptr ||
        SSL_get_verify_result(ssl) != X509_V_OK) {
        return names;
    }
    const OpensslPtr<GENERAL_NAMES, GENERAL_NAMES_free> entries(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; entries && i < sk_GENERAL_NAME_num(entries.get()); ++i) {
        const GENERAL_NAME* entry = sk_GENERAL_NAME_value(entries.get(), i);
        if (entry->type != GEN_EMAIL && entry->type != GEN_DNS) {
            continue;
        }
        const ASN1_IA5STRING* text = entry->d.ia5;
        names.push_back(to_string(ASN1_STRING_get0_data(text),
                                  static_cast<std::size_t>(ASN1_STRING_length(text))));
        // A NUL inside is an attempt to be taken for somebody else.
        if (names.back().find('\0') != std::string::npos) {
            names.pop_back();
        }
    }
    return names;
}

// RFC 7301 3.2: what the server chose of the client's list.
std::string agreed_protocol(const ssl_st* ssl) {
    const unsigned char* name = nullptr;
    unsigned octets = 0;
    SSL_get0_alpn_selected(ssl, &name, &octets);
    return name == nullptr ? std::string() : to_string(name, octets);
}

// A resumed session keeps the outcome of its first handshake.
std::string reason_for_distrust(const ssl_st* ssl) {
    const long outcome_code = SSL_get_verify_result(ssl);
    return SSL_is_server(ssl) != 0 || outcome_code == X509_V_OK
               ? std::string()
               : X509_verify_cert_error_string(outcome_code);
}

TlsInfo describe(ssl_st* ssl) {
    const char* server_name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    return {.version = SSL_get_version(ssl),
            .cipher = SSL_get_cipher_name(ssl),
            .bits = SSL_get_cipher_bits(ssl, nullptr),
            .server_name = server_name == nullptr ? "" : server_name,
            .client_names = client_names(ssl),
            .unique = tls_unique(ssl),
            .exporter = tls_exporter(ssl),
            .end_point = tls_server_end_point(ssl),
            .alpn = agreed_protocol(ssl),
            .resumed = SSL_session_reused(ssl) != 0,
            .distrust = reason_for_distrust(ssl)};
}

}  // namespace

TlsTicket::~TlsTicket() {
    SSL_SESSION_free(session_);
}

TlsSession::TlsSession(ssl_st* ssl, std::shared_ptr<const void> keep, std::string asked_for)
    : keep_(std::move(keep)),
      ssl_(ssl),
      asked_for_(std::move(asked_for)) {
    if (SSL_is_server(ssl_) != 0) {
        binding_.resize(kBindingOctets);
        RAND_bytes(reinterpret_cast<unsigned char*>(binding_.data()), kBindingOctets);
        SSL_set_app_data(ssl_, this);
    }
}

TlsSession::~TlsSession() {
    SSL_free(ssl_);
}

Attempt TlsSession::shake_hands() {
    ERR_clear_error();
    errno = 0;
    Attempt attempt = outcome(ssl_, SSL_do_handshake(ssl_), 0);
    if (attempt.kind == Kind::kDone) {
        info_ = describe(ssl_);
    } else if (attempt.kind == Kind::kFailed && distrusted()) {
        attempt.text = reason_for_distrust(ssl_);
    }
    return attempt;
}

bool TlsSession::distrusted() const {
    return (SSL_get_verify_mode(ssl_) & SSL_VERIFY_PEER) != 0 && !reason_for_distrust(ssl_).empty();
}

Attempt TlsSession::read(std::span<char> room) {
    ERR_clear_error();
    errno = 0;
    std::size_t octets = 0;
    const int result = SSL_read_ex(ssl_, room.data(), room.size(), &octets);
    return outcome(ssl_, result, octets);
}

Attempt TlsSession::write(std::string_view octets) {
    ERR_clear_error();
    errno = 0;
    std::size_t written = 0;
    const int result = SSL_write_ex(ssl_, octets.data(), octets.size(), &written);
    return outcome(ssl_, result, written);
}

// In place of OpenSSL's BIO of the socket, which reading keeps.
bool TlsSession::install_gatherer() {
    auto gatherer = std::make_unique<RecordGatherer>(SSL_get_fd(ssl_));
    BIO* const bio = gatherer->new_bio();
    if (bio == nullptr) {
        return false;
    }
    SSL_set0_wbio(ssl_, bio);
    gatherer_ = std::move(gatherer);
    return true;
}

Attempt TlsSession::write_gathered(std::string_view octets) {
    if (!gatherer_ && !install_gatherer()) {
        return {.kind = Kind::kFailed, .text = take_openssl_error()};
    }
    if (gatherer_->has_rest()) {
        Attempt before = gatherer_->send_rest();
        if (before.kind != Kind::kDone) {
            return before;
        }
    }
    gatherer_->begin();
    ERR_clear_error();
    errno = 0;
    std::size_t taken = 0;
    int result = 1;
    while (taken < octets.size() && result > 0) {
        std::size_t written = 0;
        result = SSL_write_ex(ssl_, octets.data() + taken, octets.size() - taken, &written);
        taken += written;
    }
    Attempt attempt = outcome(ssl_, result, taken);
    Attempt sent = gatherer_->send();
    if (sent.kind != Kind::kDone) {
        return sent;
    }
    return attempt.must_wait() && taken > 0 ? Attempt{.kind = Kind::kDone, .octets = taken}
                                            : attempt;
}

Attempt TlsSession::end_writing() {
    ERR_clear_error();
    errno = 0;
    // Zero: ours is out, the peer's has not come (SSL_shutdown(3)).
    const int result = SSL_shutdown(ssl_);
    return result >= 0 ? Attempt{.kind = Kind::kDone} : outcome(ssl_, result, 0);
}

std::shared_ptr<TlsTicket> TlsSession::ticket() const {
    // A copy, since OpenSSL spoils the session of a connection that ends badly for whoever else has it.
    SSL_SESSION* session =
        info_ && SSL_is_server(ssl_) == 0 ? SSL_SESSION_dup(SSL_get0_session(ssl_)) : nullptr;
    if (session == nullptr || SSL_SESSION_is_resumable(session) != 1) {
        SSL_SESSION_free(session);
        return nullptr;
    }
    return std::make_shared<TlsTicket>(session, asked_for_, info_->distrust.empty());
}

void TlsSession::adopt(const TlsSession& control) {
    binding_ = control.binding_;
    // The client has its next ticket from the connection it belongs to.
    SSL_set_num_tickets(ssl_, 0);
    if (SSL_version(control.ssl_) < TLS1_3_VERSION) {
        control_session_ = {SSL_get1_session(control.ssl_), SSL_SESSION_free};
    }
}

// As old as this connection, and OpenSSL may spoil it.
ssl_session_st* TlsSession::control_session(std::string_view name) const {
    SSL_SESSION* const original = control_session_.get();
    unsigned octets = 0;
    const unsigned char* const id =
        original == nullptr ? nullptr : SSL_SESSION_get_id(original, &octets);
    SSL_SESSION* const copy =
        octets > 0 && to_string(id, octets) == name ? SSL_SESSION_dup(original) : nullptr;
    if (copy != nullptr) {
        SSL_SESSION_set_time(copy, std::time(nullptr));
        SSL_SESSION_set1_ticket_appdata(copy, binding_.data(), binding_.size());
    }
    return copy;
}

ssl_session_st* find_session(ssl_st* ssl, const unsigned char* name, int octets, int* keep) {
    *keep = 0;
    const auto* const session = static_cast<const TlsSession*>(SSL_get_app_data(ssl));
    return session == nullptr
               ? nullptr
               : session->control_session(to_string(name, static_cast<std::size_t>(octets)));
}

std::string TlsSession::resumed_binding() const {
    void* octets = nullptr;
    std::size_t count = 0;
    const bool resumed =
        SSL_session_reused(ssl_) != 0 &&
        SSL_SESSION_get0_ticket_appdata(SSL_get0_session(ssl_), &octets, &count) == 1;
    return resumed ? to_string(static_cast<const unsigned char*>(octets), count) : std::string();
}

void TlsSession::send_ticket() {
    ERR_clear_error();
    SSL_new_session_ticket(ssl_);
    ERR_clear_error();
}

Attempt TlsSession::begin_finish() {
    // What stands behind the peer's close_notify is not TLS: it stays in the socket.
    SSL_set_read_ahead(ssl_, 0);
    return end_writing();
}

Attempt TlsSession::finish() {
    ERR_clear_error();
    errno = 0;
    const int result = SSL_shutdown(ssl_);
    return result > 0 ? Attempt{.kind = Kind::kDone} : outcome(ssl_, result, 0);
}

bool TlsSession::has_pending() const {
    return SSL_has_pending(ssl_) != 0;
}

bool TlsSession::kernel_sends() const {
    return BIO_get_ktls_send(SSL_get_wbio(ssl_)) != 0;
}

Attempt TlsSession::send_file(int fd, std::uint64_t offset, std::size_t count) {
    ERR_clear_error();
    errno = 0;
    const ossl_ssize_t sent = SSL_sendfile(ssl_, fd, static_cast<off_t>(offset), count, 0);
    if (sent == 0) {
        return {.kind = Kind::kEof};
    }
    return outcome(ssl_, sent > 0 ? 1 : -1, sent > 0 ? static_cast<std::size_t>(sent) : 0);
}

void TlsSession::prefer_throughput() {
    static constexpr std::size_t kReadOctets = std::size_t{128} * 1024;
    SSL_clear_mode(ssl_, SSL_MODE_RELEASE_BUFFERS);
    SSL_set_default_read_buffer_len(ssl_, kReadOctets);
}

int put_binding(ssl_st* ssl, void* /*argument*/) {
    const auto* const session = static_cast<const TlsSession*>(SSL_get_app_data(ssl));
    if (session != nullptr) {
        SSL_SESSION_set1_ticket_appdata(
            SSL_get_session(ssl), session->binding().data(), session->binding().size());
    }
    return 1;
}

const std::string& TlsSession::protocols() const {
    static const std::string any;
    return protocols_ ? *protocols_ : any;
}

std::string protocol_list(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) {
        CHECK(!name.empty() && name.size() <= 255);
        list += static_cast<char>(name.size());
        list += name;
    }
    return list;
}

// RFC 7301 3.2: no_application_protocol where nothing fits. The shape is OpenSSL's.
// NOLINTNEXTLINE(readability-function-size)
int choose_protocol(ssl_st* ssl,
                    const unsigned char** chosen,
                    unsigned char* chosen_octets,
                    const unsigned char* offered,
                    unsigned offered_octets,
                    void* /*argument*/) {
    const auto* const session = static_cast<const TlsSession*>(SSL_get_app_data(ssl));
    if (session == nullptr || session->protocols().empty()) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    const std::string& ours = session->protocols();
    unsigned char* found = nullptr;
    const int outcome = SSL_select_next_proto(&found,
                                              chosen_octets,
                                              reinterpret_cast<const unsigned char*>(ours.data()),
                                              static_cast<unsigned>(ours.size()),
                                              offered,
                                              offered_octets);
    *chosen = found;
    return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void TlsSession::say_goodbye() {
    if (info_) {
        ERR_clear_error();
        SSL_shutdown(ssl_);
        ERR_clear_error();
    }
}

}  // namespace net
