// How fast mime reads header fields: fields, texts, addresses, dates and types a second, and MB/s.
//
//     build/release/bench/mime_header
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "mime/address.h"
#include "mime/charset.h"
#include "mime/date.h"
#include "mime/encoded_word.h"
#include "mime/header.h"
#include "mime/msgid.h"
#include "mime/parameters.h"
#include "mime/received.h"

namespace {

constexpr int kRounds = 9;
constexpr int kCalls = 20'000;

// The best of several rounds of many calls.
template <class Function>
void measure(std::string_view name, std::string_view body, Function function) {
    double best_ns = 1e18;
    std::size_t sink = 0;
    for (int round = 0; round < kRounds; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        for (int call = 0; call < kCalls; ++call) {
            sink += function(body);
        }
        const std::chrono::duration<double, std::nano> took =
            std::chrono::steady_clock::now() - begin;
        best_ns = std::min(best_ns, took.count() / kCalls);
    }
    fmt::print("{:<36} {:>8.0f} ns {:>8.0f} MB/s{}\n",
               name,
               best_ns,
               static_cast<double>(body.size()) / best_ns * 1e3,
               sink == 0 ? " (nothing)" : "");
}

std::size_t read_fields(std::string_view block) {
    mime::FieldIterator fields(block);
    std::size_t octets = 0;
    while (const auto field = fields.next()) {
        octets += field->body.size();
    }
    return octets;
}

std::size_t read_text(std::string_view body) {
    return mime::decode_unstructured(body).size();
}

std::size_t read_addresses(std::string_view body) {
    return mime::parse_address_list(body).addresses.size();
}

std::size_t read_date(std::string_view body) {
    return mime::parse_date(body) ? 1 : 0;
}

std::size_t read_ids(std::string_view body) {
    return mime::parse_message_ids(body).size();
}

std::size_t read_type(std::string_view body) {
    const auto type = mime::parse_content_type(body);
    return type ? type->parameters.list.size() + 1 : 0;
}

std::size_t read_received(std::string_view body) {
    return mime::parse_received(body).by.size();
}

}  // namespace

int main() {
    std::string block;
    for (int i = 0; i < 20; ++i) {
        block +=
            "Received: from a.example (a.example [192.0.2.1])\r\n\tby b.example with ESMTPS id "
            "1;\r\n"
            "\tFri, 21 Nov 1997 09:55:06 -0600\r\n";
    }
    block += "From: Alice <alice@crepes.example>\r\nSubject: Hello\r\n\r\n";
    std::string many;
    for (int i = 0; i < 200; ++i) {
        many += "\"Bob B. Burger\" <bob@hamburger.example>,\r\n Alice <alice@crepes.example>, ";
    }
    measure("fields of a block", block, read_fields);
    measure("text, US-ASCII", " The quick brown fox jumps over the lazy dog", read_text);
    measure(
        "text, UTF-8 as it stands", " J\u00f8rn and the lazy \u65e5\u672c\u8a9e dog", read_text);
    measure("text, UTF-8 in Q", " =?utf-8?Q?J=C3=B8rn_and_the_lazy?= dog", read_text);
    measure("text, UTF-8 in B", " =?utf-8?B?SsO4cm4gYW5kIHRoZSBsYXp5?= dog", read_text);
    measure("text, ISO-8859-1 in Q", " =?iso-8859-1?Q?J=F8rn_and_the_lazy?= dog", read_text);
    measure("text, ISO-2022-JP in B", " =?iso-2022-jp?B?GyRCRnxLXBsoQg==?= dog", read_text);
    measure("text, GB2312 in B", " =?gb2312?B?1tDOxA==?= dog", read_text);
    measure("text, raw windows-1251",
            " \xcf\xf0\xe8\xe2\xe5\xf2 \xec\xe8\xf0 \xe8 \xe2\xf1\xe5 \xeb\xfe\xe4\xe8",
            read_text);
    measure("one address", " Alice <alice@crepes.example>", read_addresses);
    measure("400 addresses", many, read_addresses);
    measure("date", " Fri, 21 Nov 1997 09:55:06 -0600 (CST)", read_date);
    measure("References of three", " <1@a.example> <2@b.example>\r\n <3@c.example>", read_ids);
    measure(
        "Content-Type", " multipart/mixed; boundary=\"=_0123456789\"; charset=utf-8", read_type);
    measure("Content-Type, RFC 2231", " a/b; name*0*=utf-8''J%C3%B8rn; name*1=\".txt\"", read_type);
    measure("Received", std::string_view(block).substr(9, 115), read_received);
    return 0;
}
