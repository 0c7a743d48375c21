#include "agent/shell.h"

#include <fmt/format.h>
#include <pwd.h>

#include <algorithm>

#include "agent/exit_status.h"
#include "agent/local_file.h"
#include "agent/terminal.h"
#include "agent/trust_prompt.h"
#include "agent/words.h"
#include "base/ascii.h"
#include "base/environment.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

std::string home_file(const std::string& name) {
    const std::string home = base::environment("HOME");
    return home.empty() ? "" : home + "/" + name;
}

// "" for a user who is not known.
std::string home_of(const std::string& user) {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 16384> room{};
    const int error = ::getpwnam_r(user.c_str(), &entry, room.data(), room.size(), &found);
    return error != 0 || found == nullptr ? "" : found->pw_dir;
}

}  // namespace

std::string expand_home(const std::string& path) {
    if (!path.starts_with('~')) {
        return path;
    }
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string name = path.substr(1, slash - 1);
    const std::string home = name.empty() ? base::environment("HOME") : home_of(name);
    return home.empty() ? path : home + path.substr(slash);
}

std::string file_name_of(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));
}

Shell::Shell(const FtpArguments& arguments) : here_(arguments.settings), arguments_(arguments) {
    switches_.ask_each = arguments.ask_each;
    switches_.globbing = arguments.globbing;
    switches_.meter = !arguments.quiet && is_shown(STDERR_FILENO);
    switches_.keep_time = arguments.keep_time;
    type_ = arguments.type;
    set_up_from_environment();
}

int run_shell(FtpArguments& arguments) {
    if (arguments.operands.size() > 2) {
        fmt::print(stderr,
                   "staffetta ftp: a host or a URL, and a port; see staffetta ftp --help\n");
        return kFtpUsage;
    }
    catch_interrupts();
    Shell shell(arguments);
    return shell.run();
}

void Shell::read_lines() {
    LineEditor editor(home_file(".staffetta-ftp-history"),
                      [this](std::string_view line) { return complete(line); });
    while (!done_) {
        say(jobs_.take_news());
        const auto line = recorded_macro_ ? editor.read("")
                                          : editor.read(filled_prompt(texts_.prompt),
                                                        filled_prompt(texts_.right_prompt));
        if (!line) {
            say(is_interactive() ? "\n" : "");
            break;
        }
        static_cast<void>(take_interrupt());
        if (recorded_macro_) {
            record(*line);
        } else if (is_interactive()) {
            typed_ = true;
            run_line(*line);
            typed_ = false;
        } else {
            run_unattended(*line);
        }
    }
}

int Shell::run() {
    // Before anything else: without it nobody would know what to say to a server.
    std::string script;
    if (!arguments_.script.empty()) {
        auto text = read_file(arguments_.script, kScriptOctetsMax);
        if (!text) {
            return show_error(text.error());
        }
        script = std::move(*text);
    }
    site().settings().verbose = is_interactive() || arguments_.settings.verbose;
    if (is_interactive() && arguments_.script.empty()) {
        site().settings().known = std::make_shared<KnownServers>(home_file(".staffetta-ftp-known"));
        site().settings().on_stranger = ask_whether_to_trust;
    }
    const std::string start = home_file(".staffetta-ftprc");
    if (status_of(start)) {
        static_cast<void>(run_file(start));
    }
    if (!arguments_.operands.empty()) {
        Words words{"open"};
        words.insert(words.end(), arguments_.operands.begin(), arguments_.operands.end());
        if (const auto opened = on_open(words); !opened) {
            show_error(opened.error());
        }
    }
    for (const std::string& line : arguments_.commands) {
        run_unattended(line);
    }
    if (!arguments_.script.empty()) {
        static_cast<void>(run_text(script));
        done_ = true;
    }
    read_lines();
    wait_for_jobs();
    if (site().is_open()) {
        static_cast<void>(site().run(client().quit()));
    }
    const bool unattended = !is_interactive() || !arguments_.script.empty();
    return exit_status_.value_or(unattended ? status_ : int{kFtpOk});
}

// Nobody's transfer ends because the prompt did; who waits no longer says so.
void Shell::wait_for_jobs() {
    // Before anything is said: whoever answers it with ^C is heard.
    static_cast<void>(take_interrupt());
    if (is_interactive() && jobs_.running() > 0) {
        say(fmt::format("Waiting for {} to end; ^C kills them\n",
                        jobs_.running() == 1 ? "a job" : fmt::format("{} jobs", jobs_.running())));
    }
    jobs_.wait(0, [] { return take_interrupt(); });
    jobs_.kill_all();
    jobs_.wait(0);
    say(jobs_.take_news());
    const int failure = jobs_.take_failure(0);
    status_ = failure != kFtpOk ? failure : status_;
}

base::Result<> Shell::dispatch(const Words& words) {
    Words whole = without_alias(words);
    TRY(const Command* command, find(whole[0]));
    whole[0] = command->name;  // abbreviations end here
    if (whole.size() > 1 && whole.back() == "&") {
        if ((command->flags & kBackground) == 0) {
            return fail(Errc::kInvalid,
                        fmt::format("{} cannot run beside the prompt", command->name));
        }
        whole.pop_back();
        return start_job(whole, false);
    }
    all_agreed_ = false;
    none_agreed_ = false;
    return call(*command, whole);
}

namespace {

// The name of the word at `index` among those that a syntax demands: "REMOTE" of "[-c] REMOTE [[-o] LOCAL]".
std::string name_of_word(std::string_view syntax, std::size_t index) {
    std::size_t depth = 0;
    while (!syntax.empty()) {
        const std::string_view word = base::split_front(syntax, ' ');
        const bool demanded = depth == 0 && !word.starts_with('[') && !word.starts_with('-');
        depth += static_cast<std::size_t>(std::count(word.begin(), word.end(), '['));
        depth -= static_cast<std::size_t>(std::count(word.begin(), word.end(), ']'));
        if (demanded && index-- == 0) {
            return base::to_lower(word.substr(0, word.find('.')));
        }
    }
    return "more";
}

}  // namespace

// As BSD's client: who types `get` is asked what.
Shell::Words Shell::ask_for_missing(const Command& command, Words words) const {
    while (typed_ && words.size() - 1 < command.words_min) {
        const auto answer =
            ask(fmt::format("({}) ", name_of_word(command.syntax, words.size() - 1)));
        const auto more = answer ? split_words(*answer) : std::nullopt;
        if (take_interrupt() || !more || more->empty()) {
            break;
        }
        words.insert(words.end(), more->begin(), more->end());
    }
    return words;
}

base::Result<> Shell::call(const Command& command, const Words& given) {
    const Words words = ask_for_missing(command, given);
    const std::size_t count = words.size() - 1;
    if (count < command.words_min || count > command.words_max) {
        return tl::unexpected(usage_of(command.name));
    }
    if ((command.flags & kConnected) != 0 && !site().is_open()) {
        TRY_VOID(reopen());
    }
    return (this->*command.handler)(words);
}

base::Error Shell::usage_of(std::string_view verb) const {
    const auto command = find(verb);
    return {.code = Errc::kSyntax,
            .text = fmt::format("usage: {} {}", verb, command ? (*command)->syntax : "")};
}

// Whole, or as much as is unambiguous, as BSD's client has it.
base::Result<const Shell::Command*> Shell::find(std::string_view verb) const {
    const Command* found = nullptr;
    for (const Command& command : commands()) {
        if (command.name == verb) {
            return &command;
        }
        if (command.name.starts_with(verb)) {
            if (found != nullptr && found->handler != command.handler) {
                return fail(Errc::kSyntax,
                            fmt::format("{}: {} or {}?", verb, found->name, command.name));
            }
            found = found != nullptr ? found : &command;
        }
    }
    if (found == nullptr) {
        return fail(Errc::kSyntax, fmt::format("{}: no such command; `help` lists them", verb));
    }
    return found;
}

base::Result<> Shell::on_help(const Words& words) {
    if (words.size() == 1) {
        const std::size_t in_a_line = std::max<std::size_t>(1, terminal_columns() / 13);
        std::string text;
        std::size_t column = 0;
        for (const Command& command : commands()) {
            text += fmt::format("{:<12}", command.name);
            text += ++column % in_a_line == 0 ? "\n" : " ";
        }
        say(text + "\n" +
            wrapped("`help VERB` says more. A verb may be cut short; & at the end of a transfer "
                    "runs it beside the prompt.") +
            "\n");
        return {};
    }
    for (std::size_t i = 1; i < words.size(); ++i) {
        TRY(const Command* command, find(words[i]));
        say(fmt::format("{} {}\n{}\n",
                        command->name,
                        command->syntax,
                        wrapped(fmt::format("    {}", command->help))));
    }
    return {};
}

int Shell::show_error(const base::Error& error) {
    has_failed_ = true;
    if (error.text.empty()) {
        return status_;  // already_said()
    }
    status_ = error.code == Errc::kSyntax ? int{kFtpUsage} : ftp_exit_status(error.code);
    // A reply that was shown already is not said again.
    const bool shown = captured_ == nullptr && site().has_client() && site().reply_was_shown() &&
                       client().last_reply().to_string() == error.text;
    if (captured_ != nullptr) {
        *captured_ += error.text + "\n";
    } else if (!shown) {
        clear_status_line();
        fmt::print(stderr, "{}\n", wrapped(without_controls(error.text)));
    }
    return status_;
}

tl::unexpected<base::Error> Shell::already_said() {
    return fail(Errc::kIo, "");
}

void Shell::say(std::string_view text) {
    if (captured_ != nullptr) {
        *captured_ += text;
        return;
    }
    fmt::print("{}", text);
    std::fflush(stdout);
}

void Shell::say_foreign(const std::string& text) {
    say(is_shown(STDOUT_FILENO) || captured_ != nullptr ? without_controls(text) : text);
}

}  // namespace agent
