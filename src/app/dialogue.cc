#include "app/dialogue.h"

#include <exception>
#include <optional>

#include "net/network.h"

namespace app {
namespace {

constexpr std::size_t kLineOctetsMax = 64UL * 1024;
constexpr std::size_t kRestOctetsMax = 256ULL << 20;

template <class T>
base::Task<> keep(net::IoLoop& loop, base::Task<T> task, std::optional<T>& value) {
    value.emplace(co_await task);
    loop.stop();
}

// Runs the loop until the task has ended.
template <class T>
T finish(net::IoLoop& loop, base::Task<T> task) {
    std::optional<T> value;
    base::spawn(keep(loop, std::move(task), value), [](const std::exception_ptr& thrown) {
        if (thrown) {
            std::rethrow_exception(thrown);
        }
    });
    loop.run();
    return std::move(*value);
}

}  // namespace

base::Result<Dialogue> Dialogue::connect(const net::Endpoint& endpoint, base::Duration patience) {
    auto loop = std::make_unique<net::IoLoop>();
    const base::SteadyTime deadline = loop->clock().steady() + patience;
    auto stream = finish(
        *loop,
        net::SystemNetwork().connect(*loop, {.peer = endpoint, .local = {}, .deadline = deadline}));
    if (!stream && stream.error().code == base::Errc::kRefused) {
        stream.error().code = base::Errc::kUnavailable;
    }
    if (!stream) {
        return base::forward_error(stream);
    }
    return Dialogue(std::move(loop), std::move(*stream), patience);
}

base::Result<> Dialogue::send(std::string_view octets) {
    return finish(*loop_, stream_->write(octets, deadline()));
}

base::Result<bool> Dialogue::receive() {
    const auto octets = finish(*loop_, stream_->receive(deadline()));
    if (octets) {
        input_ += *octets;
        return true;
    }
    if (octets.error().code == base::Errc::kEof) {
        return false;
    }
    return base::fail(octets.error().code, "no answer: " + octets.error().text);
}

base::Result<std::string> Dialogue::read_line() {
    std::size_t end = 0;
    while ((end = input_.find('\n')) == std::string::npos) {
        if (input_.size() > kLineOctetsMax) {
            return base::fail(base::Errc::kTooLong, "the answer has too long a line");
        }
        TRY(const bool more, receive());
        if (!more) {
            return base::fail(base::Errc::kEof, "the server hung up");
        }
    }
    std::string line = input_.substr(0, end);
    input_.erase(0, end + 1);
    if (line.ends_with('\r')) {
        line.pop_back();
    }
    return line;
}

base::Result<std::string> Dialogue::read_octets(std::size_t count) {
    while (input_.size() < count) {
        TRY(const bool more, receive());
        if (!more) {
            return base::fail(base::Errc::kEof, "the server hung up");
        }
    }
    std::string octets = input_.substr(0, count);
    input_.erase(0, count);
    return octets;
}

base::Result<std::string> Dialogue::read_to_end() {
    bool more = true;
    while (more) {
        if (input_.size() > kRestOctetsMax) {
            return base::fail(base::Errc::kTooLong, "the answer is too long");
        }
        TRY(more, receive());
    }
    return std::exchange(input_, {});
}

}  // namespace app
