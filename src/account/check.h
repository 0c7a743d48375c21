// The directory's invariants, for `staffetta check`: every record can be read, and every reference from one
// to another leads somewhere.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace account {

// Reads all of the directory's records. One sentence a finding; no findings is a sound directory. An
// alias whose member has gone is none: mail passes it over.
[[nodiscard]] base::Result<std::vector<std::string>> check(const store::Reader& reader);

}  // namespace account
