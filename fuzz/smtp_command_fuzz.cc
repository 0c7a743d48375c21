// A command line: whatever parses is printed, and what is printed parses to the same value.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "smtp/grammar/command.h"

namespace {

template <class Parse>
void round_trip(Parse parse, std::string_view arguments) {
    const auto command = parse(arguments);
    if (!command) {
        return;
    }
    const std::string printed = smtp::format_command(*command);
    auto again = parse(smtp::split_command(printed).arguments);
    CHECK(again);
    // A bare address is printed in brackets, which is the one difference there may be.
    if constexpr (requires { again->sender; }) {
        again->sender.bracketed = command->sender.bracketed;
    } else {
        again->recipient.bracketed = command->recipient.bracketed;
    }
    CHECK(*again == *command);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const std::string_view arguments = smtp::split_command(line).arguments;
    round_trip(smtp::parse_mail, arguments);
    round_trip(smtp::parse_rcpt, arguments);
    static_cast<void>(smtp::parse_bdat(arguments));
    static_cast<void>(smtp::parse_auth(arguments));
    return 0;
}
