// Who does something to a file, as the trace tells it.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "files/mounts.h"

namespace files {

struct Deed {
    const base::Clock* clock = nullptr;
    std::string user;  // the account's id, whose are the partials; empty for an anonymous user
    std::string session;
    std::string who;  // "bob@hamburger.example from 192.0.2.1 by FTPS"
};

// `what`: "1234 octets", "to /b.txt"; may be empty.
void note_deed(const Place& place, const Deed& deed, std::string_view kind, std::string_view what);

}  // namespace files
