#include "ftp/server/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>

#include "base/ascii.h"
#include "ftp/server/server.h"
#include "ftp/server/session.h"

namespace ftp {
namespace {

// clang-format off
// RFC 959 4.1 and 5.3; RFC 1123 4.1.3.1 for X-commands; RFC 2389, 2428, 2640, 3659, 4217, 7151; and drafts that
// clients use: MFxx (draft-somers-ftp-mfxx), HASH and RANG (draft-bryan-ftp-hash, -range), MODE Z
// (draft-preston-ftpext-deflate), AVBL, COMB, CSID (draft-peterson-streamlined-ftp-command-extensions).
constexpr std::array kCommands{
//          verb       handler                 states     flags                   feature                       syntax                             section
    Command{"ABOR",    &Session::on_abor,      kReady,    kNoArguments | kBeside, "",                           "ABOR",                            "959 4.1.3"},
    Command{"ACCT",    &Session::on_acct,      kAnyState, kArguments,             "",                           "ACCT account",                    "959 4.1.1"},
    Command{"ALLO",    &Session::on_allo,      kReady,    kArguments,             "",                           "ALLO octets [R octets]",          "959 4.1.3"},
    Command{"APPE",    &Session::on_appe,      kReady,    kPath,                  "",                           "APPE path",                       "959 4.1.3"},
    Command{"AUTH",    &Session::on_auth,      kAnyState, kArguments,             "AUTH TLS",                   "AUTH TLS",                        "4217 4"},
    Command{"AVBL",    &Session::on_avbl,      kReady,    0,                      "AVBL",                       "AVBL [path]",                     "draft-peterson 4"},
    Command{"CCC",     &Session::on_ccc,       kReady,    kNoArguments,           "CCC",                        "CCC",                             "4217 6"},
    Command{"CDUP",    &Session::on_cdup,      kReady,    kNoArguments,           "",                           "CDUP",                            "959 4.1.1"},
    Command{"CLNT",    &Session::on_clnt,      kAnyState, kArguments,             "CLNT",                       "CLNT name",                       "draft-peterson"},
    Command{"COMB",    &Session::on_comb,      kReady,    kArguments,             "COMB target;source_list",    "COMB target part ...",            "draft-peterson"},
    Command{"CSID",    &Session::on_csid,      kAnyState, kArguments,             "CSID",                       "CSID Name=name; Version=version;", "draft-peterson 3"},
    Command{"CWD",     &Session::on_cwd,       kReady,    0,                      "",                           "CWD path",                        "959 4.1.1"},
    Command{"DELE",    &Session::on_dele,      kReady,    kPath,                  "",                           "DELE path",                       "959 4.1.3"},
    Command{"EPRT",    &Session::on_eprt,      kReady,    kArguments,             "EPRT",                       "EPRT |protocol|address|port|",    "2428 2"},
    Command{"EPSV",    &Session::on_epsv,      kReady,    0,                      "EPSV",                       "EPSV [1 / 2 / ALL]",              "2428 3"},
    Command{"FEAT",    &Session::on_feat,      kAnyState, kNoArguments,           "",                           "FEAT",                            "2389 3"},
    Command{"HASH",    &Session::on_hash,      kReady,    kPath,                  "HASH",                       "HASH path",                       "draft-bryan-hash 3"},
    Command{"HELP",    &Session::on_help,      kAnyState, 0,                      "",                           "HELP [command]",                  "959 4.1.3"},
    Command{"HOST",    &Session::on_host,      kAnyState, kArguments,             "HOST",                       "HOST name",                       "7151 3"},
    Command{"LANG",    &Session::on_lang,      kAnyState, 0,                      "LANG",                       "LANG [tag]",                      "2640 4.1"},
    Command{"LIST",    &Session::on_list,      kReady,    0,                      "",                           "LIST [-1AaFdlRrSt] [path]",       "959 4.1.3"},
    Command{"MDTM",    &Session::on_mdtm,      kReady,    kPath,                  "MDTM",                       "MDTM path",                       "3659 3"},
    Command{"MFCT",    &Session::on_mfct,      kReady,    kArguments,             "MFCT",                       "MFCT time path",                  "draft-somers 5"},
    Command{"MFF",     &Session::on_mff,       kReady,    kArguments,             "MFF Create;Modify;UNIX.mode;", "MFF fact=value;... path",         "draft-somers 6"},
    Command{"MFMT",    &Session::on_mfmt,      kReady,    kArguments,             "MFMT",                       "MFMT time path",                  "draft-somers 4"},
    Command{"MKD",     &Session::on_mkd,       kReady,    kPath,                  "",                           "MKD path",                        "959 4.1.3"},
    Command{"MLSD",    &Session::on_mlsd,      kReady,    0,                      "",                           "MLSD [path]",                     "3659 7"},
    Command{"MLST",    &Session::on_mlst,      kReady,    0,                      "MLST",                       "MLST [path]",                     "3659 7"},
    Command{"MODE",    &Session::on_mode,      kReady,    kArguments,             "MODE Z",                     "MODE S / B / C / Z",              "959 4.1.2"},
    Command{"NLST",    &Session::on_nlst,      kReady,    0,                      "",                           "NLST [-AaFdlrSt] [path]",         "959 4.1.3"},
    Command{"NOOP",    &Session::on_noop,      kAnyState, kBeside | kFollowsRename, "",                         "NOOP",                            "959 4.1.3"},
    Command{"OPTS",    &Session::on_opts,      kAnyState, kArguments,             "",                           "OPTS command [options]",          "2389 4"},
    Command{"PASS",    &Session::on_pass,      kAnyState, 0,                      "",                           "PASS password",                   "959 4.1.1"},
    Command{"PASV",    &Session::on_pasv,      kReady,    kNoArguments,           "",                           "PASV",                            "959 4.1.2"},
    Command{"PBSZ",    &Session::on_pbsz,      kAnyState, kArguments,             "PBSZ",                       "PBSZ 0",                          "4217 8"},
    Command{"PORT",    &Session::on_port,      kReady,    kArguments,             "",                           "PORT h1,h2,h3,h4,p1,p2",          "959 4.1.2"},
    Command{"PROT",    &Session::on_prot,      kAnyState, kArguments,             "PROT",                       "PROT C / P",                      "4217 9"},
    Command{"PWD",     &Session::on_pwd,       kReady,    kNoArguments,           "",                           "PWD",                             "959 4.1.3"},
    Command{"QUIT",    &Session::on_quit,      kAnyState, kNoArguments,           "",                           "QUIT",                            "959 4.1.1"},
    Command{"RANG",    &Session::on_rang,      kReady,    kArguments,             "RANG STREAM",                "RANG first last",                 "draft-bryan-range 3"},
    Command{"REIN",    &Session::on_rein,      kAnyState, kNoArguments,           "",                           "REIN",                            "959 4.1.1"},
    Command{"REST",    &Session::on_rest,      kReady,    kArguments,             "REST STREAM",                "REST octets / marker",            "3659 5"},
    Command{"RETR",    &Session::on_retr,      kReady,    kPath,                  "",                           "RETR path",                       "959 4.1.3"},
    Command{"RMD",     &Session::on_rmd,       kReady,    kPath,                  "",                           "RMD path",                        "959 4.1.3"},
    Command{"RNFR",    &Session::on_rnfr,      kReady,    kPath | kFollowsRename, "",                           "RNFR path",                       "959 4.1.3"},
    Command{"RNTO",    &Session::on_rnto,      kReady,    kPath | kFollowsRename, "",                           "RNTO path",                       "959 4.1.3"},
    Command{"SITE",    &Session::on_site,      kReady,    kArguments,             "",                           "SITE command [arguments]",        "959 4.1.3"},
    Command{"SIZE",    &Session::on_size,      kReady,    kPath,                  "SIZE",                       "SIZE path",                       "3659 4"},
    Command{"SMNT",    &Session::on_smnt,      kReady,    kPath,                  "",                           "SMNT path",                       "959 4.1.1"},
    Command{"STAT",    &Session::on_stat,      kReady,    kBeside,                "",                           "STAT [path]",                     "959 4.1.3"},
    Command{"STOR",    &Session::on_stor,      kReady,    kPath,                  "",                           "STOR path",                       "959 4.1.3"},
    Command{"STOU",    &Session::on_stou,      kReady,    0,                      "",                           "STOU [path]",                     "959 4.1.3"},
    Command{"STRU",    &Session::on_stru,      kReady,    kArguments,             "",                           "STRU F / R / P",                  "959 4.1.2"},
    Command{"SYST",    &Session::on_syst,      kAnyState, kNoArguments,           "",                           "SYST",                            "959 4.1.3"},
    Command{"TYPE",    &Session::on_type,      kReady,    kArguments,             "",                           "TYPE A / E [N / T / C] / I / L 8", "959 4.1.2"},
    Command{"USER",    &Session::on_user,      kAnyState, kArguments,             "",                           "USER name",                       "959 4.1.1"},
    Command{"XCRC",    &Session::on_xcrc,      kReady,    kPath,                  "XCRC filename;start;end",    "XCRC path [first last]",          "in use"},
    Command{"XCUP",    &Session::on_cdup,      kReady,    kNoArguments,           "",                           "XCUP",                            "1123 4.1.3.1"},
    Command{"XCWD",    &Session::on_cwd,       kReady,    0,                      "",                           "XCWD path",                       "1123 4.1.3.1"},
    Command{"XMD5",    &Session::on_xmd5,      kReady,    kPath,                  "XMD5 filename;start;end",    "XMD5 path [first last]",          "in use"},
    Command{"XMKD",    &Session::on_mkd,       kReady,    kPath,                  "",                           "XMKD path",                       "1123 4.1.3.1"},
    Command{"XPWD",    &Session::on_pwd,       kReady,    kNoArguments,           "",                           "XPWD",                            "1123 4.1.3.1"},
    Command{"XRMD",    &Session::on_rmd,       kReady,    kPath,                  "",                           "XRMD path",                       "1123 4.1.3.1"},
    Command{"XSHA",    &Session::on_xsha1,     kReady,    kPath,                  "XSHA filename;start;end",    "XSHA path [first last]",          "in use"},
    Command{"XSHA1",   &Session::on_xsha1,     kReady,    kPath,                  "XSHA1 filename;start;end",   "XSHA1 path [first last]",         "in use"},
    Command{"XSHA256", &Session::on_xsha256,   kReady,    kPath,                  "XSHA256 filename;start;end", "XSHA256 path [first last]",       "in use"},
    Command{"XSHA512", &Session::on_xsha512,   kReady,    kPath,                  "XSHA512 filename;start;end", "XSHA512 path [first last]",       "in use"},
};

// RFC 959 4.1.3, SITE: "services ... that are essential to file transfer but not sufficiently universal".
constexpr std::array kSiteCommands{
//          verb       handler                    states  flags         feature  syntax                       section
    Command{"CHMOD",   &Session::on_site_chmod,   kReady, kArguments,   "",      "CHMOD mode path",           "SITE"},
    Command{"COPY",    &Session::on_site_copy,    kReady, kArguments,   "",      "COPY from to",              "SITE"},
    Command{"HELP",    &Session::on_site_help,    kReady, 0,            "",      "HELP",                      "SITE"},
    Command{"IDLE",    &Session::on_site_idle,    kReady, 0,            "",      "IDLE [seconds]",            "SITE"},
    Command{"QUOTA",   &Session::on_site_quota,   kReady, kNoArguments, "",      "QUOTA",                     "SITE"},
    Command{"SYMLINK", &Session::on_site_symlink, kReady, kArguments,   "",      "SYMLINK target path",       "SITE"},
    Command{"UMASK",   &Session::on_site_umask,   kReady, 0,            "",      "UMASK [mask]",              "SITE"},
    Command{"UTIME",   &Session::on_site_utime,   kReady, kArguments,   "",      "UTIME time path",           "SITE"},
    Command{"WHO",     &Session::on_site_who,     kReady, kNoArguments, "",      "WHO",                       "SITE"},
};

// clang-format on

template <class Table>
constexpr bool is_whole(const Table& table) {
    return std::ranges::is_sorted(table, {}, &Command::verb) &&
           std::ranges::adjacent_find(table, {}, &Command::verb) == table.end() &&
           std::ranges::all_of(table, [](const Command& command) {
               return command.syntax.starts_with(command.verb) && command.states != 0 &&
                      std::popcount(unsigned{command.flags} &
                                    (kNoArguments | kArguments | kPath)) <= 1;
           });
}

static_assert(is_whole(kCommands));
static_assert(is_whole(kSiteCommands));

void dump(std::span<const Command> table, std::string& text) {
    for (const Command& command : table) {
        const std::string_view states = command.states == kAnyState ? "any"
                                        : command.states == kLogin  ? "login"
                                                                    : "ready";
        const bool number = base::is_digit(command.section.front());
        fmt::format_to(std::back_inserter(text),
                       "{:<8} {:<6} {:<7} {:<34} {}{}\n",
                       command.verb,
                       states,
                       (command.flags & kBeside) != 0 ? "beside" : "",
                       command.syntax,
                       number ? "RFC " : "",
                       command.section);
    }
}

}  // namespace

std::span<const Command> commands() {
    return kCommands;
}

std::span<const Command> site_commands() {
    return kSiteCommands;
}

const Command* find_command(std::span<const Command> table, std::string_view verb) {
    const auto row = std::ranges::lower_bound(table, verb, {}, &Command::verb);
    return row != table.end() && row->verb == verb ? &*row : nullptr;
}

std::string dump_commands() {
    std::string text;
    dump(kCommands, text);
    dump(kSiteCommands, text);
    return text;
}

}  // namespace ftp
