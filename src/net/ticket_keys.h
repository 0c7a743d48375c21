// The keys of TLS session tickets (RFC 5077 4, RFC 8446 4.6.1): made here, changed every twelve hours,
// accepted for twelve more, never on disk. Without the change a stolen key would open months of TLS 1.2.
#pragma once

#include <array>
#include <chrono>
#include <mutex>
#include <optional>

struct ssl_ctx_st;

namespace net {

// Thread-safe; outlives the contexts it is installed in.
class TicketKeys {
  public:
    // In which a key is the one for new tickets; for as long again it opens those that it made.
    static constexpr std::chrono::hours kLifetime{12};

    TicketKeys();
    void install(ssl_ctx_st* context);

    struct Key {
        std::array<unsigned char, 16> name{};
        std::array<unsigned char, 32> cipher{};  // AES-256-CBC
        std::array<unsigned char, 32> mac{};     // HMAC-SHA-256
    };

    // The key for new tickets.
    [[nodiscard]] Key current();

    // The key of that name, and whether a new ticket should replace the one made with it.
    struct Found {
        Key key;
        bool renew = false;
    };

    [[nodiscard]] std::optional<Found> find(const unsigned char* name);

  private:
    void rotate_if_due();

    std::mutex mutex_;
    Key current_;
    Key previous_;
    std::chrono::steady_clock::time_point next_rotation_;
};

}  // namespace net
