// Records of the queue: a damaged one is refused or read, and what was read is written and read as the same. The
// first octet of the input chooses the kind.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "queue/records.h"

namespace {

template <class Decode>
void check(std::string_view octets, Decode decode) {
    const auto record = decode(octets);
    if (record) {
        const std::string written = queue::encode(*record);
        const auto again = decode(written);
        CHECK(again && queue::encode(*again) == written);
    }
}

// Times before 1970 are written as 1970, so a key is held against its own second writing.
template <class Parse, class Write>
void check_key(std::string_view octets, Parse parse, Write write) {
    if (const auto entry = parse(octets)) {
        const std::string written = write(*entry);
        const auto again = parse(written);
        CHECK(again && write(*again) == written);
    }
}

void check_keys(std::string_view octets) {
    if (const auto id = queue::parse_recipient_key(octets)) {
        CHECK(queue::recipient_key(*id) == octets);
    }
    check_key(octets, queue::parse_schedule_key, queue::schedule_key);
    check_key(octets, queue::parse_wake_key, [](const queue::Woken& woken) {
        return queue::wake_key(woken.wake, woken.destination);
    });
    check_key(octets, queue::parse_age_key, [](const queue::Aged& aged) {
        return queue::age_key(aged.time, aged.queue_id);
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view octets(reinterpret_cast<const char*>(data), size);
    const char kind = octets.empty() ? '\0' : octets.front();
    octets.remove_prefix(octets.empty() ? 0 : 1);
    switch (kind) {
        case 'm':
            check(octets, queue::decode_message);
            break;
        case 'r':
            check(octets, queue::decode_recipient);
            break;
        case 'd':
            check(octets, queue::decode_destination);
            break;
        default:
            check_keys(octets);
            break;
    }
    return 0;
}
