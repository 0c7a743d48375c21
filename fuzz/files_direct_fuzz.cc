// Files past the page cache, over a disk that writes less than it is asked, is interrupted, refuses and fails: what was
// written is there, up to the first failure, and what goes directly is whole blocks.
#include <fcntl.h>
#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/unique_fd.h"
#include "files/direct_buffers.h"
#include "files/direct_file.h"

namespace {

using files::DirectBuffer;
using files::DirectFile;

constexpr std::size_t kBlockOctets = 4096;

// What put_at() plays. One at a time: a function that DirectFile calls has no object.
struct Disk {
    std::string_view orders;  // one a call, until none are left
    int cached = -1;
    std::string octets;

    unsigned next() {
        const unsigned order = orders.empty() ? 0 : static_cast<unsigned char>(orders.front());
        orders.remove_prefix(orders.empty() ? 0 : 1);
        return order;
    }
};

Disk disk;

ssize_t fail(int error) {
    errno = error;
    return -1;
}

// As a kernel does: part of what it was asked, in direct writes as a rule some blocks of it.
ssize_t put_at(int fd, const void* octets, std::size_t count, off_t at) {
    CHECK(count > 0 && count <= DirectBuffer::kOctets);
    const bool direct = fd != disk.cached;
    const auto where = static_cast<std::size_t>(at);
    const unsigned order = disk.next();
    if (order % 16 == 1) {
        return fail(EINTR);
    }
    if (order % 16 == 2 || order % 16 == 3) {
        return fail(order % 16 == 2 ? ENOSPC : EIO);
    }
    const bool is_whole = where % kBlockOctets == 0 && count % kBlockOctets == 0;
    if (direct && (!is_whole || order % 16 == 4)) {
        return fail(EINVAL);
    }
    if (order % 16 == 5) {
        return 0;
    }
    const std::size_t unit = direct && order % 2 == 0 ? kBlockOctets : 100;
    const std::size_t most = order < 128 ? count : std::max<std::size_t>(1, (order - 127) * unit);
    const std::size_t put = std::min(count, most);
    disk.octets.resize(std::max(disk.octets.size(), where + put));
    std::copy_n(static_cast<const char*>(octets), put, disk.octets.begin() + at);
    return static_cast<ssize_t>(put);
}

// A file that two descriptors are open for, gone from its folder.
struct OnDisk {
    OnDisk() {
        name = (std::filesystem::temp_directory_path() / "direct-XXXXXX").string();
        cached.reset(::mkostemp(name.data(), O_CLOEXEC));
        CHECK(cached);
    }

    OnDisk(const OnDisk&) = delete;
    OnDisk& operator=(const OnDisk&) = delete;

    ~OnDisk() { std::filesystem::remove(name); }

    std::string name;
    base::UniqueFd cached;
};

void fill(const DirectBuffer& buffer, std::size_t seed) {
    std::size_t value = seed * 2654435761U + 1;
    for (char& octet : buffer.octets()) {
        octet = static_cast<char>((value = value * 6364136223846793005U + 1) >> 56U);
    }
}

}  // namespace

// Input: how many buffers are full, how long the last one is, and the disk's orders.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) {
        return 0;
    }
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t full = data[0] % 3;
    const std::size_t last = (data[1] * 65536U + data[2] * 256U + data[3]) % DirectBuffer::kOctets;
    const OnDisk on_disk;
    disk = {.orders = input.substr(4), .cached = on_disk.cached.get(), .octets = {}};
    const auto file = DirectFile::open(AT_FDCWD, on_disk.name, on_disk.cached.get(), put_at);
    if (!file) {
        return 0;  // the file system has no such way
    }
    const auto buffers = std::make_shared<files::DirectBuffers>(DirectBuffer::kOctets);
    std::string expected;
    for (std::size_t i = 0; i <= full; ++i) {
        const auto buffer = buffers->take();
        CHECK(buffer && !buffers->take());
        fill(*buffer, data[1] + i);
        const auto octets = buffer->octets().first(i < full ? DirectBuffer::kOctets : last);
        file->write(octets, expected.size());
        expected.append(octets.data(), octets.size());
    }
    CHECK(buffers->in_use() == 0);
    const auto failure = file->failure();
    const std::size_t there = failure ? failure->at : expected.size();
    CHECK(there <= expected.size() && disk.octets.size() >= there);
    CHECK(std::string_view(disk.octets).substr(0, there) ==
          std::string_view(expected).substr(0, there));
    return 0;
}
