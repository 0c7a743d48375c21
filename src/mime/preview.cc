#include "mime/preview.h"

#include "base/ascii.h"
#include "mime/text.h"
#include "mime/utf8.h"

namespace mime {
namespace {

// Enough for the words of a newsletter behind its styles, and a bound on the work.
constexpr std::size_t kTextOctetsLookedAt = std::size_t{64} * 1024;

// Characters that show nothing: senders put hundreds of them behind the line meant for previews.
bool is_invisible(char32_t c) {
    return c == 0xad || c == 0x34f || c == 0x61c || c == 0x115f || c == 0x1160 || c == 0x17b4 ||
           c == 0x17b5 || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x3164 ||
           c == 0xfeff || c == 0xffa0;
}

bool is_blank(char32_t c) {
    return c <= U' ' || c == 0x7f || (c >= 0x80 && c <= 0xa0) || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

// Collects characters on one line until there are enough.
class OneLine {
  public:
    OneLine() { out_.reserve(kPreviewCharactersMax); }

    void put(char32_t character) {
        if (character >= 0x80 && is_invisible(character)) {
            return;
        }
        if (is_blank(character)) {
            space_ = !out_.empty();
            return;
        }
        if (space_) {
            if (characters_ >= kPreviewCharactersWanted) {
                is_full_ = true;
                return;
            }
            out_ += ' ';
            ++characters_;
            space_ = false;
        }
        if (character < 0x80) {
            out_ += static_cast<char>(character);
        } else {
            append_utf8(out_, character);
        }
        is_full_ = ++characters_ == kPreviewCharactersMax;
    }

    [[nodiscard]] bool is_full() const { return is_full_; }

    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    std::string out_;
    std::size_t characters_ = 0;
    bool space_ = false;
    bool is_full_ = false;
};

// "On ... Alice wrote:" and its like in other languages: the line that ends with a colon in front of a
// quotation.
bool introduces_quote(std::string_view line, std::string_view rest) {
    const std::size_t next = rest.find_first_not_of(" \r\n");
    return base::trim(line).ends_with(':') && next != std::string_view::npos && rest[next] == '>';
}

std::string collect(std::string_view text, bool with_quotes) {
    OneLine out;
    while (!text.empty() && !out.is_full()) {
        std::string_view line = base::split_front(text, '\n');
        if (!with_quotes && line == "-- ") {
            break;
        }
        if (!with_quotes && (line.starts_with('>') || introduces_quote(line, text))) {
            continue;
        }
        while (!line.empty() && !out.is_full()) {
            if (base::is_8bit(line.front())) {
                out.put(take_utf8(line));
            } else {
                out.put(static_cast<unsigned char>(line.front()));
                line.remove_prefix(1);
            }
        }
        if (!out.is_full()) {
            out.put(U' ');
        }
    }
    return out.take();
}

}  // namespace

std::string preview_of_text(std::string_view text) {
    std::string preview = collect(text, false);
    return preview.empty() ? collect(text, true) : preview;
}

std::string preview_without_text(const Structure& structure) {
    const Part& root = structure.root();
    return root.children.empty() && !is_encrypted(structure) ? collect(file_name_of(root), true)
                                                             : std::string();
}

bool is_encrypted(const Structure& structure) {
    const ContentType& type = structure.root().type;
    return type.is("multipart", "encrypted") || type.is("application", "pkcs7-mime") ||
           type.is("application", "x-pkcs7-mime");
}

std::string make_preview(std::string_view message, const Structure& structure) {
    if (is_encrypted(structure)) {
        return {};
    }
    std::string preview = preview_of_text(body_text(message, structure, kTextOctetsLookedAt));
    return preview.empty() ? preview_without_text(structure) : preview;
}

}  // namespace mime
