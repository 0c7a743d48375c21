// A journal of one segment, made of sound records and of anything: it opens or is refused, and when it
// opens it takes a commit and shows it, beside what it showed before, from then on.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "fakes/fake_file_system.h"
#include "store/crc32c.h"
#include "store/journal.h"

namespace {

constexpr std::uint32_t kSalt = 7;

// Input: an octet of kind, one of length, so many octets, and so on.
std::string make_segment(std::string_view input) {
    std::string segment = store::SegmentHeader{1, 0, 0, kSalt}.encode();
    std::uint64_t sequence = 1;
    while (input.size() >= 2) {
        const auto kind = static_cast<unsigned char>(input[0]);
        const std::string_view octets = input.substr(2, static_cast<unsigned char>(input[1]));
        input.remove_prefix(2 + octets.size());
        if (kind % 4 == 0) {
            segment.append(octets);
            continue;
        }
        const bool is_commit = kind % 4 == 1;
        const store::Write write{octets, octets};
        const std::string payload =
            is_commit ? store::encode_commit({&write, 1}) : std::string(octets);
        store::RecordHeader header;
        header.type = is_commit ? store::RecordType::kCommit : store::RecordType::kExtent;
        header.sequence = sequence + (kind >> 6);
        header.payload_octets = static_cast<std::uint32_t>(payload.size());
        header.payload_crc = store::crc32c(payload);
        header.encode(kSalt, segment);
        segment.append(payload);
        segment.resize((segment.size() + 7) / 8 * 8);
        sequence += is_commit ? 1 : 0;
    }
    return segment;
}

using Keys = std::vector<std::string>;

std::unique_ptr<store::Journal> open(fakes::FakeFileSystem& file_system, Keys& keys) {
    auto journal =
        store::Journal::open({file_system, "journal", 1000},
                             std::nullopt,
                             [&keys](std::span<const store::Write> writes, const store::Position&) {
                                 for (const store::Write& write : writes) {
                                     keys.emplace_back(write.key);
                                 }
                                 return base::Result<>();
                             });
    return journal ? std::move(*journal) : nullptr;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fakes::FakeFileSystem file_system;
    file_system.set_content(
        "journal/" + store::segment_name(1),
        make_segment(std::string_view(reinterpret_cast<const char*>(data), size)));
    Keys before;
    auto journal = open(file_system, before);
    if (journal == nullptr) {
        return 0;
    }
    const store::Write write{"new", "value"};
    CHECK(journal->begin_group());
    journal->stage_commit(store::encode_commit({&write, 1}));
    CHECK(journal->write_group());
    before.emplace_back("new");
    Keys after;
    CHECK(open(file_system, after) != nullptr);
    CHECK(before == after);
    return 0;
}
