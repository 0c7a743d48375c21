// The interactive FTP client: BSD's verbs at a prompt, with jobs beside it.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ftp_arguments.h"
#include "agent/ftp_copy.h"
#include "agent/ftp_site.h"
#include "agent/jobs.h"
#include "agent/name_map.h"
#include "agent/twins.h"

namespace agent {

// Reads commands from the terminal, or from standard input where that is none. The exit status: of the last command
// that failed, where nobody was at a terminal.
[[nodiscard]] int run_shell(FtpArguments& arguments);

// What the user can switch, as `status` shows it.
struct ShellSwitches {
    bool bell = false;
    bool fail_exit = false;     // of what nobody typed, the first line that fails is the last
    bool ask_each = true;       // prompt: before each file of mget, mput, mdelete
    bool globbing = true;       // glob
    bool meter = true;          // progress
    bool marks = false;         // hash
    bool keep_time = true;      // preserve
    bool strip_returns = true;  // cr
    bool gate = false;
    bool receive_unique = false;
    bool send_unique = false;
};

// What the user can set to a text, as `set` shows it.
struct ShellTexts {
    std::string anonymous_password;
    std::string editor;
    std::string gate;  // a host, or a host:port
    std::string pager;
    std::string prompt = "ftp> ";
    std::string right_prompt;
};

// A server, and who we are there.
struct ShellConnection {
    explicit ShellConnection(const FtpSettings& settings)
        : site(std::make_unique<FtpSite>(settings)) {}

    std::unique_ptr<FtpSite> site;
    std::optional<FtpUrl> where;  // the server that is or was open
    std::optional<FtpLogin> login;
    std::string folder_before;  // of the server, for `cd -`; empty: none
};

class Shell {
  public:
    // A file of commands is no longer.
    static constexpr std::size_t kScriptOctetsMax = std::size_t{1} << 20;

    using Words = std::vector<std::string>;
    using Handler = base::Result<> (Shell::*)(const Words& words);

    enum Flag : unsigned {
        kNone = 0,
        kConnected = 1,    // there must be a server
        kRemoteNames = 2,  // completes names of the server
        kLocalNames = 4,   // and of this machine
        kBackground = 8,   // may end in '&' and be queued
        kSwitchable = 16,  // completes on and off
    };

    struct Command {
        std::string_view name;
        Handler handler;
        std::size_t words_min;  // behind the verb
        std::size_t words_max;
        unsigned flags;
        std::string_view syntax;
        std::string_view help;
    };

    explicit Shell(const FtpArguments& arguments);

    // The prompt, until `bye` or the end of input.
    [[nodiscard]] int run();
    // One line, of commands between `;`, `&&` and `||`. Their errors are shown; the exit status of the last that ran.
    int run_line(const std::string& line);

    // The verbs in the order of the alphabet: dispatch, help and completion are made of this.
    [[nodiscard]] static std::span<const Command> commands();

    // What would be printed goes there instead, and octets are counted: jobs have no screen.
    void capture(std::string& into, std::atomic<std::uint64_t>& octets) {
        captured_ = &into;
        counter_ = &octets;
    }

    // Logs in where `setup` says.
    [[nodiscard]] base::Result<> prepare(const JobSetup& setup);

    // On the screen, or where the output goes instead. The exit status that it stands for.
    int show_error(const base::Error& error);

    [[nodiscard]] FtpSite& site() { return *here_.site; }

  private:
    friend struct CommandTable;
    friend struct VariableTable;

    // Connections.
    base::Result<> on_open(const Words& words);
    base::Result<> on_close(const Words& words);
    base::Result<> on_quit(const Words& words);
    base::Result<> on_user(const Words& words);
    base::Result<> on_reset(const Words& words);
    base::Result<> on_bookmark(const Words& words);
    base::Result<> on_gate(const Words& words);
    base::Result<> on_proxy(const Words& words);

    // Files, one or many.
    base::Result<> on_get(const Words& line);
    base::Result<> on_put(const Words& line);
    base::Result<> on_mget(const Words& line);
    base::Result<> on_mput(const Words& line);
    base::Result<> on_fget(const Words& words);
    base::Result<> on_mmv(const Words& words);
    base::Result<> on_glob(const Words& words);
    base::Result<> on_mirror(const Words& words);
    base::Result<> on_pget(const Words& words);
    base::Result<> on_page(const Words& line);
    base::Result<> on_edit(const Words& words);

    // Listings.
    base::Result<> on_list(const Words& words);
    base::Result<> on_multiple_list(const Words& words);
    base::Result<> on_cls(const Words& words);
    base::Result<> on_find(const Words& words);
    base::Result<> on_du(const Words& words);

    // The server's files.
    base::Result<> on_cd(const Words& words);
    base::Result<> on_cdup(const Words& words);
    base::Result<> on_pwd(const Words& words);
    base::Result<> on_delete(const Words& words);
    base::Result<> on_mdelete(const Words& words);
    base::Result<> on_rm(const Words& words);
    base::Result<> on_rename(const Words& words);
    base::Result<> on_mkdir(const Words& words);
    base::Result<> on_rmdir(const Words& words);
    base::Result<> on_size(const Words& words);
    base::Result<> on_modtime(const Words& words);
    base::Result<> on_hash_of(const Words& words);
    base::Result<> on_command(const Words& words);

    // How things go.
    base::Result<> on_type(const Words& words);
    base::Result<> on_form(const Words& words);
    base::Result<> on_mode(const Words& words);
    base::Result<> on_struct(const Words& words);
    base::Result<> on_switch(const Words& words);
    base::Result<> on_set(const Words& words);
    base::Result<> on_unset(const Words& words);
    base::Result<> on_marks(const Words& words);
    base::Result<> on_buffers(const Words& words);
    base::Result<> on_ntrans(const Words& words);
    base::Result<> on_nmap(const Words& words);
    base::Result<> on_rate(const Words& words);
    base::Result<> on_restart(const Words& words);
    base::Result<> on_status(const Words& words);
    base::Result<> on_features(const Words& words);

    // This machine.
    base::Result<> on_lcd(const Words& words);
    base::Result<> on_lpwd(const Words& words);
    base::Result<> on_lls(const Words& words);
    base::Result<> on_lpage(const Words& words);
    base::Result<> on_shell(const Words& words);
    base::Result<> on_help(const Words& words);
    base::Result<> on_macdef(const Words& words);
    base::Result<> on_macro(const Words& words);
    base::Result<> on_alias(const Words& words);
    base::Result<> on_unalias(const Words& words);
    base::Result<> on_source(const Words& words);
    base::Result<> on_at(const Words& words);
    base::Result<> on_repeat(const Words& words);
    base::Result<> on_sleep(const Words& words);
    base::Result<> on_echo(const Words& words);
    base::Result<> on_jobs(const Words& words);
    base::Result<> on_queue(const Words& words);
    base::Result<> on_wait(const Words& words);
    base::Result<> on_kill(const Words& words);

    [[nodiscard]] ftp::Client& client() { return site().client(); }

    // Command lines (shell.cc).
    [[nodiscard]] base::Result<const Command*> find(std::string_view verb) const;
    [[nodiscard]] base::Error usage_of(std::string_view verb) const;
    [[nodiscard]] Words without_alias(const Words& words) const;
    base::Result<> dispatch(const Words& words);
    base::Result<> call(const Command& command, const Words& given);
    [[nodiscard]] Words ask_for_missing(const Command& command, Words words) const;
    void wait_for_jobs();
    // The failure of a command whose commands have said theirs.
    [[nodiscard]] static tl::unexpected<base::Error> already_said();
    void say(std::string_view text);
    // For a terminal without a server's control characters.
    void say_foreign(const std::string& text);

    // Scripts, and commands that wait (shell_scripts.cc).
    int run_words(const Words& words);
    void run_unattended(const std::string& line);
    // What is typed or comes in by standard input, line by line, until `bye` or its end.
    void read_lines();
    int run_behind(const Words& words, std::size_t first);
    base::Result<> run_file(const std::string& path);
    base::Result<> run_text(std::string_view text);
    [[nodiscard]] base::Result<> wait_for(base::WallTime when);

    // Prompts and completion (shell_prompt.cc).
    [[nodiscard]] std::string filled_prompt(std::string_view pattern);
    [[nodiscard]] std::vector<std::string> complete(std::string_view line);
    [[nodiscard]] std::vector<std::string> remote_names(const std::string& word);

    // Macros and jobs (shell_macros.cc, shell_jobs.cc).
    void record(const std::string& line);
    base::Result<> start_job(const Words& words, bool queued);

    // Connections (shell_session.cc).
    [[nodiscard]] base::Result<> open(FtpUrl url);
    [[nodiscard]] base::Result<> log_in(const FtpUrl& url);
    [[nodiscard]] base::Result<> log_in_as(FtpLogin login);
    [[nodiscard]] base::Result<> reopen();
    // Opens the site. What fails is said here, since its exit status is known to nobody else.
    [[nodiscard]] base::Result<> connect(const FtpUrl& url, const std::optional<FtpLogin>& login);
    [[nodiscard]] base::Result<FtpLogin> login_for(const FtpUrl& url);
    [[nodiscard]] base::Result<FtpUrl> through_gate(const FtpUrl& url) const;
    void run_init_macro();
    // Where a session is about to end.
    void forget_macros();

    // Switches and variables (shell_variables.cc).
    void set_up_from_environment();
    void apply_settings();
    [[nodiscard]] base::Result<> assign(std::string_view named,
                                        const std::optional<std::string>& value);
    [[nodiscard]] std::vector<std::string> variable_names() const;

    // What a glob of the server's names stands for.
    enum class Wanted : std::uint8_t { kFiles, kFolders, kBoth };

    // Transfers (shell_transfer.cc, shell_many.cc).
    [[nodiscard]] bool agrees(const std::string& verb, const std::string& name);
    [[nodiscard]] CopyOptions copy_options() const;
    [[nodiscard]] ftp::Representation representation();
    [[nodiscard]] base::Result<> choose(ftp::Type type, ftp::Form form);
    [[nodiscard]] MeterStyle meter_style() const;
    // A file of this machine: never the standard output, never a command.
    [[nodiscard]] std::string local_name(const std::string& remote,
                                         const std::string& folder = "") const;
    [[nodiscard]] std::string remote_name(const std::string& local) const;
    [[nodiscard]] base::Result<Words> expand_in(const std::string& folder,
                                                const std::string& part,
                                                Wanted wanted,
                                                std::size_t& left);
    [[nodiscard]] base::Result<Words> expand_glob(const std::string& pattern, Wanted last);
    [[nodiscard]] base::Result<Words> expand_remote(const std::string& pattern, Wanted last);
    [[nodiscard]] base::Result<std::vector<ftp::RemoteEntry>> entries_of(const std::string& top);
    [[nodiscard]] base::Result<Words> expand_local(const std::string& word) const;
    // For each remote file, or folder as well, that the words stand for, and the user agrees to. What fails is said, and
    // the next follows.
    base::Result<> for_each_remote(
        const Words& words,
        const std::function<base::Result<>(const std::string& path)>& step,
        Wanted wanted = Wanted::kFiles);
    // What `write` says of each folder, of the current one where none is named, goes to `place`.
    using WriteTop = std::function<base::Result<>(ftp::ByteSink& out, const std::string& top)>;
    [[nodiscard]] base::Result<> write_tops(Words tops,
                                            const std::string& place,
                                            const WriteTop& write);
    [[nodiscard]] std::function<void(const std::string&, const base::Error&)> tell_failure(
        std::string top);
    base::Result<> remove_tree(const std::string& top);
    base::Result<> make_with_parents(const std::string& path);
    base::Result<> copy_to_proxy(const Words& words, bool to_second, const std::string& verb);
    base::Result<> fetch(const std::string& remote, const std::string& local, CopyOptions copy);
    base::Result<> fetch_as_named(const Words& words,
                                  CopyOptions copy,
                                  const std::string& folder = "");
    [[nodiscard]] static base::Result<> remove_here(const std::string& local);
    // `whole`: what is shorter than SIZE says has not come; a command that leaves some of it unread, or fails, has not got
    // it.
    base::Result<> fetch_one(const std::string& remote, ftp::ByteSink& sink, bool whole);
    base::Result<> fetch_into(const Words& remotes, const std::string& place, bool whole = false);
    base::Result<> fetch_from_restart(const std::string& remote, const std::string& local);
    base::Result<> send(const std::string& local, const std::string& remote, CopyOptions copy);
    base::Result<> send_one_of_many(const std::string& local,
                                    const std::string& remote,
                                    CopyOptions copy,
                                    SentNames& sent);
    // What `write` writes goes to "-", "|COMMAND" or a file, as it comes, as lines of this machine.
    base::Result<> write_to(const std::string& place,
                            const std::function<base::Result<>(ftp::ByteSink& out)>& write);
    [[nodiscard]] std::string pager_command() const;

    ShellConnection here_;
    std::optional<ShellConnection> there_;  // of `proxy`
    FtpArguments arguments_;
    ShellSwitches switches_;
    ShellTexts texts_;
    NameMap names_;
    std::uint64_t mark_octets_ = 1024;
    unsigned segments_ = 4;  // of pget
    ftp::Type type_ = ftp::Type::kImage;
    ftp::Form form_ = ftp::Form::kNonPrint;
    std::uint64_t restart_ = 0;  // for the next transfer
    std::string local_before_;   // for `lcd -`; empty: none
    bool typed_ = false;         // the line that is done now, by somebody who can be asked
    bool done_ = false;          // bye
    bool all_agreed_ = false;    // 'a' was answered
    bool none_agreed_ = false;   // 'q' was
    int status_ = 0;
    bool has_failed_ = false;  // something of the command that ran last was shown as an error
    std::optional<int> exit_status_;  // `exit` named one
    int depth_ = 0;                   // of macros and files in macros and files
    std::map<std::string, Words> macros_;
    std::map<std::string, Words> aliases_;
    std::optional<std::string> recorded_macro_;
    Jobs jobs_;
    std::string* captured_ = nullptr;
    std::atomic<std::uint64_t>* counter_ = nullptr;
};

// What stands in place of a leading ~: the home of its owner.
[[nodiscard]] std::string expand_home(const std::string& path);
[[nodiscard]] std::string file_name_of(std::string_view path);

}  // namespace agent
