// The terminal: questions, secrets, and lines that can be edited, completed and called back.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

// Standard input is somebody at a terminal.
[[nodiscard]] bool is_interactive();

// One line of standard input without its end; nothing at the end of it. `prompt` goes to standard error, when there is a terminal.
[[nodiscard]] std::optional<std::string> ask(std::string_view prompt);
// The same without echo.
[[nodiscard]] std::optional<std::string> ask_secret(std::string_view prompt);

// Lines from a terminal with libedit: its keys, ~/.editrc, a history in a file, completion by the tabulator.
class LineEditor {
  public:
    // What could stand in place of the last word of the line so far, in any order; a folder ends in '/'.
    using Completer = std::function<std::vector<std::string>(std::string_view line)>;

    // `history_file` may be empty. Where standard input is no terminal, lines are simply read.
    LineEditor(std::string history_file, Completer completer);
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;
    ~LineEditor();

    // Without its end. Nothing at the end of input; an empty line after SIGINT.
    [[nodiscard]] std::optional<std::string> read(const std::string& prompt);

  private:
    struct Editor;
    std::unique_ptr<Editor> editor_;
};

}  // namespace agent
