#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "agent/bookmarks.h"
#include "agent/ftp_arguments.h"
#include "agent/ftp_url.h"
#include "agent/glob.h"
#include "agent/listing_sink.h"
#include "agent/mirror.h"
#include "agent/netrc.h"
#include "agent/path_filter.h"
#include "agent/progress.h"
#include "agent/shell.h"
#include "agent/terminal.h"
#include "agent/words.h"
#include "base/ascii.h"

namespace agent {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

std::string dump(std::string_view text) {
    const auto url = parse_ftp_url(text);
    if (!url) {
        return "fault";
    }
    return url->user.value_or("-") + " " + url->password.value_or("-") + " " + url->host + " " +
           std::to_string(url->port_or_default()) + " [" + url->path + "]" +
           (url->ascii ? " ascii" : "") + (url->names ? " names" : "");
}

TEST(FtpUrl, IsRead) {
    EXPECT_EQ(dump("ftp://hamburger.example/a/b"), "- - hamburger.example 21 [a/b]");
    EXPECT_EQ(dump("FTP://bob:a%40b@hamburger.example:2121/"), "bob a@b hamburger.example 2121 []");
    EXPECT_EQ(dump("ftps://h"), "- - h 990 []");
    EXPECT_EQ(dump("ftp://[2001:db8::1]:2121/x"), "- - 2001:db8::1 2121 [x]");
    EXPECT_EQ(dump("ftp://h/%2Fetc/motd;type=a"), "- - h 21 [/etc/motd] ascii");
    EXPECT_EQ(dump("ftp://h/menus/;type=D"), "- - h 21 [menus/] names");
    EXPECT_EQ(dump("ftp://h/x;type=i"), "- - h 21 [x]");
    EXPECT_EQ(dump("ftp://bob@crepes.example:pw@h/x"), "bob@crepes.example pw h 21 [x]");
    EXPECT_EQ(dump("bob@h:menu"), "bob - h 21 [menu]");
    EXPECT_EQ(dump("h"), "- - h 21 []");
    EXPECT_EQ(dump("bob@h:2121"), "bob - h 2121 []");
    EXPECT_EQ(dump("[::1]:2121"), "- - ::1 2121 []");
    EXPECT_EQ(dump("h:2121/"), "- - h 21 [2121/]");
    for (const char* bad : {"http://h/",
                            "ftp://",
                            "ftp://h:0/",
                            "ftp://h:65536/",
                            "ftp://h/%0d%0aDELE",
                            "ftp://h/%4",
                            "ftp://h%2Fx/",
                            "ftp://h%40x/",
                            "ftp://a b/",
                            "ftp://[::1",
                            "h:65536"}) {
        EXPECT_EQ(dump(bad), "fault") << bad;
    }
}

TEST(FtpUrl, IsWrittenWithoutItsPassword) {
    const auto again = [](std::string_view text) { return format_ftp_url(*parse_ftp_url(text)); };
    EXPECT_EQ(again("ftp://bob%40h:pw@h:2121/a%20b/%3Btype=x"),
              "ftp://bob%40h@h:2121/a%20b/%3Btype%3Dx");
    EXPECT_EQ(again("ftps://[::1]//etc;type=A"), "ftps://[::1]:990/%2Fetc;type=a");
    EXPECT_EQ(again("ftpes://h"), "ftpes://h:21/");
}

TEST(Netrc, FindsTheMachineThenTheDefault) {
    const auto netrc = Netrc::parse(
        "# of alice\nmachine hamburger.example login alice password \"with space\"\n"
        "machine hamburger.example\n\tlogin bob password secret account menu\n"
        "macdef init\ncd menu\nls\n\n"
        "default login anonymous password ftp@\n");
    ASSERT_TRUE(netrc) << netrc.error().text;
    EXPECT_EQ(netrc->find("Hamburger.example", std::nullopt)->password, "with space");
    const NetrcEntry* bob = netrc->find("hamburger.example", "bob");
    EXPECT_EQ(bob->account, "menu");
    EXPECT_THAT(bob->macros.at("init"), ElementsAre("cd menu", "ls"));
    EXPECT_EQ(netrc->find("elsewhere.example", std::nullopt)->login, "anonymous");
    EXPECT_FALSE(Netrc::parse("login bob"));
    const auto broken = Netrc::parse("# who\nmachine");
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, base::Errc::kCorrupt);
    EXPECT_EQ(broken.error().text, "line 2: machine stands without a value");
}

// Other programs keep words of their own there: whoever reads the file passes over them.
TEST(Netrc, PassesOverWhatItDoesNotKnow) {
    const auto netrc = Netrc::parse(
        "macdef upload\nmput *\n\n"
        "machine other.example login alice port 21 password other\n"
        "machine h login alice\n password #c\nmachine i login b#c password p # who\n");
    ASSERT_TRUE(netrc) << netrc.error().text;
    EXPECT_EQ(netrc->find("other.example", std::nullopt)->password, "other");
    EXPECT_EQ(netrc->find("h", std::nullopt)->password, "#c");
    EXPECT_EQ(netrc->find("i", std::nullopt)->login, "b#c");
    EXPECT_EQ(netrc->find("i", std::nullopt)->password, "p");
    EXPECT_THAT(netrc->warnings(), ElementsAre("line 4: port is no word of this file"));
}

// A quote that has no end would take the next lines into a password.
TEST(Netrc, WantsTheQuoteThatEnds) {
    const auto open = Netrc::parse("machine h login a\n password \"b\nmachine i login c\n");
    ASSERT_FALSE(open);
    EXPECT_EQ(open.error().text, "line 2: the quote behind password has no end");
}

TEST(Glob, Matches) {
    EXPECT_TRUE(glob_matches("*.txt", "a.txt"));
    EXPECT_TRUE(glob_matches("a?c", "abc"));
    EXPECT_TRUE(glob_matches("[!a-c]*", "d"));
    EXPECT_TRUE(glob_matches("*a*b", "xaxbxb"));
    EXPECT_TRUE(glob_matches("\\*", "*"));
    EXPECT_TRUE(glob_matches("[", "["));
    EXPECT_TRUE(glob_matches("[]]", "]"));
    EXPECT_FALSE(glob_matches("\\*", "a"));
    EXPECT_FALSE(glob_matches("[a-c]", "d"));
    EXPECT_FALSE(glob_matches("a", "ab"));
    // What takes exponential time where stars are tried recursively.
    EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*a*a*a*b", std::string(2000, 'a')));
}

TEST(Glob, ExpandsBraces) {
    EXPECT_THAT(expand_braces("a.{txt,md}"), ElementsAre("a.txt", "a.md"));
    EXPECT_THAT(expand_braces("{a,{b,c}d}{1,2}"),
                ElementsAre("a1", "a2", "bd1", "bd2", "cd1", "cd2"));
    EXPECT_THAT(expand_braces("{a}{"), ElementsAre("{a}{"));
    EXPECT_THAT(expand_braces("{{a,b}"), ElementsAre("{a", "{b"));
    EXPECT_THAT(expand_braces("{,x}"), ElementsAre("", "x"));
    EXPECT_TRUE(is_glob("{a,b}"));
    EXPECT_FALSE(is_glob("{a}"));
    std::string many;
    for (int i = 0; i < 40; ++i) {
        many += "{a,b}";
    }
    EXPECT_LE(expand_braces(many).size(), 1000U);
    EXPECT_EQ(unescape_glob("a\\*b\\"), "a*b\\");
}

TEST(Terminal, IsNotCommandedByServers) {
    EXPECT_EQ(without_controls("a\tb\n\x1b[2J\x7f"), "a\tb\n?[2J?");
    EXPECT_EQ(without_controls("\xc2\x9b"
                               "31m \xc3\xa9 \xc2\xa0"),
              "?31m \xc3\xa9 \xc2\xa0");
    // ISO 8859's own, where the text is no UTF-8; the letters stay.
    EXPECT_EQ(without_controls("caf\xe9 \x9b"
                               "31m"),
              "caf\xe9 ?31m");
    EXPECT_EQ(without_controls("txt.\u202eexe \u2066x\u2069 \u200f"), "txt.?exe ?x? \u200f");
    EXPECT_EQ(on_one_line("a\nb\tc\x1b"), "a?b?c?");
}

TEST(Words, AreParted) {
    EXPECT_THAT(*split_words("get 'two words' a\\ b \"c\\\"d\"  # note"),
                ElementsAre("get", "two words", "a b", "c\"d"));
    EXPECT_THAT(*split_words("!ls -l 'a  b'"), ElementsAre("!", "ls -l 'a  b'"));
    EXPECT_THAT(*split_words("!"), ElementsAre("!"));
    EXPECT_THAT(*split_words("get x | wc -l \"'\" "), ElementsAre("get", "x", "| wc -l \"'\""));
    EXPECT_THAT(*split_words("get \\|x '|y z'"), ElementsAre("get", "|x", "|y z"));
    EXPECT_THAT(*split_words(quote_word("|x y")), ElementsAre("|x y"));
    EXPECT_FALSE(split_words("get 'open"));
    EXPECT_EQ(last_word("get a\\ b"), "a b");
    EXPECT_EQ(last_word("get "), "");
    EXPECT_THAT(*split_words(quote_word("a 'b\" \\c")), ElementsAre("a 'b\" \\c"));
    EXPECT_EQ(open_quote("get \"a b"), '"');
    EXPECT_EQ(open_quote("get 'a \"b"), '\'');
    EXPECT_EQ(open_quote("get 'a' b\\'"), 0);
    EXPECT_EQ(last_word("get \"a b"), "a b");
    for (const char quote : {'"', '\''}) {
        const std::string quoted = quote + quote_word("a 'b\" \\c", quote) + quote;
        EXPECT_THAT(*split_words(quoted), ElementsAre("a 'b\" \\c")) << quoted;
    }
}

TEST(Words, ArePartedIntoCommands) {
    using enum CommandPart::Joint;
    const auto parts = [](std::string_view line) {
        std::string all;
        const auto commands = split_commands(line);
        for (const CommandPart& part : commands.value()) {
            all += part.joint == kAlways ? ";" : part.joint == kIfDone ? "&&" : "||";
            for (const std::string& word : part.words) {
                all += "[" + word + "]";
            }
        }
        return all;
    };
    EXPECT_EQ(parts(""), ";");
    EXPECT_EQ(parts("mirror a b; bye"), ";[mirror][a][b];[bye]");
    EXPECT_EQ(parts("a ; b;"), ";[a];[b;]");
    EXPECT_EQ(parts("a ;"), ";[a]");
    EXPECT_EQ(parts("get x && echo y || exit 1"), ";[get][x]&&[echo][y]||[exit][1]");
    EXPECT_EQ(parts("get x & ; jobs"), ";[get][x][&];[jobs]");
    // Not ours: files of VMS, facts, quotes, shells' commands, comments.
    EXPECT_EQ(parts("get A.TXT;1 && quote OPTS MLST Size;Type;"),
              ";[get][A.TXT;1]&&[quote][OPTS][MLST][Size;Type;]");
    EXPECT_EQ(parts("get 'a; b' \"c && d\" e\\; f"), ";[get][a; b][c && d][e;][f]");
    EXPECT_EQ(parts("!ls; date"), ";[!][ls; date]");
    EXPECT_EQ(parts("bell; !ls; date"), ";[bell];[!][ls; date]");
    EXPECT_EQ(parts("ls |sort; date"), ";[ls][|sort; date]");
    EXPECT_EQ(parts("pwd # a; b"), ";[pwd]");
    EXPECT_EQ(parts(quote_word("a; b") + " " + quote_word("&&")), ";[a; b][&&]");
    EXPECT_FALSE(split_commands("a; get 'open"));
}

TEST(Progress, ShowsRateAndTimeLeft) {
    EXPECT_EQ(format_octets(1023), "1023");
    EXPECT_EQ(format_octets(1536), "1.5 KiB");
    EXPECT_EQ(format_span(3607s), "1:00:07");
    const std::string line = format_progress(
        {.name = "letter.txt", .done = 512, .total = 1024, .moved = 512, .elapsed = 2s}, 79);
    EXPECT_THAT(line, testing::StartsWith("letter.txt  50% ["));
    EXPECT_THAT(line, testing::EndsWith("512 of 1.0 KiB  256/s  0:02 left"));
    for (const std::size_t columns : {40U, 60U, 100U}) {
        EXPECT_LE(
            format_progress(
                {.name = std::string(300, 'x'), .done = 1, .total = 2, .moved = 1, .elapsed = 1s},
                columns)
                .size(),
            columns);
    }
}

TEST(Progress, FitsWhateverTheNameIsWrittenIn) {
    speak_utf8();
    EXPECT_EQ(text_columns("cr\u00eape"), 5U);
    EXPECT_EQ(text_columns("cre\u0302pe"), 5U);  // an accent of its own
    EXPECT_EQ(text_columns("\u6599\u7406"), 4U);
    EXPECT_EQ(text_columns("\U0001f354"), 2U);
    EXPECT_EQ(text_columns("caf\xe9"), 4U);
    EXPECT_EQ(last_columns("\u6599\u7406", 3), "\u7406");
    EXPECT_EQ(last_columns("cre\u0302pe", 2), "pe");
    std::string wide;
    std::string narrow;
    for (int i = 0; i < 100; ++i) {
        wide += "\u6599";
        narrow += "\u00e9";
    }
    for (const std::string& name : {wide, narrow, wide + ".txt", std::string(200, 'x')}) {
        for (const std::size_t columns : {18U, 30U, 44U, 80U, 200U}) {
            const std::string line = format_progress(
                {.name = name, .done = 1, .total = 2, .moved = 1, .elapsed = 1s}, columns);
            EXPECT_LE(text_columns(line), columns) << line;
            EXPECT_GE(text_columns(line) + 4, std::min<std::size_t>(columns, 80)) << line;
        }
    }
}

TEST(Progress, SaysWhatIsGoingOnNow) {
    ProgressLine line{.name = "x", .done = 1000, .total = 3000, .moved = 1000, .elapsed = 100s};
    line.rate = 500;
    EXPECT_THAT(format_progress(line, 79), testing::EndsWith("500/s  0:04 left"));
    line.silence = 7s;
    EXPECT_THAT(format_progress(line, 79), testing::EndsWith("1000 of 2.9 KiB  stalled 0:07"));
    line.finished = true;
    EXPECT_THAT(format_progress(line, 79), testing::EndsWith("10/s  1:40"));
}

TEST(Arguments, AreRead) {
    const auto get =
        parse_ftp_arguments({"-4", "--tls=required", "get", "ftp://h/x", "-o", "y", "-T", "1.5k"});
    ASSERT_TRUE(get) << get.error().text;
    EXPECT_EQ(get->verb, "get");
    EXPECT_THAT(get->operands, ElementsAre("ftp://h/x"));
    EXPECT_EQ(get->output, "y");
    EXPECT_EQ(get->settings.rate_max, 1536U);
    EXPECT_EQ(get->settings.tls, ftp::ClientTls::kRequired);
    EXPECT_TRUE(parse_ftp_arguments({"mirror", "-R", "a", "ftp://h/"})->mirror.reverse);
    EXPECT_TRUE(parse_ftp_arguments({"-R", "get", "ftp://h/x"})->resume);
    EXPECT_EQ(parse_ftp_arguments({"-f", "script"})->script, "script");
    const auto mirror = parse_ftp_arguments(
        {"mirror", "--newer-than=now-7days", "--older-than", "2026-01-31", "a", "b"});
    ASSERT_TRUE(mirror) << mirror.error().text;
    EXPECT_TRUE(mirror->mirror.newer_than && mirror->mirror.older_than);
    for (const std::vector<std::string>& bad : {std::vector<std::string>{"--no-such"},
                                                {"-Z"},
                                                {"-o"},
                                                {"--tls", "maybe"},
                                                {"--quiet=1"},
                                                {"--newer-than", "soon"},
                                                {"-P", "0"}}) {
        EXPECT_FALSE(parse_ftp_arguments(bad)) << bad[0];
    }
}

TEST(PathFilter, LeavesOutWhatIsExcluded) {
    PathFilter filter;
    filter.exclude_glob("*.bak");
    filter.exclude_glob("secret/*");
    EXPECT_TRUE(filter.passes("a/b.txt", false));
    EXPECT_FALSE(filter.passes("a/b.bak", false));
    EXPECT_FALSE(filter.passes("secret/x", false));
}

TEST(PathFilter, LeavesOutWhatIsNotIncluded) {
    PathFilter filter;
    filter.include_glob("*.txt");
    EXPECT_TRUE(filter.passes("b.txt", false));
    EXPECT_FALSE(filter.passes("b.bin", false));
    EXPECT_TRUE(filter.passes("folder", true));
}

TEST(PathFilter, LooksForExpressionsInTheWholePath) {
    PathFilter filter;
    ASSERT_TRUE(filter.exclude_expression("^(cache|tmp)/"));
    ASSERT_TRUE(filter.exclude_expression("[0-9]{4}-[0-9]{2}"));
    ASSERT_TRUE(filter.include_expression("\\.keep$"));
    EXPECT_FALSE(filter.passes("cache", true));
    EXPECT_TRUE(filter.passes("cache", false));  // a file of that name
    EXPECT_FALSE(filter.passes("cache/x", false));
    EXPECT_TRUE(filter.passes("cache/x.keep", false));
    EXPECT_TRUE(filter.passes("a/cache", true));
    EXPECT_FALSE(filter.passes("logs/2026-01.txt", false));
    EXPECT_TRUE(filter.passes("logs/2026.txt", false));
    EXPECT_TRUE(filter.passes("cr\u00eape \xff", false));
}

TEST(PathFilter, RefusesWhatIsNoExpressionOrTooLarge) {
    for (const std::string_view bad : {"(", "a**b(", "[", "\\1", "((a{1000}){1000}){1000}"}) {
        PathFilter filter;
        const auto added = filter.exclude_expression(bad);
        ASSERT_FALSE(added) << bad;
        EXPECT_EQ(added.error().code, base::Errc::kSyntax);
    }
}

TEST(PathFilter, TakesLinearTime) {
    PathFilter filter;
    // What takes exponential time where expressions are tried by going back.
    ASSERT_TRUE(filter.exclude_expression("^(a+)+$"));
    EXPECT_TRUE(filter.passes(std::string(5000, 'a') + "b", false));
}

class Collector final : public ftp::ByteSink {
  public:
    base::Result<> write(std::string_view octets) override {
        text += octets;
        largest = std::max(largest, octets.size());
        return {};
    }

    std::string text;
    std::size_t largest = 0;
};

TEST(ListingSink, HandsOnLinesHoweverTheyAreCut) {
    const std::string_view text = "a\r\nred\x1b[31m\r\ncr\u00eape\r\n\u009b2J";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        Collector below;
        ListingSink sink(below, true);
        ASSERT_TRUE(sink.write(text.substr(0, cut)));
        ASSERT_TRUE(sink.write(text.substr(cut)));
        ASSERT_TRUE(sink.finish());
        EXPECT_EQ(below.text, "a\nred?[31m\ncr\u00eape\n?2J") << cut;
    }
}

TEST(ListingSink, KeepsNoLineWithoutEnd) {
    Collector below;
    ListingSink sink(below, false);
    const std::string piece(1000, 'x');
    for (int i = 0; i < 10'000; ++i) {
        ASSERT_TRUE(sink.write(piece));
    }
    ASSERT_TRUE(sink.finish());
    EXPECT_EQ(below.text.size(), 10'000'000U);
    EXPECT_LE(below.largest, 70'000U);
}

TEST(Shell, KnowsBsdsVerbs) {
    // All that tnftp has; then what lftp's users type besides.
    std::string_view verbs =
        "! $ account append ascii bell binary bye case cd cdup chmod close cr debug "
        "delete dir disconnect edit epsv epsv4 epsv6 exit features fget form ftp gate get "
        "glob hash help idle image lcd less lpage lpwd ls macdef mdelete mdir mget mkdir "
        "mls mlsd mlst mode modtime more mput mreget msend newer nlist nmap ntrans open "
        "page passive pdir pls pmlsd preserve progress prompt proxy put pwd quit quote "
        "rate rcvbuf recv reget remopts rename reset restart rhelp rmdir rstatus runique "
        "send sendport set site size sndbuf status struct sunique system tenex throttle "
        "trace type umask unset usage user verbose xferbuf ? "
        "alias at bookmark cat du echo fail-exit find jobs kill lls mirror mv pget queue repeat rm "
        "sleep "
        "source symlink wait ";
    while (!verbs.empty()) {
        const std::string_view verb = base::split_front(verbs, ' ');
        EXPECT_TRUE(std::any_of(Shell::commands().begin(),
                                Shell::commands().end(),
                                [verb](const auto& command) { return command.name == verb; }))
            << verb;
    }
}

}  // namespace
}  // namespace agent
