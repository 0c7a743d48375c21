#include "files/files.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "files/mounts.h"
#include "files/volumes.h"

namespace files {
namespace {

using base::Errc;
using base::Result;

constexpr std::size_t kTokenLength = 8;

}  // namespace

Files::Files(std::shared_ptr<Volumes> volumes, base::Pool& pool)
    : volumes_(std::move(volumes)),
      pool_(pool) {}

Files::~Files() = default;

Result<std::unique_ptr<Files>> Files::start(Options options,
                                            store::Store& store,
                                            base::Pool& pool,
                                            const base::Clock& clock,
                                            base::Random& random) {
    std::error_code failed;
    for (const char* folder : {"/accounts", "/shares"}) {
        std::filesystem::create_directories(options.root + folder, failed);
        if (failed) {
            return base::fail(Errc::kIo, options.root + folder + ": " + failed.message());
        }
    }
    TRY(std::shared_ptr<Aside> aside,
        Aside::open(options.root + "/uploads", random.token(kTokenLength)));
    auto volumes = std::make_shared<Volumes>(std::move(options), store, clock, std::move(aside));
    return std::unique_ptr<Files>(new Files(std::move(volumes), pool));
}

base::Task<Result<std::shared_ptr<Tree>>> Files::open_tree(base::Loop& loop,
                                                           account::AccountId id) {
    return pool_.run(
        loop, [volumes = volumes_, id, pool = &pool_]() -> Result<std::shared_ptr<Tree>> {
            TRY(const auto account, account::find_account(*volumes->store().snapshot(), id));
            if (!account) {
                return base::fail(Errc::kNotFound, "There is no such account.");
            }
            TRY(std::shared_ptr<Volume> home, volumes->of_account(*account));
            Viewer viewer{.account = id, .domain = account->address.domain};
            auto mounts =
                std::make_shared<const Mounts>(volumes, std::move(home), std::move(viewer));
            return std::make_shared<Tree>(std::move(mounts), *pool, account->address.to_string());
        });
}

base::Task<Result<std::shared_ptr<Tree>>> Files::open_anonymous(base::Loop& loop) {
    return pool_.run(loop, [volumes = volumes_, pool = &pool_]() -> Result<std::shared_ptr<Tree>> {
        const std::string& name = volumes->options().anonymous_share;
        TRY(const auto table, volumes->shares());
        const Share* share = name.empty() ? nullptr : table->find(name);
        if (share == nullptr || !is_visible(*share, Viewer())) {
            return base::fail(Errc::kNotFound, "There are no anonymous users here.");
        }
        auto mounts = std::make_shared<const Mounts>(volumes, name);
        return std::make_shared<Tree>(std::move(mounts), *pool, "an anonymous user");
    });
}

}  // namespace files
