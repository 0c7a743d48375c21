#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "imap/grammar/append.h"
#include "imap/grammar/arguments.h"
#include "imap/grammar/command.h"
#include "imap/grammar/date.h"
#include "imap/grammar/fetch.h"
#include "imap/grammar/list.h"
#include "imap/grammar/literal.h"
#include "imap/grammar/mailbox_name.h"
#include "imap/grammar/scanner.h"
#include "imap/grammar/sequence_set.h"
#include "imap/grammar/writer.h"
#include "mail/types.h"

namespace imap {
namespace {

using base::Errc;
using std::string_literals::operator""s;

// Each table: what is read, and what it reads as; "!" is an error.
struct Case {
    std::string input;
    std::string output;
};

template <class T, class Dump>
std::string dump(const base::Result<T>& result, Dump write) {
    return result ? write(*result) : "!" + std::string(base::errc_name(result.error().code));
}

std::string octets_of(bool (*is)(char)) {
    std::string all;
    for (int octet = 0; octet < 256; ++octet) {
        if (is(static_cast<char>(octet))) {
            all += static_cast<char>(octet);
        }
    }
    return all;
}

TEST(Scanner, KnowsItsCharactersOverAllOctets) {
    const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const std::string small = "abcdefghijklmnopqrstuvwxyz";
    const std::string digits = "0123456789";
    EXPECT_EQ(octets_of(is_atom_char),
              "!#$&'+,-./" + digits + ":;<=>?@" + letters + "[^_`" + small + "|}~");
    EXPECT_EQ(octets_of(is_astring_char),
              "!#$&'+,-./" + digits + ":;<=>?@" + letters + "[]^_`" + small + "|}~");
    EXPECT_EQ(octets_of(is_list_char),
              "!#$%&'*+,-./" + digits + ":;<=>?@" + letters + "[]^_`" + small + "|}~");
    EXPECT_EQ(octets_of(is_tag_char),
              "!#$&',-./" + digits + ":;<=>?@" + letters + "[]^_`" + small + "|}~");
}

TEST(Scanner, ReadsAstrings) {
    const std::vector<Case> cases = {
        {"atom rest", "atom"},
        {"a]b", "a]b"},
        {"NIL", "NIL"},
        {"\"\"", ""},
        {"\"a \\\"b\\\\\"", "a \"b\\"},
        {"\"\xc3\xa9\"", "\xc3\xa9"},
        {"\"\xff\"", "!syntax"},
        {"\"a\\n\"", "!syntax"},
        {"\"open", "!syntax"},
        {"\"line\r\nend\"", "!syntax"},
        {"{3}\r\na\"b x", "a\"b"},
        {"{3+}\r\na\r\n", "a\r\n"},
        {"{4}\r\nabc", "!syntax"},
        {"{3}abc", "!syntax"},
        {"{2}\r\n\0a"s, "!syntax"},
        {"~{2}\r\n\0a"s, "~"},  // no astring: the atom ends there
        {"", "!syntax"},
        {"(", "!syntax"},
    };
    for (const Case& c : cases) {
        Scanner scanner(c.input);
        EXPECT_EQ(dump(scanner.astring(), [](const std::string& s) { return s; }), c.output)
            << c.input;
    }
}

TEST(Literal, IsFoundAtTheEndOfALine) {
    EXPECT_EQ(find_literal("a LOGIN {5}"), (Literal{5, true, false, 8}));
    EXPECT_EQ(find_literal("{5+}"), (Literal{5, false, false, 0}));
    EXPECT_EQ(find_literal("x ~{5+}"), (Literal{5, false, true, 2}));
    EXPECT_EQ(find_literal("{9223372036854775807}")->octets, 0x7fffffffffffffffU);
    EXPECT_EQ(find_literal("{9223372036854775808}")->octets, Literal::kEndless);
    EXPECT_EQ(find_literal("{99999999999999999999999999}")->octets, Literal::kEndless);
    for (const char* none : {"", "}", "5}", "{}", "{+}", "{-1}", "{5-}", "{5} ", "{ 5}", "{5"}) {
        EXPECT_FALSE(find_literal(none)) << none;
    }
}

TEST(Command, BeginsWithTagAndVerb) {
    const std::vector<Case> cases = {
        {"a001 NOOP", "a001|NOOP|"},
        {"A noop ", "A|NOOP|"},
        {"x uid fetch 1 FLAGS", "x|UID FETCH|1 FLAGS"},
        {"x UID", "x|UID|"},
        {"x STARTTLS", "x|STARTTLS|"},
        {"a LOGIN {3}", "a|LOGIN|{3}"},
        {"a", "!invalid"},
        {"a ", "!invalid"},
        {"a (", "!invalid"},
        {"a NO(P", "!invalid"},
        {"", "!syntax"},
        {"+ NOOP", "!syntax"},
        {"* OK", "!syntax"},
        {"a\tNOOP", "!syntax"},
        {std::string(101, 'a') + " NOOP", "!syntax"},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(dump(parse_command_head(c.input),
                       [](const CommandHead& head) {
                           return std::string(head.tag) + "|" + head.verb + "|" +
                                  std::string(head.arguments);
                       }),
                  c.output)
            << c.input;
    }
}

TEST(Command, HidesSecrets) {
    EXPECT_EQ(redact("a LOGIN alice secret\r\n"), "a LOGIN ***\r\n");
    EXPECT_EQ(redact("a login {5}\r\n"), "a LOGIN ***\r\n");
    EXPECT_EQ(redact("a AUTHENTICATE PLAIN AGFsaWNl\r\n"), "a AUTHENTICATE PLAIN ***\r\n");
    EXPECT_EQ(redact("a AUTHENTICATE PLAIN\r\n"), "a AUTHENTICATE PLAIN\r\n");
    EXPECT_EQ(redact("a SELECT INBOX\r\n"), "a SELECT INBOX\r\n");
}

TEST(SequenceSet, IsMergedAndResolved) {
    struct SetCase {
        std::string input;
        std::uint32_t max;
        std::string output;
    };

    const std::vector<SetCase> cases = {
        {"1", 10, "1"},
        {"2,4:7,9,12:*", 15, "2,4:7,9,12:15"},  // RFC 9051 9
        {"*:4,5:7", 10, "4:10"},                // RFC 9051 9
        {"4:2", 10, "2:4"},
        {"*", 10, "10"},
        {"1,*", 10, "1,10"},
        {"559:*", 10, "10:559"},
        {"*:*", 3, "3"},
        {"20:*,5:*", 10, "5:10"},
        {"1:4294967295", 10, "1:4294967295"},
        {"*", 0, ""},
        {"5:*", 0, ""},
        {"0", 10, "!syntax"},
        {"4294967296", 10, "!syntax"},
        {"1:", 10, "!syntax"},
        {"1,", 10, "!syntax"},
        {",1", 10, "!syntax"},
        {"1:2:3", 10, "1:2"},  // what follows is not the set's
        {"a", 10, "!syntax"},
        {"", 10, "!syntax"},
    };
    for (const SetCase& c : cases) {
        Scanner scanner(c.input);
        EXPECT_EQ(dump(parse_sequence_set(scanner),
                       [&](const SequenceSet& set) { return set.resolve(c.max).to_text(); }),
                  c.output)
            << c.input;
    }
}

TEST(SequenceSet, StaysSmallHoweverOftenItNamesEverything) {
    std::string text = "1:4294967295";
    for (int i = 0; i < 10'000; ++i) {
        text += ",1:4294967295,*:1";
    }
    Scanner scanner(text);
    const auto set = parse_sequence_set(scanner);
    ASSERT_TRUE(set);
    EXPECT_EQ(set->plain.ranges().size(), 1U);
    EXPECT_TRUE(scanner.at_end());
}

TEST(MailboxName, IsReadInBothForms) {
    const std::vector<Case> utf7 = {
        {"inbox", "INBOX"},
        {"InBoX/Sub", "INBOX/Sub"},
        {"Inboxes", "Inboxes"},
        {"a&-b", "a&b"},
        {"&ZeVnLIqe-", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},  // RFC 3501 5.1.3, part of ...
        {"~peter/mail/&U,BTFw-/&ZeVnLIqe-",                      // ... its example
         "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},
        {"&2D3eAA-", "\xf0\x9f\x98\x80"},
        {"\xc3\xa9", "\xc3\xa9"},  // sent as UTF-8 all the same
        {"&Jjo!", "!invalid"},     // RFC 3501 5.1.3's bad examples
        {"&U,BTFw-&ZeVnLIqe-", "!invalid"},
        {"&AGE-", "!invalid"},  // "a" in base64
        {"&2D0-", "!invalid"},  // half a surrogate pair
        {"&AAE-", "!invalid"},  // a control character
        {"a&b", "!invalid"},
        {"&", "!invalid"},
        {"a\x7f", "!invalid"},
        {"\xff", "!invalid"},
        {std::string(1001, 'a'), "!too-long"},
    };
    for (const Case& c : utf7) {
        EXPECT_EQ(
            dump(decode_mailbox(c.input, NameForm::kUtf7), [](const std::string& s) { return s; }),
            c.output)
            << c.input;
    }
    EXPECT_EQ(*decode_mailbox("a&b", NameForm::kUtf8), "a&b");
    EXPECT_EQ(*decode_mailbox("\xe6\x97\xa5", NameForm::kUtf8), "\xe6\x97\xa5");
}

TEST(MailboxName, IsWrittenInBothForms) {
    const auto write = [](std::string_view name, NameForm form) {
        std::string out;
        append_mailbox(out, name, form);
        return out;
    };
    EXPECT_EQ(write("INBOX", NameForm::kUtf7), "INBOX");
    EXPECT_EQ(write("a b", NameForm::kUtf7), "\"a b\"");
    EXPECT_EQ(write("a&b", NameForm::kUtf7), "a&-b");
    EXPECT_EQ(write("a&b", NameForm::kUtf8), "a&b");
    EXPECT_EQ(write("\xe6\x97\xa5", NameForm::kUtf7), "&ZeU-");
    EXPECT_EQ(write("\xe6\x97\xa5", NameForm::kUtf8), "\"\xe6\x97\xa5\"");
    EXPECT_EQ(write("nil", NameForm::kUtf7), "\"nil\"");
    EXPECT_EQ(write("", NameForm::kUtf7), "\"\"");
    EXPECT_EQ(write("100%", NameForm::kUtf7), "\"100%\"");
}

TEST(MailboxName, IsMatchedByPatterns) {
    struct MatchCase {
        const char* pattern;
        const char* name;
        bool matches;
    };

    const std::vector<MatchCase> cases = {
        {"*", "a/b/c", true},
        {"%", "a", true},
        {"%", "a/b", false},
        {"%/%", "a/b", true},
        {"%/%", "a/b/c", false},
        {"a*", "a", true},
        {"a%", "ab/c", false},
        {"a*c", "ab/c", true},
        {"*%c", "a/bcc", true},
        {"%a*", "b/a", false},
        {"*a%", "b/ab", true},
        {"*a%", "a/b/c", false},
        {"inbox", "INBOX", true},
        {"INBOX/%", "INBOX/x", true},
        {"inbox*", "INBOX/x", true},
        {"", "a", false},
        {"", "", true},
        {"a", "ab", false},
        {"%%%", "abc", true},
        {"***x", "a/b/x", true},
        {"*/b/%", "a/b/b/c", true},
    };
    for (const MatchCase& c : cases) {
        EXPECT_EQ(MailboxPattern(c.pattern).matches(c.name), c.matches)
            << c.pattern << " " << c.name;
    }
    std::string hard;
    for (int i = 0; i < 300; ++i) {
        hard += "*a%";
    }
    EXPECT_FALSE(MailboxPattern(hard).matches(std::string(1000, 'a') + "/b"));
    EXPECT_TRUE(MailboxPattern(hard + "*").matches(std::string(1000, 'a') + "/b"));
}

// Against the definition, by every shape that a few octets can make.
TEST(MailboxName, IsMatchedAsThePatternSays) {
    const auto texts = [](std::string_view alphabet, std::size_t octets_max) {
        std::vector<std::string> made = {""};
        for (std::size_t i = 0; i < made.size() && made[i].size() < octets_max; ++i) {
            for (const char c : alphabet) {
                made.push_back(made[i] + c);
            }
        }
        return made;
    };
    const std::function<bool(std::string_view, std::string_view)> is_match =
        [&](std::string_view pattern, std::string_view name) {
            if (pattern.empty()) {
                return name.empty();
            }
            if (pattern[0] != '*' && pattern[0] != '%') {
                return !name.empty() && name[0] == pattern[0] &&
                       is_match(pattern.substr(1), name.substr(1));
            }
            return is_match(pattern.substr(1), name) ||
                   (!name.empty() && (pattern[0] == '*' || name[0] != '/') &&
                    is_match(pattern, name.substr(1)));
        };
    const auto names = texts("ab/", 5);
    for (const std::string& text : texts("a/*%", 5)) {
        const MailboxPattern pattern(text);
        for (const std::string& name : names) {
            ASSERT_EQ(pattern.matches(name), is_match(text, name)) << text << " " << name;
        }
    }
    // Beyond a word of states.
    const std::string level(100, 'a');
    EXPECT_TRUE(MailboxPattern(level + "/%" + level + "*b").matches(level + "/x" + level + "/b"));
    EXPECT_FALSE(MailboxPattern(level + "/%" + level + "%b").matches(level + "/x" + level + "/b"));
}

TEST(Fetch, ReadsItemsAndModifiers) {
    const auto write = [](const FetchArguments& arguments) {
        std::string text;
        for (const FetchItem& item : arguments.items) {
            text += std::to_string(static_cast<int>(item.kind)) + (item.is_peek ? "" : "!") +
                    (item.is_lazy ? "~" : "") + "[" + format_section(item.section) + "]";
            if (item.partial) {
                text += "<" + std::to_string(item.partial->offset) + "." +
                        std::to_string(item.partial->octets) + ">";
            }
            text += " ";
        }
        if (arguments.changed_since) {
            text += "since " + std::to_string(*arguments.changed_since);
        }
        return text + (arguments.vanished ? " vanished" : "") +
               (arguments.page ? arguments.page->to_text() : "");
    };
    const auto number = [](FetchKind kind) { return std::to_string(static_cast<int>(kind)); };
    const std::string section = number(FetchKind::kSection);
    const std::vector<Case> cases = {
        {"1 FLAGS", number(FetchKind::kFlags) + "[] "},
        {"1 (UID UID)", number(FetchKind::kUid) + "[] "},
        {"1 fast",
         number(FetchKind::kFlags) + "[] " + number(FetchKind::kInternalDate) + "[] " +
             number(FetchKind::kSize) + "[] "},
        {"1 BODY[]", section + "![] "},
        {"1 body.peek[header]", section + "[HEADER] "},
        {"1 BODY[4.2.HEADER.FIELDS (To \"Cc\")]<0.10>",
         section + "![4.2.HEADER.FIELDS (To Cc)]<0.10> "},
        {"1 BODY[HEADER.FIELDS.NOT (To)]", section + "![HEADER.FIELDS.NOT (To)] "},
        {"1 BODY[1.MIME]", section + "![1.MIME] "},
        {"1 RFC822.TEXT", number(FetchKind::kRfc822Text) + "![TEXT] "},
        {"1 RFC822.HEADER", number(FetchKind::kRfc822Header) + "[HEADER] "},
        {"1 (PREVIEW (LAZY) UID)",
         number(FetchKind::kPreview) + "~[] " + number(FetchKind::kUid) + "[] "},
        {"1 BINARY.SIZE[1.2]", number(FetchKind::kBinarySize) + "[1.2] "},
        {"1 BINARY[]<1.2>", number(FetchKind::kBinary) + "![]<1.2> "},
        {"1 UID (CHANGEDSINCE 12 VANISHED)", number(FetchKind::kUid) + "[] since 12 vanished"},
        {"1 UID (PARTIAL -1:-10)", number(FetchKind::kUid) + "[] -1:-10"},
        {"1 UID (PARTIAL 10:2)", number(FetchKind::kUid) + "[] 10:2"},
        {"1 UID (PARTIAL 1:2 PARTIAL 1:2)", "!syntax"},
        {"1 BODY[1.MIME.HEADER]", "!syntax"},
        {"1 BODY[MIME]", "!syntax"},
        {"1 BODY[0]", "!syntax"},
        {"1 BODY[HEADER.FIELDS ()]", "!syntax"},
        {"1 BODY[TEXT.HEADER.FIELDS (To)]", "!syntax"},
        {"1 BODY[]<1.0>", "!syntax"},
        {"1 BINARY[HEADER]", "!syntax"},
        {"1 BINARY.SIZE[1]<0.1>", "!syntax"},
        {"1 (ALL)", "!syntax"},
        {"1 ()", "!syntax"},
        {"1 FLAGS UID", "!syntax"},
        {"1", "!syntax"},
        {"1 NONSENSE", "!syntax"},
        {"1 UID (PARTIAL 1:-10)", "!syntax"},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(dump(parse_fetch(c.input), write), c.output) << c.input;
    }
    EXPECT_EQ((Page{1, 3, false}.of(2)), (std::pair<std::size_t, std::size_t>(0, 2)));
    EXPECT_EQ((Page{1, 3, true}.of(10)), (std::pair<std::size_t, std::size_t>(7, 10)));
    EXPECT_EQ((Page{5, 9, true}.of(6)), (std::pair<std::size_t, std::size_t>(0, 2)));
    EXPECT_EQ((Page{5, 9, false}.of(3)), (std::pair<std::size_t, std::size_t>(3, 3)));
}

TEST(Store, ReadsFlags) {
    const auto write = [](const StoreArguments& arguments) {
        std::string text;
        append_flags(text, arguments.flags.system, 0, {});
        for (const std::string& keyword : arguments.flags.keywords) {
            text += " " + keyword;
        }
        const std::string action = arguments.action == StoreAction::kAdd      ? "+"
                                   : arguments.action == StoreAction::kRemove ? "-"
                                                                              : "=";
        return action + (arguments.silent ? "~" : "") + text +
               (arguments.unchanged_since ? "@" + std::to_string(*arguments.unchanged_since) : "");
    };
    const std::vector<Case> cases = {
        {"1 +FLAGS (\\Seen)", "+\\Seen"},
        {"1 -flags.silent \\deleted $Junk", "-~\\Deleted $Junk"},
        {"1 FLAGS ()", "="},
        {"1 (UNCHANGEDSINCE 7) FLAGS (a A b)", "= a b@7"},
        {"1 FLAGS (\\Recent \\Draft)", "!syntax"},
        {"1 FLAGS (\\Nonsense)", "!syntax"},
        {"1 FLAGS", "!syntax"},
        {"1 +X (a)", "!syntax"},
        {"1 FLAGS (a", "!syntax"},
        {"1 (CHANGEDSINCE 7) FLAGS (a)", "!syntax"},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(dump(parse_store(c.input), write), c.output) << c.input;
    }
}

TEST(Setquota, ReadsLimits) {
    const auto write = [](const SetquotaArguments& arguments) {
        std::string text = arguments.root;
        for (const auto& [resource, limit] : arguments.limits) {
            text += "," + resource + "=" + std::to_string(limit);
        }
        return text;
    };
    const std::vector<Case> cases = {
        {"\"alice@foo.com\" (STORAGE 510)", "alice@foo.com,STORAGE=510"},
        {"\"\" (message 0 V-x.Y 9223372036854775807)", ",MESSAGE=0,V-X.Y=9223372036854775807"},
        {"root ()", "root"},
        {"root", "!syntax"},
        {"root STORAGE 1", "!syntax"},
        {"root (STORAGE)", "!syntax"},
        {"root (STORAGE 1 )", "!syntax"},
        {"root (STORAGE 1", "!syntax"},
        {"root (STORAGE -1)", "!syntax"},
        {"root (STORAGE 9223372036854775808)", "!syntax"},
        {"root (STORAGE 1) x", "!syntax"},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(dump(parse_setquota(c.input), write), c.output) << c.input;
    }
}

TEST(Date, IsReadAndWritten) {
    const auto read = [](const std::string& text) {
        Scanner scanner(text);
        return dump(parse_date_time(scanner), [](std::int64_t s) {
            std::string out;
            append_date_time(out, s);
            return out;
        });
    };
    EXPECT_EQ(read("\"17-Jul-1996 02:44:25 -0700\""), "\"17-Jul-1996 09:44:25 +0000\"");
    EXPECT_EQ(read("\" 1-jan-1970 00:00:00 +0000\""), "\"01-Jan-1970 00:00:00 +0000\"");
    EXPECT_EQ(read("\"31-Dec-1969 23:59:59 +0000\""), "\"31-Dec-1969 23:59:59 +0000\"");
    EXPECT_EQ(read("\"31-Dec-9999 23:59:59 +0000\""), "\"31-Dec-9999 23:59:59 +0000\"");
    EXPECT_EQ(read("\"01-Jan-0000 00:00:00 +0000\""), "\"01-Jan-0000 00:00:00 +0000\"");
    for (const char* bad : {"\"31-Feb-1996 02:44:25 -0700\"",
                            "\"17-Jul-19960 02:44:25 -0700\"",
                            "\"31-Dec-9999 23:59:59 -0001\"",
                            "\"01-Jan-0000 00:00:00 +0001\"",
                            "\"17-Jul-1996 24:00:00 -0700\"",
                            "\"17-Jul-1996 02:44:25\"",
                            "\"17-Jul-96 02:44:25 -0700\"",
                            "17-Jul-1996 02:44:25 -0700",
                            "\"17-Jux-1996 02:44:25 -0700\""}) {
        EXPECT_EQ(read(bad), "!syntax") << bad;
    }
}

TEST(Select, ReadsQresync) {
    const auto plain = parse_select("INBOX");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->mailbox, "INBOX");
    const auto full = parse_select(
        "INBOX (CONDSTORE QRESYNC (67890007 20050715194045000 41,43:211,214:541 (1,3,5 2,4:5)))");
    ASSERT_TRUE(full);
    EXPECT_TRUE(full->condstore);
    EXPECT_EQ(full->qresync->uid_validity, 67890007U);
    EXPECT_EQ(full->qresync->modseq, 20050715194045000U);
    EXPECT_EQ(full->qresync->known_uids->to_text(), "41,43:211,214:541");
    EXPECT_EQ(full->qresync->match_uids.to_text(), "2,4:5");
    EXPECT_TRUE(parse_select("INBOX (QRESYNC (1 2 (1 2)))"));
    for (const char* bad : {"INBOX (QRESYNC (1 2 *))",
                            "INBOX (QRESYNC (1 2 3 (1,2 3)))",
                            "INBOX (QRESYNC (0 2))",
                            "INBOX (NONSENSE)",
                            "INBOX ()",
                            "INBOX x",
                            ""}) {
        EXPECT_FALSE(parse_select(bad)) << bad;
    }
}

TEST(List, ReadsOptions) {
    const auto write = [](const ListArguments& arguments) {
        std::string text = arguments.is_extended ? "x" : "-";
        text += std::to_string(arguments.options) + " " + std::to_string(arguments.status) + " <" +
                arguments.reference + ">";
        for (const std::string& pattern : arguments.patterns) {
            text += " " + pattern;
        }
        return text;
    };
    const std::vector<Case> cases = {
        {"\"\" *", "-0 0 <> *"},
        {"\"\" \"%\" ", "-0 0 <> %"},
        {"~/Mail/ %", "-0 0 <~/Mail/> %"},
        {"(SUBSCRIBED) \"\" *", "x1 0 <> *"},
        {"() \"\" (\"INBOX\" \"Drafts\")", "x0 0 <> INBOX Drafts"},
        {"(SUBSCRIBED RECURSIVEMATCH) \"\" % RETURN (CHILDREN STATUS (MESSAGES UNSEEN))",
         "x37 17 <> %"},
        {"\"\" * RETURN ()", "x0 0 <> *"},
        {"(RECURSIVEMATCH) \"\" %", "!syntax"},
        {"(NONSENSE) \"\" %", "!syntax"},
        {"\"\"", "!syntax"},
        {"\"\" * RETURN", "!syntax"},
        {"\"\" * RETURN (STATUS ())", "!syntax"},
        {"\"\" (", "!syntax"},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(dump(parse_list(c.input), write), c.output) << c.input;
    }
}

TEST(Append, ReadsWhatStandsBeforeALiteral) {
    EXPECT_TRUE(literal_is_mailbox("", false));
    EXPECT_FALSE(literal_is_mailbox("INBOX ", false));
    EXPECT_TRUE(literal_is_mailbox("12 ", true));
    EXPECT_FALSE(literal_is_mailbox("12 INBOX ", true));
    Scanner scanner("saved-messages (\\Seen) \"17-Jul-1996 02:44:25 -0700\" {326}");
    const auto head = parse_append_head(scanner, false);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->mailbox, "saved-messages");
    const auto options = parse_append_options(scanner);
    ASSERT_TRUE(options);
    EXPECT_EQ(options->flags.system, mail::kSeen);
    EXPECT_EQ(options->received_s, 837596665);
    const auto literal = parse_message_literal(scanner);
    ASSERT_TRUE(literal);
    EXPECT_EQ(literal->octets, 326U);
    Scanner catenate(
        "(\\Seen) CATENATE (URL \"/Drafts;UIDVALIDITY=385759045/;UID=20/;section=1.2\"");
    ASSERT_EQ(parse_append_options(catenate)->form, AppendOptions::Form::kCatenate);
    const auto part = parse_catenate_part(catenate);
    ASSERT_TRUE(part && part->url);
    const auto url = parse_message_url(*part->url);
    ASSERT_TRUE(url);
    EXPECT_EQ(url->mailbox, "Drafts");
    EXPECT_EQ(url->uid_validity, 385759045U);
    EXPECT_EQ(url->uid, 20U);
    EXPECT_EQ(url->section, "1.2");
    EXPECT_EQ(parse_message_url("/;UID=7")->mailbox, std::nullopt);
    EXPECT_EQ(*parse_message_url("/a%20b/;UID=7")->mailbox, "a b");
    for (const char* bad : {"", "/INBOX", "/INBOX/;UID=0", "/INBOX/;UID=x", "/%zz/;UID=1"}) {
        EXPECT_FALSE(parse_message_url(bad)) << bad;
    }
}

TEST(Login, ReadsNamesAndSecrets) {
    const auto login = parse_login("\"alice\" {3}\r\na b");
    ASSERT_TRUE(login);
    EXPECT_EQ(login->user, "alice");
    EXPECT_EQ(login->password, "a b");
    EXPECT_FALSE(parse_login("alice"));
    EXPECT_EQ(parse_authenticate("plain")->mechanism, "PLAIN");
    EXPECT_EQ(parse_authenticate("PLAIN =")->response, "");
    EXPECT_EQ(parse_authenticate("PLAIN AGE=")->response, "\0a"s);
    EXPECT_FALSE(parse_authenticate("PLAIN !"));
    EXPECT_EQ(parse_id("NIL")->size(), 0U);
    EXPECT_EQ(parse_id("(\"name\" \"x\" \"version\" NIL)")->size(), 2U);
    EXPECT_FALSE(parse_id("(\"name\")"));
    EXPECT_THAT(*parse_enable("condstore X-GOOD"), testing::ElementsAre("CONDSTORE", "X-GOOD"));
    EXPECT_FALSE(parse_enable(""));
}

}  // namespace
}  // namespace imap
