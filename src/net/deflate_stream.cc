#include "net/deflate_stream.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/thread_buffer.h"

namespace net {

using base::Errc;
using base::Result;
using base::Task;

namespace {

// Enough to find the words of the last answers again.
constexpr std::size_t kHistoryOctets = std::size_t{4} * 1024;
// IMAP's answers shrink to a third at any level, and the fastest ones leave the time to others (RFC 4978 4).
constexpr int kLevel = 3;

// What receive() hands out, beside the buffer of the stream beneath.
std::span<char, kThreadBufferOctets> plain_buffer() {
    // Aligned for the reason that thread_buffer() has.
    alignas(64) thread_local std::array<char, kThreadBufferOctets> buffer;
    return buffer;
}

// No write suspends between compressing and having compressed: one a thread serves all of its streams.
base::Deflater& thread_deflater() {
    alignas(64) thread_local base::Deflater deflater(base::DeflateForm::kRaw, kLevel);
    return deflater;
}

}  // namespace

DeflateStream::DeflateStream(Stream& below, std::string received)
    : below_(below),
      input_(std::move(received)) {}

// As much as makes up one view; the rest of `octets` is kept.
Result<std::string_view> DeflateStream::inflate(std::string_view octets) {
    const auto room = plain_buffer();
    std::size_t made = 0;
    while (made == 0) {
        TRY(const base::Inflater::Step done, inflater_.step(octets, room));
        octets.remove_prefix(done.taken);
        made = done.made;
        if (done.taken == 0 && done.made == 0) {
            break;
        }
    }
    std::string left(octets);
    input_ = std::move(left);
    return std::string_view(room.data(), made);
}

Task<Result<std::string_view>> DeflateStream::receive(base::SteadyTime deadline) {
    while (true) {
        CO_TRY(const std::string_view kept, inflate(input_));
        if (!kept.empty()) {
            co_return kept;
        }
        if (inflater_.ended()) {
            co_return base::fail(Errc::kEof, "the peer ended its compressed stream");
        }
        inflater_.release();
        CO_TRY(const std::string_view octets, co_await below_.receive(deadline));
        CO_TRY(const std::string_view view, inflate(octets));
        if (!view.empty()) {
            co_return view;
        }
    }
}

Task<Result<>> DeflateStream::write(std::string_view octets, base::SteadyTime deadline) {
    std::string packed;
    base::Deflater& deflater = thread_deflater();
    deflater.resume(history_);
    deflater.feed(octets, base::Deflater::Flush::kSync, packed);
    remember(octets);
    co_return co_await below_.write(packed, deadline);
}

void DeflateStream::remember(std::string_view octets) {
    if (octets.size() < kHistoryOctets) {
        const std::size_t kept = kHistoryOctets - octets.size();
        history_.erase(0, history_.size() - std::min(history_.size(), kept));
    } else {
        history_.clear();
        octets.remove_prefix(octets.size() - kHistoryOctets);
    }
    history_ += octets;
}

Task<Result<std::string>> DeflateStream::end(base::SteadyTime deadline) {
    std::array<char, 1> none{};
    while (!inflater_.ended() && !inflater_.is_flushed()) {
        CO_TRY(const base::Inflater::Step done, inflater_.step(input_, none));
        input_.erase(0, done.taken);
        if (done.made > 0) {
            co_return base::fail(Errc::kSyntax, "compressed octets behind the last command");
        }
        if (done.taken == 0 && !inflater_.ended()) {
            CO_TRY(const std::string_view octets, co_await below_.receive(deadline));
            input_ += octets;
        }
    }
    co_return std::move(input_);
}

}  // namespace net
