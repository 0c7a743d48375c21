// Content-Type and Content-Disposition: the examples of RFC 2045, 2046, 2183 and 2231, and abuse.
#include "mime/parameters.h"

#include <gtest/gtest.h>

#include "base/ascii.h"

namespace mime {
namespace {

std::string dump(const Parameters& parameters) {
    std::string text;
    for (const Parameter& parameter : parameters.list) {
        text += "; " + parameter.name + "=" + parameter.value;
        if (!parameter.charset.empty() || !parameter.language.empty()) {
            text += " (" + parameter.charset + "," + parameter.language + ")";
        }
    }
    return text;
}

std::string dump_type(std::string_view body) {
    const auto type = parse_content_type(body);
    return type ? type->type + "/" + type->subtype + dump(type->parameters) : "none";
}

struct Row {
    std::string_view body;
    std::string_view expected;
};

constexpr Row kTypes[] = {
    // RFC 2045 5.1, 5.2.
    {"text/plain; charset=us-ascii (Plain text)", "text/plain; charset=us-ascii"},
    {"text/plain; charset=\"us-ascii\"", "text/plain; charset=us-ascii"},
    // RFC 2046 4.1.2, 5.1.1, 5.2.2.2, 5.2.3.7.
    {"text/plain; charset=iso-8859-1", "text/plain; charset=iso-8859-1"},
    {"multipart/mixed; boundary=gc0pJq0M:08jU534c0p",
     "multipart/mixed; boundary=gc0pJq0M:08jU534c0p"},
    {"multipart/mixed; boundary=\"gc0pJq0M:08jU534c0p\"",
     "multipart/mixed; boundary=gc0pJq0M:08jU534c0p"},
    {"Message/Partial; number=2; total=3;\r\n"
     "               id=\"oc=jpbe0M2Yt4s@thumper.bellcore.com\"",
     "message/partial; number=2; total=3; id=oc=jpbe0M2Yt4s@thumper.bellcore.com"},
    {"message/external-body; name=\"BodyFormats.ps\";\r\n"
     "                 site=\"thumper.bellcore.com\"; mode=\"image\";\r\n"
     "                 access-type=ANON-FTP; directory=\"pub\";\r\n"
     "                 expiration=\"Fri, 14 Jun 1991 19:13:14 -0400 (EDT)\"",
     "message/external-body; name=BodyFormats.ps; site=thumper.bellcore.com; mode=image; "
     "access-type=ANON-FTP; directory=pub; expiration=Fri, 14 Jun 1991 19:13:14 -0400 (EDT)"},
    {"multipart/mixed; boundary=gc0p4Jq0M2Yt08j34c0p",
     "multipart/mixed; boundary=gc0p4Jq0M2Yt08j34c0p"},
    {"Message/Partial;\r\n     id=\"oc=jpbe0M2Yt4s@thumper.bellcore.com\";\r\n     number=2",
     "message/partial; id=oc=jpbe0M2Yt4s@thumper.bellcore.com; number=2"},
    {"Message/Partial; number=3; total=3;\r\n     id=\"oc=jpbe0M2Yt4s@thumper.bellcore.com\"",
     "message/partial; number=3; total=3; id=oc=jpbe0M2Yt4s@thumper.bellcore.com"},
    {"message/external-body;\r\n     access-type=local-file;\r\n     name=\"/u/nsb/Me.jpeg\"",
     "message/external-body; access-type=local-file; name=/u/nsb/Me.jpeg"},
    // RFC 2046 5.2.3.7, as printed: a semicolon is missing.
    {"message/external-body;\r\n     access-type=mail-server\r\n     "
     "server=\"listserv@bogus.bitnet\";"
     "\r\n     expiration=\"Fri, 14 Jun 1991 19:13:14 -0400 (EDT)\"",
     "message/external-body; access-type=mail-server; server=listserv@bogus.bitnet; "
     "expiration=Fri, 14 Jun 1991 19:13:14 -0400 (EDT)"},
    // RFC 2049 4, 8.
    {"text/foo; charset=bar", "text/foo; charset=bar"},
    {"text/plain; charset=us-ascii (comment)", "text/plain; charset=us-ascii"},
    // RFC 2387 5.1, 5.2, as printed: semicolons are missing.
    {"Multipart/Related; boundary=example-1\r\n        start=\"<950120.aaCC@XIson.com>\";\r\n"
     "        type=\"Application/X-FixedRecord\"\r\n        start-info=\"-o ps\"",
     "multipart/related; boundary=example-1; start=<950120.aaCC@XIson.com>; "
     "type=Application/X-FixedRecord; start-info=-o ps"},
    {"Multipart/Related; boundary=example-2;\r\n        start=\"<950118.AEBH@XIson.com>\"\r\n"
     "        type=\"Text/x-Okie\"",
     "multipart/related; boundary=example-2; start=<950118.AEBH@XIson.com>; type=Text/x-Okie"},
    {"Text/x-Okie; charset=iso-8859-1;\r\n        declaration=\"<950118.AEB0@XIson.com>\"",
     "text/x-okie; charset=iso-8859-1; declaration=<950118.AEB0@XIson.com>"},
    // RFC 2231 3, 4, 4.1.
    {"message/external-body; access-type=URL;\r\n URL*0=\"ftp://\";\r\n"
     " URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"",
     "message/external-body; access-type=URL; "
     "url=ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"},
    {"application/x-stuff;\r\n title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
     "application/x-stuff; title=This is ***fun*** (us-ascii,en-us)"},
    {"application/x-stuff;\r\n title*0*=us-ascii'en'This%20is%20even%20more%20;\r\n"
     " title*1*=%2A%2A%2Afun%2A%2A%2A%20;\r\n title*2=\"isn't it!\"",
     "application/x-stuff; title=This is even more ***fun*** isn't it! (us-ascii,en)"},
    // The same as printed in RFC 2231 4.1, where the semicolons are missing.
    {"application/x-stuff\r\n title*0*=us-ascii'en'This%20is%20even%20more%20\r\n"
     " title*1*=%2A%2A%2Afun%2A%2A%2A%20\r\n title*2=\"isn't it!\"",
     "application/x-stuff; title=This is even more ***fun*** isn't it! (us-ascii,en)"},
    // Other spellings of the type.
    {"TEXT/HTML", "text/html"},
    {" text / plain ; charset = us-ascii ", "text/plain; charset=us-ascii"},
    {"(a)text(b)/(c)plain(d);(e)charset(f)=(g)us-ascii(h)", "text/plain; charset=us-ascii"},
    {"text", "text/plain"},
    {"text; charset=utf-8", "text/plain; charset=utf-8"},
    {"multipart; boundary=x", "multipart/mixed; boundary=x"},
    {"", "none"},
    {"/", "none"},
    {"/plain", "none"},
    {"image/", "none"},
    {"image", "none"},
    {";charset=utf-8", "none"},
    {"charset=utf-8", "none"},
    // Order of sections, gaps, doubles, numbers beyond reason.
    {"a/b; n*2=c; n*0=a; n*1=b", "a/b; n=abc"},
    {"a/b; n*0=a; n*2=c", "a/b; n=ac"},
    {"a/b; n*0=a; n*0=x; n*1=b", "a/b; n=ab"},
    {"a/b; n*4294967296=c; n*99999999999999999999999999=d; n*0=a", "a/b; n=acd"},
    {"a/b; n=plain; n*=utf-8''star", "a/b; n=star (utf-8,)"},
    {"a/b; n=plain; n*0=con; n*1=tinued", "a/b; n=continued"},
    {"a/b; n=first; n=second; N=third", "a/b; n=first"},
    {"a/b; *=x; n**=y", "a/b; *=x; n*=y"},
    // A character cut between sections; charsets of every kind.
    {"a/b; n*0*=utf-8''%e2%82; n*1*=%ac", "a/b; n=\u20ac (utf-8,)"},
    {"a/b; n*=iso-8859-1'es'%D1and%FA", "a/b; n=\u00d1and\u00fa (iso-8859-1,es)"},
    {"a/b; n*=\"iso-8859-1''HasenundFr%F6sche.txt\"",
     "a/b; n=HasenundFr\u00f6sche.txt (iso-8859-1,)"},
    {"a/b; n*=''%C3%BC", "a/b; n=\u00fc"},
    {"a/b; n*=%C3%BC", "a/b; n=\u00fc"},
    {"a/b; n*=utf-8''100%", "a/b; n=100% (utf-8,)"},
    {"a/b; n*=utf-8''%zz%4", "a/b; n=%zz%4 (utf-8,)"},
    // Encoded words and raw octets.
    {"a/b; name=\"=?utf-8?q?J=C3=B8rn?=.txt\"", "a/b; name=J\u00f8rn.txt"},
    {"a/b; name==?utf-8?b?w7w=?=.gif", "a/b; name=\u00fc.gif"},
    {"a/b; name=\"=?utf-8?q?a?=\r\n =?utf-8?q?b?=\"", "a/b; name=ab"},
    {"a/b; name==?utf-8?q?a_b?= =?utf-8?q?c;d?=; x=y", "a/b; name=a bc;d; x=y"},
    {"a/b; name=\"J\xf8rn.txt\"", "a/b; name=J\u00f8rn.txt"},
    {"a/b; name=\"J\u00f8rn.txt\"", "a/b; name=J\u00f8rn.txt"},
    // Values that are no tokens, missing semicolons and quotes.
    {"a/b; name=my file.pdf", "a/b; name=my file.pdf"},
    {"a/b; name=my file.pdf; x=y", "a/b; name=my file.pdf; x=y"},
    {"a/b; name=my (1) file", "a/b; name=my file"},
    {"a/b; name=\"a\" x=y", "a/b; name=a; x=y"},
    {"a/b; name=a x=y", "a/b; name=a; x=y"},
    {"a/b; name=\"a\" junk; x=y", "a/b; name=a; x=y"},
    {"a/b name=a; x=y", "a/b; name=a; x=y"},
    {"a/b; name=\"open; x=y", "a/b; name=open; x=y"},
    {"a/b; name=\"foo\\\"bar\\\\.txt\"", "a/b; name=foo\"bar\\.txt"},
    {"a/b; name=a=b==; x=y", "a/b; name=a=b==; x=y"},
    {"multipart/mixed; boundary=----=_Part_1_2.3", "multipart/mixed; boundary=----=_Part_1_2.3"},
    {"a/b;;;; = ;; name=\"value\"", "a/b; name=value"},
    {"a/b; name=; x=y", "a/b; x=y"},
    {"a/b; flag; x=y", "a/b; x=y"},
    {"a/b; \"name\"=value", "a/b; name=value"},
};

TEST(ParametersTest, ReadsContentTypes) {
    for (const Row& row : kTypes) {
        EXPECT_EQ(dump_type(row.body), row.expected) << row.body;
    }
}

constexpr Row kDispositions[] = {
    // RFC 2183 2.10, 3.
    {"inline", "inline"},
    {"attachment; filename=genome.jpeg;\r\n"
     "         modification-date=\"Wed, 12 Feb 1997 16:29:51 -0500\"",
     "attachment; filename=genome.jpeg; modification-date=Wed, 12 Feb 1997 16:29:51 -0500"},
    {"ATTACHMENT; FileName=\"x y.txt\"; size=1024", "attachment; filename=x y.txt; size=1024"},
    {"attachment; filename*=UTF-8''%e2%82%ac%20rates",
     "attachment; filename=\u20ac rates (UTF-8,)"},
    {"filename=x.pdf", "; filename=x.pdf"},
    {"; filename=x.pdf", "; filename=x.pdf"},
    {"", ""},
    // Quoted against the rules.
    {"\"inline\"", "inline"},
    {"\"Attachment\"; filename=x", "attachment; filename=x"},
};

TEST(ParametersTest, ReadsDispositions) {
    for (const Row& row : kDispositions) {
        const Disposition disposition = parse_disposition(row.body);
        EXPECT_EQ(disposition.type + dump(disposition.parameters), row.expected) << row.body;
    }
}

TEST(ParametersTest, FindsByName) {
    const auto type = parse_content_type("text/plain; Charset=utf-8; format=flowed");
    ASSERT_TRUE(type);
    EXPECT_TRUE(type->is("text", "plain"));
    ASSERT_NE(type->parameters.find("charset"), nullptr);
    EXPECT_EQ(*type->parameters.find("charset"), "utf-8");
    EXPECT_EQ(type->parameters.find("boundary"), nullptr);
    EXPECT_EQ(type->parameters.get("delsp", "no"), "no");
}

TEST(ParametersTest, WritesWhatItReads) {
    const std::string_view values[] = {
        "plain",
        "two words",
        "with \"quotes\" and \\",
        "J\u00f8rn's 100% (draft)*.txt",
        "=?utf-8?q?no_word?=",
        "J\u00f8rn 100%41",
        "tab\there",
        "\u65e5\u672c\u8a9e\u306e\u3068\u3066\u3082\u9577\u3044\u540d"
        "\u524d\u306e\u30d5\u30a1\u30a4\u30eb\u3067\u3059.txt"};
    for (const std::string_view value : values) {
        for (const HeaderForm form : {HeaderForm::kAscii, HeaderForm::kUtf8}) {
            Parameters parameters;
            parameters.set("filename", value);
            parameters.set("x", "y");
            const std::string text = format_parameters(parameters, form);
            const Parameters read = parse_disposition("attachment" + text).parameters;
            EXPECT_EQ(read.get("filename"), value) << text;
            EXPECT_EQ(read.get("x"), "y") << text;
            EXPECT_TRUE(form == HeaderForm::kUtf8 || base::is_ascii(text)) << text;
            for (std::string_view rest = text; !rest.empty();) {
                EXPECT_LE(base::split_front(rest, '\n').size(), 78U) << text;
            }
        }
    }
}

TEST(ParametersTest, HostileBodiesAreReadInLinearTime) {
    for (const std::string_view unit : {"; a*9=",
                                        ";a=b",
                                        "\"",
                                        "=",
                                        "(",
                                        "a ",
                                        "=?a?q?",
                                        "; name=\"",
                                        "; n*0*=x",
                                        "a=b ",
                                        "\\",
                                        "; a=(",
                                        ";a==?a?q?b "}) {
        std::string body = "a/b; x=";
        while (body.size() < 1'000'000) {
            body += unit;
        }
        const auto type = parse_content_type(body);
        ASSERT_TRUE(type);
        EXPECT_LE(type->parameters.list.size(), kParametersMax) << unit;
    }
    std::string many = "a/b";
    for (int i = 0; i < 10'000; ++i) {
        many += "; p" + std::to_string(i) + "=v";
    }
    EXPECT_EQ(parse_content_type(many)->parameters.list.size(), kParametersMax);
}

}  // namespace
}  // namespace mime
