// What the interactive client does on this machine: its folder, its shell, its pager and editor.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "agent/child_process.h"
#include "agent/local_file.h"
#include "agent/shell.h"
#include "agent/terminal.h"
#include "base/environment.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

// What the user runs decides what a failure is: it is told, and the status kept.
base::Result<> run_to_its_end(const std::vector<std::string>& words, const std::string& name) {
    TRY(const int status, run_program(words));
    static_cast<void>(take_interrupt());
    return status == 0
               ? base::Result<>()
               : base::Result<>(fail(Errc::kIo, fmt::format("{} ended with {}", name, status)));
}

}  // namespace

std::string Shell::pager_command() const {
    const std::string chosen = texts_.pager.empty() ? base::environment("PAGER") : texts_.pager;
    return chosen.empty() ? "less" : chosen;
}

base::Result<> Shell::on_lcd(const Words& words) {
    const bool back = words.size() > 1 && words[1] == "-";
    if (back && local_before_.empty()) {
        return fail(Errc::kInvalid, "no folder to go back to; `lcd ./-` goes to one of that name");
    }
    const std::string folder =
        back ? local_before_ : expand_home(words.size() > 1 ? words[1] : "~");
    std::error_code failed;
    const std::string before = std::filesystem::current_path(failed).string();
    std::filesystem::current_path(folder, failed);
    if (failed) {
        return fail(Errc::kNotFound, fmt::format("{}: {}", folder, failed.message()));
    }
    local_before_ = before;
    return on_lpwd(words);
}

base::Result<> Shell::on_lpwd(const Words& /*words*/) {
    std::error_code failed;
    say(std::filesystem::current_path(failed).string() + "\n");
    return {};
}

base::Result<> Shell::on_lls(const Words& words) {
    Words program{"ls"};
    for (std::size_t i = 1; i < words.size(); ++i) {
        program.push_back(expand_home(words[i]));
    }
    return run_to_its_end(program, program[0]);
}

base::Result<> Shell::on_lpage(const Words& words) {
    return run_to_its_end(tool_words(pager_command(), expand_home(words[1])), pager_command());
}

base::Result<> Shell::on_shell(const Words& words) {
    const std::string command = words.size() > 1 ? words[1] : "";
    return run_to_its_end(shell_words(command), command.empty() ? "the shell" : command);
}

// page, less, more, zmore: with the pager; cat, zcat: as it is, or into a command.
base::Result<> Shell::on_page(const Words& line) {
    Words words = line;
    std::string place;
    if (words.size() > 2 && words.back().starts_with('|')) {
        place = words.back().substr(1);
        words.pop_back();
    }
    const bool zipped = words[0].starts_with('z');
    if (place.empty() && !words[0].ends_with("cat") && is_interactive()) {
        place = pager_command();
    }
    if (zipped) {
        place = place.empty() ? "gzip -dc" : "gzip -dc | " + place;
    }
    words.erase(words.begin());
    return fetch_into(words, place.empty() ? "-" : "|" + place);
}

base::Result<> Shell::on_edit(const Words& words) {
    std::string name = (std::filesystem::temp_directory_path() / "staffetta-XXXXXX").string();
    const base::UniqueFd made(::mkstemp(name.data()));
    if (!made) {
        return fail(Errc::kIo, "no room for a temporary file");
    }
    CopyOptions copy = copy_options();
    copy.keep_time = false;
    auto done = fetch(words[1], name, copy);
    const auto before = local_sha256(name, std::nullopt);
    if (done) {
        const std::string chosen =
            texts_.editor.empty() ? base::environment("EDITOR") : texts_.editor;
        const std::string editor = chosen.empty() ? "vi" : chosen;
        done = run_to_its_end(tool_words(editor, name), editor);
    }
    const auto after = local_sha256(name, std::nullopt);
    if (done && before && after && *before != *after) {
        done = send(name, words[1], copy);
        if (!done) {
            return fail(done.error().code,
                        fmt::format("{}; your version is kept in {}", done.error().text, name));
        }
    }
    ::unlink(name.c_str());
    return done;
}

}  // namespace agent
