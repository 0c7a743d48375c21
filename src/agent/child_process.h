// Programs of this machine that the user names: a command of a shell, a pager, an editor, the end of a pipe.
//
// They are started without a shell of ours between: what the user typed goes to a shell as one word, and names of
// files go to programs as words of their own, so that no name is ever read as a command.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "ftp/client/client.h"

namespace agent {

// The words that run `command`, as somebody typed it, in $SHELL; an empty one is that shell itself.
[[nodiscard]] std::vector<std::string> shell_words(const std::string& command);
// The words that run a pager or an editor, "less -R", on `file`; without one on its standard input.
[[nodiscard]] std::vector<std::string> tool_words(const std::string& tool, const std::string& file);

// Waits for its end: 0 to 255, or 128 and the signal that ended it. kNotFound, kDenied, kIo: it could not be started.
// SIGINT is the program's meanwhile.
[[nodiscard]] base::Result<int> run_program(const std::vector<std::string>& words);

// The standard input of a program that runs beside us.
class ProcessSink final : public ftp::ByteSink {
  public:
    [[nodiscard]] static base::Result<std::unique_ptr<ProcessSink>> start(
        const std::vector<std::string>& words);
    ProcessSink(const ProcessSink&) = delete;
    ProcessSink& operator=(const ProcessSink&) = delete;
    // finish(), if nobody did.
    ~ProcessSink() override;

    // kReset: the program wants no more, as a pager that was left.
    base::Result<> write(std::string_view octets) override;
    // Ends its input and waits for its end; the status as run_program() has it.
    base::Result<int> finish();

    [[nodiscard]] bool wants_no_more() const { return broken_; }

  private:
    ProcessSink(base::UniqueFd pipe, int process) : pipe_(std::move(pipe)), process_(process) {}

    base::UniqueFd pipe_;
    int process_;
    bool broken_ = false;
};

}  // namespace agent
