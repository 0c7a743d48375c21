#include "mime/address.h"

#include <utility>

#include "base/ascii.h"
#include "mime/charset.h"
#include "mime/lexer.h"

namespace mime {
namespace {

constexpr std::size_t kCommentsMax = 8;

// An address's text: UTF-8 on one line, whatever the octets were. A question mark, since a space
// would be lost where addresses are written.
std::string clean_text(std::string_view octets) {
    std::string text = base::is_utf8(octets) ? std::string(octets) : to_utf8(octets, {});
    make_one_line(text, '?');
    return text;
}

// address-list = (address *("," address)) / obs-addr-list      RFC 5322 3.4
//
// One pass over the tokens. What stands before a "<" or ":" is a display name; what stands around
// an "@" is an address; a comma or semicolon ends a mailbox. Nothing is read twice but a display
// name, once more when its end is known.
class AddressReader {
  public:
    AddressReader(std::string_view body, std::size_t addresses_max, EncodedWords words)
        : lexer_(body),
          addresses_max_(addresses_max),
          words_(words) {}

    AddressList read();

  private:
    // The mailbox being read. Its words are those since its begin, or since its address was
    // complete.
    struct Draft {
        Mailbox mailbox;
        bool have_address = false;
        bool in_angle = false;  // the address stood between angle brackets
        bool any_word = false;
        bool only_word = true;  // a single atom so far
        std::size_t begin = 0;  // of the words
        std::size_t end = 0;
        std::size_t first = 0;        // of the words before the address
        std::size_t local_begin = 0;  // of the last words, which dots join
        std::string local;            // their value
        bool after_dot = false;
        std::vector<std::string_view> comments;
    };

    bool skip_cfws();
    void on_token();
    void on_word();
    void add_word(std::size_t begin, std::string_view value, bool atom);
    void on_at();
    void on_angle();
    void on_colon();
    void on_stray();
    void read_route();
    std::string angle_local();
    std::string domain(bool in_angle);
    void angle_address();
    void end_mailbox();
    void end_group();
    [[nodiscard]] std::string phrase(std::size_t begin, std::size_t end) const;
    [[nodiscard]] std::string comment_name() const;

    Lexer lexer_;
    std::size_t addresses_max_;
    EncodedWords words_;
    std::size_t count_ = 0;
    AddressList list_;
    bool in_group_ = false;
    Group group_;
    Draft draft_;
};

bool AddressReader::skip_cfws() {
    const std::size_t begin = lexer_.position();
    lexer_.skip_fws();
    while (const auto comment = lexer_.comment()) {
        if (draft_.comments.size() < kCommentsMax) {
            draft_.comments.push_back(*comment);
        }
        lexer_.skip_fws();
    }
    return lexer_.position() != begin;
}

std::string AddressReader::phrase(std::size_t begin, std::size_t end) const {
    std::string_view words = lexer_.text().substr(begin, end - begin);
    if (words.starts_with('"') && !Lexer(words).quoted_string()) {
        words.remove_prefix(1);
    }
    return decode_phrase(words, words_);
}

std::string AddressReader::comment_name() const {
    EncodedText name;
    for (const std::string_view comment : draft_.comments) {
        if (comment.data() != draft_.comments.front().data()) {
            name.add_space(" ");
        }
        const std::string text = unescape(comment);
        words_ == EncodedWords::kKeep ? name.add_text(text) : name.add_mixed(text);
    }
    return std::string(base::trim(name.take()));
}

// A word of a display name, or of a local part whose "@" is still to come.
void AddressReader::add_word(std::size_t begin, std::string_view value, bool atom) {
    Draft& draft = draft_;
    draft.only_word = atom && (!draft.any_word || (draft.only_word && draft.after_dot));
    if (!draft.any_word) {
        draft.begin = begin;
    }
    if (!draft.after_dot) {
        draft.local.clear();
        draft.local_begin = begin;
    }
    draft.local += value;
    draft.any_word = true;
    draft.after_dot = value == ".";
    draft.end = lexer_.position();
}

void AddressReader::on_word() {
    const std::size_t begin = lexer_.position();
    if (const auto quoted = lexer_.quoted_string()) {
        add_word(begin, *quoted, false);
    } else if (const auto encoded = match_encoded_word(lexer_.rest())) {
        lexer_.advance(encoded->size);
        add_word(begin, lexer_.text().substr(begin, encoded->size), false);
    } else if (lexer_.peek() == '.') {
        draft_.after_dot = draft_.any_word;  // a dot continues what stands before it
        lexer_.advance();
        add_word(begin, ".", true);
    } else if (const std::string_view atom = lexer_.atom(); !atom.empty()) {
        add_word(begin, atom, true);
    } else {
        on_stray();
    }
}

void AddressReader::on_stray() {
    const std::size_t begin = lexer_.position();
    list_.defects |= kAddressStray;
    lexer_.advance();
    if (!draft_.any_word) {
        draft_.begin = begin;
    }
    draft_.end = lexer_.position();
    draft_.any_word = true;
    draft_.only_word = draft_.after_dot = false;
}

// domain = dot-atom / domain-literal / obs-domain      RFC 5322 3.4.1 and 4.4
// Between angle brackets anything up to ">" is taken: a broken domain is shown and not lost.
std::string AddressReader::domain(bool in_angle) {
    std::string domain;
    bool expect_atom = true;
    while (true) {
        skip_cfws();
        if (const auto literal = lexer_.domain_literal()) {
            domain += *literal;
        } else if (lexer_.consume('.')) {
            domain += '.';
            expect_atom = true;
            continue;
        } else if (const auto atom = expect_atom || in_angle ? lexer_.atom() : std::string_view{};
                   !atom.empty()) {
            domain += atom;
        } else if (in_angle && !lexer_.at_end() &&
                   std::string_view("<>,@").find(lexer_.peek()) == std::string_view::npos) {
            list_.defects |= kAddressStray;
            domain += lexer_.peek();
            lexer_.advance();
        } else {
            break;
        }
        expect_atom = false;
    }
    while (domain.ends_with('.')) {
        domain.pop_back();
    }
    return clean_text(domain);
}

// addr-spec = local-part "@" domain, outside of angle brackets      RFC 5322 3.4.1
void AddressReader::on_at() {
    lexer_.advance();
    if (draft_.have_address && !draft_.in_angle && !draft_.any_word) {
        draft_.mailbox.local += "@" + draft_.mailbox.domain;  // a@b@c
        draft_.mailbox.domain = domain(false);
        return;
    }
    if (draft_.have_address) {
        // A comma is missing: the last word is the local part of the next mailbox.
        Draft next;
        next.local = std::exchange(draft_.local, {});
        next.begin = draft_.begin;
        next.local_begin = draft_.local_begin;
        next.any_word = true;
        draft_.any_word = false;
        end_mailbox();
        list_.defects |= kAddressStray;
        draft_ = std::move(next);
    }
    draft_.mailbox.local = clean_text(draft_.local);
    if (draft_.any_word && draft_.local_begin > draft_.begin) {
        draft_.mailbox.name = phrase(draft_.begin, draft_.local_begin);
    }
    draft_.first = draft_.begin;
    draft_.mailbox.domain = domain(false);
    draft_.have_address = true;
    draft_.any_word = draft_.after_dot = false;
    draft_.local.clear();
}

// obs-route = obs-domain-list ":"      RFC 5322 4.4; hosts before the address, which mail no longer goes by
void AddressReader::read_route() {
    std::string last;
    std::string route;
    while (skip_cfws(), lexer_.peek() == '@' || lexer_.peek() == ',') {
        if (!lexer_.consume(',')) {
            lexer_.advance();
            last = domain(false);
            route += (route.empty() ? "@" : ",@") + last;
        }
    }
    if (lexer_.consume(':')) {
        list_.defects |= kAddressRoute;
        draft_.mailbox.route = std::move(route);
    } else {
        draft_.mailbox.domain = last;
    }
}

// local-part = dot-atom / quoted-string / obs-local-part      RFC 5322 3.4.1
std::string AddressReader::angle_local() {
    std::string local;
    while (true) {
        const bool gap = skip_cfws();
        const char c = lexer_.peek();
        if (lexer_.at_end() || c == '@' || c == '>' || c == '<' || c == ',') {
            break;
        }
        if (gap && !local.empty() && local.back() != '.' && c != '.') {
            local += ' ';
        }
        if (const auto quoted = lexer_.quoted_string()) {
            local += *quoted;
        } else if (const std::string_view atom = lexer_.dot_atom(); !atom.empty()) {
            local += atom;
        } else {
            local += c;
            lexer_.advance();
        }
    }
    return clean_text(local);
}

void AddressReader::angle_address() {
    draft_.mailbox.local.clear();
    draft_.mailbox.domain.clear();
    draft_.mailbox.route.clear();
    skip_cfws();
    if (lexer_.peek() == '@') {
        read_route();
    }
    draft_.mailbox.local = angle_local();
    while (lexer_.consume('@')) {
        if (!draft_.mailbox.domain.empty()) {
            draft_.mailbox.local += "@" + draft_.mailbox.domain;
        }
        draft_.mailbox.domain = domain(true);
    }
    skip_cfws();
    if (!lexer_.consume('>')) {
        list_.defects |= kAddressUnclosed;
    }
}

// angle-addr = [CFWS] "<" addr-spec ">" [CFWS] / obs-angle-addr      RFC 5322 3.4
void AddressReader::on_angle() {
    const std::size_t at = lexer_.position();
    lexer_.advance();
    if (draft_.have_address && draft_.in_angle) {
        // A comma is missing: the words behind the last address name the next one.
        Draft next;
        next.any_word = std::exchange(draft_.any_word, false);
        next.begin = draft_.begin;
        next.end = draft_.end;
        end_mailbox();
        list_.defects |= kAddressStray;
        draft_ = std::move(next);
    }
    if (draft_.have_address) {
        // "phil@example.com <phil@example.com>": the first is a display name.
        draft_.mailbox.name = std::string(base::trim(phrase(draft_.first, at)));
    } else if (draft_.any_word) {
        draft_.mailbox.name = phrase(draft_.begin, draft_.end);
    }
    angle_address();
    draft_.have_address = draft_.in_angle = true;
    draft_.any_word = draft_.after_dot = false;
    draft_.local.clear();
}

// group = display-name ":" [group-list] ";" [CFWS]      RFC 5322 3.4
void AddressReader::on_colon() {
    if (draft_.have_address || !draft_.any_word) {
        on_stray();
        return;
    }
    lexer_.advance();
    std::string name = phrase(draft_.begin, draft_.end);
    draft_ = {};
    if (in_group_) {
        list_.defects |= kAddressUnclosed;
        end_group();
    }
    in_group_ = true;
    group_.name = std::move(name);
    ++count_;
}

void AddressReader::end_mailbox() {
    Draft& draft = draft_;
    if (draft.any_word && draft.have_address) {
        list_.defects |= draft.mailbox.name.empty() ? 0U : kAddressStray;
    }
    if (draft.any_word && draft.mailbox.name.empty()) {
        if (!draft.have_address && draft.only_word) {
            draft.mailbox.local = clean_text(draft.local);
        } else {
            draft.mailbox.name = phrase(draft.begin, draft.end);
        }
    }
    if (draft.mailbox.name.empty() && (draft.have_address || draft.any_word)) {
        draft.mailbox.name = comment_name();
    }
    Mailbox mailbox = std::exchange(draft_, {}).mailbox;
    if (mailbox == Mailbox{}) {
        return;
    }
    if (mailbox.domain.empty()) {
        list_.defects |= kAddressNoDomain;
    }
    ++count_;
    if (in_group_) {
        group_.members.push_back(std::move(mailbox));
    } else {
        list_.addresses.emplace_back(std::move(mailbox));
    }
}

void AddressReader::end_group() {
    list_.addresses.emplace_back(std::exchange(group_, {}));
    in_group_ = false;
}

void AddressReader::on_token() {
    switch (lexer_.peek()) {
        case ',':
        case ';':
            if (lexer_.peek() == ',' && !draft_.any_word && !draft_.have_address) {
                list_.defects |= kAddressEmptyElement;
            }
            end_mailbox();
            if (lexer_.peek() == ';') {
                in_group_ ? end_group() : void(list_.defects |= kAddressStray);
            }
            lexer_.advance();
            break;
        case '<':
            on_angle();
            break;
        case '@':
            on_at();
            break;
        case ':':
            on_colon();
            break;
        default:
            on_word();
    }
}

AddressList AddressReader::read() {
    while (skip_cfws(), !lexer_.at_end()) {
        if (count_ >= addresses_max_) {
            list_.defects |= kAddressTooMany;
            break;
        }
        on_token();
    }
    end_mailbox();
    if (in_group_) {
        list_.defects |= kAddressUnclosed;
        end_group();
    }
    if (lexer_.damaged()) {
        list_.defects |= kAddressUnclosed;
    }
    return std::move(list_);
}

}  // namespace

std::string Mailbox::address() const {
    return domain.empty() ? local : local + "@" + domain;
}

AddressList parse_address_list(std::string_view body,
                               std::size_t addresses_max,
                               EncodedWords words) {
    return AddressReader(body, addresses_max, words).read();
}

std::vector<Mailbox> mailboxes(const AddressList& list) {
    std::vector<Mailbox> all;
    for (const Address& address : list.addresses) {
        if (const auto* const group = std::get_if<Group>(&address)) {
            all.insert(all.end(), group->members.begin(), group->members.end());
        } else {
            all.push_back(std::get<Mailbox>(address));
        }
    }
    return all;
}

}  // namespace mime
