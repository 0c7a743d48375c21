// Tables of the SMTP grammar: what goes in, and the value (or fault) as text.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/ascii.h"
#include "smtp/grammar/command.h"
#include "smtp/grammar/reply_parser.h"
#include "smtp/grammar/xtext.h"

namespace smtp {
namespace {

std::string dump(const Path& path) {
    return fmt::format("{}|{}{}", path.local, path.domain, path.bracketed ? "" : " bare");
}

std::string dump(const Fault& fault) {
    return fmt::format("{}: {}", base::errc_name(fault.code), fault.what);
}

struct Row {
    std::string input;
    std::string dump;
};

class ForwardPath : public testing::TestWithParam<Row> {};

TEST_P(ForwardPath, parses) {
    std::string_view text = GetParam().input;
    const auto path = parse_forward_path(text);
    EXPECT_EQ(
        path ? dump(*path) + (text.empty() ? "" : " +" + std::string(text)) : dump(path.error()),
        GetParam().dump)
        << GetParam().input;
}

INSTANTIATE_TEST_SUITE_P(
    rfc5321,
    ForwardPath,
    testing::Values(Row{"<bob@hamburger.edu>", "bob|hamburger.edu"},
                    Row{"<bob@hamburger.edu> NOTIFY=NEVER", "bob|hamburger.edu + NOTIFY=NEVER"},
                    Row{"bob@hamburger.edu", "bob|hamburger.edu bare"},
                    Row{"bob@hamburger.edu SIZE=1", "bob|hamburger.edu bare + SIZE=1"},
                    Row{"<Postmaster>", "Postmaster|"},
                    Row{"<POSTMASTER>", "POSTMASTER|"},
                    Row{"<Postmaster@x.org>", "Postmaster|x.org"},
                    Row{"<\"fred bloggs\"@x.org>", "fred bloggs|x.org"},
                    Row{"<\"a\\\"b\\\\c\"@x.org>", "a\"b\\c|x.org"},
                    Row{"<\"a@b\"@x.org>", "a@b|x.org"},
                    Row{"<\"\"@x.org>", "|x.org"},
                    Row{"<a+b=c/d@x.org>", "a+b=c/d|x.org"},
                    Row{"<a@[192.0.2.1]>", "a|[192.0.2.1]"},
                    Row{"<a@[IPv6:2001:db8::1]>", "a|[IPv6:2001:db8::1]"},
                    Row{"<a@[IPv6:::1]>", "a|[IPv6:::1]"},
                    Row{"<a@[IPv6:::]>", "a|[IPv6:::]"},
                    Row{"<a@[IPv6:1:2:3:4:5:6:7:8]>", "a|[IPv6:1:2:3:4:5:6:7:8]"},
                    Row{"<a@[IPv6:::ffff:192.0.2.1]>", "a|[IPv6:::ffff:192.0.2.1]"},
                    Row{"<a@[IPv6:1:2:3:4:5:6:192.0.2.1]>", "a|[IPv6:1:2:3:4:5:6:192.0.2.1]"},
                    Row{"<a@[x400:c=it]>", "a|[x400:c=it]"},
                    Row{"<@one.org,@two.org:joe@three.org>", "joe|three.org"},
                    Row{"<@one.org:joe@three.org>", "joe|three.org"},
                    Row{"<pelé@exämple.org>", "pelé|exämple.org"},
                    Row{"<用户@例子.广告>", "用户|例子.广告"},
                    Row{"<a@x-1.org>", "a|x-1.org"},
                    Row{"<a@localhost>", "a|localhost"}));

INSTANTIATE_TEST_SUITE_P(
    invalid,
    ForwardPath,
    testing::Values(
        Row{"", "syntax: bad local part"},
        Row{"<>", "syntax: bad local part"},
        Row{"<bob>", "syntax: address without a domain"},
        Row{"<bob@>", "syntax: bad domain"},
        Row{"<@hamburger.edu>", "syntax: bad source route"},
        Row{"<@a.org,bob@b.org>", "syntax: bad source route"},
        Row{"<@a.org", "syntax: bad source route"},
        Row{"<bob@hamburger.edu", "syntax: path without a closing bracket"},
        Row{"<bob @hamburger.edu>", "syntax: address without a domain"},
        Row{"<bob@ham burger.edu>", "syntax: path without a closing bracket"},
        Row{"<.bob@x.org>", "syntax: bad local part"},
        Row{"<bob.@x.org>", "syntax: bad local part"},
        Row{"<b..ob@x.org>", "syntax: bad local part"},
        Row{"<bob@x..org>", "syntax: bad domain"},
        Row{"<bob@x.org.>", "syntax: bad domain"},
        Row{"<bob@-x.org>", "syntax: bad domain"},
        Row{"<bob@x-.org>", "syntax: bad domain"},
        Row{"<\"bob@x.org>", "syntax: quoted local part without an end"},
        Row{"<\"bo\tb\"@x.org>", "syntax: bad character in a quoted local part"},
        Row{"<\"bob\\", "syntax: bad quoted pair in the local part"},
        Row{"<bob@[256.0.0.1]>", "syntax: bad address literal"},
        Row{"<bob@[1.2.3]>", "syntax: bad address literal"},
        Row{"<bob@[1.2.3.4.5]>", "syntax: bad address literal"},
        Row{"<bob@[1.2.3.4>", "syntax: bad address literal"},
        Row{"<bob@[IPv6:1:2:3:4:5:6:7]>", "syntax: bad address literal"},
        Row{"<bob@[IPv6:1:2:3:4:5:6:7:8:9]>", "syntax: bad address literal"},
        Row{"<bob@[IPv6:1::2::3]>", "syntax: bad address literal"},
        Row{"<bob@[IPv6:12345::]>", "syntax: bad address literal"},
        Row{"<bob@[IPv6::1]>", "syntax: bad address literal"},
        Row{"<bob@[IPv6:1:]>", "syntax: bad address literal"},
        Row{"<bob@[]>", "syntax: bad address literal"},
        Row{"<bob@[tag:]>", "syntax: bad address literal"},
        Row{"<\xff@x.org>", "syntax: local part is not UTF-8"},
        Row{"<a@\xff.org>", "syntax: bad domain"},
        Row{"<a\x01@x.org>", "syntax: address without a domain"},
        Row{"<" + std::string(253, 'a') + "@x.org>", "too-long: local part longer than 252 octets"},
        Row{"<" + std::string(252, 'a') + "@x.org>", "too-long: path longer than 256 octets"},
        Row{"<a@" + std::string(64, 'x') + ".org>", "syntax: bad domain"},
        Row{"<a@" + std::string(256, 'x') + ">", "too-long: domain longer than 255 octets"}));

TEST(Path, longest_local_part_is_taken) {
    std::string text = "<" + std::string(248, 'a') + "@x.org>";
    std::string_view rest = text;
    EXPECT_TRUE(parse_forward_path(rest));
}

TEST(Path, limits_the_whole) {
    std::string domain;
    for (int i = 0; i < 24; ++i) {
        domain += "abcdefghi.";
    }
    const std::string text = "<abcdefghijklm@" + domain + "org>";
    std::string_view rest = text;
    EXPECT_EQ(dump(parse_reverse_path(rest).error()), "too-long: path longer than 256 octets");
}

TEST(Path, prints_what_parses_again) {
    for (const std::string_view local : {"bob", "fred bloggs", "a\"b", "a\\b", "", "a..b", "ü"}) {
        const Path path{std::string(local), "x.org"};
        const std::string text = '<' + path.to_string() + '>';
        std::string_view rest = text;
        EXPECT_EQ(parse_forward_path(rest), path) << text;
    }
    EXPECT_EQ(Path{}.to_string(), "");
}

TEST(ReversePath, may_be_null) {
    std::string_view text = "<> SIZE=3";
    const auto path = parse_reverse_path(text);
    ASSERT_TRUE(path);
    EXPECT_TRUE(path->is_null());
    EXPECT_EQ(text, " SIZE=3");
    std::string_view postmaster = "<postmaster>";
    EXPECT_FALSE(parse_reverse_path(postmaster));
}

// All 256 octets as the only character of a local part, as RFC 5321 and 6531 have them.
TEST(LocalPart, takes_atext_and_nothing_else) {
    const std::string atext =
        "!#$%&'*+-/0123456789=?ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz{|}~";
    for (int octet = 0; octet < 128; ++octet) {
        const char c = static_cast<char>(octet);
        const std::string text = std::string("<") + c + "@x.org>";
        std::string_view rest = text;
        EXPECT_EQ(parse_forward_path(rest).has_value(), atext.find(c) != std::string::npos)
            << octet;
    }
}

TEST(Hello, names) {
    for (const std::string_view good :
         {"crepes.fr", "[192.0.2.1]", "my_pc", "localhost", "exämple.org"}) {
        EXPECT_TRUE(is_hello_name(good)) << good;
    }
    const std::string long_name(256, 'a');
    for (const std::string_view bad : {"", "a b", "a\x01", "\x7f", "\xff", long_name.c_str()}) {
        EXPECT_FALSE(is_hello_name(bad)) << bad;
    }
}

TEST(Xtext, decodes_and_encodes) {
    EXPECT_EQ(decode_xtext("e+3Dmc2@example.com"), "e=mc2@example.com");
    EXPECT_EQ(encode_xtext("e=mc2 +\x01@x"), "e+3Dmc2+20+2B+01@x");
    EXPECT_EQ(decode_xtext(""), "");
    for (const std::string_view bad : {"+", "+3", "+3d", "+G0", "a=b", "a b", "ü"}) {
        EXPECT_EQ(decode_xtext(bad), std::nullopt) << bad;
    }
    std::string all;
    for (int octet = 0; octet < 256; ++octet) {
        all += static_cast<char>(octet);
    }
    EXPECT_EQ(decode_xtext(encode_xtext(all)), all);
}

struct Parameters : testing::TestWithParam<Row> {};

TEST_P(Parameters, of_mail) {
    const auto parsed = parse_mail_parameters(GetParam().input);
    EXPECT_EQ(parsed ? format_parameters(*parsed) : dump(parsed.error()), GetParam().dump)
        << GetParam().input;
}

INSTANTIATE_TEST_SUITE_P(
    mail,
    Parameters,
    testing::Values(Row{"", ""},
                    Row{"   ", ""},
                    Row{" SIZE=500", " SIZE=500"},
                    Row{" size=0  ", " SIZE=0"},
                    Row{" BODY=8BITMIME SIZE=1000 ", " SIZE=1000 BODY=8BITMIME"},
                    Row{" BODY=7bit", ""},
                    Row{" BODY=BINARYMIME SMTPUTF8", " BODY=BINARYMIME SMTPUTF8"},
                    Row{" AUTH=<>", " AUTH=<>"},
                    Row{" AUTH=e+3Dmc2@example.com", " AUTH=e+3Dmc2@example.com"},
                    Row{" RET=hdrs ENVID=QQ314159", " RET=HDRS ENVID=QQ314159"},
                    Row{" RET=FULL", " RET=FULL"},
                    Row{"SIZE=1", "syntax: no space after the path"},
                    Row{" SIZE", "syntax: parameter with a value missing or in excess"},
                    Row{" SIZE=", "syntax: bad parameter value"},
                    Row{" SIZE=-1", "syntax: bad SIZE"},
                    Row{" SIZE=99999999999999999999", "syntax: bad SIZE"},
                    Row{" SIZE=000000000000000000001", "syntax: bad SIZE"},
                    Row{" SIZE=1 SIZE=2", "syntax: a parameter comes twice"},
                    Row{" BODY=9BIT", "syntax: unknown BODY"},
                    Row{" SMTPUTF8=yes", "syntax: parameter with a value missing or in excess"},
                    Row{" RET=SOME", "syntax: bad RET"},
                    Row{" ENVID=a+0A", "syntax: bad ENVID"},
                    Row{" ENVID=" + std::string(101, 'a'),
                        "too-long: ENVID longer than 100 characters"},
                    Row{" NOTIFY=NEVER", "unsupported: unknown parameter"},
                    Row{" X-1=a", "unsupported: unknown parameter"},
                    Row{" -X=a", "syntax: bad parameter"},
                    Row{" =a", "syntax: bad parameter"},
                    Row{" SIZE=1=2", "syntax: bad parameter value"},
                    Row{" AUTH=a\tb", "syntax: bad parameter value"}));

struct RcptParameterRows : testing::TestWithParam<Row> {};

TEST_P(RcptParameterRows, of_rcpt) {
    const auto parsed = parse_rcpt_parameters(GetParam().input);
    EXPECT_EQ(parsed ? format_parameters(*parsed) : dump(parsed.error()), GetParam().dump)
        << GetParam().input;
}

INSTANTIATE_TEST_SUITE_P(
    rcpt,
    RcptParameterRows,
    testing::Values(Row{" NOTIFY=SUCCESS ORCPT=rfc822;Bob@Example.COM",
                        " NOTIFY=SUCCESS ORCPT=rfc822;Bob@Example.COM"},
                    Row{" notify=delay,FAILURE", " NOTIFY=FAILURE,DELAY"},
                    Row{" NOTIFY=NEVER", " NOTIFY=NEVER"},
                    Row{" ORCPT=Rfc822;a+2Bb@x", " ORCPT=rfc822;a+2Bb@x"},
                    Row{" ORCPT=utf-8;pel\\x{E9}@x", " ORCPT=utf-8;pel\\x{E9}@x"},
                    Row{" ORCPT=utf-8;pelé@x", " ORCPT=utf-8;pelé@x"},
                    Row{" NOTIFY=NEVER,DELAY", "syntax: bad NOTIFY"},
                    Row{" NOTIFY=SUCCESS,", "syntax: bad NOTIFY"},
                    Row{" NOTIFY=,", "syntax: bad NOTIFY"},
                    Row{" ORCPT=Bob", "syntax: bad ORCPT"},
                    Row{" ORCPT=;Bob", "syntax: bad ORCPT"},
                    Row{" ORCPT=rfc822;", "syntax: bad ORCPT"},
                    Row{" ORCPT=rfc822;+zz", "syntax: bad ORCPT"},
                    Row{" ORCPT=rfc822;a+00b", "syntax: bad ORCPT"},
                    Row{" ORCPT=rfc822;a+0D+0Ab", "syntax: bad ORCPT"},
                    Row{" ORCPT=rfc822;+1B[31m", "syntax: bad ORCPT"},
                    Row{" ORCPT=x400;a+FF", "syntax: bad ORCPT"},
                    Row{" ORCPT=rfc822;a+C2+85b@x", "syntax: bad ORCPT"},
                    Row{" ORCPT=rfc822;a+E2+80+AEb@x", "syntax: bad ORCPT"},
                    Row{" ORCPT=rfc822;a+C2+A0b+E2+80+AF@x", " ORCPT=rfc822;a+C2+A0b+E2+80+AF@x"},
                    Row{" ORCPT=rfc822;j+C3+BCrgen@x", " ORCPT=rfc822;j+C3+BCrgen@x"},
                    Row{" ORCPT=rfc822;+22a+20b+22@x", " ORCPT=rfc822;\"a+20b\"@x"},
                    Row{" ORCPT=rfc822;" + std::string(500, 'a'),
                        "too-long: ORCPT longer than 500 characters"},
                    Row{" SIZE=1", "unsupported: unknown parameter"}));

TEST(CommandLine, is_cut_at_the_first_space) {
    const auto check = [](std::string_view line, std::string_view verb, std::string_view rest) {
        const CommandLine command = split_command(line);
        EXPECT_EQ(command.verb, verb) << line;
        EXPECT_EQ(command.arguments, rest) << line;
    };
    check("MAIL FROM:<>", "MAIL", "FROM:<>");
    check("quit", "quit", "");
    check("noop  x y  ", "noop", "x y");
    check("", "", "");
    check(" QUIT", "", "QUIT");
    check("MAIL\tFROM:<>", "", "MAIL\tFROM:<>");
    check("1234", "", "1234");
}

TEST(Mail, takes_what_people_type) {
    const auto command = parse_mail("from: <alice@crepes.fr> size=100");
    ASSERT_TRUE(command);
    EXPECT_EQ(format_command(*command), "MAIL FROM:<alice@crepes.fr> SIZE=100");
    EXPECT_FALSE(parse_mail("FROM <alice@crepes.fr>"));
    EXPECT_FALSE(parse_mail("FROM:<alice@crepes.fr>SIZE=100"));
    EXPECT_FALSE(parse_mail("FROM:<a@b> <c@d>"));
    EXPECT_FALSE(parse_mail(""));
}

TEST(Rcpt, formats_what_it_parses) {
    const auto command = parse_rcpt("TO:<bob@hamburger.edu> NOTIFY=NEVER");
    ASSERT_TRUE(command);
    EXPECT_EQ(format_command(*command), "RCPT TO:<bob@hamburger.edu> NOTIFY=NEVER");
    EXPECT_FALSE(parse_rcpt("FROM:<bob@hamburger.edu>"));
}

TEST(Bdat, counts_octets) {
    EXPECT_EQ(parse_bdat("1000"), (BdatCommand{1000, false}));
    EXPECT_EQ(parse_bdat("0 last"), (BdatCommand{0, true}));
    for (const std::string_view bad :
         {"", "LAST", "-1", "1 FIRST", "1 LAST LAST", "0x10", "99999999999999999999"}) {
        EXPECT_FALSE(parse_bdat(bad)) << bad;
    }
}

TEST(Auth, names_a_mechanism) {
    EXPECT_EQ(parse_auth("plain dGVzdA=="), (AuthCommand{"PLAIN", "dGVzdA=="}));
    EXPECT_EQ(parse_auth("SCRAM-SHA-256"), (AuthCommand{"SCRAM-SHA-256", std::nullopt}));
    EXPECT_EQ(parse_auth("EXTERNAL ="), (AuthCommand{"EXTERNAL", ""}));
    for (const std::string_view bad : {"", "PLAIN a b", "A.B", "ABCDEFGHIJKLMNOPQRSTU"}) {
        EXPECT_FALSE(parse_auth(bad)) << bad;
    }
}

TEST(Reply, prints_and_parses_back) {
    const Reply replies[] = {
        {250, {2, 1, 0}, "sender ok"},
        {250, {}, "foo.com greets bar.com\n8BITMIME\nSIZE"},
        {550, {5, 1, 1}, "one\ntwo"},
        {354, {}, "go on"},
        {220, {}, ""},
    };
    for (const Reply& reply : replies) {
        const std::string text = format_reply(reply);
        ReplyParser reader;
        std::string_view rest = text;
        bool done = false;
        while (!done) {
            std::string_view line = base::split_front(rest, '\n');
            line.remove_suffix(1);
            const auto fed = reader.feed(line);
            ASSERT_TRUE(fed) << text;
            done = *fed;
        }
        EXPECT_TRUE(rest.empty());
        EXPECT_EQ(reader.take(), reply) << text;
    }
    EXPECT_EQ(format_reply({550, {5, 7, 1}, "a\nb"}), "550-5.7.1 a\r\n550 5.7.1 b\r\n");
}

TEST(Reply, is_cut_to_the_limit) {
    const std::string text = format_reply({550, {5, 7, 1}, std::string(1000, 'x')});
    EXPECT_EQ(text.size(), kReplyLineOctetsMax);
    EXPECT_TRUE(text.ends_with("x\r\n"));
}

TEST(ReplyParser, refuses_what_is_no_reply) {
    for (const std::string_view bad : {"", "25", "abc", "150 x", "600 x", "250x", "2 50"}) {
        ReplyParser reader;
        EXPECT_FALSE(reader.feed(bad)) << bad;
    }
    ReplyParser reader;
    ASSERT_TRUE(reader.feed("250-a"));
    EXPECT_FALSE(reader.feed("251 b"));
}

}  // namespace
}  // namespace smtp
