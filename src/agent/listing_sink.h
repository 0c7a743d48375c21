// A server's listing on its way to a screen, a file or a program, however long it is.
#pragma once

#include <string>
#include <string_view>

#include "ftp/client/client.h"

namespace agent {

// Hands lines on with the line ends of this machine and, with `clean`, without what a terminal would obey. `below` outlives
// it.
class ListingSink final : public ftp::ByteSink {
  public:
    ListingSink(ftp::ByteSink& below, bool clean) : below_(below), clean_(clean) {}

    base::Result<> write(std::string_view octets) override;
    // Hands on a last line that has no end.
    [[nodiscard]] base::Result<> finish();

  private:
    ftp::ByteSink& below_;
    const bool clean_;
    std::string waiting_;  // for the end of its line: a character may be cut
};

}  // namespace agent
