// Names that differ in nothing but the form of their letters (Unicode's NFC and NFD): here they are two files, and at a
// server that composes or decomposes names (staffetta, macOS) they are one, of which the second would take the first's
// place without a word.
#pragma once

#include <map>
#include <string>

#include "agent/tree_match.h"
#include "base/result.h"
#include "base/task.h"
#include "ftp/client/client.h"

namespace agent {

// Files of `source` that may be one with another of it at the target, with that other one: which the target has, or is
// composed already, or comes first. None that the target has by its own name.
[[nodiscard]] std::map<std::string, std::string> find_twins(const Tree& source, const Tree& target);

// What one command has sent, for the same question, and for that of two files of one name.
class SentNames {
  public:
    // The path in another form that was sent before; empty: none was, and `path` is what later ones are compared with.
    [[nodiscard]] std::string take(const std::string& path);

    // `local` was sent as `path`.
    void note(const std::string& path, const std::string& local) {
        sources_.insert_or_assign(path, local);
    }

    // The file that was, where it is another than `local`; else empty.
    [[nodiscard]] std::string other_source(const std::string& path, const std::string& local) const;

  private:
    std::map<std::string, std::string> by_form_;
    std::map<std::string, std::string> sources_;
};

// Before `path` is sent, when its twin `other` has been. kExists: the server has it already, and lists one file only, so
// that it is `other`. kUnsupported: it cannot say. The connection's errors.
[[nodiscard]] base::Task<base::Result<>> expect_no_twin(ftp::Client& client,
                                                        std::string path,
                                                        std::string other);

}  // namespace agent
