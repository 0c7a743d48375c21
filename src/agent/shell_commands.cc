// The verbs of the interactive client: BSD's, and those of lftp that people rely on.
#include <algorithm>
#include <array>

#include "agent/shell.h"

namespace agent {

struct CommandTable {
    static constexpr unsigned kRemote = Shell::kConnected | Shell::kRemoteNames;
    static constexpr unsigned kUpload = Shell::kConnected | Shell::kLocalNames | Shell::kBackground;
    static constexpr unsigned kDownload = kRemote | Shell::kBackground;
    static constexpr std::size_t kMany = 1000;

    // clang-format off
    static constexpr std::array kCommands{
        //   verb        handler                     words    flags                syntax                    what it does
        Shell::Command{"!",         &Shell::on_shell,         0, kMany, Shell::kLocalNames, "[COMMAND]", "run a command of this machine, or a shell"},
        Shell::Command{"$",         &Shell::on_macro,         1, kMany, 0, "MACRO [WORD...]", "run a macro"},
        Shell::Command{"?",         &Shell::on_help,          0, kMany, 0, "[VERB...]", "say what a verb does"},
        Shell::Command{"account",   &Shell::on_command,       0, 1, Shell::kConnected, "[NAME]", "name an account (ACCT)"},
        Shell::Command{"alias",     &Shell::on_alias,         0, kMany, 0, "[NAME [COMMAND]]", "give a command a name; without it the name is forgotten; alone, list"},
        Shell::Command{"append",    &Shell::on_put,           1, 2, kUpload, "LOCAL [REMOTE]", "add to the end of a file there"},
        Shell::Command{"ascii",     &Shell::on_type,          0, 0, Shell::kConnected, "", "translate line ends from now on"},
        Shell::Command{"bell",      &Shell::on_switch,        0, 1, Shell::kSwitchable, "[on|off]", "ring after each command"},
        Shell::Command{"binary",    &Shell::on_type,          0, 0, Shell::kConnected, "", "keep every octet from now on (default)"},
        Shell::Command{"bookmark",  &Shell::on_bookmark,      0, 3, 0, "[add NAME [URL] | remove NAME | list]", "keep servers by name; `open NAME` goes there"},
        Shell::Command{"bye",       &Shell::on_quit,          0, 0, 0, "", "end the session and the program"},
        Shell::Command{"case",      &Shell::on_switch,        0, 1, Shell::kSwitchable, "[on|off]", "make the server's upper-case names lower-case here"},
        Shell::Command{"cat",       &Shell::on_page,          1, kMany, kRemote, "REMOTE...", "print files of the server"},
        Shell::Command{"cd",        &Shell::on_cd,            0, 1, kRemote, "[FOLDER]", "change the server's folder"},
        Shell::Command{"cdup",      &Shell::on_cdup,          0, 0, Shell::kConnected, "", "go to the folder above"},
        Shell::Command{"chmod",     &Shell::on_command,       2, 2, kRemote, "MODE REMOTE", "change permissions (SITE CHMOD)"},
        Shell::Command{"close",     &Shell::on_close,         0, 0, 0, "", "end the session"},
        Shell::Command{"cr",        &Shell::on_switch,           0, 1, Shell::kSwitchable, "[on|off]", "ascii: drop the carriage returns of what comes"},
        Shell::Command{"debug",     &Shell::on_switch,        0, 1, Shell::kSwitchable, "[on|off|LEVEL]", "show the dialogue"},
        Shell::Command{"delete",    &Shell::on_delete,        1, 1, kRemote, "REMOTE", "delete a file"},
        Shell::Command{"dir",       &Shell::on_list,          0, 2, kRemote, "[FOLDER [LOCAL]]", "list a folder in full"},
        Shell::Command{"disconnect",&Shell::on_close,         0, 0, 0, "", "end the session"},
        Shell::Command{"du",        &Shell::on_du,            0, kMany, kRemote, "[-s] [-b] [-d DEPTH] [FOLDER...] [|COMMAND]", "how large folders are with all that is in them; -b in octets, -s the whole only"},
        Shell::Command{"edit",      &Shell::on_edit,          1, 1, kRemote, "REMOTE", "fetch, edit with $EDITOR, send back"},
        Shell::Command{"epsv",      &Shell::on_switch,        0, 1, Shell::kSwitchable, "[on|off]", "use EPSV and EPRT"},
        Shell::Command{"epsv4",     &Shell::on_switch,           0, 1, Shell::kSwitchable, "[on|off]", "as epsv; IPv6 has no other way"},
        Shell::Command{"epsv6",     &Shell::on_switch,           0, 1, Shell::kSwitchable, "[on|off]", "as epsv; IPv6 has no other way"},
        Shell::Command{"exit",      &Shell::on_quit,          0, 0, 0, "", "end the session and the program"},
        Shell::Command{"features",  &Shell::on_features,      0, 0, Shell::kConnected, "", "what the server says it can do"},
        Shell::Command{"fget",      &Shell::on_fget,             1, 1, kUpload, "LOCAL", "fetch the files that a file here names"},
        Shell::Command{"find",      &Shell::on_find,          0, kMany, kRemote, "[-l] [-d DEPTH] [-name GLOB] [FOLDER...] [|COMMAND]", "list all that is in folders and below; -l with size and time"},
        Shell::Command{"form",      &Shell::on_form,             0, 1, Shell::kConnected, "[non-print|telnet|carriage-control]", "how text is to be printed"},
        Shell::Command{"ftp",       &Shell::on_open,          1, 2, 0, "HOST|URL [PORT]", "connect"},
        Shell::Command{"gate",      &Shell::on_gate,             0, 2, Shell::kSwitchable, "[on|off|HOST [PORT]]", "connect through a gateway, as USER@HOST"},
        Shell::Command{"get",       &Shell::on_get,           1, 2, kDownload, "REMOTE [LOCAL]", "fetch a file; - prints it, |COMMAND pipes it"},
        Shell::Command{"glob",      &Shell::on_switch,        0, 1, Shell::kSwitchable, "[on|off]", "expand * ? [ ] in names"},
        Shell::Command{"hash",      &Shell::on_marks,            0, 1, Shell::kSwitchable, "[on|off|OCTETS]", "show a # for each so many octets instead of the bar"},
        Shell::Command{"help",      &Shell::on_help,          0, kMany, 0, "[VERB...]", "say what a verb does"},
        Shell::Command{"idle",      &Shell::on_command,       0, 1, Shell::kConnected, "[SECONDS]", "the server's patience (SITE IDLE)"},
        Shell::Command{"image",     &Shell::on_type,          0, 0, Shell::kConnected, "", "keep every octet from now on"},
        Shell::Command{"jobs",      &Shell::on_jobs,          0, 0, 0, "", "what runs beside the prompt"},
        Shell::Command{"kill",      &Shell::on_kill,          1, 1, 0, "JOB|all", "end a job"},
        Shell::Command{"lcd",       &Shell::on_lcd,           0, 1, Shell::kLocalNames, "[FOLDER]", "change this machine's folder"},
        Shell::Command{"less",      &Shell::on_page,          1, 1, kRemote, "REMOTE", "read a file page by page"},
        Shell::Command{"lls",       &Shell::on_lls,           0, kMany, Shell::kLocalNames, "[WORD...]", "list this machine's folder, as its ls does"},
        Shell::Command{"lpage",     &Shell::on_lpage,         1, 1, Shell::kLocalNames, "LOCAL", "read a file of this machine"},
        Shell::Command{"lpwd",      &Shell::on_lpwd,          0, 0, 0, "", "this machine's folder"},
        Shell::Command{"ls",        &Shell::on_list,          0, 2, kRemote, "[FOLDER [LOCAL]]", "list a folder in full"},
        Shell::Command{"macdef",    &Shell::on_macdef,        0, 1, 0, "[NAME]", "define a macro: lines up to an empty one; alone, name them"},
        Shell::Command{"mdelete",   &Shell::on_mdelete,       1, kMany, kRemote, "REMOTE...", "delete files"},
        Shell::Command{"mdir",      &Shell::on_multiple_list, 2, kMany, kRemote, "REMOTE... LOCAL", "list several folders"},
        Shell::Command{"mget",      &Shell::on_mget,          1, kMany, kDownload, "REMOTE...", "fetch files"},
        Shell::Command{"mirror",    &Shell::on_mirror,        0, kMany, kDownload, "[-R] [--delete] [--dry-run] [-x GLOB] [-I GLOB] [--exclude-regex RX] [--include-regex RX] [-P N] [FROM [TO]]", "make one tree a copy of the other"},
        Shell::Command{"mkdir",     &Shell::on_mkdir,         1, 1, kRemote, "FOLDER", "make a folder"},
        Shell::Command{"mls",       &Shell::on_multiple_list, 2, kMany, kRemote, "REMOTE... LOCAL", "list several folders"},
        Shell::Command{"mlsd",      &Shell::on_list,          0, 2, kRemote, "[FOLDER [LOCAL]]", "list a folder as facts"},
        Shell::Command{"mlst",      &Shell::on_command,       0, 1, kRemote, "[REMOTE]", "facts of one file"},
        Shell::Command{"mode",      &Shell::on_mode,          0, 1, Shell::kConnected, "[stream|block|compressed|deflate]", "the transmission mode"},
        Shell::Command{"modtime",   &Shell::on_modtime,       1, 1, kRemote, "REMOTE", "when a file was changed"},
        Shell::Command{"more",      &Shell::on_page,          1, 1, kRemote, "REMOTE", "read a file page by page"},
        Shell::Command{"mput",      &Shell::on_mput,          1, kMany, kUpload, "LOCAL...", "send files"},
        Shell::Command{"mreget",    &Shell::on_mget,          1, kMany, kDownload, "REMOTE...", "fetch the rest of files"},
        Shell::Command{"msend",     &Shell::on_mput,          1, kMany, kUpload, "LOCAL...", "send files"},
        Shell::Command{"mv",        &Shell::on_rename,        2, 2, kRemote, "FROM TO", "rename a file, or move it into TO/"},
        Shell::Command{"newer",     &Shell::on_get,           1, 2, kDownload, "REMOTE [LOCAL]", "fetch a file if it is newer there"},
        Shell::Command{"nlist",     &Shell::on_list,          0, 2, kRemote, "[FOLDER [LOCAL]]", "names only"},
        Shell::Command{"nmap",      &Shell::on_nmap,             0, 2, 0, "[PATTERN NEW-PATTERN]", "make names here of names there: nmap $1.$2 $2-$1"},
        Shell::Command{"ntrans",    &Shell::on_ntrans,           0, 2, 0, "[CHARACTERS [OTHERS]]", "change characters of names on their way"},
        Shell::Command{"open",      &Shell::on_open,          1, 2, 0, "HOST|URL|BOOKMARK [PORT]", "connect"},
        Shell::Command{"page",      &Shell::on_page,          1, 1, kRemote, "REMOTE", "read a file page by page"},
        Shell::Command{"passive",   &Shell::on_switch,        0, 1, Shell::kSwitchable, "[on|off]", "who opens data connections: we (on) or the server"},
        Shell::Command{"pdir",      &Shell::on_list,          0, 1, kRemote, "[FOLDER]", "list a folder page by page"},
        Shell::Command{"pget",      &Shell::on_pget,          1, 4, kDownload, "[-n N] REMOTE [LOCAL]", "fetch a file with several connections"},
        Shell::Command{"pls",       &Shell::on_list,          0, 1, kRemote, "[FOLDER]", "list a folder page by page"},
        Shell::Command{"pmlsd",     &Shell::on_list,             0, 1, kRemote, "[FOLDER]", "list a folder as facts, page by page"},
        Shell::Command{"preserve",  &Shell::on_switch,        0, 1, Shell::kSwitchable, "[on|off]", "keep files' times"},
        Shell::Command{"progress",  &Shell::on_switch,        0, 1, Shell::kSwitchable, "[on|off]", "show the meter"},
        Shell::Command{"prompt",    &Shell::on_switch,        0, 1, Shell::kSwitchable, "[on|off]", "ask before each file of mget, mput, mdelete"},
        Shell::Command{"proxy",     &Shell::on_proxy,            1, kMany, kRemote, "VERB [WORD...]", "talk to a second server; get and put go between the two"},
        Shell::Command{"put",       &Shell::on_put,           1, 2, kUpload, "LOCAL [REMOTE]", "send a file; - reads standard input"},
        Shell::Command{"pwd",       &Shell::on_pwd,           0, 0, Shell::kConnected, "", "the server's folder"},
        Shell::Command{"queue",     &Shell::on_queue,         0, kMany, Shell::kConnected, "[COMMAND]", "run a transfer beside the prompt, after those queued before; alone, list"},
        Shell::Command{"quit",      &Shell::on_quit,          0, 0, 0, "", "end the session and the program"},
        Shell::Command{"quote",     &Shell::on_command,       1, kMany, Shell::kConnected, "WORD...", "say this to the server as it is"},
        Shell::Command{"rate",      &Shell::on_rate,          0, 2, 0, "[OCTETS]", "bound transfers, as 200k a second; 0: none"},
        Shell::Command{"rcvbuf",    &Shell::on_buffers,          0, 1, 0, "[OCTETS]", "kept for scripts: the system sizes buffers"},
        Shell::Command{"recv",      &Shell::on_get,           1, 2, kDownload, "REMOTE [LOCAL]", "fetch a file"},
        Shell::Command{"reget",     &Shell::on_get,           1, 2, kDownload, "REMOTE [LOCAL]", "fetch the rest of a file"},
        Shell::Command{"remopts",   &Shell::on_command,          1, 2, Shell::kConnected, "COMMAND [OPTIONS]", "set the server's options of a command (OPTS)"},
        Shell::Command{"rename",    &Shell::on_rename,        2, 2, kRemote, "FROM TO", "rename a file, or move it into TO/"},
        Shell::Command{"reput",     &Shell::on_put,           1, 2, kUpload, "LOCAL [REMOTE]", "send the rest of a file"},
        Shell::Command{"reset",     &Shell::on_reset,         0, 0, Shell::kConnected, "", "come back into step with the server"},
        Shell::Command{"restart",   &Shell::on_restart,       0, 1, Shell::kConnected, "[OCTETS]", "where the next get begins"},
        Shell::Command{"rhelp",     &Shell::on_command,       0, 1, Shell::kConnected, "[VERB]", "the server's help"},
        Shell::Command{"rm",        &Shell::on_rm,            1, kMany, kRemote, "[-r] [-f] REMOTE...", "delete files, with -r folders and all that is in them; -f without questions"},
        Shell::Command{"rmdir",     &Shell::on_rmdir,         1, 1, kRemote, "FOLDER", "remove a folder"},
        Shell::Command{"rstatus",   &Shell::on_command,       0, 1, Shell::kConnected, "[REMOTE]", "the server's state, or a file's"},
        Shell::Command{"runique",   &Shell::on_switch,        0, 1, Shell::kSwitchable, "[on|off]", "never overwrite a file here"},
        Shell::Command{"send",      &Shell::on_put,           1, 2, kUpload, "LOCAL [REMOTE]", "send a file"},
        Shell::Command{"sendport",  &Shell::on_switch,        0, 1, Shell::kSwitchable, "[on|off]", "the opposite of passive"},
        Shell::Command{"set",       &Shell::on_set,              0, 2, 0, "[NAME [VALUE]]", "show settings, or change one"},
        Shell::Command{"sha256",    &Shell::on_hash_of,          1, 1, kRemote, "REMOTE", "the server's SHA-256 of a file (HASH)"},
        Shell::Command{"site",      &Shell::on_command,       1, kMany, Shell::kConnected, "WORD...", "a command of this server's own (SITE)"},
        Shell::Command{"size",      &Shell::on_size,          1, 1, kRemote, "REMOTE", "how many octets a file has"},
        Shell::Command{"sndbuf",    &Shell::on_buffers,          0, 1, 0, "[OCTETS]", "kept for scripts: the system sizes buffers"},
        Shell::Command{"source",    &Shell::on_source,           1, 1, Shell::kLocalNames, "LOCAL", "do what a file says, line by line"},
        Shell::Command{"status",    &Shell::on_status,        0, 0, 0, "", "where we are and what is switched on"},
        Shell::Command{"struct",    &Shell::on_struct,        0, 1, Shell::kConnected, "[file|record|page]", "the files' structure"},
        Shell::Command{"sunique",   &Shell::on_switch,        0, 1, Shell::kSwitchable, "[on|off]", "let the server choose names (STOU)"},
        Shell::Command{"system",    &Shell::on_command,       0, 0, Shell::kConnected, "", "the server's system"},
        Shell::Command{"tenex",     &Shell::on_type,          0, 0, Shell::kConnected, "", "bytes of 8 bits from now on (TYPE L 8)"},
        Shell::Command{"throttle",  &Shell::on_rate,          0, 2, 0, "[OCTETS]", "bound transfers"},
        Shell::Command{"trace",     &Shell::on_switch,           0, 1, Shell::kSwitchable, "[on|off]", "show the time of each line of the dialogue"},
        Shell::Command{"type",      &Shell::on_type,          0, 1, Shell::kConnected, "[ascii|binary|ebcdic|tenex]", "the representation"},
        Shell::Command{"umask",     &Shell::on_command,       0, 1, Shell::kConnected, "[MASK]", "permissions of new files (SITE UMASK)"},
        Shell::Command{"unset",     &Shell::on_unset,            1, 1, 0, "NAME", "make a setting what it was at first"},
        Shell::Command{"usage",     &Shell::on_help,          1, kMany, 0, "VERB...", "how a verb is used"},
        Shell::Command{"user",      &Shell::on_user,          1, 3, Shell::kConnected, "NAME [PASSWORD [ACCOUNT]]", "log in"},
        Shell::Command{"verbose",   &Shell::on_switch,        0, 1, Shell::kSwitchable, "[on|off]", "show the server's replies"},
        Shell::Command{"wait",      &Shell::on_wait,          0, 1, 0, "[JOB]", "until jobs have ended"},
        Shell::Command{"xferbuf",   &Shell::on_buffers,          0, 1, 0, "[OCTETS]", "kept for scripts: the system sizes buffers"},
    };
    // clang-format on
};

static_assert(std::is_sorted(CommandTable::kCommands.begin(),
                             CommandTable::kCommands.end(),
                             [](const Shell::Command& a, const Shell::Command& b) {
                                 return a.name < b.name;
                             }));

std::span<const Shell::Command> Shell::commands() {
    return CommandTable::kCommands;
}

}  // namespace agent
