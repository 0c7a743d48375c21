#include "net/record_gatherer.h"

#include <openssl/bio.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <system_error>

#include "base/check.h"
#include "base/release.h"
#include "net/openssl_ptr.h"

namespace net {
namespace {

using Kind = Attempt::Kind;

// Beside the clear text: 29 octets a record at most, which may be of 512 (RFC 6066 4), a ticket, an alert, an answer to
// KeyUpdate, and one record that an earlier SSL_write(3) could not put out.
constexpr std::size_t kOverheadOctets = std::size_t{32} * 1024;

// One a thread, made with the first connection that gathers. Empty between begin() and send() of two connections.
std::span<char> gathering_buffer() {
    static constexpr std::size_t kOctets = RecordGatherer::kClearOctetsMax + kOverheadOctets;
    thread_local std::unique_ptr<char[]> buffer;
    if (!buffer) {
        buffer = std::make_unique_for_overwrite<char[]>(kOctets);
    }
    return {buffer.get(), kOctets};
}

Attempt failed(int error) {
    return {.kind = Kind::kFailed, .text = std::generic_category().message(error)};
}

}  // namespace

RecordGatherer::RecordGatherer(int fd) : fd_(fd) {}

const bio_method_st* RecordGatherer::methods() {
    static const OpensslPtr<BIO_METHOD, BIO_meth_free> made = [] {
        OpensslPtr<BIO_METHOD, BIO_meth_free> method(
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "record gatherer"));
        if (method) {
            BIO_meth_set_write(method.get(), on_write);
            BIO_meth_set_ctrl(method.get(), on_control);
        }
        return method;
    }();
    return made.get();
}

bio_st* RecordGatherer::new_bio() {
    const BIO_METHOD* const method = methods();
    BIO* const bio = method == nullptr ? nullptr : BIO_new(method);
    if (bio != nullptr) {
        BIO_set_data(bio, this);
        BIO_set_init(bio, 1);
    }
    return bio;
}

void RecordGatherer::begin() {
    CHECK(rest_.empty() && !gathering_);
    gathering_ = true;
    gathered_ = 0;
    static_cast<void>(gathering_buffer());  // may throw, which put() may not
}

Attempt RecordGatherer::send() {
    gathering_ = false;
    const std::span<char> octets = gathering_buffer().first(gathered_);
    const ssize_t sent = send_all(octets.data(), octets.size());
    if (sent < 0) {
        return failed(errno);
    }
    const auto rest = octets.subspan(static_cast<std::size_t>(sent));
    rest_.assign(rest.data(), rest.size());
    return {.kind = Kind::kDone, .octets = octets.size()};
}

Attempt RecordGatherer::send_rest() {
    const ssize_t sent = push_rest();
    if (sent < 0) {
        return failed(errno);
    }
    return {.kind = has_rest() ? Kind::kWantWrite : Kind::kDone,
            .octets = static_cast<std::size_t>(sent)};
}

ssize_t RecordGatherer::push_rest() {
    const ssize_t sent = send_all(rest_.data() + rest_sent_, rest_.size() - rest_sent_);
    rest_sent_ += sent > 0 ? static_cast<std::size_t>(sent) : 0;
    if (sent >= 0 && rest_sent_ == rest_.size()) {
        base::release(rest_);
        rest_sent_ = 0;
    }
    return sent;
}

ssize_t RecordGatherer::send_all(const char* octets, std::size_t count) const {
    std::size_t sent = 0;
    while (sent < count) {
        const ssize_t took = ::send(fd_, octets + sent, count - sent, MSG_NOSIGNAL);
        if (took < 0 && errno == EINTR) {
            continue;
        }
        if (took < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            break;
        }
        if (took < 0) {
            return -1;
        }
        sent += static_cast<std::size_t>(took);
    }
    return static_cast<ssize_t>(sent);
}

ssize_t RecordGatherer::put(const char* octets, std::size_t count) {
    if (gathering_) {
        const std::span<char> room = gathering_buffer().subspan(gathered_);
        if (count > room.size()) {
            errno = ENOBUFS;
            return -1;
        }
        std::copy_n(octets, count, room.data());
        gathered_ += count;
        return static_cast<ssize_t>(count);
    }
    if (has_rest() && push_rest() < 0) {
        return -1;
    }
    return has_rest() ? 0 : send_all(octets, count);
}

int RecordGatherer::on_write(BIO* bio, const char* octets, int count) {
    auto* const gatherer = static_cast<RecordGatherer*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (octets == nullptr || count <= 0) {
        return 0;
    }
    const ssize_t took = gatherer->put(octets, static_cast<std::size_t>(count));
    if (took == 0) {
        BIO_set_retry_write(bio);
        return -1;
    }
    return static_cast<int>(took);
}

// Nothing is held back that a flush could send: what send() keeps waits for the socket. Whatever else is asked, the
// kernel's TLS above all, is not to be had here.
// NOLINTNEXTLINE(readability-function-size): OpenSSL's signature
long RecordGatherer::on_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace net
