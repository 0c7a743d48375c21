// The results of another good reader, mail-parser, held against ours. Its vectors stand outside of
// this tree; where they are absent the tests are skipped. Each difference is listed and argued for
// in docs/decisions/mime-vectors.md, which this test reads.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/ascii.h"
#include "mime/address.h"
#include "mime/date.h"
#include "mime/encoded_word.h"
#include "mime/header.h"
#include "mime/keywords.h"
#include "mime/msgid.h"
#include "mime/parameters.h"
#include "mime/received.h"

namespace mime {
namespace {

using nlohmann::json;

constexpr const char* kVectors = "../shared/vectors/mime/mail-parser/";
constexpr const char* kArguments = "docs/decisions/mime-vectors.md";

json load(const std::string& name) {
    std::ifstream in(kVectors + name);
    return in ? json::parse(in) : json();
}

// The rows of a file of vectors that the page argues for: "NAME.json 3 17" on lines of their own.
std::set<std::size_t> argued_rows(const std::string& name) {
    std::ifstream in(kArguments);
    std::set<std::size_t> rows;
    for (std::string line; std::getline(in, line);) {
        std::string_view rest = line;
        if (base::split_front(rest, ' ') == name) {
            while (!rest.empty()) {
                rows.insert(base::parse_u64(base::split_front(rest, ' ')).value());
            }
        }
    }
    return rows;
}

// The vectors begin behind the colon and go on behind the field.
std::string_view field_body(std::string_view text) {
    for (std::size_t lf = text.find('\n'); lf != std::string_view::npos;
         lf = text.find('\n', lf + 1)) {
        if (lf + 1 == text.size() || !base::is_space(text[lf + 1])) {
            return text.substr(0, lf);
        }
    }
    return text;
}

std::string text_of(const json& value) {
    return value.is_string() ? value.get<std::string>() : "";
}

void compare(const std::string& name,
             std::string (*theirs)(const json&),
             std::string (*ours)(std::string_view)) {
    const json vectors = load(name);
    if (vectors.is_null()) {
        GTEST_SKIP() << "no vectors beside this tree";
    }
    const std::set<std::size_t> argued = argued_rows(name);
    for (std::size_t row = 0; row < vectors.size(); ++row) {
        const std::string input = vectors[row].at("header").get<std::string>();
        const std::string expected = theirs(vectors[row].at("expected"));
        const std::string result = ours(field_body(input));
        if (argued.contains(row)) {
            EXPECT_NE(result, expected)
                << name << " " << row << " is argued for in vain: " << input;
        } else {
            EXPECT_EQ(result, expected) << name << " " << row << ": " << input;
        }
    }
    EXPECT_TRUE(argued.empty() || *argued.rbegin() < vectors.size());
}

std::string entry(std::string_view name, std::string_view address) {
    return "[" + std::string(name) + "] " + std::string(address);
}

std::string their_mailboxes(const json& list) {
    std::string text;
    for (const json& mailbox : list) {
        text += " " + entry(text_of(mailbox.at("name")), text_of(mailbox.at("address")));
    }
    return text;
}

std::string their_addresses(const json& expected) {
    if (expected.is_null()) {
        return "";
    }
    if (expected.contains("List")) {
        return their_mailboxes(expected.at("List"));
    }
    std::string text;
    for (const json& group : expected.at("Group")) {
        const std::string name = text_of(group.at("name"));
        text += name.empty() ? their_mailboxes(group.at("addresses"))
                             : " " + name + ":{" + their_mailboxes(group.at("addresses")) + "}";
    }
    return text;
}

std::string our_mailbox(const Mailbox& mailbox) {
    return " " + entry(mailbox.name, mailbox.address());
}

std::string our_addresses(std::string_view body) {
    std::string text;
    for (const Address& address : parse_address_list(body).addresses) {
        if (const auto* const mailbox = std::get_if<Mailbox>(&address)) {
            text += our_mailbox(*mailbox);
            continue;
        }
        const auto& group = std::get<Group>(address);
        text += " " + group.name + ":{";
        for (const Mailbox& member : group.members) {
            text += our_mailbox(member);
        }
        text += "}";
    }
    return text;
}

TEST(VectorsTest, Addresses) {
    compare("address.json", their_addresses, our_addresses);
}

std::string their_type(const json& expected) {
    if (expected.is_null()) {
        return "none";
    }
    std::string text = text_of(expected.at("c_type")) + "/" + text_of(expected.at("c_subtype"));
    if (expected.contains("attributes") && !expected.at("attributes").is_null()) {
        std::map<std::string, std::string> sorted;
        for (const json& pair : expected.at("attributes")) {
            sorted.emplace(text_of(pair.at(0)), text_of(pair.at(1)));
        }
        for (const auto& [name, value] : sorted) {
            text += "; " + name + "=" + value;
        }
    }
    return text;
}

// Dispositions stand among the types there: a type without a subtype.
std::string our_type(std::string_view body) {
    const auto type = parse_content_type(body);
    const Disposition disposition = parse_disposition(body);
    if (!type && disposition.type.empty()) {
        return "none";
    }
    std::string text = type ? type->type + "/" + type->subtype : disposition.type + "/";
    std::map<std::string, std::string> sorted;
    for (const Parameter& parameter : (type ? type->parameters : disposition.parameters).list) {
        sorted.emplace(parameter.name, parameter.value);
        if (!parameter.language.empty()) {
            sorted.emplace(parameter.name + "-language", parameter.language);
        }
    }
    for (const auto& [name, value] : sorted) {
        text += "; " + name + "=" + value;
    }
    return text;
}

TEST(VectorsTest, ContentTypes) {
    compare("content_type.json", their_type, our_type);
}

std::string their_date(const json& expected) {
    if (expected.is_null()) {
        return "none";
    }
    const auto number = [&expected](const char* name) { return expected.at(name).get<int>(); };
    const int zone = number("tz_hour") * 60 + number("tz_minute");
    const auto local =
        std::chrono::sys_days{std::chrono::year{number("year")} / number("month") / number("day")} +
        std::chrono::hours{number("hour")} + std::chrono::minutes{number("minute")} +
        std::chrono::seconds{number("second")};
    const int offset = expected.at("tz_before_gmt").get<bool>() ? -zone : zone;
    return format_date(local - std::chrono::minutes{offset}, offset);
}

std::string our_date(const std::optional<Date>& date) {
    return date ? format_date(date->time, date->offset_minutes) : "none";
}

std::string our_date_body(std::string_view body) {
    return our_date(parse_date(body));
}

TEST(VectorsTest, Dates) {
    compare("date.json", their_date, our_date_body);
}

std::string their_list(const json& expected) {
    std::string text;
    for (const json& item : expected) {
        text += "[" + text_of(item) + "]";
    }
    return text;
}

std::string our_ids(std::string_view body) {
    std::string text;
    for (const std::string& id : parse_message_ids(body)) {
        text += "[" + id + "]";
    }
    return text;
}

TEST(VectorsTest, MessageIds) {
    compare("id.json", their_list, our_ids);
}

std::string our_keywords(std::string_view body) {
    std::string text;
    for (const std::string& keyword : parse_keywords(body)) {
        text += "[" + keyword + "]";
    }
    return text;
}

TEST(VectorsTest, Keywords) {
    compare("list.json", their_list, our_keywords);
}

std::string our_text(std::string_view body) {
    return decode_unstructured(body);
}

TEST(VectorsTest, Unstructured) {
    compare("unstructured.json", text_of, our_text);
}

std::string clause(const json& expected, const char* name) {
    if (!expected.contains(name)) {
        return "";
    }
    const json& value = expected.at(name);
    if (value.is_object()) {
        return value.begin().value().get<std::string>();
    }
    return text_of(value);
}

std::string received_text(std::initializer_list<std::string> parts) {
    std::string text;
    for (const std::string& part : parts) {
        text += (text.empty() ? "" : "|") + part;
    }
    return text;
}

std::string their_received(const json& expected) {
    if (expected.is_null()) {
        return "none";
    }
    return received_text({"f=" + clause(expected, "from"),
                          clause(expected, "from_ip"),
                          clause(expected, "by"),
                          clause(expected, "via"),
                          base::to_upper(clause(expected, "with")),
                          clause(expected, "id"),
                          clause(expected, "for_"),
                          their_date(expected.contains("date") ? expected.at("date") : json())});
}

// They keep a protocol of a closed list; we keep what was written.
std::string known_protocol(std::string_view with) {
    const std::string upper = base::to_upper(with);
    if (upper == "ESMTP-TLS") {
        return "ESMTPS";
    }
    for (const char* known : {"ESMTPSA",
                              "ESMTPS",
                              "ESMTPA",
                              "ESMTP",
                              "LMTPA",
                              "LMTP",
                              "SMTP",
                              "HTTP",
                              "IMAP",
                              "POP3",
                              "LOCAL"}) {
        if (upper.find(known) != std::string::npos) {
            return known;
        }
    }
    return "";
}

std::string our_received(std::string_view body) {
    const Received received = parse_received(body);
    return received_text({"f=" + received.from,
                          received.from_address,
                          received.by,
                          received.via,
                          known_protocol(received.with),
                          received.id,
                          received.for_address,
                          our_date(received.date)});
}

TEST(VectorsTest, Received) {
    compare("received.json", their_received, our_received);
}

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// The messages of RFC 5322 appendix A, as its forerunner printed them, and one of RFC 6532: each
// has a date and a sender that can be read, and nothing that the old syntax does not explain.
TEST(VectorsTest, MessagesOfTheStandards) {
    const std::string folder = "../shared/vectors/mime/mail-gem/";
    if (read_file(folder + "rfc2822/example01.eml").empty()) {
        GTEST_SKIP() << "no vectors beside this tree";
    }
    for (int number = 1; number <= 14; ++number) {
        const std::string message =
            read_file(fmt::format("{}rfc2822/example{:02}.eml", folder, number));
        const auto from = find_field(message, "from");
        const auto to = find_field(message, "to");
        const auto date = find_field(message, "date");
        ASSERT_TRUE(from && to && date) << number;
        EXPECT_TRUE(parse_date(date->body) && parse_date(date->body)->offset_known) << number;
        const auto senders = mailboxes(parse_address_list(from->body));
        ASSERT_EQ(senders.size(), 1U) << number;
        EXPECT_FALSE(senders[0].name.empty() || senders[0].domain.empty()) << number;
        if (number == 13) {
            continue;  // the file has the "__" that the RFC prints for a space: To ends before it
        }
        const AddressList recipients = parse_address_list(to->body);
        EXPECT_FALSE(recipients.addresses.empty()) << number;
        EXPECT_EQ(recipients.defects & ~(kAddressRoute | kAddressEmptyElement), 0U) << number;
        for (const Mailbox& mailbox : mailboxes(recipients)) {
            EXPECT_FALSE(mailbox.local.empty() || mailbox.domain.empty()) << number;
        }
    }
    const std::string message = read_file(folder + "rfc6532/utf8_headers.eml");
    EXPECT_EQ(our_addresses(find_field(message, "to")->body),
              " [M\u00e4ry Smith] m\u00e4ry@ex\u00e4mple.net");
    EXPECT_EQ(decode_unstructured(find_field(message, "subject")->body), "S\u00e4ying Hello");
}

}  // namespace
}  // namespace mime
