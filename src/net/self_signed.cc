// make_self_signed: a certificate for the demo and for tests (RFC 5280).
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "base/random.h"
#include "net/openssl_ptr.h"
#include "net/tls_context.h"
#include "net/unique_fd.h"

namespace net {

using base::Errc;
using base::fail;

namespace {

using KeyPtr = OpensslPtr<EVP_PKEY, EVP_PKEY_free>;
using CertificatePtr = OpensslPtr<X509, X509_free>;
using ExtensionPtr = OpensslPtr<X509_EXTENSION, X509_EXTENSION_free>;
using BioPtr = OpensslPtr<BIO, BIO_free>;

constexpr std::chrono::seconds kLifetime = std::chrono::years(10);
constexpr std::chrono::seconds kClockSkew = std::chrono::days(1);

bool is_address(const std::string& name) {
    std::array<unsigned char, sizeof(in6_addr)> octets{};
    return ::inet_pton(AF_INET, name.c_str(), octets.data()) == 1 ||
           ::inet_pton(AF_INET6, name.c_str(), octets.data()) == 1;
}

// X509V3_EXT_conf_nid's little language: a name must not say more than itself.
bool is_plain(const std::string& name) {
    return !name.empty() && name.find_first_of(",;=@ \t\r\n\\\"") == std::string::npos &&
           name.find('\0') == std::string::npos;
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
    base::SystemRandom random;  // RFC 5280 4.1.2.2: positive, unpredictable
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), random.u64() >> 1) == 1;
}

bool set_names(X509* certificate, const std::vector<std::string>& names) {
    std::string alternatives;
    for (const std::string& name : names) {
        alternatives += alternatives.empty() ? "" : ",";
        alternatives += (is_address(name) ? "IP:" : "DNS:") + name;
    }
    X509_NAME* subject = X509_get_subject_name(certificate);
    const std::string common = names.front().substr(0, 64);  // RFC 5280 A.1, ub-common-name
    const auto* text = reinterpret_cast<const unsigned char*>(common.c_str());
    return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1 &&
           add_extension(certificate, NID_subject_alt_name, alternatives);
}

CertificatePtr make_certificate(EVP_PKEY* key, const std::vector<std::string>& names) {
    CertificatePtr certificate(X509_new());
    const bool made =
        certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
        set_serial(certificate.get()) &&
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kClockSkew.count()) != nullptr &&
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kLifetime.count()) != nullptr &&
        X509_set_pubkey(certificate.get(), key) == 1 && set_names(certificate.get(), names) &&
        add_extension(certificate.get(), NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(certificate.get(), NID_key_usage, "critical,digitalSignature") &&
        add_extension(certificate.get(), NID_ext_key_usage, "serverAuth,clientAuth") &&
        X509_sign(certificate.get(), key, EVP_sha256()) > 0;
    return made ? std::move(certificate) : nullptr;
}

std::string contents(BIO* memory) {
    char* data = nullptr;
    const long octets = BIO_get_mem_data(memory, &data);
    return {data, static_cast<std::size_t>(octets)};
}

base::Result<> write_new_file(const std::string& path, mode_t mode, const std::string& octets) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    // The mode as it stands, whatever the umask: others may read a certificate.
    if (fd && ::fchmod(fd.get(), mode) == 0 &&
        ::write(fd.get(), octets.data(), octets.size()) == static_cast<ssize_t>(octets.size()) &&
        ::fsync(fd.get()) == 0) {
        return {};
    }
    return fail(errno == EEXIST ? Errc::kExists : Errc::kIo,
                fmt::format("cannot write {}: {}", path, std::generic_category().message(errno)));
}

}  // namespace

base::Result<> make_self_signed(const std::vector<std::string>& names,
                                const std::string& certificate_path,
                                const std::string& key_path) {
    for (const std::string& name : names) {
        if (!is_plain(name)) {
            return fail(Errc::kInvalid, fmt::format("\"{}\" is no name for a certificate", name));
        }
    }
    if (names.empty()) {
        return fail(Errc::kInvalid, "a certificate needs a name");
    }
    const KeyPtr key(EVP_EC_gen("P-256"));
    const CertificatePtr certificate = key ? make_certificate(key.get(), names) : nullptr;
    const BioPtr key_pem(BIO_new(BIO_s_mem()));
    const BioPtr certificate_pem(BIO_new(BIO_s_mem()));
    if (!certificate || !key_pem || !certificate_pem ||
        PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
            1 ||
        PEM_write_bio_X509(certificate_pem.get(), certificate.get()) != 1) {
        return fail(Errc::kInvalid, "cannot make a certificate: " + take_openssl_error());
    }
    TRY_VOID(write_new_file(key_path, 0600, contents(key_pem.get())));
    return write_new_file(certificate_path, 0644, contents(certificate_pem.get()));
}

}  // namespace net
