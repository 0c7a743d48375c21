#include "ftp/server/command_counters.h"

#include <string>

#include "ftp/server/commands.h"

namespace ftp {

CommandCounters::CommandCounters(base::Metrics& metrics)
    : metrics_(metrics),
      counters_((commands().size() + 1) * 2) {}

void CommandCounters::count(const Command* command, bool ok) {
    const auto all = commands();
    const auto row = command == nullptr ? all.size() : static_cast<std::size_t>(command - &all[0]);
    std::atomic<base::Counter*>& known = counters_[row * 2 + (ok ? 1 : 0)];
    base::Counter* counter = known.load(std::memory_order_acquire);
    if (counter == nullptr) {
        // The same one for whoever else asks meanwhile.
        counter = &metrics_.counter(
            "staffetta_commands_total",
            "Commands by verb and result",
            {{"protocol", "ftp"},
             {"verb", std::string(command == nullptr ? "unknown" : command->verb)},
             {"result", ok ? "ok" : "err"}});
        known.store(counter, std::memory_order_release);
    }
    counter->add();
}

}  // namespace ftp
