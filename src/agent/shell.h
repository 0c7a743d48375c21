// The interactive FTP client: BSD's verbs at a prompt, with jobs beside it.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ftp_arguments.h"
#include "agent/ftp_copy.h"
#include "agent/ftp_site.h"
#include "agent/jobs.h"

namespace agent {

// Reads commands from the terminal, or from standard input where that is none. The exit status: of the last command
// that failed, where nobody was at a terminal.
[[nodiscard]] int run_shell(FtpArguments& arguments);

// What the user can switch, as `status` shows it.
struct ShellSwitches {
    bool bell = false;
    bool ask_each = true;     // prompt: before each file of mget, mput, mdelete
    bool globbing = true;     // glob
    bool meter = true;        // progress
    bool keep_time = true;    // preserve
    bool lower_case = false;  // case: upper-case names of the server
    bool receive_unique = false;
    bool send_unique = false;
};

class Shell {
  public:
    using Words = std::vector<std::string>;
    using Handler = base::Result<> (Shell::*)(const Words& words);

    enum Flag : unsigned {
        kNone = 0,
        kConnected = 1,    // there must be a server
        kRemoteNames = 2,  // completes names of the server
        kLocalNames = 4,   // and of this machine
        kBackground = 8,   // may end in '&' and be queued
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
    // One line. Its errors are shown; the exit status.
    int run_line(const std::string& line);

    // The verbs in the order of the alphabet: dispatch, help and completion are made of this.
    [[nodiscard]] static std::span<const Command> commands();

    // What would be printed goes there instead: jobs have no screen.
    void capture(std::string& into) { captured_ = &into; }

    // Logs in where `setup` says.
    [[nodiscard]] base::Result<> prepare(const JobSetup& setup);

    [[nodiscard]] FtpSite& site() { return site_; }

  private:
    friend struct CommandTable;

    // Connections.
    base::Result<> on_open(const Words& words);
    base::Result<> on_close(const Words& words);
    base::Result<> on_quit(const Words& words);
    base::Result<> on_user(const Words& words);
    base::Result<> on_reset(const Words& words);
    base::Result<> on_bookmark(const Words& words);

    // Files, one or many.
    base::Result<> on_get(const Words& words);
    base::Result<> on_put(const Words& words);
    base::Result<> on_mget(const Words& words);
    base::Result<> on_mput(const Words& words);
    base::Result<> on_mirror(const Words& words);
    base::Result<> on_pget(const Words& words);
    base::Result<> on_page(const Words& words);
    base::Result<> on_edit(const Words& words);

    // Listings.
    base::Result<> on_list(const Words& words);
    base::Result<> on_multiple_list(const Words& words);

    // The server's files.
    base::Result<> on_cd(const Words& words);
    base::Result<> on_cdup(const Words& words);
    base::Result<> on_pwd(const Words& words);
    base::Result<> on_delete(const Words& words);
    base::Result<> on_mdelete(const Words& words);
    base::Result<> on_rename(const Words& words);
    base::Result<> on_mkdir(const Words& words);
    base::Result<> on_rmdir(const Words& words);
    base::Result<> on_size(const Words& words);
    base::Result<> on_modtime(const Words& words);
    base::Result<> on_hash_of(const Words& words);
    base::Result<> on_command(const Words& words);

    // How things go.
    base::Result<> on_type(const Words& words);
    base::Result<> on_mode(const Words& words);
    base::Result<> on_struct(const Words& words);
    base::Result<> on_switch(const Words& words);
    base::Result<> on_rate(const Words& words);
    base::Result<> on_restart(const Words& words);
    base::Result<> on_status(const Words& words);
    base::Result<> on_features(const Words& words);

    // This machine.
    base::Result<> on_lcd(const Words& words);
    base::Result<> on_lpwd(const Words& words);
    base::Result<> on_lpage(const Words& words);
    base::Result<> on_shell(const Words& words);
    base::Result<> on_help(const Words& words);
    base::Result<> on_macdef(const Words& words);
    base::Result<> on_macro(const Words& words);
    base::Result<> on_jobs(const Words& words);
    base::Result<> on_queue(const Words& words);
    base::Result<> on_wait(const Words& words);
    base::Result<> on_kill(const Words& words);

    [[nodiscard]] ftp::Client& client() { return site_.client(); }

    // Command lines (shell.cc).
    [[nodiscard]] base::Result<const Command*> find(std::string_view verb) const;
    base::Result<> dispatch(const Words& words);
    base::Result<> start_job(const Words& words, bool queued);
    [[nodiscard]] std::vector<std::string> complete(std::string_view line);
    [[nodiscard]] std::vector<std::string> remote_names(const std::string& word);
    void record(const std::string& line);
    int show_error(const base::Error& error);
    void say(std::string_view text);

    // Connections (shell_session.cc).
    [[nodiscard]] base::Result<> open(FtpUrl url);
    [[nodiscard]] base::Result<FtpLogin> login_for(const FtpUrl& url);
    void run_init_macro();

    // Transfers (shell_transfer.cc).
    [[nodiscard]] bool agrees(const std::string& verb, const std::string& name);
    [[nodiscard]] CopyOptions copy_options() const;
    [[nodiscard]] std::string local_name(const std::string& remote) const;
    [[nodiscard]] base::Result<Words> expand_remote(const std::string& pattern);
    base::Result<> fetch(const std::string& remote, const std::string& local, CopyOptions copy);
    base::Result<> fetch_text(const std::string& remote, std::string& text);
    base::Result<> send(const std::string& local, const std::string& remote, CopyOptions copy);
    base::Result<> write_text(const std::string& text, const std::string& local);

    FtpSite site_;
    FtpArguments arguments_;
    ShellSwitches switches_;
    std::optional<FtpUrl> where_;  // the server that is or was open
    std::optional<FtpLogin> login_;
    bool ascii_ = false;
    std::uint64_t restart_ = 0;  // for the next transfer
    bool done_ = false;          // bye
    bool all_agreed_ = false;    // 'a' was answered
    bool none_agreed_ = false;   // 'q' was
    int status_ = 0;
    int depth_ = 0;  // of macros in macros
    std::map<std::string, Words> macros_;
    std::optional<std::string> recorded_macro_;
    Jobs jobs_;
    std::string* captured_ = nullptr;
};

}  // namespace agent
