#include "files/direct_buffers.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdint>

#include "base/check.h"

namespace files {
namespace {

// `octets` at a multiple of `octets`, a power of two; null where there is no memory.
char* map_aligned(std::size_t octets) {
    void* const mapped =
        ::mmap(nullptr, 2 * octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        return nullptr;
    }
    char* const begin = static_cast<char*>(mapped);
    const std::size_t beyond = reinterpret_cast<std::uintptr_t>(begin) % octets;
    const std::size_t before = beyond == 0 ? 0 : octets - beyond;
    if (before > 0) {
        ::munmap(begin, before);
    }
    ::munmap(begin + before + octets, octets - before);
    ::madvise(begin + before, octets, MADV_HUGEPAGE);
    return begin + before;
}

}  // namespace

DirectBuffer::~DirectBuffer() {
    home_->give_back(memory_);
}

DirectBuffers::~DirectBuffers() {
    for (const Slab& slab : slabs_) {
        ::munmap(slab.memory, kSlabOctets);
    }
}

// One that is in use already comes first, so that the others may go.
DirectBuffers::Slab* DirectBuffers::slab_with_room() {
    Slab* found = nullptr;
    for (Slab& slab : slabs_) {
        if (slab.used != kAllUsed && (found == nullptr || found->used == 0)) {
            found = &slab;
        }
    }
    if (found == nullptr) {
        if (char* const memory = map_aligned(kSlabOctets)) {
            found = &slabs_.emplace_back(Slab{.memory = memory});
        }
    }
    return found;
}

std::shared_ptr<DirectBuffer> DirectBuffers::take() {
    const std::lock_guard lock(mutex_);
    Slab* const slab = in_use_ < count_max_ ? slab_with_room() : nullptr;
    if (slab == nullptr) {
        return nullptr;
    }
    const auto index = static_cast<unsigned>(std::countr_one(slab->used));
    slab->used |= 1U << index;
    ++in_use_;
    return std::make_shared<DirectBuffer>(shared_from_this(),
                                          slab->memory + index * DirectBuffer::kOctets);
}

void DirectBuffers::give_back(const char* memory) {
    const std::lock_guard lock(mutex_);
    const auto slab = std::ranges::find_if(slabs_, [memory](const Slab& each) {
        return memory >= each.memory && memory < each.memory + kSlabOctets;
    });
    CHECK(slab != slabs_.end());
    const auto index = static_cast<std::size_t>(memory - slab->memory) / DirectBuffer::kOctets;
    slab->used &= ~(1U << index);
    --in_use_;
    const bool spare = std::ranges::any_of(
        slabs_, [&slab](const Slab& each) { return each.used == 0 && &each != &*slab; });
    if (slab->used == 0 && spare) {
        ::munmap(slab->memory, kSlabOctets);
        slabs_.erase(slab);
    }
}

bool DirectBuffers::are_scarce() const {
    const std::lock_guard lock(mutex_);
    return in_use_ > count_max_ / 2;
}

std::size_t DirectBuffers::in_use() const {
    const std::lock_guard lock(mutex_);
    return in_use_;
}

}  // namespace files
