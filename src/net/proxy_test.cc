// Tests of PROXY headers, both versions, whole and cut at every octet.
#include "net/proxy.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace net {
namespace {

using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string v2(unsigned char command, unsigned char family, const std::string& block) {
    return kSignature + static_cast<char>(command) + static_cast<char>(family) +
           static_cast<char>(block.size() >> 8) + static_cast<char>(block.size() & 0xff) + block;
}

const std::string kIpv4Block = "\xc0\x00\x02\x01\xcb\x00\x71\x09\x30\x39\x00\x19"s;
const std::string kIpv6Block =
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"
    "\x30\x39\x02\x4b"s;

// Of that block with "\x04\0\x01x" and itself behind it.
const std::string kChecksum = "\xd2\x08\xc5\x74"s;

// "OCTETS CLIENT SERVER", "OCTETS local", "more" or "!error".
std::string dump(std::string_view input) {
    const auto parsed = parse_proxy_header(input);
    if (!parsed) {
        return "!" + std::string(base::errc_name(parsed.error().code));
    }
    if (!*parsed) {
        return "more";
    }
    const ProxyHeader& header = **parsed;
    return header.addresses ? fmt::format("{} {} {}",
                                          header.octets,
                                          header.addresses->client.to_string(),
                                          header.addresses->server.to_string())
                            : fmt::format("{} local", header.octets);
}

struct Row {
    std::string input;
    std::string_view dump;
};

const Row kHeaders[] = {
    {"PROXY TCP4 192.0.2.1 203.0.113.9 12345 25\r\n", "43 192.0.2.1:12345 203.0.113.9:25"},
    {"PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", "44 [2001:db8::1]:1 [2001:db8::2]:65535"},
    {"PROXY UNKNOWN\r\n", "15 local"},
    {"PROXY UNKNOWN ffff:f...f:ffff 65535 65535\r\n", "43 local"},
    {v2(0x21, 0x11, kIpv4Block), "28 192.0.2.1:12345 203.0.113.9:25"},
    {v2(0x21, 0x21, kIpv6Block), "52 [2001:db8::1]:12345 [2001:db8::2]:587"},
    {v2(0x21, 0x11, kIpv4Block + "\x04\x00\x01x"s), "32 192.0.2.1:12345 203.0.113.9:25"},
    {v2(0x21, 0x11, kIpv4Block + "\x04\0\x01x\x03\0\x04"s + kChecksum),
     "39 192.0.2.1:12345 203.0.113.9:25"},
    {v2(0x20, 0x00, ""), "16 local"},
    {v2(0x20, 0x11, kIpv4Block), "28 local"},
    {v2(0x21, 0x00, "abc"), "19 local"},
    {v2(0x21, 0x31, std::string(216, '\0')), "232 local"},
};

TEST(ProxyTest, ReadsHeadersAndLeavesTheRest) {
    for (const Row& row : kHeaders) {
        EXPECT_EQ(dump(row.input), row.dump);
        EXPECT_EQ(dump(row.input + "EHLO x\r\n"), row.dump);
    }
}

TEST(ProxyTest, WantsMoreUntilTheHeaderIsWhole) {
    for (const Row& row : kHeaders) {
        for (std::size_t cut = 0; cut < row.input.size(); ++cut) {
            EXPECT_EQ(dump(std::string_view(row.input).substr(0, cut)), "more") << row.dump << cut;
        }
    }
}

TEST(ProxyTest, RefusesEverythingElse) {
    const Row rows[] = {
        {"EHLO x\r\n", "!syntax"},
        {"X", "!syntax"},
        {"PROXX", "!syntax"},
        {"proxy TCP4 192.0.2.1 203.0.113.9 12345 25\r\n", "!syntax"},
        {"PROXY TCP4 192.0.2.1 203.0.113.9 12345\r\n", "!syntax"},
        {"PROXY TCP4 192.0.2.1 203.0.113.9 12345 25 \r\n", "!syntax"},
        {"PROXY TCP4 192.0.2.1  203.0.113.9 12345 25\r\n", "!syntax"},
        {"PROXY TCP4 192.0.2.1 203.0.113.9 12345 65536\r\n", "!syntax"},
        {"PROXY TCP4 192.0.2.1 203.0.113.9 012345 25\r\n", "!syntax"},
        {"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", "!syntax"},
        {"PROXY TCP6 192.0.2.1 203.0.113.9 1 2\r\n", "!syntax"},
        {"PROXY TCP4 192.0.2.1\0x 203.0.113.9 1 2\r\n"s, "!syntax"},
        {"PROXY UDP4 192.0.2.1 203.0.113.9 1 2\r\n", "!syntax"},
        {"PROXY \r\n", "!syntax"},
        {"PROXY TCP4 " + std::string(200, '1'), "!too-long"},
        {"PROXY UNKNOWN " + std::string(100, '1') + "\r\n", "!too-long"},
        {v2(0x11, 0x11, kIpv4Block), "!syntax"},
        {v2(0x22, 0x11, kIpv4Block), "!syntax"},
        {v2(0x21, 0x11, kIpv4Block.substr(1)), "!syntax"},
        {v2(0x21, 0x21, kIpv6Block.substr(1)), "!syntax"},
        {v2(0x21, 0x31, std::string(215, '\0')), "!syntax"},
        {v2(0x21, 0x12, kIpv4Block), "!unsupported"},
        {v2(0x21, 0x41, kIpv4Block), "!unsupported"},
        {v2(0x21, 0x11, kIpv4Block + "\x04\0\x01y\x03\0\x04"s + kChecksum), "!syntax"},
        {v2(0x21, 0x11, kIpv4Block + "\x03\0\x03xyz"s), "!syntax"},
        {v2(0x21, 0x11, kIpv4Block + "\x04\0\x02x"s), "!syntax"},
        {v2(0x21, 0x11, kIpv4Block + "\x04"s), "!syntax"},
        {v2(0x21, 0x11, std::string(5000, 'x')), "!too-long"},
        {"\r\n\r\n\0\r\nQUIX"s, "!syntax"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(dump(row.input), row.dump) << row.input;
    }
}

}  // namespace
}  // namespace net
