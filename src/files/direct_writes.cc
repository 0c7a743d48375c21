#include "files/direct_writes.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "base/check.h"
#include "files/upload_state.h"

namespace files {
namespace {

using base::Result;

// Below it an upload is as quick through the page cache, and read again soon as likely as not.
constexpr std::uint64_t kLargeOctets = std::uint64_t{1} << 20U;
// An upload that found no buffer, or was too slow to deserve one, asks again so much later.
constexpr std::uint64_t kAskAgainOctets = std::uint64_t{16} << 20U;
constexpr std::uint64_t kAlignment = DirectBuffer::kOctets;
// Buffers of one upload: as many as keep the disk busy, or as few as let it go on while octets come.
constexpr std::size_t kBuffersMax = 4;
constexpr std::size_t kBuffersMin = 2;
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

std::uint64_t round_up(std::uint64_t octets, std::uint64_t multiple) {
    return (octets + multiple - 1) / multiple * multiple;
}

Result<> cut(const UploadState& upload) {
    const auto octets = static_cast<off_t>(upload.offset);
    return ::ftruncate(upload.fd.get(), octets) == 0 ? Result<>() : fail_errno(errno);
}

}  // namespace

Result<> finish_direct(UploadState& upload) {
    const std::unique_ptr<DirectPart> part = std::move(upload.direct);
    if (!part) {
        return {};
    }
    if (part->filled > 0 && !part->file->failure()) {
        part->file->write(part->buffer->octets().first(part->filled), part->at);
    }
    const auto failure = part->file->failure();
    if (failure) {
        upload.offset = failure->at;
    }
    upload.handed_over = upload.offset;
    Result<> shortened = cut(upload);
    return failure ? tl::unexpected(failure->error) : std::move(shortened);
}

DirectWrites::DirectWrites(base::Pool& pool, std::shared_ptr<UploadState> state)
    : pool_(pool),
      state_(std::move(state)),
      from_(round_up(state_->offset + kLargeOctets, kAlignment)) {}

DirectWrites::~DirectWrites() = default;

std::uint64_t DirectWrites::until_room() const {
    return from_ - std::min(from_, state_->offset);
}

// What stands in the page cache goes to the disk meanwhile.
bool DirectWrites::begin() {
    const UploadState& state = *state_;
    auto part = std::make_unique<DirectPart>();
    part->at = state.offset;
    part->buffer =
        state.offset % kAlignment == 0 ? state.place.volume->direct_buffers().take() : nullptr;
    if (!part->buffer) {
        from_ = round_up(state.offset + kAskAgainOctets, kAlignment);
        return false;
    }
    Aside& aside = state.place.volume->aside();
    part->file = DirectFile::open(aside.fd(), state.aside_name, state.fd.get(), ::pwrite);
    if (!part->file) {
        from_ = kNever;
        return false;
    }
    hand_over(*state_, pool_);
    state_->direct = std::move(part);
    return true;
}

// One that has come back is warm; a new one is for a disk that is behind.
base::Task<std::shared_ptr<DirectBuffer>> DirectWrites::next_buffer() {
    if (flights_.empty() || !flights_.front().written->await_ready()) {
        DirectBuffers& buffers = state_->place.volume->direct_buffers();
        const std::size_t most = buffers.are_scarce() ? kBuffersMin : kBuffersMax;
        auto fresh = flights_.size() < most ? buffers.take() : nullptr;
        if (fresh) {
            co_return fresh;
        }
    }
    CHECK(!flights_.empty());
    static_cast<void>(co_await *flights_.front().written);
    auto buffer = std::move(flights_.front().buffer);
    flights_.erase(flights_.begin());
    co_return buffer;
}

base::Task<Result<std::span<char>>> DirectWrites::room(base::Loop& loop) {
    using Room = std::span<char>;
    if (!state_->direct && !begin()) {
        co_return Room();
    }
    DirectPart& part = *state_->direct;
    if (part.file->is_refused()) {
        CO_TRY_VOID(co_await drain(loop));
        from_ = kNever;
        co_return Room();
    }
    if (!part.buffer) {
        part.buffer = co_await next_buffer();
    }
    if (const auto failure = part.file->failure()) {
        co_return tl::unexpected(failure->error);
    }
    co_return part.buffer->octets().subspan(part.filled);
}

// Whoever is told holds the upload alone then: when it lets go, what is kept of it is kept before it goes on.
void DirectWrites::submit(const Done& done, std::function<Result<>(UploadState&)> work) {
    pool_.submit([state = state_, work = std::move(work), giver = done.giver()]() mutable {
        Result<> result = work(*state);
        state.reset();
        giver(std::move(result));
    });
}

void DirectWrites::fill(base::Loop& loop, std::size_t octets) {
    DirectPart& part = *state_->direct;
    part.filled += octets;
    state_->offset += octets;
    CHECK(part.filled <= DirectBuffer::kOctets);
    if (part.filled < DirectBuffer::kOctets) {
        return;
    }
    flights_.push_back({std::move(part.buffer), std::make_unique<Done>(loop)});
    const Flight& flight = flights_.back();
    submit(*flight.written, [buffer = flight.buffer, at = part.at](const UploadState& upload) {
        upload.direct->file->write(buffer->octets(), at);
        return Result<>();
    });
    part.at += DirectBuffer::kOctets;
    part.filled = 0;
}

// Whoever waits here may be all there is left of the upload: nothing of this object behind the first wait.
base::Task<> DirectWrites::settle() {
    const std::vector<Flight> flights = std::exchange(flights_, {});
    for (const Flight& flight : flights) {
        static_cast<void>(co_await *flight.written);
    }
}

base::Task<Result<>> DirectWrites::drain(base::Loop& loop) {
    if (!state_->direct) {
        co_return Result<>();
    }
    co_await settle();
    Done finished(loop);
    submit(finished, finish_direct);
    Result<> result = co_await finished;
    from_ = round_up(state_->offset + kAskAgainOctets, kAlignment);
    co_return result;
}

}  // namespace files
