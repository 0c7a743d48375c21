// LineEditor over libedit: the only file that sees it.
#include <fmt/format.h>
#include <histedit.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "agent/ftp_site.h"
#include "agent/terminal.h"
#include "agent/words.h"

namespace agent {

namespace {

// libedit hands this to its callbacks: the part of Editor that they need.
struct Callbacks {
    std::string* prompt;
    std::string* right_prompt;
    LineEditor::Completer* completer;
};

}  // namespace

struct LineEditor::Editor {
    EditLine* line = nullptr;
    History* history = nullptr;
    std::string history_file;
    Completer completer;
    std::string prompt;
    std::string right_prompt;
    Callbacks callbacks{&prompt, &right_prompt, &completer};
};

namespace {

constexpr int kHistoryLines = 1000;

Callbacks* callbacks_of(EditLine* line) {
    void* data = nullptr;
    el_get(line, EL_CLIENTDATA, &data);
    return static_cast<Callbacks*>(data);
}

char* prompt_of(EditLine* line) {
    return callbacks_of(line)->prompt->data();
}

char* right_prompt_of(EditLine* line) {
    return callbacks_of(line)->right_prompt->data();
}

std::string common_prefix(const std::vector<std::string>& names) {
    std::string prefix = names.front();
    for (const std::string& name : names) {
        const auto differs = std::mismatch(prefix.begin(), prefix.end(), name.begin(), name.end());
        prefix.erase(differs.first, prefix.end());
    }
    return prefix;
}

// In columns, as wide as the longest; without the folder that all have.
void show_choices(const std::vector<std::string>& names) {
    const std::string prefix = common_prefix(names);
    const std::size_t skipped = prefix.rfind('/') == std::string::npos ? 0 : prefix.rfind('/') + 1;
    std::vector<std::string> shown;
    shown.reserve(names.size());
    for (const std::string& name : names) {
        shown.push_back(on_one_line(name.substr(skipped)));
    }
    fmt::print("\n{}", in_columns(shown, terminal_columns()));
}

// The tabulator: as much as is certain, then a space behind a whole word; the choices where nothing is certain.
unsigned char complete(EditLine* line, int /*key*/) {
    const LineInfo* info = el_line(line);
    const std::string_view before(info->buffer,
                                  static_cast<std::size_t>(info->cursor - info->buffer));
    auto names = (*callbacks_of(line)->completer)(before);
    const std::string word = last_word(before);
    std::erase_if(names, [&word](const std::string& name) { return !name.starts_with(word); });
    if (names.empty()) {
        return CC_ERROR;
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    const char quote = open_quote(before);
    const std::string certain = quote_word(common_prefix(names), quote);
    std::string rest = certain.substr(std::min(quote_word(word, quote).size(), certain.size()));
    if (names.size() == 1 && !names[0].ends_with('/')) {
        rest += quote != 0 ? std::string{quote, ' '} : " ";
    }
    if (rest.empty()) {
        show_choices(names);
        return CC_REDISPLAY;
    }
    return el_insertstr(line, rest.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
}

}  // namespace

LineEditor::LineEditor(std::string history_file, Completer completer)
    : editor_(std::make_unique<Editor>()) {
    editor_->history_file = std::move(history_file);
    editor_->completer = std::move(completer);
    if (!is_interactive()) {
        return;
    }
    editor_->line = el_init("staffetta", stdin, stdout, stderr);
    editor_->history = history_init();
    HistEvent event{};
    history(editor_->history, &event, H_SETSIZE, kHistoryLines);
    history(editor_->history, &event, H_SETUNIQUE, 1);
    if (!editor_->history_file.empty()) {
        history(editor_->history, &event, H_LOAD, editor_->history_file.c_str());
    }
    el_set(editor_->line, EL_CLIENTDATA, &editor_->callbacks);
    el_set(editor_->line, EL_PROMPT, prompt_of);
    el_set(editor_->line, EL_RPROMPT, right_prompt_of);
    el_set(editor_->line, EL_EDITOR, "emacs");
    // The terminal is as the shell wants it while we are stopped, and as we want it afterwards; its size may change.
    el_set(editor_->line, EL_SIGNAL, 1);
    el_set(editor_->line, EL_HIST, history, editor_->history);
    el_set(editor_->line, EL_ADDFN, "complete-name", "complete a name", complete);
    el_set(editor_->line, EL_BIND, "^I", "complete-name", nullptr);
    el_set(editor_->line, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    el_source(editor_->line, nullptr);
}

LineEditor::~LineEditor() {
    if (editor_->line == nullptr) {
        return;
    }
    HistEvent event{};
    if (!editor_->history_file.empty()) {
        history(editor_->history, &event, H_SAVE, editor_->history_file.c_str());
    }
    el_end(editor_->line);
    history_end(editor_->history);
}

std::optional<std::string> LineEditor::read(const std::string& prompt,
                                            const std::string& right_prompt) {
    if (editor_->line == nullptr) {
        auto line = ask("");
        return !line && take_interrupt() ? std::optional(std::string()) : line;
    }
    editor_->prompt = prompt;
    editor_->right_prompt = right_prompt;
    int count = 0;
    errno = 0;
    const char* text = el_gets(editor_->line, &count);
    if (text == nullptr || count <= 0) {
        if (errno != EINTR) {
            return std::nullopt;
        }
        fmt::print("^C\n");  // the line is given up, and stays to be read
        return "";
    }
    std::string line(text, static_cast<std::size_t>(count));
    while (line.ends_with('\n') || line.ends_with('\r')) {
        line.pop_back();
    }
    if (!line.empty()) {
        HistEvent event{};
        history(editor_->history, &event, H_ENTER, line.c_str());
    }
    return line;
}

}  // namespace agent
