// POP3's grammar: every parser over one line, and the multi-line framing over the whole input cut at
// every place that the first octet says. Properties: views stay inside the line, what is cut gives what
// is whole, unstuffing undoes stuffing.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "pop3/grammar/command.h"
#include "pop3/grammar/multiline.h"

namespace {

void check_line(std::string_view line) {
    const auto command = pop3::parse_command(line);
    if (command) {
        CHECK(command->verb == base::to_upper(line.substr(0, command->verb.size())));
        CHECK(line.ends_with(command->arguments));
        const auto secret = pop3::parse_password(command->arguments);
        if (command->verb == "PASS" && secret && secret->size() > 3) {
            CHECK(pop3::redact(line) == std::string(line.substr(0, 4)) + " ***");
        }
    }
    const auto top = pop3::parse_top(line);
    CHECK(!top || top->message > 0);
    const auto apop = pop3::parse_apop(line);
    CHECK(!apop || (apop->digest.size() == 32 && base::is_utf8(apop->name)));
    const auto user = pop3::parse_user(line);
    CHECK(!user || base::is_utf8(*user));
    const auto auth = pop3::parse_auth(line);
    CHECK(!auth || (!auth->mechanism.empty() && auth->mechanism.size() <= 20));
    const auto number = pop3::parse_message_number(line);
    CHECK(!number || *number > 0);
    static_cast<void>(pop3::parse_sasl_response(line));
}

std::string stuff(std::string_view octets, std::size_t cut) {
    std::string out;
    pop3::DotStuffer stuffer;
    while (!octets.empty()) {
        stuffer.feed(octets.substr(0, cut), [&out](std::string_view piece) { out += piece; });
        octets.remove_prefix(std::min(cut, octets.size()));
    }
    out += stuffer.end();
    return out;
}

// What a client that ends lines at LF makes of it: nothing ends early, and the dots come off.
void check_stuffed(std::string_view octets, std::string_view stuffed) {
    std::string back;
    while (stuffed != ".\r\n") {
        const std::size_t end = stuffed.find('\n');
        CHECK(end != std::string_view::npos);
        std::string_view line = stuffed.substr(0, end + 1);
        stuffed.remove_prefix(end + 1);
        CHECK(line != ".\r\n" && line != ".\n");
        line.remove_prefix(line.starts_with('.') ? 1 : 0);
        back += line;
    }
    CHECK(back == octets || back == std::string(octets) + "\r\n");
}

std::string top(std::string_view octets, std::uint32_t lines, std::size_t cut) {
    std::string out;
    pop3::TopCutter cutter(lines);
    while (!octets.empty() && !cutter.done()) {
        const std::string_view chunk = octets.substr(0, cut);
        out += chunk.substr(0, cutter.feed(chunk));
        octets.remove_prefix(chunk.size());
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    check_line(input);
    if (input.empty()) {
        return 0;
    }
    const auto knob = static_cast<unsigned char>(input.front());
    const std::size_t cut = 1 + knob % 16;
    input.remove_prefix(1);
    const std::string whole = stuff(input, input.size() + 1);
    CHECK(whole == stuff(input, cut));
    check_stuffed(input, whole);
    CHECK(top(input, knob / 16, input.size() + 1) == top(input, knob / 16, cut));
    CHECK(input.starts_with(top(input, knob / 16, cut)));
    return 0;
}
