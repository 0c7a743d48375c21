#include "ftp/grammar/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace ftp {
namespace {

using base::Errc;
using base::fail;

// STAT of a folder of 100,000 files is one reply (RFC 959 4.1.3).
constexpr std::size_t kReplyOctetsMax = std::size_t{16} << 20;

// RFC 854: the commands that follow IAC.
constexpr unsigned char kSe = 240;
constexpr unsigned char kDataMark = 242;
constexpr unsigned char kBreak = 243;
constexpr unsigned char kInterruptProcess = 244;
constexpr unsigned char kAbortOutput = 245;
constexpr unsigned char kWill = 251;
constexpr unsigned char kWont = 252;
constexpr unsigned char kDo = 253;
constexpr unsigned char kDont = 254;
constexpr unsigned char kIac = 255;

unsigned char octet(char c) {
    return static_cast<unsigned char>(c);
}

void answer(std::string& answers, unsigned char with, char option) {
    answers += static_cast<char>(kIac);
    answers += static_cast<char>(with);
    answers += option;
}

// Behind an IAC at `rest`: how many octets belong to it.
std::size_t take_signal(std::string_view rest, TelnetLine& line) {
    if (rest.empty() || octet(rest[0]) < kSe) {
        return 0;  // its second octet went out of band
    }
    switch (octet(rest[0])) {
        case kIac:
            line.text += rest[0];
            return 1;
        case kDataMark:
        case kBreak:
        case kInterruptProcess:
        case kAbortOutput:
            line.interrupted = true;
            return 1;
        case kWill:
        case kDo:
            if (rest.size() > 1) {
                answer(line.answers, octet(rest[0]) == kWill ? kDont : kWont, rest[1]);
            }
            return std::min<std::size_t>(2, rest.size());
        case kWont:
        case kDont:
            return std::min<std::size_t>(2, rest.size());
        default:
            return 1;
    }
}

bool is_verb_octet(char c) {
    return base::is_alnum(c) || c == '@';
}

bool is_code(std::string_view line) {
    return line.size() >= 3 && line[0] >= '1' && line[0] <= '6' && base::is_digit(line[1]) &&
           base::is_digit(line[2]);
}

int code_of(std::string_view line) {
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

}  // namespace

// No command begins with what only means something behind an IAC: that went out of band, before or behind it.
TelnetLine take_telnet(std::string_view line) {
    TelnetLine taken;
    while (!line.empty() && octet(line.front()) >= kSe && octet(line.front()) < kWill) {
        taken.interrupted = true;
        line.remove_prefix(1);
    }
    for (std::size_t at = 0; at < line.size(); ++at) {
        if (octet(line[at]) == kIac) {
            at += take_signal(line.substr(at + 1), taken);
        } else if (line[at] != '\0' || !taken.text.ends_with('\r')) {
            taken.text += line[at];
        }
    }
    return taken;
}

// command = verb [SP arguments] CRLF    ; RFC 959 5.3.1
base::Result<CommandLine> parse_command(std::string_view line) {
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
        return fail(Errc::kInvalid, "CR, LF or NUL inside a line");
    }
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view verb = line.substr(0, end);
    if (verb.empty() || verb.size() > 8 || !std::all_of(verb.begin(), verb.end(), is_verb_octet)) {
        return fail(Errc::kSyntax, "no command");
    }
    return CommandLine{base::to_upper(verb), line.substr(std::min(end + 1, line.size()))};
}

std::string redact(std::string_view line) {
    std::string_view rest = line;
    const std::string_view verb = base::split_front(rest, ' ');
    const bool secret = base::iends_with(verb, "PASS") || base::iends_with(verb, "ACCT") ||
                        base::iends_with(verb, "ADAT");
    return secret && verb.size() < line.size() ? std::string(verb) + " ***" : std::string(line);
}

bool is_foreign(std::string_view line) {
    static constexpr std::array kBeginnings = {"GET ",
                                               "HEAD ",
                                               "POST ",
                                               "PUT ",
                                               "DELETE ",
                                               "OPTIONS ",
                                               "CONNECT ",
                                               "TRACE ",
                                               "PATCH ",
                                               "HOST:",
                                               "EHLO ",
                                               "HELO ",
                                               "LHLO ",
                                               "MAIL FROM:",
                                               "RCPT TO:",
                                               "SSH-",
                                               "\x16\x03"};
    return std::any_of(kBeginnings.begin(), kBeginnings.end(), [line](std::string_view beginning) {
        return base::istarts_with(line, beginning);
    });
}

std::string format_reply(int code, std::string_view text) {
    std::string out;
    bool first = true;
    while (true) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        if (end == std::string_view::npos) {
            return out + fmt::format("{:03} {}\r\n", code, line);
        }
        out += first ? fmt::format("{:03}-{}\r\n", code, line) : fmt::format(" {}\r\n", line);
        first = false;
        text.remove_prefix(end + 1);
    }
}

base::Result<bool> ReplyParser::feed(std::string_view line) {
    octets_ += line.size() + sizeof(std::string);  // an empty line takes room as well
    if (octets_ > kReplyOctetsMax) {
        return fail(Errc::kTooLong, "a reply of more than 16 MiB");
    }
    if (code_ == 0 && line.empty()) {
        return false;
    }
    const bool coded = is_code(line) && (line.size() == 3 || line[3] == ' ' || line[3] == '-');
    if (code_ == 0) {
        if (!coded) {
            return fail(Errc::kSyntax, "not a reply");
        }
        code_ = code_of(line);
        lines_.emplace_back(line.substr(std::min<std::size_t>(4, line.size())));
        return line.size() == 3 || line[3] == ' ';
    }
    const bool same = coded && code_of(line) == code_;
    lines_.emplace_back(same ? line.substr(std::min<std::size_t>(4, line.size())) : line);
    return same && (line.size() == 3 || line[3] == ' ');
}

std::string quote_path(std::string_view path) {
    std::string quoted = "\"";
    for (const char c : path) {
        quoted += c;
        if (c == '"') {
            quoted += c;
        }
    }
    return quoted + '"';
}

base::Result<std::string> parse_quoted_path(std::string_view text) {
    std::string path;
    for (std::size_t at = text.find('"') + 1; at != 0 && at < text.size(); ++at) {
        if (text[at] == '"' && (at + 1 == text.size() || text[at + 1] != '"')) {
            return path;
        }
        at += text[at] == '"' ? 1 : 0;
        path += text[at];
    }
    return fail(Errc::kSyntax, "no path in quotes");
}

}  // namespace ftp
