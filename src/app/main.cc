#include <sys/stat.h>

#include "app/command_line.h"

int main(int argc, char** argv) {
    // RocksDB makes its files as open as the umask lets it, and they hold password hashes. What others
    // may read or open (sockets, certificates) gets its mode by name.
    const mode_t inherited = ::umask(S_IRWXG | S_IRWXO);
    return app::run_command_line(argc, argv, inherited);
}
