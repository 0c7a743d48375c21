// The terminal: questions, secrets, and lines that can be edited, completed and called back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

// Standard input is somebody at a terminal.
[[nodiscard]] bool is_interactive();

// Somebody sees what is written to this descriptor.
[[nodiscard]] bool is_shown(int fd);

// How many characters a line may have without being wrapped; 79 where nobody looks.
[[nodiscard]] std::size_t terminal_columns();

// With '?' for what a terminal would obey: control characters but line end and tabulator, of ASCII and of ISO 8859 (U+0080
// to U+009F), and what changes the direction of text. What a server sends is not for our terminal to execute.
[[nodiscard]] std::string without_controls(std::string_view text);
// The same without line ends and tabulators, too: for a name in a line that is drawn in place.
[[nodiscard]] std::string on_one_line(std::string_view text);

// From now on this process knows letters beyond ASCII as UTF-8 has them, whatever the environment says: for what is typed,
// and for text_columns(). Before there are threads.
void speak_utf8();

// How wide a terminal shows it: two columns for a character of East Asia, none for an accent that combines.
[[nodiscard]] std::size_t text_columns(std::string_view text);
// The end of it, in at most `columns` columns and beginning with a character.
[[nodiscard]] std::string_view last_columns(std::string_view text, std::size_t columns);

// In columns as ls has them, down and then across, in lines of at most `columns`; a line each where one does not fit.
[[nodiscard]] std::string in_columns(const std::vector<std::string>& words, std::size_t columns);

// Lines broken between words, as wide as the terminal where standard error is shown there; else as it is.
[[nodiscard]] std::string wrapped(std::string text);

// Draws a line on standard error in place of the one drawn before; with `stays` what follows begins below it.
void show_status_line(std::string_view line, bool stays);
// So many # more, on standard error.
void show_marks(std::uint64_t count);
// Before something else is written: takes the status line away, ends a line of marks.
void clear_status_line();

// One line of standard input without its end; nothing at the end of it, or when SIGINT gives the line up. `prompt` goes to standard error, when there is a terminal.
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
    [[nodiscard]] std::optional<std::string> read(const std::string& prompt,
                                                  const std::string& right_prompt = "");

  private:
    struct Editor;
    std::unique_ptr<Editor> editor_;
};

}  // namespace agent
