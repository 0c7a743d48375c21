#include "mime/parser.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace mime {
namespace {

// RFC 2046 5.1.1 allows 70 octets; longer ones are in use. A line has at most 998.
constexpr std::size_t kBoundaryOctetsMax = 900;
// A delimiter line with its dashes and whatever padding came behind it.
constexpr std::size_t kDashLineOctetsMax = 1000;

std::string_view without_line_end(std::string_view line) {
    if (line.ends_with('\n')) {
        line.remove_suffix(1);
    }
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

std::string_view trim_end(std::string_view text) {
    while (!text.empty() && base::is_space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

bool is_identity(Encoding encoding) {
    return encoding == Encoding::k7bit || encoding == Encoding::k8bit ||
           encoding == Encoding::kBinary;
}

bool is_message_type(const ContentType& type) {
    return type.type == "message" && (type.subtype == "rfc822" || type.subtype == "global");
}

}  // namespace

Parser::Parser(const ParserLimits& limits) : limits_(limits) {
    begin_part(kNoPart, true, 0);
}

void Parser::feed(std::string_view piece) {
    piece_ = piece;
    at_ = 0;
    noted_ = 0;
    while (at_ < piece_.size()) {
        if (mode_ == Mode::kHeader) {
            take_header_line();
        } else if (may_be_dash_line_) {
            take_dash_line();
        } else {
            take_body();
        }
    }
    note_up_to(at_);
    if (!piece.empty()) {
        before_piece_ = piece.back();
    }
    piece_offset_ += piece.size();
    piece_ = {};
    at_ = 0;
    noted_ = 0;
}

Structure Parser::finish() {
    totals_.has_bare_cr = totals_.has_bare_cr || before_piece_ == '\r';
    if (!carry_.empty()) {
        const std::string line = std::exchange(carry_, {});
        if (mode_ == Mode::kHeader) {
            on_header_line(line, false);
        } else {
            static_cast<void>(on_delimiter(line, false));
        }
    }
    settle();
    if (mode_ == Mode::kHeader) {
        cut_header(offset(), lines_);
    }
    while (!open_.empty()) {
        end_part(offset(), lines_);
    }
    structure_.octets = offset();
    structure_.lines = lines_;
    add_octet_defects();
    return std::move(structure_);
}

// The next line of a header, or what there is of it.
void Parser::take_header_line() {
    const std::size_t line_end = piece_.find('\n', at_);
    const bool is_whole = line_end != std::string_view::npos;
    const std::size_t octets = (is_whole ? line_end + 1 : piece_.size()) - at_;
    const std::string_view line =
        rest().substr(0, std::min(octets, limits_.field_octets_max - carry_.size()));
    at_ += octets;
    if (is_whole && carry_.empty()) {
        on_header_line(line, true);
        return;
    }
    carry_ += line;
    if (is_whole) {
        const std::string whole = std::exchange(carry_, {});
        on_header_line(whole, true);
    }
}

// At the begin of a line of a body: takes the line when it is a delimiter; of a line that is not, or
// not known yet to be one, only what came in earlier pieces.
void Parser::take_dash_line() {
    const std::string_view room = rest().substr(0, kDashLineOctetsMax - carry_.size());
    for (std::size_t i = carry_.size(); i < 2 && i - carry_.size() < room.size(); ++i) {
        if (room[i - carry_.size()] != '-') {
            return leave_dash_line();
        }
    }
    const std::size_t line_end = room.find('\n');
    const std::string_view here =
        room.substr(0, line_end == std::string_view::npos ? line_end : line_end + 1);
    if (line_end == std::string_view::npos) {
        if (carry_.size() + here.size() == kDashLineOctetsMax) {
            return leave_dash_line();
        }
        carry_ += here;
        at_ += here.size();
        return;
    }
    const std::string joined = carry_.empty() ? std::string{} : carry_ + std::string(here);
    at_ += here.size();
    if (!on_delimiter(joined.empty() ? here : joined, true)) {
        at_ -= here.size();  // the scan goes over it
        leave_dash_line();
    }
}

void Parser::leave_dash_line() {
    carry_.clear();
    may_be_dash_line_ = false;
}

void Parser::take_body() {
    const char before = at_ == 0 ? before_piece_ : piece_[at_ - 1];
    at_ += scan_to_dash_line(rest(), before, totals_);
    noted_ = at_;
    last_line_end_octets_ = line_end_octets();
    may_be_dash_line_ = last_line_end_octets_ != 0;
    line_begin_ = offset();
}

// Of the line that ends at at_: 2 for CRLF, 1 for LF, 0 for the end of the message.
std::uint32_t Parser::line_end_octets() const {
    if (at_ == 0 || piece_[at_ - 1] != '\n') {
        return 0;
    }
    return (at_ >= 2 ? piece_[at_ - 2] : before_piece_) == '\r' ? 2 : 1;
}

// Puts the octets up to `end` into totals_.
void Parser::note_up_to(std::size_t end) {
    while (noted_ < end) {
        const char before = noted_ == 0 ? before_piece_ : piece_[noted_ - 1];
        noted_ += scan_to_dash_line(piece_.substr(noted_, end - noted_), before, totals_);
    }
}

// Hands the octets seen since the last time to the entity at hand.
void Parser::settle() {
    note_up_to(at_);
    lines_ += totals_.newlines;
    Part& part = current();
    (mode_ == Mode::kHeader ? part.header_octets : part.body_octets).add(totals_);
    totals_ = {};
}

//  delimiter := CRLF "--" boundary     close-delimiter := delimiter "--"
//  transport-padding := *LWSP-char
// RFC 2046 5.1.1. A line that is nothing but a delimiter and padding wins over one with more text behind
// white space, which RFC 2046 5.1.2 lets count, and there the longest boundary wins. A boundary that
// merely begins the word on the line is no match, whatever 5.1.2 says: with boundaries that are prefixes
// of each other that gives parts to the wrong multipart.
std::optional<Parser::Delimiter> Parser::match_delimiter(std::string_view line) const {
    if (!line.starts_with("--") || line.size() > kDashLineOctetsMax) {
        return std::nullopt;
    }
    const std::string_view text = trim_end(without_line_end(line)).substr(2);
    std::optional<Delimiter> best;
    std::size_t best_octets = 0;
    for (std::size_t level = open_.size(); level-- > 0;) {
        const Open& open = open_[level];
        if (open.boundary.empty() || open.closed || !text.starts_with(open.boundary)) {
            continue;
        }
        const std::string_view behind = text.substr(open.boundary.size());
        if (behind.empty() || behind == "--") {
            return Delimiter{level, !behind.empty()};
        }
        const std::string_view word =
            behind.substr(0, behind.find_first_of(" \t", behind.starts_with("--") ? 2 : 0));
        if ((word.empty() || word == "--") && open.boundary.size() > best_octets) {
            best = Delimiter{level, word == "--" || base::trim(behind) == "--"};
            best_octets = open.boundary.size();
        }
    }
    return best;
}

// True when `line`, consumed already, was a delimiter. The octets of a delimiter count as the part's
// before it.
bool Parser::on_delimiter(std::string_view line, bool has_line_end) {
    const std::optional<Delimiter> delimiter = match_delimiter(line);
    if (!delimiter) {
        return false;
    }
    if (!delimiter->closes && structure_.parts.size() >= limits_.parts_max) {
        add_defect(DefectKind::kTooManyParts, line_begin_);
        return false;
    }
    settle();
    end_parts(delimiter->level, lines_ - (has_line_end ? 1 : 0));
    last_line_end_octets_ = line_end_octets();
    if (!delimiter->closes) {
        begin_part(open_.back().part, false, offset());
        return true;
    }
    open_.back().closed = true;
    carry_.clear();
    may_be_dash_line_ = true;
    line_begin_ = offset();
    return true;
}

void Parser::begin_part(std::uint32_t parent, bool is_message, std::uint64_t begin) {
    const auto index = static_cast<std::uint32_t>(structure_.parts.size());
    Part& part = structure_.parts.emplace_back();
    part.header_begin = begin;
    part.parent = parent;
    part.is_message = is_message;
    if (parent != kNoPart) {
        structure_.parts[parent].children.push_back(index);
    }
    open_.push_back(Open{.part = index, .lines_before_body = 0, .closed = false, .boundary = {}});
    mode_ = Mode::kHeader;
    carry_.clear();
    line_begin_ = begin;
    in_field_ = false;
    field_id_.reset();
    suspect_.reset();
    fields_seen_ = 0;
}

// Ends all entities inside open_[level], at the line that begins at line_begin_; `lines` line ends
// stood before it. The line end in front of a delimiter belongs to the delimiter, except where a header
// has used it already.
void Parser::end_parts(std::size_t level, std::uint64_t lines) {
    const std::uint64_t line_begin = line_begin_;
    std::uint64_t end = line_begin - last_line_end_octets_;
    if (mode_ == Mode::kHeader) {
        add_defect(DefectKind::kHeaderCutShort, line_begin);
        cut_header(line_begin, lines);
    }
    while (open_.size() > level + 1) {
        end = std::max(end, current().body_begin);
        end_part(end, end == line_begin ? lines : lines - 1);
    }
}

void Parser::end_part(std::uint64_t end, std::uint64_t lines) {
    const Open open = std::move(open_.back());
    open_.pop_back();
    Part& part = structure_.parts[open.part];
    part.body_end = end;
    part.lines = lines - std::min(lines, open.lines_before_body);
    if (!open.boundary.empty()) {
        if (part.children.empty()) {
            add_defect(DefectKind::kEmptyMultipart, part.header_begin);
        }
        if (!open.closed) {
            add_defect(DefectKind::kUnclosedMultipart, part.header_begin);
        }
    }
    if (part.parent != kNoPart) {
        OctetFlags& flags = structure_.parts[part.parent].body_octets;
        flags.add(part.header_octets);
        flags.add(part.body_octets);
    }
}

void Parser::body_begins(std::uint64_t at, std::uint64_t lines_before) {
    current().body_begin = at;
    open_.back().lines_before_body = lines_before;
    mode_ = Mode::kBody;
    may_be_dash_line_ = true;
    carry_.clear();
    line_begin_ = offset();
    look_into();
}

// Opens a multipart for its parts, or message/rfc822 for its message.
void Parser::look_into() {
    Part& part = current();
    const std::uint64_t at = part.header_begin;
    if (part.is_multipart()) {
        if (!is_identity(part.encoding)) {  // RFC 2045 6.4 forbids it; all who write it mean 7bit
            add_defect(DefectKind::kEncodedContainer, at);
        }
        const std::string_view boundary = trim_end(part.type.parameters.get("boundary"));
        if (boundary.empty() || boundary.size() > kBoundaryOctetsMax) {
            add_defect(DefectKind::kMissingBoundary, at);
        } else if (may_hold_more(at)) {
            open_.back().boundary = boundary;
        }
        return;
    }
    if (!is_message_type(part.type)) {
        return;
    }
    if (!is_identity(part.encoding)) {  // the message inside has no octet range of its own
        add_defect(DefectKind::kEncodedContainer, at);
    } else if (may_hold_more(at)) {
        begin_part(open_.back().part, true, part.body_begin);
    }
}

bool Parser::may_hold_more(std::uint64_t at) {
    if (open_.size() >= limits_.depth_max) {
        add_defect(DefectKind::kTooDeep, at);
        return false;
    }
    if (structure_.parts.size() >= limits_.parts_max) {
        add_defect(DefectKind::kTooManyParts, at);
        return false;
    }
    return true;
}

void Parser::add_defect(DefectKind kind, std::uint64_t at) {
    ++structure_.defects_count;
    std::uint8_t& of_kind = defects_of_kind_[static_cast<std::size_t>(kind)];
    if (of_kind < limits_.defects_max) {
        ++of_kind;
        structure_.defects.push_back({kind, at});
    }
}

// One defect for each kind of octet that should not be, at the part that has it first.
void Parser::add_octet_defects() {
    static constexpr std::array<std::pair<DefectKind, bool OctetFlags::*>, 3> kKinds = {{
        {DefectKind::kNul, &OctetFlags::has_nul},
        {DefectKind::kBareLf, &OctetFlags::has_bare_lf},
        {DefectKind::kBareCr, &OctetFlags::has_bare_cr},
    }};
    const std::vector<Part>& parts = structure_.parts;
    const auto add_first = [this, &parts](DefectKind kind, auto has_it) {
        const auto found = std::find_if(parts.begin(), parts.end(), has_it);
        if (found != parts.end()) {
            add_defect(kind, found->header_begin);
        }
    };
    add_first(DefectKind::k8bitHeader,
              [](const Part& part) { return part.header_octets.has_8bit; });
    add_first(DefectKind::k8bitBody, [](const Part& part) {
        const bool promises_none = part.encoding == Encoding::k7bit ||
                                   part.encoding == Encoding::kQuotedPrintable ||
                                   part.encoding == Encoding::kBase64;
        return part.children.empty() && promises_none && part.body_octets.has_8bit;
    });
    for (const auto& [kind, flag] : kKinds) {
        add_first(kind, [flag = flag](const Part& part) {
            const bool is_leaf = part.children.empty() && part.encoding != Encoding::kBinary;
            return part.header_octets.*flag || (is_leaf && part.body_octets.*flag);
        });
    }
}

Structure parse(std::string_view message, const ParserLimits& limits) {
    Parser parser(limits);
    parser.feed(message);
    return parser.finish();
}

}  // namespace mime
