// Data of DNS records: never more than was there, names in one form only, bounds kept. The first octet of the
// input chooses the type.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/dns_data.h"

namespace {

constexpr net::RecordType kTypes[] = {net::RecordType::kA,
                                      net::RecordType::kAaaa,
                                      net::RecordType::kMx,
                                      net::RecordType::kTxt,
                                      net::RecordType::kTlsa,
                                      net::RecordType::kPtr,
                                      net::RecordType::kCname};

void check_name(std::string_view octets) {
    std::string_view rest = octets;
    const auto name = net::take_domain_name(rest);
    if (!name) {
        return;
    }
    CHECK(octets.ends_with(rest) && octets.size() - rest.size() <= 255);
    CHECK(name->size() <= 4 * 255 && !name->ends_with('.'));
    // A name of plain octets may be asked for, and is then the same.
    if (!name->empty() && name->find('\\') == std::string::npos) {
        CHECK(net::to_question(*name + ".") == *name);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (input.empty()) {
        return 0;
    }
    const std::string_view octets = input.substr(1);
    check_name(octets);
    const net::RecordType type = kTypes[*data % std::size(kTypes)];
    net::Answer answer;
    const bool added = net::add_record(type, octets, answer);
    CHECK(answer.records.size() + answer.mx.size() == (added ? 1 : 0));
    const auto question = net::to_question(input);
    CHECK(!question || (net::to_question(*question) == question && question->size() <= 253));
    return 0;
}
