// Tests of addresses: written, converted, matched and counted.
#include "net/address.h"

#include <gtest/gtest.h>

namespace net {
namespace {

struct EndpointRow {
    std::string_view text;
    std::string_view printed;  // empty: refused
};

TEST(AddressTest, ParsesEndpoints) {
    static constexpr EndpointRow kRows[] = {
        {"192.0.2.1:25", "192.0.2.1:25"},
        {"0.0.0.0:0", "0.0.0.0:0"},
        {"[::]:65535", "[::]:65535"},
        {"[2001:DB8:0:0::1]:25", "[2001:db8::1]:25"},
        {"unix:/run/x", "unix:/run/x"},
        {"/run/x", "unix:/run/x"},
        {"", ""},
        {":25", ""},
        {"25", ""},
        {"192.0.2.1", ""},
        {"192.0.2.1:", ""},
        {"192.0.2.1:65536", ""},
        {"192.0.2.1:+25", ""},
        {"192.0.2:25", ""},
        {"192.0.2.256:25", ""},
        {"localhost:25", ""},
        {"[192.0.2.1]:25", ""},
        {"2001:db8::1:25", ""},
        {"[2001:db8::1:25", ""},
        {"[]:25", ""},
        {"[::1]25", ""},
        {"unix:run/x", ""},
        {"unix:", ""},
        {std::string_view("192.0.2.1\0x:25", 14), ""},
    };
    for (const EndpointRow& row : kRows) {
        const auto endpoint = parse_endpoint(row.text);
        EXPECT_EQ(endpoint ? endpoint->to_string() : "", row.printed) << row.text;
    }
}

TEST(AddressTest, SurvivesTheKernelsForm) {
    for (const char* text : {"192.0.2.1:25", "[2001:db8::1]:587", "[::]:0", "unix:/run/x"}) {
        const auto endpoint = parse_endpoint(text);
        ASSERT_TRUE(endpoint) << text;
        const auto address = to_socket_address(*endpoint);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(to_endpoint(*address), *endpoint) << text;
    }
}

TEST(AddressTest, MappedIpv4IsPlainIpv4) {
    const auto address = to_socket_address({"::ffff:192.0.2.1", 25, ""});
    ASSERT_TRUE(address);
    EXPECT_EQ(to_endpoint(*address).to_string(), "192.0.2.1:25");
}

TEST(AddressTest, RefusesLongSocketPaths) {
    EXPECT_TRUE(to_socket_address({"", 0, "/" + std::string(106, 'x')}));
    const auto refused = to_socket_address({"", 0, "/" + std::string(107, 'x')});
    EXPECT_NE(refused.error().text.find("107"), std::string::npos);
}

struct BlockRow {
    std::string_view block;
    std::string_view address;
    bool contains;
};

TEST(AddressTest, MatchesPrefixes) {
    static constexpr BlockRow kRows[] = {
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.8", false},
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.130/25", "192.0.2.128", true},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"2001:db8::1", "2001:db8::1", true},
        {"192.0.2.7", "", false},
    };
    for (const BlockRow& row : kRows) {
        const auto block = AddressBlock::parse(row.block);
        ASSERT_TRUE(block) << row.block;
        EXPECT_EQ(block->contains(row.address), row.contains) << row.block << ' ' << row.address;
    }
    for (const char* bad : {"", "/24", "192.0.2.0/33", "192.0.2.0/", "::/129", "x", "1.2.3.4/-1"}) {
        EXPECT_FALSE(AddressBlock::parse(bad)) << bad;
    }
}

TEST(AddressTest, LimitsCountSites) {
    EXPECT_EQ(limit_key({"192.0.2.7", 1, ""}), "192.0.2.7");
    EXPECT_EQ(limit_key({"2001:db8::1:2:3:4", 1, ""}), limit_key({"2001:db8::ffff:0:0:1", 2, ""}));
    EXPECT_NE(limit_key({"2001:db8::1", 1, ""}), limit_key({"2001:db8:0:1::1", 1, ""}));
    EXPECT_EQ(limit_key({"", 0, "/run/x"}), "unix");
}

}  // namespace
}  // namespace net
