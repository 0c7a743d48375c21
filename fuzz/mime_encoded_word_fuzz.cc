// Encoded words: what is decoded is UTF-8 on one line; what is encoded is US-ASCII in words of at
// most 75 characters, and decodes to what it was.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "mime/charset.h"
#include "mime/encoded_word.h"

namespace {

void check_text(std::string_view text) {
    CHECK(base::is_utf8(text));
    CHECK(text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
}

void check_words(std::string_view encoded) {
    CHECK(base::is_ascii(encoded));
    while (!encoded.empty()) {
        const std::string_view word = base::split_front(encoded, ' ');
        CHECK(word.size() <= 75 || !word.starts_with("=?utf-8?"));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    check_text(mime::decode_unstructured(input));
    check_text(mime::decode_phrase(input));
    if (const auto word = mime::match_encoded_word(input)) {
        CHECK(word->size <= size && word->text.size() < word->size && !word->charset.empty());
    }

    std::string text = mime::scrub_utf8(input);
    std::replace_if(text.begin(), text.end(), base::is_control, ' ');
    for (const mime::HeaderForm form : {mime::HeaderForm::kAscii, mime::HeaderForm::kUtf8}) {
        const std::string phrase = mime::encode_phrase(text, form);
        CHECK(mime::decode_phrase(phrase) == text);
        const std::string_view trimmed = base::trim(text);
        const std::string unstructured = mime::encode_unstructured(trimmed, form);
        CHECK(mime::decode_unstructured(unstructured) == trimmed);
        if (form == mime::HeaderForm::kAscii) {
            check_words(phrase);
            check_words(unstructured);
        }
    }
    return 0;
}
