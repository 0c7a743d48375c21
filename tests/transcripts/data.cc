// FTP's data connection in transcripts: D< and D> lines, and the files they leave.
#include <fmt/format.h>

#include "base/ascii.h"
#include "transcripts/player.h"

namespace transcripts {

using Kind = Step::Kind;

// file NAME PATH "octets"; share NAME WHO RIGHTS [PATH]; deaf: nobody listens where PORT says.
bool Player::prepare_files(std::string_view word, std::string_view rest) {
    if (word == "deaf") {
        deaf_ = true;
        return true;
    }
    if (word == "share") {
        std::string_view grant = rest;
        const std::string_view share = base::split_front(grant, ' ');
        std::string who(base::split_front(grant, ' '));
        const std::string_view rights = base::split_front(grant, ' ');
        if (who != "anonymous" && who != "everyone") {
            who = fmt::format("{}@{}", who, first_domain_);
        }
        ftp_.grant(share, who, rights, grant.empty() ? "/" : grant);
        return true;
    }
    if (word != "file") {
        return false;
    }
    const auto [name, what] = split_word(rest);
    ftp_.put_file(fmt::format("{}@{}", name, first_domain_), split_word(what).first, quoted(what));
    return true;
}

void Player::perform_data(const Step& step) {
    if (step.kind == Kind::kDataMore) {
        any_data_line_ = true;
        return;
    }
    dialogue_ += fmt::format("D {}\n", step.text);
    if (step.kind == Kind::kDataLine) {
        return expect_data_line(step);
    }
    if (ftp_.data() == nullptr) {
        return fault(step, "there is no data connection");
    }
    if (step.kind == Kind::kDataSend) {
        ftp_.data()->push(step.text);
        world_.loop.run_for(std::chrono::milliseconds(10));
    } else if (step.kind == Kind::kDataClose) {
        ftp_.close_data();
    } else if (step.kind == Kind::kDataEnd) {
        if (!ftp_.data_ended()) {
            fault(step, "the data connection did not end there");
        }
    } else {
        const auto octets = ftp_.next_octets(step.text.size());
        if (octets != step.text) {
            fault(step, fmt::format("other octets came: {}", octets.value_or("")));
        }
    }
}

void Player::expect_data_line(const Step& step) {
    while (const auto line = ftp_.next_line()) {
        dialogue_ += fmt::format("D< {}\n", *line);
        if (matches(step.text, *line)) {
            any_data_line_ = false;
            return;
        }
        if (!any_data_line_) {
            break;
        }
    }
    fault(step, fmt::format("expected on the data connection: {}", step.text));
}

// NAME PATH is "octets"; NAME PATH absent
void Player::expect_file(const Step& step, std::string_view what) {
    const auto [name, rest] = split_word(what);
    const auto [path, verdict] = split_word(rest);
    const auto found = ftp_.file(fmt::format("{}@{}", name, first_domain_), path);
    const bool right = verdict == "absent" ? !found : found == quoted(verdict);
    if (!right) {
        fault(step, fmt::format("{} is {}", path, found ? *found : "absent"));
    }
}

}  // namespace transcripts
