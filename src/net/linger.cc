#include "net/linger.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace net {
namespace {

constexpr base::Duration kPatience = std::chrono::seconds(2);
constexpr std::size_t kOctetsMax = std::size_t{64} * 1024;

// Owned by its timer's callback: it ends when that runs or is cancelled.
class Linger final : public IoLoop::Watcher {
  public:
    Linger(IoLoop& loop, UniqueFd fd, std::shared_ptr<void> permit)
        : loop_(loop),
          permit_(std::move(permit)),
          fd_(std::move(fd)) {}

    Linger(const Linger&) = delete;
    Linger& operator=(const Linger&) = delete;

    ~Linger() override {
        if (watched_) {
            loop_.unwatch(fd_.get(), *this);
        }
    }

    // False when there is nothing to wait for.
    [[nodiscard]] bool start() {
        watched_ = !drain() && loop_.watch(fd_.get(), *this);
        return watched_;
    }

    void end_with(base::Loop::TimerId timer) { timer_ = timer; }

  private:
    void on_ready(IoLoop::Readiness /*ready*/) override {
        if (drain()) {
            loop_.cancel(timer_);  // destroys this
        }
    }

    // True when the peer has ended, or sent more than a goodbye.
    [[nodiscard]] bool drain() {
        // Not the thread's buffer: whoever closes may hold a view into it.
        std::array<char, 4096> room;  // NOLINT(*-member-init): recv fills it
        while (octets_ < kOctetsMax) {
            const ssize_t got = ::recv(fd_.get(), room.data(), room.size(), 0);
            if (got <= 0) {
                return got == 0 || errno != EAGAIN;
            }
            octets_ += static_cast<std::size_t>(got);
        }
        return true;
    }

    IoLoop& loop_;
    std::shared_ptr<void> permit_;
    UniqueFd fd_;
    base::Loop::TimerId timer_ = 0;
    std::size_t octets_ = 0;
    bool watched_ = false;
};

}  // namespace

void linger(IoLoop& loop, UniqueFd fd, std::shared_ptr<void> permit) {
    const auto end = std::make_shared<Linger>(loop, std::move(fd), std::move(permit));
    if (end->start()) {
        end->end_with(loop.call_at(loop.clock().steady() + kPatience, [end] {}));
    }
}

}  // namespace net
