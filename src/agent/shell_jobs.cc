// The interactive client's transfers beside the prompt.
#include <fmt/format.h>

#include "agent/exit_status.h"
#include "agent/shell.h"
#include "agent/words.h"
#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

base::Result<> Shell::start_job(const Words& words, bool queued) {
    if (!here_.where || !here_.login) {
        return fail(Errc::kUnavailable, "not logged in");
    }
    JobSetup setup;
    for (const std::string& word : words) {
        setup.line += (setup.line.empty() ? "" : " ") + quote_word(word);
    }
    setup.arguments = arguments_;
    setup.arguments.settings = site().settings();
    setup.arguments.settings.heeds_interrupts = false;
    setup.arguments.settings.on_stranger = nullptr;  // what was accepted here is known there
    setup.arguments.settings.verbose = false;
    setup.arguments.settings.debug = false;
    setup.arguments.quiet = true;
    setup.arguments.ask_each = false;
    setup.arguments.type = type_;
    setup.arguments.keep_time = switches_.keep_time;
    setup.arguments.globbing = switches_.globbing;
    setup.form = form_;
    setup.names = names_;
    setup.receive_unique = switches_.receive_unique;
    setup.send_unique = switches_.send_unique;
    setup.segments = segments_;
    setup.where = *here_.where;
    setup.login = *here_.login;
    if (!site().is_open()) {
        TRY_VOID(reopen());
    }
    TRY(setup.directory, site().run(client().working_directory()));
    const std::string line = setup.line;
    say(fmt::format("[{}] {}\n", jobs_.start(std::move(setup), queued), line));
    return {};
}

namespace {

std::optional<int> job_number(std::string_view word) {
    const auto number = base::parse_number<unsigned>(word, 1'000'000U);
    return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

}  // namespace

// queue COMMAND; queue -m JOB [PLACE]; queue -d JOB; queue alone lists.
base::Result<> Shell::on_queue(const Words& words) {
    if (words.size() == 1) {
        return on_jobs(words);
    }
    if (words[1] == "-d" && words.size() == 3) {
        return on_kill({"kill", words[2]});
    }
    if (words[1] == "-m") {
        const auto number = words.size() > 2 ? job_number(words[2]) : std::nullopt;
        const auto place = words.size() > 3 ? base::parse_number<unsigned>(words[3]) : 1U;
        if (!number || !place || *place == 0) {
            return tl::unexpected(usage_of(words[0]));
        }
        if (!jobs_.move(*number, *place)) {
            return fail(Errc::kNotFound, fmt::format("{}: no such job waits", words[2]));
        }
        return on_jobs(words);
    }
    const Words line = without_alias(Words(words.begin() + 1, words.end()));
    TRY(const Command* command, find(line[0]));
    if ((command->flags & kBackground) == 0) {
        return fail(Errc::kInvalid, fmt::format("{} cannot be queued", command->name));
    }
    return start_job(line, true);
}

base::Result<> Shell::on_jobs(const Words& /*words*/) {
    say(jobs_.list());
    return {};
}

base::Result<> Shell::on_wait(const Words& words) {
    const bool all = words.size() == 1 || words[1] == "all";
    const auto number = all ? 0 : job_number(words[1]);
    if (!number || (*number == 0 && !all) ||
        !jobs_.wait(*number, [] { return take_interrupt(); })) {
        return fail(Errc::kNotFound, fmt::format("{}: no such job", words[1]));
    }
    say(jobs_.take_news());
    const int failure = jobs_.take_failure(*number);
    if (failure == kFtpOk) {
        return {};
    }
    status_ = failure;
    return already_said();
}

base::Result<> Shell::on_kill(const Words& words) {
    if (words[1] == "all") {
        static_cast<void>(jobs_.kill(0));
        return {};
    }
    const auto number = job_number(words[1]);
    if (!number || *number == 0 || !jobs_.kill(*number)) {
        return fail(Errc::kNotFound, fmt::format("{}: no such job; `jobs` lists them", words[1]));
    }
    return {};
}

}  // namespace agent
