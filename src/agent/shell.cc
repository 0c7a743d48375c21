#include "agent/shell.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "agent/exit_status.h"
#include "agent/glob.h"
#include "agent/terminal.h"
#include "agent/words.h"
#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

constexpr int kMacroDepthMax = 8;

std::string history_file() {
    const char* home = std::getenv("HOME");
    return home == nullptr ? "" : std::string(home) + "/.staffetta-ftp-history";
}

}  // namespace

Shell::Shell(const FtpArguments& arguments) : site_(arguments.settings), arguments_(arguments) {
    switches_.ask_each = arguments.ask_each;
    switches_.globbing = arguments.globbing;
    switches_.meter = !arguments.quiet && ::isatty(STDERR_FILENO) == 1;
    switches_.keep_time = arguments.keep_time;
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

int Shell::run() {
    site_.settings().verbose = is_interactive() || arguments_.settings.verbose;
    if (!arguments_.operands.empty()) {
        Words words{"open"};
        words.insert(words.end(), arguments_.operands.begin(), arguments_.operands.end());
        if (const auto opened = on_open(words); !opened) {
            show_error(opened.error());
        }
    }
    for (const std::string& line : arguments_.commands) {
        run_line(line);
    }
    LineEditor editor(history_file(), [this](std::string_view line) { return complete(line); });
    while (!done_) {
        say(jobs_.take_news());
        const auto line = editor.read(recorded_macro_ ? "" : "ftp> ");
        if (!line) {
            break;
        }
        static_cast<void>(take_interrupt());
        if (recorded_macro_) {
            record(*line);
        } else {
            run_line(*line);
        }
    }
    jobs_.wait(0);
    say(jobs_.take_news());
    if (site_.is_open()) {
        static_cast<void>(site_.run(client().quit()));
    }
    return is_interactive() ? int{kFtpOk} : status_;
}

int Shell::run_line(const std::string& line) {
    const auto words = split_words(line);
    const auto done = words ? (words->empty() ? base::Result<>() : dispatch(*words))
                            : base::Result<>(fail(Errc::kSyntax, "a quote is left open"));
    if (switches_.bell) {
        say("\a");
    }
    return done ? int{kFtpOk} : show_error(done.error());
}

base::Result<> Shell::dispatch(const Words& words) {
    TRY(const Command* command, find(words[0]));
    Words whole = words;
    whole[0] = command->name;  // abbreviations end here
    if (whole.size() > 1 && whole.back() == "&") {
        if ((command->flags & kBackground) == 0) {
            return fail(Errc::kInvalid,
                        fmt::format("{} cannot run beside the prompt", command->name));
        }
        whole.pop_back();
        return start_job(whole, false);
    }
    const std::size_t count = whole.size() - 1;
    if (count < command->words_min || count > command->words_max) {
        return fail(Errc::kSyntax, fmt::format("usage: {} {}", command->name, command->syntax));
    }
    if ((command->flags & kConnected) != 0 && !site_.is_open()) {
        return fail(Errc::kUnavailable, "not connected; `open HOST` first");
    }
    all_agreed_ = false;
    none_agreed_ = false;
    return (this->*command->handler)(whole);
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

void Shell::record(const std::string& line) {
    if (line.empty()) {
        recorded_macro_.reset();
        return;
    }
    macros_[*recorded_macro_].push_back(line);
}

base::Result<> Shell::on_macdef(const Words& words) {
    recorded_macro_ = words[1];
    macros_[words[1]].clear();
    return {};
}

// $1 to $9 are the words behind the macro's name.
base::Result<> Shell::on_macro(const Words& words) {
    const auto macro = macros_.find(words[1]);
    if (macro == macros_.end()) {
        return fail(Errc::kNotFound, fmt::format("{}: no such macro", words[1]));
    }
    if (depth_ == kMacroDepthMax) {
        return fail(Errc::kTooLong, "macros call one another too deeply");
    }
    ++depth_;
    const Words lines = macro->second;
    for (const std::string& line : lines) {
        std::string filled;
        for (std::size_t i = 0; i < line.size(); ++i) {
            const bool argument =
                line[i] == '$' && i + 1 < line.size() && base::is_digit(line[i + 1]);
            if (!argument) {
                filled += line[i];
                continue;
            }
            const auto index = static_cast<std::size_t>(line[++i] - '0') + 1;
            filled += index < words.size() ? quote_word(words[index]) : "";
        }
        run_line(filled);
    }
    --depth_;
    return {};
}

base::Result<> Shell::on_help(const Words& words) {
    if (words.size() == 1) {
        std::string text;
        std::size_t column = 0;
        for (const Command& command : commands()) {
            text += fmt::format("{:<13}", command.name);
            text += ++column % 6 == 0 ? "\n" : "";
        }
        say(text +
            "\nhelp VERB says more; a command may be cut short, and & at its end runs it beside "
            "the prompt\n");
        return {};
    }
    for (std::size_t i = 1; i < words.size(); ++i) {
        TRY(const Command* command, find(words[i]));
        say(fmt::format("{} {}\n    {}\n", command->name, command->syntax, command->help));
    }
    return {};
}

base::Result<> Shell::start_job(const Words& words, bool queued) {
    if (!where_ || !login_) {
        return fail(Errc::kUnavailable, "not logged in");
    }
    JobSetup setup;
    for (const std::string& word : words) {
        setup.line += (setup.line.empty() ? "" : " ") + quote_word(word);
    }
    setup.arguments = arguments_;
    setup.arguments.settings = site_.settings();
    setup.arguments.settings.heeds_interrupts = false;
    setup.arguments.settings.verbose = false;
    setup.arguments.settings.debug = false;
    setup.arguments.quiet = true;
    setup.arguments.ask_each = false;
    setup.where = *where_;
    setup.login = *login_;
    TRY(setup.directory, site_.run(client().working_directory()));
    const std::string line = setup.line;
    say(fmt::format("[{}] {}\n", jobs_.start(std::move(setup), queued), line));
    return {};
}

base::Result<> Shell::on_queue(const Words& words) {
    TRY(const Command* command, find(words[1]));
    if ((command->flags & kBackground) == 0) {
        return fail(Errc::kInvalid, fmt::format("{} cannot be queued", command->name));
    }
    return start_job(Words(words.begin() + 1, words.end()), true);
}

base::Result<> Shell::on_jobs(const Words& /*words*/) {
    say(jobs_.list());
    return {};
}

base::Result<> Shell::on_wait(const Words& words) {
    const auto number = words.size() > 1 ? base::parse_number<unsigned>(words[1], 1'000'000U) : 0U;
    if (!number || !jobs_.wait(static_cast<int>(*number))) {
        return fail(Errc::kNotFound, fmt::format("{}: no such job", words[1]));
    }
    say(jobs_.take_news());
    return {};
}

base::Result<> Shell::on_kill(const Words& words) {
    const auto number = base::parse_number<unsigned>(words[1], 1'000'000U);
    if (!number || !jobs_.kill(static_cast<int>(*number))) {
        return fail(Errc::kNotFound, fmt::format("{}: no such job", words[1]));
    }
    return {};
}

int Shell::show_error(const base::Error& error) {
    status_ = error.code == Errc::kSyntax ? int{kFtpUsage} : ftp_exit_status(error.code);
    // A reply that was shown already is not said again.
    const bool shown = site_.settings().verbose && captured_ == nullptr && site_.has_client() &&
                       client().last_reply().to_string() == error.text;
    if (captured_ != nullptr) {
        *captured_ += error.text + "\n";
    } else if (!shown) {
        fmt::print(stderr, "{}\n", error.text);
    }
    return status_;
}

void Shell::say(std::string_view text) {
    if (captured_ != nullptr) {
        *captured_ += text;
        return;
    }
    fmt::print("{}", text);
    std::fflush(stdout);
}

std::vector<std::string> Shell::complete(std::string_view line) {
    const auto words = split_words(line);
    const std::string word = last_word(line);
    std::vector<std::string> names;
    if (!words || words->empty() || (words->size() == 1 && !word.empty())) {
        for (const Command& command : commands()) {
            names.emplace_back(command.name);
        }
        return names;
    }
    const auto command = find(words->front());
    if (command && ((*command)->flags & kRemoteNames) != 0 && site_.is_open()) {
        names = remote_names(word);
    }
    if (command && ((*command)->flags & kLocalNames) != 0) {
        const std::string folder = word.substr(0, word.rfind('/') + 1);
        std::error_code failed;
        for (const auto& item :
             std::filesystem::directory_iterator(folder.empty() ? "." : folder, failed)) {
            names.push_back(folder + item.path().filename().string() +
                            (item.is_directory(failed) ? "/" : ""));
        }
    }
    return names;
}

std::vector<std::string> Shell::remote_names(const std::string& word) {
    const std::string folder = word.substr(0, word.rfind('/') + 1);
    const bool verbose = std::exchange(site_.settings().verbose, false);
    const auto entries = site_.run(client().list(folder));
    site_.settings().verbose = verbose;
    std::vector<std::string> names;
    if (entries) {
        for (const ftp::RemoteEntry& entry : *entries) {
            names.push_back(folder + entry.name + (entry.is_directory() ? "/" : ""));
        }
    }
    return names;
}

}  // namespace agent
