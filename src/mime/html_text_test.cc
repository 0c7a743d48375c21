// HTML to text: what mail programs write, and what nobody should.
#include "mime/html_text.h"

#include <gtest/gtest.h>

#include "mime/html_entities.h"
#include "mime/utf8.h"

namespace mime {
namespace {

struct Row {
    std::string_view html;
    std::string_view text;
};

TEST(HtmlTextTest, ReadsAsAPersonWould) {
    constexpr Row kRows[] = {
        {"", ""},
        {"plain", "plain"},
        {"  a \r\n b\t c ", "a b c"},
        {"<p>One</p><p>Two</p>", "One\n\nTwo"},
        {"<div>One</div><div>Two</div>", "One\nTwo"},
        {"<div><div><div>One</div></div></div>Two", "One\nTwo"},
        {"a<br>b<br/>c<br><br><br>d", "a\nb\nc\n\nd"},
        {"<b>bold</b><i>face</i> <u>x</u>", "boldface x"},
        {"<ul><li>one<li>two</ul>end", "* one\n* two\n\nend"},
        {"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"},
        {"<pre>  keep\n   this </pre>", "  keep\n   this "},
        {"x<hr>y", "x\n----\ny"},
        {"see <img src=x alt='the &quot;cat&quot;'> here", "see [the \"cat\"] here"},
        {"<img src=x>", ""},
        {"<blockquote>a<br>b<blockquote>c</blockquote></blockquote>d", "> a\n> b\n> > c\nd"},
        // left out
        {"<html><head><title>T</title><style>p{}</style></head><body>B</body></html>", "B"},
        {"a<script>if (a<b) document.write('</p>')</script>b", "ab"},
        {"a<!-- <p>not this</p> -->b", "ab"},
        {"<!DOCTYPE html><?xml version='1'?>x", "x"},
        {"<a href=\"a>b\" title='c>d'>x</a>", "x"},
        // characters
        {"&lt;p&gt; &amp;amp; &eacute;&#233;&#xE9; &euro;&hellip;", "<p> &amp; ééé €…"},
        {"a&nbsp;&nbsp;b", "a  b"},
        {"&copy 2026 AT&T &unknown; &", "© 2026 AT&T &unknown; &"},
        {"&#0;&#xd800;&#99999999999;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"1 < 2 and <3", "1 < 2 and <3"},
        // unfinished
        {"a<!-- b", "a"},
        {"a<script>b", "a"},
        {"a<p", "a"},
        {"a<p class=\"x>b</p>c", "a\n\nb\n\nc"},
        {"</p></blockquote></pre></a>x", "x"},
    };
    for (const Row& row : kRows) {
        EXPECT_EQ(html_to_text(row.html), row.text) << row.html;
    }
}

TEST(HtmlTextTest, ShowsLinksWhereTheySayMore) {
    const HtmlTextOptions options{.show_links = true};
    EXPECT_EQ(html_to_text("<a href='https://e.example/x'>here</a>.", options),
              "here <https://e.example/x>.");
    EXPECT_EQ(html_to_text("<a href='https://e.example/'>e.example</a>", options), "e.example");
    EXPECT_EQ(html_to_text("<a href='#top'>top</a> <a>x</a>", options), "top x");
    EXPECT_EQ(html_to_text("<a href='mailto:bob@e.example'>Bob</a>", options),
              "Bob <mailto:bob@e.example>");
}

TEST(HtmlTextTest, StopsSoonAfterTheLimit) {
    std::string html;
    for (int i = 0; i < 10000; ++i) {
        html += "<p>word</p>";
    }
    const std::string text = html_to_text(html, {.octets_max = 100});
    EXPECT_GE(text.size(), 100U);
    EXPECT_LT(text.size(), 110U);
}

// Each of these made some reader quadratic, or overflowed its stack.
TEST(HtmlTextTest, IsLinear) {
    constexpr std::size_t kTimes = 300'000;
    for (const std::string_view piece : {"<",
                                         "<a",
                                         "<!--",
                                         "<a href=\"",
                                         "<a href='",
                                         "<div>",
                                         "<blockquote>x",
                                         "&",
                                         "&#",
                                         "<script>",
                                         "</",
                                         "</a>",
                                         "<a href='https://aaaaaaaa'>aaaaaaa.</a>",
                                         "<br>",
                                         "<pre>\n",
                                         "\xff",
                                         "<p x= >"}) {
        std::string html = "<a href='https://e.example/'>" + std::string(kTimes, 'x');
        for (std::size_t i = 0; i < kTimes; ++i) {
            html += piece;
        }
        EXPECT_LE(html_to_text(html, {.show_links = true}).size(), html.size() * 40) << piece;
    }
}

TEST(HtmlTextTest, EscapesText) {
    EXPECT_EQ(escape_html("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;'");
}

TEST(HtmlEntitiesTest, FindsWholeNamesOnly) {
    EXPECT_EQ(html_entity("amp"), U'&');
    EXPECT_EQ(html_entity("Eacute"), U'É');
    EXPECT_EQ(html_entity("thetasym"), U'\u03d1');
    EXPECT_EQ(html_entity("am"), std::nullopt);
    EXPECT_EQ(html_entity(""), std::nullopt);
}

TEST(Utf8Test, RoundTripsEveryCharacter) {
    for (char32_t character = 1; character < 0x110000; ++character) {
        std::string octets;
        append_utf8(octets, character);
        std::string_view view = octets;
        const bool is_surrogate = character >= 0xd800 && character <= 0xdfff;
        ASSERT_EQ(take_utf8(view), is_surrogate ? U'\ufffd' : character);
        ASSERT_TRUE(view.empty());
    }
}

TEST(Utf8Test, CutsBetweenCharacters) {
    EXPECT_EQ(utf8_prefix("aé€x", 3), "aé€");
    EXPECT_EQ(utf8_prefix("a\xff"
                          "b",
                          2),
              "a\xff");
    EXPECT_EQ(utf8_octets_prefix("aé€x", 5), "aé");
    EXPECT_EQ(utf8_octets_prefix("aé€x", 6), "aé€");
    EXPECT_EQ(utf8_octets_prefix("\x80\x80\x80\x80\x80", 4), "\x80\x80\x80\x80");
}

}  // namespace
}  // namespace mime
