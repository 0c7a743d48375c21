// Upload, as whoever receives octets holds it: on the session's loop, with the disk's work on the pool.
#include <algorithm>
#include <memory>
#include <span>
#include <string>

#include "base/check.h"
#include "files/direct_writes.h"
#include "files/files.h"
#include "files/upload_build.h"
#include "files/upload_state.h"

namespace files {
namespace {

using base::Result;

// What an upload writes before the disk is told to begin.
constexpr std::uint64_t kHandOverOctets = 8U << 20U;
constexpr auto kBuildPause = std::chrono::milliseconds(50);

base::Task<Result<>> succeed() {
    co_return Result<>();
}

}  // namespace

Upload::Upload(base::Pool& pool, std::shared_ptr<UploadState> state)
    : pool_(pool),
      state_(std::move(state)),
      direct_(std::make_unique<DirectWrites>(pool_, state_)) {}

Upload::~Upload() = default;

const std::string& Upload::path() const {
    return state_->shown_path;
}

int Upload::fd() const {
    return state_->fd.get();
}

std::uint64_t Upload::offset() const {
    return state_->offset;
}

Result<> Upload::reserve(std::uint64_t octets) {
    return reserve_to(*state_, state_->offset + octets);
}

void Upload::advance(std::uint64_t octets) {
    state_->offset += octets;
    if (state_->offset - state_->handed_over >= kHandOverOctets) {
        hand_over(*state_, pool_);
    }
}

base::Task<Result<>> Upload::write(base::Loop& loop, std::string_view octets) {
    if (state_->planned && octets.size() <= early_room().size()) {
        std::copy(octets.begin(), octets.end(), early_room().begin());
        state_->offset += octets.size();
        return succeed();
    }
    if (state_->direct) {
        return drain_and_write(loop, std::string(octets));
    }
    return pool_.run(
        loop, [state = state_, copy = std::string(octets)] { return write_upload(*state, copy); });
}

base::Task<Result<>> Upload::drain_and_write(base::Loop& loop, std::string octets) {
    CO_TRY_VOID(co_await drain(loop));
    co_return co_await write(loop, octets);
}

// What is left of the memory that the first octets come into.
std::span<char> Upload::early_room() {
    UploadState& state = *state_;
    if (!state.early) {
        state.early = std::make_unique_for_overwrite<char[]>(kEarlyOctets);
    }
    return std::span(state.early.get(), kEarlyOctets)
        .subspan(static_cast<std::size_t>(state.offset));
}

std::uint64_t Upload::until_room() const {
    return state_->planned ? 0 : direct_->until_room();
}

base::Task<Result<std::span<char>>> Upload::room(base::Loop& loop) {
    if (!state_->planned) {
        co_return co_await direct_->room(loop);
    }
    const std::span<char> room = early_room();
    if (room.empty()) {
        CO_TRY_VOID(co_await drain(loop));
    }
    co_return room;
}

void Upload::fill(base::Loop& loop, std::size_t octets) {
    if (state_->planned) {
        CHECK(octets <= early_room().size());
        state_->offset += octets;
    } else {
        direct_->fill(loop, octets);
    }
}

base::Task<Result<>> Upload::drain(base::Loop& loop) {
    if (!state_->planned) {
        return direct_->drain(loop);
    }
    return pool_.run(loop, [state = state_] { return make_planned(*state); });
}

base::Task<Result<>> Upload::commit(base::Loop& loop) {
    CO_TRY_VOID(co_await commit_if(loop, {}, {}));
    co_return Result<>();
}

base::Task<Result<bool>> Upload::commit_if(base::Loop& loop,
                                           std::function<bool()> wanted,
                                           std::function<bool()> patient) {
    // This object may be gone by then.
    const std::shared_ptr<UploadState> state = state_;
    base::Pool& pool = pool_;
    co_await direct_->settle();
    // What it adds to may have come, or have grown, since it began.
    const bool adds =
        state->mode == UploadOptions::Mode::kAppend || state->mode == UploadOptions::Mode::kPatch;
    const bool takes_long =
        adds && co_await pool.run(loop, [state] { return adds_to_large(*state); });
    std::shared_ptr<const void> turn;
    while (takes_long && (turn = state->place.volume->begin_build()) == nullptr) {
        if (patient && !patient()) {
            co_return false;
        }
        co_await base::sleep_until(loop, loop.clock().steady() + kBuildPause);
    }
    auto committed = co_await pool.run(loop, [state, wanted = std::move(wanted)]() -> Result<bool> {
        TRY_VOID(finish_direct(*state));
        return commit_upload(*state, wanted);
    });
    state->place.volume->send_in_time(loop);
    co_return committed;
}

}  // namespace files
