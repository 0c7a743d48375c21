// Records that gather, and those that go at once, over a socket that takes little and a peer that reads when it likes, or
// goes away: the peer gets all that was taken, in order and once, and nothing else.
#include <openssl/bio.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/openssl_ptr.h"
#include "net/record_gatherer.h"
#include "net/unique_fd.h"

namespace {

using Kind = net::Attempt::Kind;

std::array<int, 2> connected(int send_buffer_octets) {
    std::array<int, 2> ends{};
    CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const int octets = send_buffer_octets;
    CHECK(::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets) == 0);
    return ends;
}

class Trial {
  public:
    explicit Trial(const std::array<int, 2>& ends)
        : ours_(ends[0]),
          theirs_(ends[1]),
          gatherer_(ends[0]) {}

    // False once the connection is only good for closing.
    bool step(unsigned what, std::size_t octets) {
        switch (what % 5) {
            case 0:
                return gatherer_.has_rest() ? push() : gather(octets);
            case 1:
                return write(octets, false);
            case 2:
                return push();
            case 3:
                take(octets);
                return true;
            default:
                if (octets % 16 == 0) {
                    theirs_.reset();
                }
                return true;
        }
    }

    void finish() {
        while (theirs_ && gatherer_.has_rest()) {
            take(1U << 20U);
            CHECK(push());
        }
        take(1U << 20U);
        CHECK(!theirs_ || (got_ == taken_.size() && !gatherer_.has_rest()));
    }

  private:
    // No two pieces of it are alike.
    std::string next(std::size_t octets) {
        std::string text;
        while (text.size() < octets) {
            text += std::to_string(taken_.size() + text.size()) + ' ';
        }
        text.resize(octets);
        return text;
    }

    // OpenSSL says the same again until it is taken; here it is as well said anew.
    bool write(std::size_t octets, bool gathering) {
        if (octets == 0) {
            return true;
        }
        const std::string text = next(octets);
        const int took = BIO_write(bio_.get(), text.data(), static_cast<int>(octets));
        CHECK(took != 0 && took <= static_cast<int>(octets));
        CHECK(!gathering || took == static_cast<int>(octets));
        taken_.append(text, 0, static_cast<std::size_t>(std::max(took, 0)));
        return took > 0 || BIO_should_retry(bio_.get()) != 0;
    }

    // In records that become shorter, as many as there is room for.
    bool gather(std::size_t octets) {
        gatherer_.begin();
        octets = std::min(octets, net::RecordGatherer::kClearOctetsMax);
        const std::size_t before = taken_.size();
        for (std::size_t record = 16384; octets > 0;
             record = std::max<std::size_t>(record / 2, 512)) {
            const std::size_t some = std::min(octets, record);
            CHECK(write(some, true));
            octets -= some;
        }
        const net::Attempt sent = gatherer_.send();
        CHECK(sent.kind == Kind::kFailed || sent.octets == taken_.size() - before);
        return sent.kind == Kind::kDone;
    }

    bool push() {
        const net::Attempt sent = gatherer_.send_rest();
        CHECK(sent.kind == Kind::kFailed ||
              gatherer_.has_rest() == (sent.kind == Kind::kWantWrite));
        return sent.kind != Kind::kFailed;
    }

    void take(std::size_t octets) {
        std::array<char, 4096> room;
        while (theirs_ && octets > 0) {
            const ssize_t got =
                ::recv(theirs_.get(), room.data(), std::min(octets, room.size()), 0);
            if (got <= 0) {
                return;
            }
            const std::string_view piece(room.data(), static_cast<std::size_t>(got));
            CHECK(std::string_view(taken_).substr(got_, piece.size()) == piece);
            got_ += piece.size();
            octets -= piece.size();
        }
    }

    net::UniqueFd ours_;
    net::UniqueFd theirs_;
    net::RecordGatherer gatherer_;
    net::OpensslPtr<BIO, BIO_free> bio_{gatherer_.new_bio()};
    std::string taken_;    // what counts as sent
    std::size_t got_ = 0;  // octets of it, at the peer
};

}  // namespace

// Input: an octet of the socket's buffer, then three a step: what, and how much.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 1000) {
        return 0;
    }
    Trial trial(connected(data[0] * 256));
    bool goes_on = true;
    for (std::size_t i = 1; i + 3 <= size && goes_on; i += 3) {
        goes_on = trial.step(data[i], data[i + 1] * std::size_t{256} + data[i + 2]);
    }
    if (goes_on) {
        trial.finish();
    }
    return 0;
}
