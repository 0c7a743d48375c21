// What came of uploads that were cut off, kept to be resumed: one folder a volume, beside the uploads that
// are on their way. Their octets count against the quota, though no record in the store tells of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "files/ledger.h"

namespace files {

class Aside;

// All calls wait for the disk. Nobody's partial is another's: they are found by user and path. Their names tell user and
// folder apart, so that what was one's, or of one folder, is found without knowing the paths.
class Partials {
  public:
    // `volume`: as records.h names it.
    explicit Partials(std::string_view volume);

    // Forgets what is older than a week, and says what is left. For the time when a volume is opened.
    [[nodiscard]] Counts open(const Aside& aside, base::WallTime now) const;
    // The same for one of these folders, whosever it is, by its name.
    static Counts expire(const Aside& aside, const std::string& folder, base::WallTime now);
    // Keeps the file `aside_name`, in place of what was kept before; says what that counted.
    [[nodiscard]] base::Result<Counts> keep(const Aside& aside,
                                            const std::string& aside_name,
                                            const std::string& name) const;
    // Octets that are kept; nothing for none.
    [[nodiscard]] std::optional<std::uint64_t> size(const Aside& aside,
                                                    const std::string& name) const;
    // Makes it an upload on its way again, named `aside_name`.
    [[nodiscard]] base::Result<base::UniqueFd> take(const Aside& aside,
                                                    const std::string& name,
                                                    const std::string& aside_name) const;
    // Says what it counted.
    [[nodiscard]] Counts forget(const Aside& aside, const std::string& name) const;

    // The same for all that lies in the folder `path` itself, whosever it is.
    [[nodiscard]] Counts forget_folder(const Aside& aside, std::string_view path) const;
    // The same for all that is `user`'s.
    [[nodiscard]] Counts forget_user(const Aside& aside, std::string_view user) const;
    // Takes away what is kept of the volume, which is gone.
    void forget_all(const Aside& aside) const;

    // The name under which `user`'s upload to `path` is kept. `user` is never another's again: an account's id.
    [[nodiscard]] static std::string name_of(std::string_view user, std::string_view path);

  private:
    [[nodiscard]] Counts forget_where(const Aside& aside,
                                      std::size_t at,
                                      std::string_view part) const;

    std::string folder_;
};

// What the names of such folders begin with.
inline constexpr std::string_view kPartialsPrefix = "partials-";

}  // namespace files
