// Address lists: RFC 5322 appendix A, RFC 2047 8, RFC 6532, and what is found in real mail.
#include "mime/address.h"

#include <gtest/gtest.h>

#include <span>

namespace mime {
namespace {

// "[name] <local@domain>", groups as "name:{...}", elements separated by " | ".
std::string dump(const Mailbox& mailbox) {
    return "[" + mailbox.name + "] " + mailbox.local + " @ " + mailbox.domain;
}

std::string dump(const AddressList& list) {
    std::string text;
    for (const Address& address : list.addresses) {
        text += text.empty() ? "" : " | ";
        if (const auto* const mailbox = std::get_if<Mailbox>(&address)) {
            text += dump(*mailbox);
            continue;
        }
        const auto& group = std::get<Group>(address);
        text += group.name + ":{";
        for (const Mailbox& member : group.members) {
            text += (&member == group.members.data() ? "" : " | ") + dump(member);
        }
        text += "}";
    }
    return text;
}

struct Row {
    std::string_view body;
    std::string_view expected;
};

constexpr Row kStandard[] = {
    // RFC 5322 A.1.1 to A.1.3.
    {"John Doe <jdoe@machine.example>", "[John Doe] jdoe @ machine.example"},
    {"Mary Smith <mary@example.net>", "[Mary Smith] mary @ example.net"},
    {"\"Joe Q. Public\" <john.q.public@example.com>",
     "[Joe Q. Public] john.q.public @ example.com"},
    {"Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
     "[Mary Smith] mary @ x.test | [] jdoe @ example.org | [Who?] one @ y.test"},
    {"<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
     "[] boss @ nil.test | [Giant; \"Big\" Box] sysservices @ example.net"},
    {"A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
     "A Group:{[Ed Jones] c @ a.test | [] joe @ where.test | [John] jdoe @ one.test}"},
    {"Undisclosed recipients:;", "Undisclosed recipients:{}"},
    // A.2, A.5.
    {"\"Mary Smith: Personal Account\" <smith@home.example>",
     "[Mary Smith: Personal Account] smith @ home.example"},
    {"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "[Pete] pete @ silly.test"},
    {"A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n"
     "         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)",
     "A Group:{[Chris Jones] c @ public.example | [] joe @ example.org | [John] jdoe @ one.test}"},
    {"(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", "Hidden recipients:{}"},
    // A.6: obsolete.
    {"Joe Q. Public <john.q.public@example.com>", "[Joe Q. Public] john.q.public @ example.com"},
    {"Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
     "[Mary Smith] mary @ example.net | [] jdoe @ test.example"},
    {"John Doe <jdoe@machine(comment).  example>", "[John Doe] jdoe @ machine.example"},
    {"Mary Smith\r\n          \r\n\t<mary@example.net>", "[Mary Smith] mary @ example.net"},
    // RFC 2047 8.
    {"=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "[Keith Moore] moore @ cs.utk.edu"},
    {"=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>",
     "[Keld J\u00f8rn Simonsen] keld @ dkuug.dk"},
    {"=?ISO-8859-1?Q?Andr=E9?= Pirard <PIRARD@vm1.ulg.ac.be>",
     "[Andr\u00e9 Pirard] PIRARD @ vm1.ulg.ac.be"},
    {"=?ISO-8859-1?Q?Olle_J=E4rnefors?= <ojarnef@admin.kth.se>",
     "[Olle J\u00e4rnefors] ojarnef @ admin.kth.se"},
    {"=?ISO-8859-1?Q?Patrik_F=E4ltstr=F6m?= <paf@nada.kth.se>",
     "[Patrik F\u00e4ltstr\u00f6m] paf @ nada.kth.se"},
    {"Nathaniel Borenstein <nsb@thumper.bellcore.com>\r\n"
     "    (=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=)",
     "[Nathaniel Borenstein] nsb @ thumper.bellcore.com"},
    {"ietf-822@dimacs.rutgers.edu, ojarnef@admin.kth.se",
     "[] ietf-822 @ dimacs.rutgers.edu | [] ojarnef @ admin.kth.se"},
    {"Dave Crocker <dcrocker@mordor.stanford.edu>",
     "[Dave Crocker] dcrocker @ mordor.stanford.edu"},
    {"ietf-822@dimacs.rutgers.edu, paf@comsol.se",
     "[] ietf-822 @ dimacs.rutgers.edu | [] paf @ comsol.se"},
    {"Greg Vaudreuil <gvaudre@NRI.Reston.VA.US>, Ned Freed\r\n   <ned@innosoft.com>, Keith Moore "
     "<moore@cs.utk.edu>",
     "[Greg Vaudreuil] gvaudre @ NRI.Reston.VA.US | [Ned Freed] ned @ innosoft.com | [Keith Moore] "
     "moore @ cs.utk.edu"},
    // RFC 2231 5.
    {"=?US-ASCII*EN?Q?Keith_Moore?= <moore@cs.utk.edu>", "[Keith Moore] moore @ cs.utk.edu"},
    // RFC 6532.
    {"J\u00f8rn <j\u00f8rn@b\u00fccher.example>", "[J\u00f8rn] j\u00f8rn @ b\u00fccher.example"},
    // Quoted local parts, literals, other specials.
    {"\"john doe\"@example.com", "[] john doe @ example.com"},
    {"<\"a\\\"b\"@example.com>", "[] a\"b @ example.com"},
    {"postmaster@[IPv6:2001:db8::1]", "[] postmaster @ [IPv6:2001:db8::1]"},
    {"<x@[ 127.0.0.1 ]>", "[] x @ [127.0.0.1]"},
    {"john . q . public @ example . com (John)", "[John] john.q.public @ example.com"},
};

TEST(AddressTest, ReadsTheStandards) {
    for (const Row& row : kStandard) {
        EXPECT_EQ(dump(parse_address_list(row.body)), row.expected) << row.body;
    }
}

constexpr Row kAbuse[] = {
    {"", ""},
    {",,,", ""},
    {"<>", ""},
    {"Nobody <>", "[Nobody]  @ "},
    {"root", "[] root @ "},
    {"jdoe@x.test (John Doe)", "[John Doe] jdoe @ x.test"},
    {"jdoe@x.test (=?utf-8?q?J=C3=B8rn?=)", "[J\u00f8rn] jdoe @ x.test"},
    {"phil@x.test <phil@x.test>", "[phil@x.test] phil @ x.test"},
    {"\"phil@x.test\" <phil@x.test>", "[phil@x.test] phil @ x.test"},
    {"a@x.test; b@x.test; c@x.test", "[] a @ x.test | [] b @ x.test | [] c @ x.test"},
    {"a@x.test b@x.test", "[] a @ x.test | [] b @ x.test"},
    {"<a@x.test> <b@x.test>", "[] a @ x.test | [] b @ x.test"},
    {"Al <a@x.test> Bo <b@x.test>", "[Al] a @ x.test | [Bo] b @ x.test"},
    {"<a@x.test> Al", "[Al] a @ x.test"},
    {"John Doe jdoe@x.test", "[John Doe] jdoe @ x.test"},
    {"<jdoe@x.test", "[] jdoe @ x.test"},
    {"John <jdoe@x.test, Mary <mary@x.test>", "[John] jdoe @ x.test | [Mary] mary @ x.test"},
    {"\"John Doe <jdoe@x.test>", "[John Doe] jdoe @ x.test"},
    {"John (Sales <jdoe@x.test>", "[John (Sales] jdoe @ x.test"},
    {"[List] John <jdoe@x.test>", "[[List] John] jdoe @ x.test"},
    {"Team: a@x.test, b@x.test", "Team:{[] a @ x.test | [] b @ x.test}"},
    {"One: a@x.test; Two: b@x.test; c@x.test",
     "One:{[] a @ x.test} | Two:{[] b @ x.test} | [] c @ x.test"},
    {"One: a@x.test, Two: b@x.test;", "One:{[] a @ x.test} | Two:{[] b @ x.test}"},
    {"\"=?utf-8?Q?J=C3=B8rn?=\" <j@x.test>", "[J\u00f8rn] j @ x.test"},
    {"=?utf-8?Q?Doe, John?= <j@x.test>", "[Doe, John] j @ x.test"},
    {"=?utf-8?Q?J=C3?= =?utf-8?Q?=B8rn?= <j@x.test>", "[J\u00f8rn] j @ x.test"},
    {"J\xf8rn <j@x.test>", "[J\u00f8rn] j @ x.test"},
    {"a@b@x.test", "[] a@b @ x.test"},
    {"<a@b@x.test>", "[] a@b @ x.test"},
    {"<john doe@x.test>", "[] john doe @ x.test"},
    {"<jdoe@x.test.>", "[] jdoe @ x.test"},
    {"<@x.test,@y.test:jdoe@z.test>", "[] jdoe @ z.test"},
    {"<mailto:list@x.test?subject=a%20b>", "[] mailto:list @ x.test?subject=a%20b"},
    {"undisclosed recipients", "[undisclosed recipients]  @ "},
    {"O'Brien <o'brien@x.test>", "[O'Brien] o'brien @ x.test"},
    {"'John' <jdoe@x.test>", "['John'] jdoe @ x.test"},
};

TEST(AddressTest, ReadsAbuseAsItWasMeant) {
    for (const Row& row : kAbuse) {
        EXPECT_EQ(dump(parse_address_list(row.body)), row.expected) << row.body;
    }
}

TEST(AddressTest, NamesWhatWasWrong) {
    EXPECT_EQ(parse_address_list("a@x.test, \"b c\" <b@x.test>").defects, 0U);
    EXPECT_EQ(parse_address_list("a@x.test,,b@x.test").defects, kAddressEmptyElement);
    EXPECT_EQ(parse_address_list("<@a.test:b@x.test>").defects, kAddressRoute);
    EXPECT_EQ(parse_address_list("Team: b@x.test").defects, kAddressUnclosed);
    EXPECT_EQ(parse_address_list("root").defects, kAddressNoDomain);
    EXPECT_EQ(parse_address_list("a@x.test,b@x.test,c@x.test", 2).defects, kAddressTooMany);
}

TEST(AddressTest, HostileListsAreReadInLinearTime) {
    for (const std::string_view unit : {"(",
                                        "\"",
                                        "<",
                                        "a@",
                                        "<@",
                                        "a:",
                                        ";",
                                        "=?a?Q?",
                                        "[",
                                        "\\",
                                        "a b@",
                                        "<a@b>",
                                        "@,",
                                        "a<"}) {
        std::string body;
        while (body.size() < 1'000'000) {
            body += unit;
        }
        const AddressList list = parse_address_list(body);
        EXPECT_LE(list.addresses.size(), kAddressesMax + 1) << unit;
    }
    const std::string deep =
        "Ed (" + std::string(10'000, '(') + std::string(10'000, ')') + ") <ed@x.test>";
    EXPECT_EQ(dump(parse_address_list(deep)), "[Ed] ed @ x.test");
}

TEST(AddressTest, FlattensGroups) {
    const auto all = mailboxes(parse_address_list("a@x.test, G: b@x.test, c@x.test;, d@x.test"));
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[2].address(), "c@x.test");
}

TEST(AddressTest, QuotesWhereItMust) {
    EXPECT_EQ(format_addr_spec({"", "john.doe", "x.test"}), "john.doe@x.test");
    EXPECT_EQ(format_addr_spec({"", "john doe", "x.test"}), "\"john doe\"@x.test");
    EXPECT_EQ(format_addr_spec({"", "a..b", "x.test"}), "\"a..b\"@x.test");
    EXPECT_EQ(format_addr_spec({"", "a\"b\\", "x.test"}), "\"a\\\"b\\\\\"@x.test");
    EXPECT_EQ(format_addr_spec({}), "");
    EXPECT_EQ(format_mailbox({"Joe Q. Public", "joe", "x.test"}), "\"Joe Q. Public\" <joe@x.test>");
    EXPECT_EQ(format_mailbox({"J\u00f8rn", "j", "x.test"}), "=?utf-8?Q?J=C3=B8rn?= <j@x.test>");
    EXPECT_EQ(format_mailbox({"J\u00f8rn", "j", "x.test"}, HeaderForm::kUtf8),
              "J\u00f8rn <j@x.test>");
}

TEST(AddressTest, WritesWhatItReads) {
    for (const auto& rows : {std::span<const Row>(kStandard), std::span<const Row>(kAbuse)}) {
        for (const Row& row : rows) {
            const AddressList first = parse_address_list(row.body);
            for (const HeaderForm form : {HeaderForm::kAscii, HeaderForm::kUtf8}) {
                const std::string written = format_address_list(first.addresses, form);
                EXPECT_EQ(parse_address_list(written).addresses, first.addresses) << written;
            }
        }
    }
}

}  // namespace
}  // namespace mime
