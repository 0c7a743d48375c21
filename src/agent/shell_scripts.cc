// The interactive client's lines of several commands, files of them, and commands that wait: `;`, `&&`, `||`, source, at,
// repeat, sleep.
#include <fmt/format.h>

#include "agent/exit_status.h"
#include "agent/local_file.h"
#include "agent/shell.h"
#include "agent/when.h"
#include "agent/words.h"
#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

constexpr int kDepthMax = 8;
// Between two looks at the clock, and at whether the user has had enough.
constexpr base::Duration kLook = std::chrono::milliseconds(100);

// By the wall clock: it goes on while a machine sleeps.
base::Task<base::Result<>> wait_until(FtpSite& site, base::WallTime when) {
    const base::Clock& clock = site.loop().clock();
    while (clock.now() < when) {
        if (site.is_interrupted()) {
            co_return fail(Errc::kReset, "interrupted");
        }
        const base::Duration left = when - clock.now();
        co_await base::sleep_until(site.loop(), clock.steady() + std::min(left, kLook));
    }
    co_return base::Result<>();
}

// What stands before `repeat`'s command.
struct Repetition {
    std::optional<std::uint64_t> count;
    base::Duration delay = std::chrono::seconds(1);
    bool while_done = false;
    bool until_done = false;
    std::size_t command_at = 1;
};

base::Result<Repetition> read_repetition(const Shell::Words& words) {
    Repetition read;
    std::size_t i = 1;
    for (; i < words.size() && words[i] != "--"; ++i) {
        const std::string& word = words[i];
        const bool more = i + 1 < words.size();
        if (word == "-c" && more) {
            read.count = base::parse_u64(words[++i]);
            if (!read.count) {
                return fail(Errc::kSyntax, "repeat -c wants a number");
            }
        } else if (word == "-d" && more) {
            TRY(read.delay, parse_span(words[++i]));
        } else if (word == "--while-ok") {
            read.while_done = true;
        } else if (word == "--until-ok") {
            read.until_done = true;
        } else {
            // lftp's users leave -d out.
            const auto delay = parse_span(word);
            if (!delay) {
                break;
            }
            read.delay = *delay;
        }
    }
    read.command_at = i + (i < words.size() && words[i] == "--" ? 1 : 0);
    return read;
}

}  // namespace

// Lines of several commands end with the first that says `bye`.
int Shell::run_line(const std::string& line) {
    const auto parts = split_commands(line);
    if (!parts) {
        return show_error({.code = Errc::kSyntax, .text = "a quote is left open"});
    }
    int status = kFtpOk;
    for (const CommandPart& part : *parts) {
        const bool wanted = part.joint == CommandPart::Joint::kAlways ||
                            (part.joint == CommandPart::Joint::kIfDone) == (status == kFtpOk);
        if (wanted && !done_) {
            status = run_words(part.words);
        }
    }
    return status;
}

// A verb of many files tells of those that failed and goes on: it has failed then, whatever it returns, for what stands
// behind `&&` is often their removal.
int Shell::run_words(const Words& words) {
    has_failed_ = false;
    const auto done = words.empty() ? base::Result<>() : dispatch(words);
    if (switches_.bell) {
        say("\a");
    }
    if (!done) {
        return show_error(done.error());
    }
    return has_failed_ ? status_ : int{kFtpOk};
}

// A line that nobody typed just now: with `fail-exit` nothing comes behind one that failed.
void Shell::run_unattended(const std::string& line) {
    if (run_line(line) != kFtpOk && switches_.fail_exit) {
        done_ = true;
    }
}

// Its lines as if they were typed.
base::Result<> Shell::run_file(const std::string& path) {
    TRY(const std::string text, read_file(path, kScriptOctetsMax));
    return run_text(text);
}

base::Result<> Shell::run_text(std::string_view text) {
    if (depth_ == kDepthMax) {
        return fail(Errc::kTooLong, "files and macros call one another too deeply");
    }
    ++depth_;
    for (std::string_view rest = text; !rest.empty() && !done_;) {
        const std::string line(base::trim(base::split_front(rest, '\n')));
        if (recorded_macro_) {
            record(line);
        } else {
            run_unattended(line);
        }
    }
    --depth_;
    return {};
}

base::Result<> Shell::on_source(const Words& words) {
    return run_file(expand_home(words[1]));
}

base::Result<> Shell::on_echo(const Words& words) {
    std::string line;
    for (std::size_t i = 1; i < words.size(); ++i) {
        line += (i > 1 ? " " : "") + words[i];
    }
    say(line + "\n");
    return {};
}

base::Result<> Shell::wait_for(base::WallTime when) {
    auto waited = site().run(wait_until(site(), when));
    if (!waited) {
        static_cast<void>(take_interrupt());
    }
    return waited;
}

base::Result<> Shell::on_sleep(const Words& words) {
    TRY(const base::Duration span, parse_span(words[1]));
    return wait_for(site().loop().clock().now() +
                    std::chrono::ceil<std::chrono::milliseconds>(span));
}

// A command that is one word is a line: at 3:00 "get a; get b". kFtpOk, or what went wrong, which was said.
int Shell::run_behind(const Words& words, std::size_t first) {
    if (first + 1 == words.size()) {
        return run_line(words[first]);
    }
    return run_words(Words(words.begin() + static_cast<std::ptrdiff_t>(first), words.end()));
}

// at WHEN [--] COMMAND...; a time of today that is over is one of tomorrow.
base::Result<> Shell::on_at(const Words& words) {
    const base::WallTime now = site().loop().clock().now();
    const auto dashes = std::find(words.begin(), words.end(), "--");
    std::string text = words[1];
    std::size_t command_at = 2;
    if (dashes != words.end()) {
        command_at = static_cast<std::size_t>(dashes - words.begin()) + 1;
        for (std::size_t i = 2; i + 1 < command_at; ++i) {
            text += " " + words[i];
        }
    } else if (words.size() > 3 && parse_when(text + " " + words[2], now)) {
        text += " " + words[2];
        command_at = 3;
    }
    TRY(base::WallTime when, parse_when(text, now));
    if (when < now) {
        const auto tomorrow = parse_when("tomorrow " + text, now);
        when = tomorrow ? *tomorrow : when;
    }
    if (when < now) {
        return fail(Errc::kInvalid, text + " is over");
    }
    if (command_at >= words.size()) {
        return tl::unexpected(usage_of(words[0]));
    }
    TRY_VOID(wait_for(when));
    return run_behind(words, command_at) == kFtpOk ? base::Result<>() : already_said();
}

// repeat [-c COUNT] [[-d] DELAY] [--while-ok | --until-ok] [--] COMMAND...
base::Result<> Shell::on_repeat(const Words& words) {
    TRY(const Repetition how, read_repetition(words));
    if (how.command_at >= words.size()) {
        return tl::unexpected(usage_of(words[0]));
    }
    if (depth_ == kDepthMax) {
        return fail(Errc::kTooLong, "commands repeat one another too deeply");
    }
    const auto delay = std::chrono::ceil<std::chrono::milliseconds>(how.delay);
    int status = kFtpOk;
    ++depth_;
    for (std::uint64_t round = 0; !how.count || round < *how.count; ++round) {
        if (round > 0 && !wait_for(site().loop().clock().now() + delay)) {
            break;
        }
        status = run_behind(words, how.command_at);
        const bool enough = (how.while_done && status != kFtpOk) ||
                            (how.until_done && status == kFtpOk) || done_ ||
                            site().is_interrupted();
        if (enough) {
            break;
        }
    }
    --depth_;
    return status == kFtpOk ? base::Result<>() : already_said();
}

}  // namespace agent
