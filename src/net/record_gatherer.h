// Where OpenSSL puts the records of a connection that carries much: a BIO that can gather some in a buffer of the thread,
// so that one send(2) takes them all. OpenSSL's own makes a system call, and as a rule a segment, of every record.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "net/attempt.h"

struct bio_st;
struct bio_method_st;

namespace net {

class RecordGatherer {
  public:
    // What may be encrypted between begin() and send(), in octets of clear text.
    static constexpr std::size_t kClearOctetsMax = std::size_t{64} * 1024;

    // On a connected, non-blocking socket, which the caller keeps open as long as the BIO is used.
    explicit RecordGatherer(int fd);
    RecordGatherer(const RecordGatherer&) = delete;
    RecordGatherer& operator=(const RecordGatherer&) = delete;
    ~RecordGatherer() = default;

    // For SSL_set0_wbio(3), which takes it over; null when there is no memory. This object outlives it.
    [[nodiscard]] bio_st* new_bio();

    // From here to send() records gather; nothing else of this thread may gather meanwhile. Not while has_rest().
    void begin();
    // kDone: what was gathered is out, but for what the socket does not take now (has_rest()), which is kept and goes
    // before anything else. kFailed: the connection is only good for closing.
    [[nodiscard]] Attempt send();

    [[nodiscard]] bool has_rest() const { return !rest_.empty(); }

    // Sends the rest. kWantWrite: not all of it went.
    [[nodiscard]] Attempt send_rest();

  private:
    // The BIO's methods; those of OpenSSL's that carry data.
    static const bio_method_st* methods();
    static int on_write(bio_st* bio, const char* octets, int count);
    static long on_control(bio_st* bio, int command, long number, void* pointer);

    // As OpenSSL calls these they throw nothing. -1: failed (errno); 0, fewer than `count`, has_rest(): not now.
    [[nodiscard]] ssize_t put(const char* octets, std::size_t count);
    [[nodiscard]] ssize_t send_all(const char* octets, std::size_t count) const;
    [[nodiscard]] ssize_t push_rest();

    int fd_;
    bool gathering_ = false;
    std::size_t gathered_ = 0;
    std::string rest_;  // encrypted; its first rest_sent_ octets are out
    std::size_t rest_sent_ = 0;
};

}  // namespace net
