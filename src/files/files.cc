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
    CO_TRY(std::shared_ptr<Volume> home,
           co_await pool_.run(loop, [volumes = volumes_, id] { return volumes->of_account(id); }));
    co_return std::make_shared<Tree>(std::make_shared<Mounts>(std::move(home)), pool_);
}

base::Task<Result<std::shared_ptr<Tree>>> Files::open_anonymous(base::Loop& /*loop*/) {
    co_return base::fail(Errc::kNotFound, "There are no anonymous users here.");
}

}  // namespace files
