// How many connections may be open: in all, and from one address. A stranger who opens thousands takes
// nothing from the others but what his address is allowed.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "net/stream.h"

namespace net {

// Thread-safe. Zero means no limit.
class ConnectionLimits : public std::enable_shared_from_this<ConnectionLimits> {
  public:
    ConnectionLimits(std::size_t total_max, std::size_t per_address_max)
        : total_max_(total_max),
          per_address_max_(per_address_max) {}

    // A place among all; given back when destroyed.
    class Permit {
      public:
        explicit Permit(std::shared_ptr<ConnectionLimits> limits) : limits_(std::move(limits)) {}

        Permit(const Permit&) = delete;
        Permit& operator=(const Permit&) = delete;
        ~Permit();

        // Counts the connection for its client's address as well, once it is known. False when that
        // address has its share. Unix sockets are not limited.
        [[nodiscard]] bool count(const Endpoint& client);

      private:
        std::shared_ptr<ConnectionLimits> limits_;
        std::string key_;  // empty: not counted for an address
    };

    // Null when all places are taken.
    [[nodiscard]] std::shared_ptr<Permit> enter();

    [[nodiscard]] std::size_t open() const;

  private:
    const std::size_t total_max_;
    const std::size_t per_address_max_;
    mutable std::mutex mutex_;
    std::size_t total_ = 0;
    std::unordered_map<std::string, std::size_t> by_address_;
};

}  // namespace net
