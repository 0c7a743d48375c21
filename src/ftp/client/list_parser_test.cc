#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ftp/client/remote_entry.h"
#include "ftp/grammar/time_val.h"

namespace ftp {
namespace {

using namespace std::chrono_literals;

// 2026-01-15 12:00 UTC.
const ListingClock kClock{
    .now = base::WallTime(std::chrono::sys_days(std::chrono::January / 15 / 2026) + 12h),
    .zone = 0min};

std::string dump(const std::optional<RemoteEntry>& entry) {
    if (!entry) {
        return "nothing";
    }
    constexpr std::string_view kLetters = "fd..lo";
    std::string text(1, kLetters[static_cast<std::size_t>(entry->type)]);
    text += entry->size ? fmt::format(" {}", *entry->size) : " -";
    text += entry->modified ? " " + format_time_val(*entry->modified) : " -";
    text += " [" + entry->name + "]";
    return entry->target.empty() ? text : text + " -> [" + entry->target + "]";
}

struct Row {
    std::string_view line;
    std::string_view entry;
};

class ListLine : public testing::TestWithParam<Row> {};

TEST_P(ListLine, IsRead) {
    EXPECT_EQ(dump(parse_list_line(GetParam().line, kClock)), GetParam().entry);
}

INSTANTIATE_TEST_SUITE_P(
    Unix,
    ListLine,
    testing::Values(
        Row{"-rw-r--r--   1 bob      staff        1024 Nov 21 13:40 letter.txt",
            "f 1024 20251121134000 [letter.txt]"},
        Row{"drwxr-xr-x  2 alice users 4096 Feb  3  2024 recipes",
            "d 4096 20240203000000 [recipes]"},
        // A year is left out for the last half year: this was a month ago, not in eleven.
        Row{"-rw-r--r-- 1 a b 1 Dec 16 09:00 x", "f 1 20251216090000 [x]"},
        // Tomorrow may be a zone's doing; the day after is last year's.
        Row{"-rw-r--r-- 1 a b 1 Jan 16 09:00 x", "f 1 20260116090000 [x]"},
        Row{"-rw-r--r-- 1 a b 1 Jan 17 09:00 x", "f 1 20250117090000 [x]"},
        Row{"-rw-r--r-- 1 a b 1 Feb 29 09:00 x", "f 1 20240229090000 [x]"},
        Row{"lrwxrwxrwx 1 a b 9 Jan 1 00:00 now -> menu v2.txt",
            "l 9 20260101000000 [now] -> [menu v2.txt]"},
        Row{"-rw-r--r-- 1 a b 5 Jan 1 00:00 two  spaces ", "f 5 20260101000000 [two  spaces ]"},
        Row{"-rw-r--r-- 1 a b 5 Jan 1 00:00  leading", "f 5 20260101000000 [ leading]"},
        Row{"-rw-r--r--+ 1 a b 5 Jan 1 00:00 acl", "f 5 20260101000000 [acl]"},
        Row{"-rw-r--r--. 1 a b 5 Jan 1 00:00 selinux", "f 5 20260101000000 [selinux]"},
        Row{"-rw-r--r-- 1 owner 5 Jan 1 00:00 no group", "f 5 20260101000000 [no group]"},
        Row{"-rw-r--r-- 1 domain users group 5 Jan 1 00:00 x", "f 5 20260101000000 [x]"},
        Row{"-rw-r--r-- 1 a 1001 5 21 Nov 2024 x", "f 5 20241121000000 [x]"},
        Row{"-rw-r--r-- 1 a b 5 2024-11-21 13:40 iso", "f 5 20241121134000 [iso]"},
        Row{"-rw-r--r-- 1 a b 5 2024-11-21 13:40:05.123456789 +0100 full time",
            "f 5 20241121124005 [full time]"},
        Row{"-rw-r--r-- 1 a b 5 11-21 13:40 short iso", "f 5 20251121134000 [short iso]"},
        Row{"-rw-r--r-- 1 a b 5 Nov 21 13:40:05 2024 bsd -T", "f 5 20241121134005 [bsd -T]"},
        Row{"crw-rw-rw- 1 root root 1, 3 Jan 1 00:00 null", "o - 20260101000000 [null]"},
        Row{"srwxr-xr-x 1 a b 0 Jan 1 00:00 socket", "o - 20260101000000 [socket]"},
        Row{"drwxrwsr-t 1 a b 0 Jan 1 00:00 s", "d 0 20260101000000 [s]"},
        Row{"-rw-r--r-- 1 a b 18446744073709551615 Jan 1 00:00 big",
            "f 18446744073709551615 20260101000000 [big]"},
        Row{"-rw-r--r-- 1 a b 18446744073709551616 Jan 1 00:00 bigger", "nothing"},
        Row{"-rw-r--r-- 1 a b 5 Jan 32 00:00 x", "nothing"},
        Row{"-rw-r--r-- 1 a b 5 Feb 30 2024 x", "f 5 - [x]"},
        Row{"-rw-r--r-- 1 a b 5 Jan 1 00:00", "nothing"},
        Row{"-rw-r--q-- 1 a b 5 Jan 1 00:00 x", "nothing"},
        Row{"total 12", "nothing"},
        Row{"ls: cannot open directory", "nothing"},
        Row{"", "nothing"}));

// As ls says dates in other tongues and styles.
INSTANTIATE_TEST_SUITE_P(
    Dates,
    ListLine,
    testing::Values(
        Row{"-rw-r--r-- 1 a b 5 M\u00e4r 21 2025 x", "f 5 20250321000000 [x]"},
        Row{"-rw-r--r-- 1 a b 5 21. Okt. 2025 x", "f 5 20251021000000 [x]"},
        Row{"-rw-r--r-- 1 a b 5 21. Dez., 13:40 x", "f 5 20251221134000 [x]"},
        Row{"-rw-r--r-- 1 a b 5 f\u00e9vr. 3 2025 x", "f 5 20250203000000 [x]"},
        Row{"-rw-r--r-- 1 a b 5 3 ao\xfbt 2025 x", "f 5 20250803000000 [x]"},
        Row{"-rw-r--r-- 1 a b 5 ene 3 09:00 x", "f 5 20260103090000 [x]"},
        Row{"-rw-r--r-- 1 a b 5 giu 3 2025 x", "f 5 20250603000000 [x]"},
        Row{"-rw-r--r-- 1 a b 5 wrz 3 2025 x", "f 5 20250903000000 [x]"},
        Row{"-rw-r--r-- 1 a b 5 \u043c\u0430\u044f 3 2025 x", "f 5 20250503000000 [x]"},
        Row{"-rw-r--r-- 1 a b 5 12\u6708 21 13:40 x", "f 5 20251221134000 [x]"},
        Row{"-rw-r--r-- 1 a b 5 4\x8c\x8e 18\x93\xfa 2025\x94\x4e x", "f 5 20250418000000 [x]"},
        Row{"-rw-r--r-- 1 a b 5 2025\ub144  1\uc6d4  6\uc77c x", "f 5 20250106000000 [x]"},
        // A tongue that nobody foresaw costs the time, not the file.
        Row{"-rw-r--r-- 1 a b 5 Xyz 21 13:40 x", "f 5 - [x]"},
        Row{"drwxr-xr-x 1 a b 5 21 \u0e01.\u0e1e. 2025 x y", "d 5 - [x y]"},
        Row{"-rw-r--r-- 1 a b 5 3 29 03:26 x", "f 5 20250329032600 [x]"},
        Row{"-rw-r--r-- 1 0 1 5 Mar 29 03:26 2014 x", "f 5 20250329032600 [2014 x]"},
        // Owners and groups may be numbers, and sizes look like years.
        Row{"drwxr-xr-x    2 106      65534        4096 Nov 22 2025 .",
            "d 4096 20251122000000 [.]"},
        Row{"-rw-r--r-- 1 1000 1000 2048 Nov 22 13:40 x", "f 2048 20251122134000 [x]"},
        Row{"-rw-r--r-- 1 5 10 2048 Nov 22 13:40 x", "f 2048 20251122134000 [x]"},
        Row{"-rw-r--r-- 1 0 0 2003 4\u6708 18\u65e5 2025\u5e74 x", "f 2003 20250418000000 [x]"},
        Row{"-rw-r--r-- 1 0 0 2003 12\u6708 21 13:40 x", "f 2003 20251221134000 [x]"},
        Row{"-rw-r--r-- 1 5 10 2048 Xyz 22 13:40 x", "f 2048 - [x]"},
        Row{"-rw-r--r-- 1 5 10 2048 3 29 03:26 x", "f 2048 20250329032600 [x]"},
        Row{"-rw-r--r-- 1 5 10 2048 2025-11-22 03:26 x", "f 2048 20251122032600 [x]"},
        Row{"-rw-r--r-- 1 a b 5 09-26 2024 x", "f 5 20240926000000 [x]"},
        Row{"-rw-r--r-- 1 a b 5 24-04-2025 17:12 x", "f 5 20250424171200 [x]"},
        Row{"-rw-r--r-- 1 a b 5 2025.07.15 x", "f 5 20250715000000 [x]"},
        Row{"-rw-r--r-- 1 a b 5 01-jun-25 x", "f 5 20250601000000 [x]"},
        Row{"-rw-r--r-- 1 a b 5 Oct 08, 2025 09:47 x", "f 5 20251008094700 [x]"},
        Row{"-rw-r--r-- 1 a b 5 Oct 08 2025 09:47 x", "f 5 20251008000000 [09:47 x]"},
        Row{"-rw-r--r-- 1 a b 5 Apr   4 24:00 x", "f 5 20250405000000 [x]"}));

INSTANTIATE_TEST_SUITE_P(
    Others,
    ListLine,
    testing::Values(
        Row{"d [R----F--] supervisor            512       Jan 16 18:53    login",
            "d 512 20250116185300 [login]"},
        Row{"- [R----F--] rhesus             214059       Oct 20 15:27    cx.exe",
            "f 214059 20251020152700 [cx.exe]"},
        Row{"04-27-00  09:09PM       <DIR>          licensed files",
            "d - 20000427210900 [licensed files]"},
        Row{"07-18-00  10:16AM                33 x y.txt", "f 33 20000718101600 [x y.txt]"},
        Row{"12-31-1999  12:05AM                33 midnight", "f 33 19991231000500 [midnight]"},
        // POSIX has the second century begin with 69.
        Row{"12-31-68  12:05AM                33 x", "f 33 20681231000500 [x]"},
        Row{"01-01-69  12:05AM                33 x", "f 33 19690101000500 [x]"},
        Row{"01/16/2026  12:05 PM            1,033 noon", "f 1033 20260116120500 [noon]"},
        Row{"2026-01-10  09:42       <DIR>          iso", "d - 20260110094200 [iso]"},
        Row{"CORE.DIR;1          1  8-SEP-1996 16:09 [SYSTEM] (RWE,RWE,RE,RE)",
            "d - 19960908160900 [core]"},
        Row{"CII-MANUAL.TEX;1  213/216  29-JAN-1996 03:33:12  [ANONYMOU,ANONYMOUS]   (RWED,RWED,,)",
            "f 109056 19960129033312 [cii-manual.tex]"},
        Row{"FILE.TXT;1  [SUMMARY]  1/3  2-AUG-2006 13:05  (RWE,RWE,RE,)",
            "f 512 20060802130500 [file.txt]"},
        Row{"FILE.TXT;1  17-JUN-1994 17:25:37  6308/13  (RWED,RWED,R,)",
            "f 3229696 19940617172537 [file.txt]"},
        Row{"SECRET.TXT;1  %RMS-E-PRV, insufficient privilege or file protection violation",
            "f - - [secret.txt]"},
        Row{"+i8388621.48594,m825718503,r,s280,\tdjb.html", "f 280 19960301221503 [djb.html]"},
        Row{"+i8388621.50690,m824255907,/,\t514", "d - 19960213235827 [514]"},
        Row{"+i8388621.50690,m824255907,/,", "nothing"}));

INSTANTIATE_TEST_SUITE_P(
    Mainframes,
    ListLine,
    testing::Values(
        Row{"                 0           DIR   04-11-95   16:26  ADDRESS",
            "d 0 19950411162600 [ADDRESS]"},
        Row{"               612      A    07-28-95   16:45  air tra1.bag",
            "f 612 19950728164500 [air tra1.bag]"},
        Row{"               612           07-28-95   16:45  x", "f 612 19950728164500 [x]"},
        Row{"QSYS            77824 02/23/00 15:09:55 *DIR        IDC/",
            "d 77824 20000223150955 [IDC]"},
        Row{"ALICE           45056 12/04/06 14:19:31 *STMF      menu v2.txt",
            "f 45056 20061204141931 [menu v2.txt]"},
        Row{"WPTA01 3290   2004/03/04  1    3  FB     80  3125  PO  BASE.SOURCE",
            "d - 20040304000000 [BASE.SOURCE]"},
        Row{"WPTA01 3290   **NONE**    1    3  FB     80  3125  PS  BASE.TEXT",
            "f - - [BASE.TEXT]"},
        Row{"Migrated                                                BASE.OLD", "f - - [BASE.OLD]"},
        Row{"QSYS            77824 23.02.00 15:09:55 *FILE       A.FILE",
            "f 77824 20000223150955 [A.FILE]"},
        Row{"    0 DIR       02-11-103  16:15  MENUS", "d 0 20030211161500 [MENUS]"},
        Row{"WYOSPT 3420   2003/05/21  1 ????  FB  80  8053  PS  BASE.LARGE",
            "f - 20030521000000 [BASE.LARGE]"},
        Row{"TSO004 3390   VSAM BASE.INDEX", "f - - [BASE.INDEX]"},
        Row{"V43525 Tape                                             BASE.TAPE",
            "f - - [BASE.TAPE]"},
        Row{"ARCIVE Not Direct Access Device BASE.ELSEWHERE", "f - - [BASE.ELSEWHERE]"},
        Row{"Pseudo Directory BASE", "d - - [BASE]"},
        Row{"LOADED 00B308 000411  00 FO                31    ANY", "f - - [LOADED]"},
        Row{"MENU     TEXT     F        80      107        2 2025-10-04 15:28:42 060191",
            "f 8560 20251004152842 [MENU.TEXT]"},
        Row{"MENU     TRACE    V        65      107        2 2025-10-04 15:28:42 060191",
            "f - 20251004152842 [MENU.TRACE]"},
        Row{"MENU             101             4640  6-Apr-25 14:21:18 255, 0 \"oooo\"",
            "f 4640 20250406142118 [MENU]"},
        Row{"MENU             101 O           4640  6-Apr-25 14:21:18 255,255 \"oooo\"",
            "f 4640 20250406142118 [MENU]"},
        Row{"    2048    Feb-28-1998  05:23:30   menus de jour         <DIR>",
            "d 2048 19980228052330 [menus de jour]"},
        Row{"    2048    Feb-28-1998  05:23:30   menu.txt", "f 2048 19980228052330 [menu.txt]"},
        Row{"206876  Apr 04, 2000 21:06 a menu", "f 206876 20000404210600 [a menu]"},
        Row{"0  Dec 12, 2002 02:13 menus/", "d 0 20021212021300 [menus]"},
        Row{"Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname", "nothing"},
        Row{"TESTPROC  01.03 2002/09/12 2002/10/22 10:12    16    16     0 BOB",
            "f - 20021022101200 [TESTPROC]"},
        Row{"BOBJOB1   JOB01906  OUTPUT    3 Spool Files", "f - - [JOB01906]"},
        Row{"BOBJOB1 JOB01906 BOB      OUTPUT A        RC=0000 3 spool files", "f - - [JOB01906]"},
        Row{"BOBJOB2 J0190700 BOB      ACTIVE A", "f - - [J0190700]"},
        Row{"BOB      TSU00012 BOB      INPUT  TSU", "f - - [TSU00012]"},
        Row{"BOBJOB1 JOBS OUTPUT of the day", "nothing"},
        Row{"BOBJOB1 JOB01906 BOB", "nothing"},
        Row{" Name     VV.MM   Created       Changed      Size  Init   Mod   Id", "nothing"}));

TEST(Listing, KnowsNamesOfSpacesAlone) {
    const auto entry =
        parse_list_line("-rw-r--r--    1 99       99            31 Jan 12  2004   ", {});
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->name, "  ");
    EXPECT_FALSE(parse_list_line("-rw-r--r--    1 99       99            31 Jan 12  2004 ", {}));
}

TEST(Listing, LearnsTheServersZone) {
    const ListingClock ahead{.now = kClock.now, .zone = 120min};
    EXPECT_EQ(dump(parse_list_line("-rw-r--r-- 1 a b 5 Jan 1 00:00 x", ahead)),
              "f 5 20251231220000 [x]");
    EXPECT_EQ(dump(parse_list_line("-rw-r--r-- 1 a b 5 2024-11-21 13:40:05 +0100 x", ahead)),
              "f 5 20241121124005 [x]");
}

TEST(Listing, JoinsWrappedLinesOfVms) {
    const auto entries = parse_listing(
        "Directory USERS:[ANON]\r\n\r\n"
        "A_VERY_LONG_FILE_NAME_INDEED.TXT;12\r\n"
        "                     3/3      21-NOV-2024 13:40:05\r\n"
        "B.TXT;1              1/3      21-NOV-2024 13:40:05\r\n\r\nTotal of 2 files\r\n",
        kClock);
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(dump(entries[0]), "f 1536 20241121134005 [a_very_long_file_name_indeed.txt]");
    EXPECT_EQ(dump(entries[1]), "f 512 20241121134005 [b.txt]");
}

// z/OS keeps statistics of members that its editor has written, and of no other.
TEST(Listing, KnowsMembersWithoutStatistics) {
    const auto entries = parse_listing(
        " Name     VV.MM   Created       Changed      Size  Init   Mod   Id\r\n"
        "MENU\r\n"
        "TESTPROC  01.03 2002/09/12 2002/10/22 10:12    16    16     0 BOB\r\n"
        "$WINE#1\r\n",
        kClock);
    ASSERT_EQ(entries.size(), 3U);
    EXPECT_EQ(dump(entries[0]), "f - - [MENU]");
    EXPECT_EQ(dump(entries[2]), "f - - [$WINE#1]");
}

// The first line that may hide a file.
std::string unread_of(const std::vector<std::string_view>& lines) {
    ListingReader reader(kClock);
    for (const std::string_view line : lines) {
        static_cast<void>(reader.take(line));
    }
    return reader.unread() == nullptr ? "" : *reader.unread();
}

TEST(Listing, KnowsWhatStandsAroundFiles) {
    for (const std::string_view line :
         {"",
          "  ",
          "total 0",
          "total 4.0K",
          "Total 12",
          "insgesamt 12",
          "\u5408\u8ba1 12",
          "Directory USERS:[ANON]",
          "Total of 2 files, 4/6 blocks",
          "Grand total of 1 directory, 2 files.",
          "%DIRECT-W-NOFILES, no files found",
          " Volume in drive C is MENUS",
          " Volume Serial Number is 1A2B-3C4D",
          " Directory of C:\\MENUS",
          "               2 File(s)             33 bytes",
          "               2 Dir(s)  1,234,567 bytes free",
          "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname",
          "Volume Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname",
          " Name     VV.MM   Created       Changed      Size  Init   Mod   Id",
          " Name      Size   TTR   Alias-of AC--------- Attributes--------- Amode Rmode",
          "JOBNAME  JOBID    OWNER    STATUS CLASS",
          "File         Code             EOF  Last Modification    Owner  RWEP",
          "  size          date       time       name",
          "--------       ------     ------    --------"}) {
        EXPECT_EQ(unread_of({line}), "") << line;
    }
}

TEST(Listing, KnowsWhatItCannotRead) {
    for (const std::string_view line : {"ls: cannot open directory 'menus': Permission denied",
                                        "menus: No such file or directory",
                                        "?????????? ? ? ? ? ? unreadable",
                                        "Drwxr-xr-x 1 a b 5 Jan 1 2025",
                                        "README 512",
                                        "README",
                                        "12 total",
                                        "total plates",
                                        "Directory menus",
                                        "%RMS-E-PRV, insufficient privilege",
                                        "Name of the rose",
                                        "A.TXT;1",
                                        "+i8388621.50690,m824255907,/,"}) {
        EXPECT_EQ(unread_of({"-rw-r--r-- 1 a b 5 Jan 1 2025 a", line}), line);
    }
    for (const std::string_view line : {"menu", "1MENU", "TOOLONGNAME", "MENU A"}) {
        EXPECT_EQ(unread_of({" Name     VV.MM   Created       Changed", line}), line);
    }
    EXPECT_EQ(unread_of({"A.TXT;1", "B.TXT;1", "   3/3      21-NOV-2024 13:40:05"}), "A.TXT;1");
    EXPECT_EQ(unread_of({"A.TXT;1", "   3/3      21-NOV-2024 13:40:05", "first", "second"}),
              "first");
}

TEST(Listing, ReadsFacts) {
    const auto entries = parse_fact_listing(
        "type=cdir;modify=20260101000000; .\r\n"
        "Type=file;Size=17;Modify=20241121134005.250;UNIX.mode=0644; a file\r\n"
        "nonsense\r\n"
        "type=dir;UNIX.mode=9; d\r\n"
        "size=5; e\r\n");
    ASSERT_EQ(entries.size(), 4U);
    EXPECT_EQ(entries[0].type, EntryType::kCurrent);
    EXPECT_EQ(dump(entries[1]), "f 17 20241121134005.250 [a file]");
    EXPECT_EQ(entries[1].mode, 0644U);
    EXPECT_EQ(dump(entries[2]), "d - - [d]");
    EXPECT_FALSE(entries[2].mode);
    EXPECT_TRUE(entries[2].is_type_known);
    EXPECT_FALSE(entries[3].is_type_known);
}

TEST(Listing, KnowsNamesThatStayInTheirFolder) {
    for (const std::string_view name :
         {"a", ".profile", "...", "a b", "\xc3\xbc", " ", "\x1b[2J"}) {
        EXPECT_TRUE(is_plain_name(name)) << name;
    }
    for (const std::string_view name : {"", ".", "..", "a/b", "/etc/passwd", "a\nb", "a\r"}) {
        EXPECT_FALSE(is_plain_name(name)) << name;
    }
}

}  // namespace
}  // namespace ftp
