#include "app/commands.h"
#include "app/exit_status.h"

namespace app {

int mime_show_command(const MimeShowOptions& options) {
    return report({base::Errc::kUnsupported, options.file + ": not yet"});
}

}  // namespace app
