// systemd's two small protocols: sockets handed over at start (sd_listen_fds(3)) and news about ourselves
// (sd_notify(3)). Both do nothing when nobody asked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/unique_fd.h"

namespace net {

// The listening sockets that the starter of this process opened for it.
class InheritedSockets {
  public:
    // Takes them over from LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, and removes these from the
    // environment, so that no child takes them too. Once, before there are threads.
    [[nodiscard]] static InheritedSockets take();

    // Takes out the first one of that FileDescriptorName, or by its place: "0" is the first.
    [[nodiscard]] std::optional<UniqueFd> find(std::string_view name);
    // Names of those that nobody found, for a warning.
    [[nodiscard]] std::vector<std::string> unused() const;

  private:
    struct Socket {
        std::string name;
        UniqueFd fd;
    };

    std::vector<Socket> sockets_;
};

// READY=1, STOPPING=1, RELOADING=1 with the time that systemd wants; any other assignment ("STATUS=...")
// with notify().
void notify_ready();
void notify_stopping();
void notify_reloading();
void notify(std::string_view assignments);

}  // namespace net
