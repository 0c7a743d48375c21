// FTP's control grammar: every parser over one line. Properties: views stay inside the line, what is
// written is read back, secrets do not pass redact().
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "ftp/grammar/command.h"
#include "ftp/grammar/data_port.h"
#include "ftp/grammar/listing.h"
#include "ftp/grammar/names.h"
#include "ftp/grammar/representation.h"
#include "ftp/grammar/time_val.h"

namespace {

void check_ports(std::string_view line) {
    if (const auto port = ftp::parse_port(line)) {
        CHECK(ftp::parse_port(ftp::format_port(*port)) == *port);
        CHECK(ftp::parse_227(ftp::format_port(*port)) == *port);
    }
    if (const auto port = ftp::parse_eprt(line)) {
        CHECK(ftp::parse_eprt(ftp::format_eprt(*port)) == *port);
    }
    static_cast<void>(ftp::parse_epsv(line));
    static_cast<void>(ftp::parse_227(line));
    static_cast<void>(ftp::parse_229(line));
}

void check_values(std::string_view line) {
    if (const auto time = ftp::parse_time_val(line)) {
        CHECK(ftp::parse_time_val(ftp::format_time_val(*time)) == *time);
    }
    ftp::Representation type;
    if (ftp::parse_type(line, type)) {
        ftp::Representation again;
        CHECK(ftp::parse_type(ftp::type_name(type), again) && again == type);
    }
    if (const auto entry = ftp::parse_fact_line(line)) {
        CHECK(line.ends_with(entry->name) && !entry->name.empty());
    }
    const auto facts = ftp::parse_facts(line);
    CHECK(ftp::parse_facts(ftp::name_facts(facts)) == facts);
    if (const auto names = ftp::parse_names(line)) {
        std::string again;
        for (const std::string& name : *names) {
            again += ftp::quote_name(name) + ' ';
        }
        CHECK(ftp::parse_names(again).value() == *names);
    }
    if (line.find('\n') == std::string_view::npos) {
        CHECK(ftp::parse_quoted_path(ftp::quote_path(line)) == std::string(line));
        ftp::ReplyParser reply;
        CHECK(reply.feed("200 " + std::string(line)).value() && reply.lines()[0] == line);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const ftp::TelnetLine telnet = ftp::take_telnet(line);
    CHECK(telnet.text.size() <= line.size());
    if (const auto command = ftp::parse_command(telnet.text)) {
        CHECK(telnet.text.ends_with(command->arguments));
        CHECK(command->verb != "PASS" || command->arguments.empty() ||
              ftp::redact(telnet.text).ends_with(" ***"));
    }
    static_cast<void>(ftp::is_foreign(line));
    check_ports(line);
    check_values(line);
    ftp::ReplyParser reply;
    static_cast<void>(reply.feed(line));
    return 0;
}
