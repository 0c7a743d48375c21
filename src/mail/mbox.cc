#include "mail/mbox.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "mime/date.h"
#include "mime/header.h"

namespace mail {
namespace {

constexpr std::string_view kFrom = "From ";

// The line that `text` begins with, without its line end; `octets` is its length with it.
std::string_view first_line(std::string_view text, std::size_t& octets) {
    const std::size_t lf = text.find('\n');
    octets = lf == std::string_view::npos ? text.size() : lf + 1;
    std::string_view line = text.substr(0, std::min(lf, text.size()));
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

//  from-line = "From " [sender] SP date      date as asctime(3) writes it, at times with a zone
bool split_from_line(std::string_view line, std::string_view& sender, std::string_view& date) {
    if (!line.starts_with(kFrom)) {
        return false;
    }
    line.remove_prefix(kFrom.size());
    const auto is_date = [](std::string_view text) {
        return text.find(':') != std::string_view::npos && mime::parse_date(text).has_value();
    };
    date = line;
    sender = base::split_front(date, ' ');
    date = base::trim(date);
    if (is_date(date)) {
        return true;
    }
    date = base::trim(line);
    sender = {};
    return is_date(date);
}

// "^>+From ": what mboxrd quotes with one ">" more.
bool is_quoted_from(std::string_view line) {
    const std::size_t mark = line.find_first_not_of('>');
    return mark != std::string_view::npos && line.substr(mark).starts_with(kFrom);
}

template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
    while (!text.empty()) {
        std::size_t octets = 0;
        const std::string_view line = first_line(text, octets);
        visit(line, octets != line.size());
        text.remove_prefix(octets);
    }
}

struct StatusFlag {
    char letter;
    Flag flag;
};

// Status: R; X-Status: A F D T, as mutt and Dovecot have them.
constexpr std::array kStatusFlags = std::to_array<StatusFlag>(
    {{'R', kSeen}, {'A', kAnswered}, {'F', kFlagged}, {'D', kDeleted}, {'T', kDraft}});

bool carries_flags(std::string_view name) {
    return base::iequals(name, "Status") || base::iequals(name, "X-Status") ||
           base::iequals(name, "X-Keywords");
}

// What says something of the file and its place in it, not of the message: those that Dovecot hides and leaves out.
// Content-Length goes right or wrong: no field of mail is called so, and a wrong one is some earlier file's.
bool describes_file(std::string_view name) {
    constexpr std::array<std::string_view, 4> kOthers = {
        "X-IMAP", "X-IMAPbase", "X-UID", "Content-Length"};
    return carries_flags(name) || std::any_of(kOthers.begin(), kOthers.end(), [&](auto other) {
               return base::iequals(name, other);
           });
}

// Goes through the lines of a header and tells those of such fields, continuations included.
class FileFields {
  public:
    bool includes(std::string_view line) {
        if (line.empty() || !base::is_space(line.front())) {
            const std::size_t colon = line.find(':');
            is_within_ = colon != std::string_view::npos &&
                         describes_file(base::trim(line.substr(0, colon)));
        }
        return is_within_;
    }

  private:
    bool is_within_ = false;
};

void read_flags(const mime::Field& field, MboxContent& content) {
    const std::string value = mime::unfold(field.body);
    if (base::iequals(field.name, "X-Keywords")) {
        for (std::string_view rest = value; !rest.empty();) {
            const std::string_view word = base::split_front(rest, ' ');
            if (!word.empty()) {
                content.keywords.emplace_back(word);
            }
        }
        return;
    }
    for (const StatusFlag& status : kStatusFlags) {
        if (value.find(status.letter) != std::string::npos) {
            content.flags |= status.flag;
        }
    }
}

std::string status_fields(std::uint32_t flags, const std::vector<std::string>& keywords) {
    std::string fields = (flags & kSeen) != 0 ? "Status: RO\n" : "Status: O\n";
    std::string letters;
    for (const StatusFlag& status : kStatusFlags) {
        if (status.flag != kSeen && (flags & status.flag) != 0) {
            letters += status.letter;
        }
    }
    if (!letters.empty()) {
        fields += fmt::format("X-Status: {}\n", letters);
    }
    if (!keywords.empty()) {
        fields += fmt::format("X-Keywords: {}\n", fmt::join(keywords, " "));
    }
    return fields;
}

// Octets of the header with its empty line; all of it when there is none.
std::size_t header_octets(std::string_view message) {
    std::size_t at = 0;
    while (at < message.size()) {
        std::size_t octets = 0;
        const bool is_end = first_line(message.substr(at), octets).empty();
        at += octets;
        if (is_end) {
            break;
        }
    }
    return at;
}

}  // namespace

bool is_from_line(std::string_view line) {
    std::string_view sender;
    std::string_view date;
    return split_from_line(line, sender, date);
}

MboxReader::MboxReader(std::string_view file) : file_(file) {
    while (at_ < file_.size() && (file_[at_] == '\n' || file_[at_] == '\r')) {
        ++at_;
    }
}

// What UW IMAP, Alpine and Dovecot keep of a mailbox they keep in a message in front, "DON'T DELETE THIS MESSAGE":
// X-IMAP marks it, while X-IMAPbase stands in real ones.
std::optional<MboxMessage> MboxReader::next() {
    auto message = read();
    if (std::exchange(is_first_, false) && message && mime::find_field(message->header, "X-IMAP")) {
        message = read();
    }
    return message;
}

std::optional<MboxMessage> MboxReader::read() {
    std::size_t octets = 0;
    const std::string_view line = first_line(file_.substr(at_), octets);
    MboxMessage message;
    std::string_view date;
    if (!split_from_line(line, message.sender, date)) {
        return std::nullopt;
    }
    if (const auto received = mime::parse_date(date)) {
        message.received = received->time;
    }
    if (base::iequals(message.sender, "MAILER-DAEMON") || message.sender == "-") {
        message.sender = {};
    }
    const std::size_t begin = at_ + octets;
    // A header without its empty line ends where the next message begins.
    if (from_line_ <= begin) {
        from_line_ = end_by_from_line(begin);
    }
    const std::size_t from_line = from_line_;
    const std::size_t body = begin + header_octets(file_.substr(begin, from_line - begin));
    message.header = file_.substr(begin, body - begin);
    const auto by_length = end_by_length(message.header, body);
    const std::size_t end = by_length.value_or(from_line);
    message.body = file_.substr(body, end - body);
    if (by_length) {
        message.is_quoted = true;
        for_each_line(message.body, [&](std::string_view text, bool /*has_end*/) {
            message.is_quoted = message.is_quoted && !text.starts_with(kFrom);
        });
    }
    at_ = end;
    if (!by_length && message.body.ends_with("\n\r\n")) {
        message.body.remove_suffix(2);
    } else if (!by_length && (message.body.ends_with("\n\n") || message.body == "\n")) {
        message.body.remove_suffix(1);
    }
    while (at_ < file_.size() && (file_[at_] == '\n' || file_[at_] == '\r')) {
        ++at_;
    }
    return message;
}

// mboxcl: Content-Length is believed where a message begins behind it, or the file ends.
std::optional<std::size_t> MboxReader::end_by_length(std::string_view header,
                                                     std::size_t body) const {
    const auto field = mime::find_field(header, "Content-Length");
    const auto length =
        field ? base::parse_u64(base::trim(field->body), file_.size()) : std::nullopt;
    if (!length || *length > file_.size() - body) {
        return std::nullopt;
    }
    const std::size_t end = body + *length;
    std::string_view rest = file_.substr(end);
    if (end > body && file_[end - 1] != '\n' && !rest.empty() && !rest.starts_with('\n') &&
        !rest.starts_with("\r\n")) {
        return std::nullopt;
    }
    rest.remove_prefix(std::min(rest.find_first_not_of("\r\n"), rest.size()));
    std::size_t octets = 0;
    return rest.empty() || is_from_line(first_line(rest, octets)) ? std::optional(end)
                                                                  : std::nullopt;
}

// The From line that begins the next message stands behind an empty line.
std::size_t MboxReader::end_by_from_line(std::size_t body) const {
    std::size_t at = body;
    while (true) {
        const std::size_t found = file_.find("\nFrom ", at == 0 ? 0 : at - 1);
        if (found == std::string_view::npos) {
            return file_.size();
        }
        std::size_t octets = 0;
        const std::size_t line = found + 1;
        const std::string_view before = file_.substr(0, found);
        const bool is_behind_empty =
            before.ends_with('\n') || before.ends_with("\n\r") || line == body;
        if (is_behind_empty && is_from_line(first_line(file_.substr(line), octets))) {
            return line;
        }
        at = line + 1;
    }
}

MboxContent read_content(const MboxMessage& message) {
    MboxContent content;
    content.octets.reserve(message.header.size() + message.body.size() * 21 / 20);
    FileFields dropped;
    for_each_line(message.header, [&](std::string_view line, bool has_end) {
        if (!dropped.includes(line)) {
            content.octets.append(line).append(has_end ? "\r\n" : "");
        }
    });
    mime::FieldIterator fields(message.header);
    while (const auto field = fields.next()) {
        if (carries_flags(field->name)) {
            read_flags(*field, content);
        }
    }
    for_each_line(message.body, [&](std::string_view line, bool has_end) {
        if (message.is_quoted && line.starts_with('>') && is_quoted_from(line)) {
            line.remove_prefix(1);
        }
        content.octets.append(line).append(has_end ? "\r\n" : "");
    });
    return content;
}

std::string format_mbox(std::string_view octets,
                        std::string_view sender,
                        base::WallTime received,
                        std::uint32_t flags,
                        const std::vector<std::string>& keywords) {
    // A sender with a space in it would not be read back as one word.
    const bool is_word =
        !sender.empty() && sender.find_first_of(" \t\r\n") == std::string_view::npos;
    // RFC 4155 A: in UTC. A time point would be printed in the machine's zone.
    std::string out = fmt::format("From {} {:%a %b %e %H:%M:%S %Y}\n",
                                  is_word ? sender : "MAILER-DAEMON",
                                  fmt::gmtime(std::chrono::system_clock::to_time_t(received)));
    bool in_header = true;
    FileFields dropped;
    for_each_line(octets, [&](std::string_view line, bool /*has_end*/) {
        if (in_header && line.empty()) {
            out += status_fields(flags, keywords);
            in_header = false;
        }
        if (in_header && dropped.includes(line)) {
            return;
        }
        // No field begins so; a header that does would begin a message.
        if (in_header ? line.starts_with(kFrom) : is_quoted_from(line)) {
            out += '>';
        }
        out.append(line).append("\n");
    });
    if (in_header) {
        out += status_fields(flags, keywords);
        out += '\n';
    }
    return out += '\n';
}

std::string to_crlf(std::string_view text) {
    std::string out;
    out.reserve(text.size() * 21 / 20);
    for_each_line(text, [&](std::string_view line, bool has_end) {
        out.append(line).append(has_end ? "\r\n" : "");
    });
    return out;
}

std::string to_lf(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for_each_line(text, [&](std::string_view line, bool has_end) {
        out.append(line).append(has_end ? "\n" : "");
    });
    return out;
}

}  // namespace mail
