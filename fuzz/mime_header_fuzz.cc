// Header blocks, dates and message identifiers: fields lie within their block in order, texts come
// out on one line as UTF-8, and a date or list of identifiers that was read is read back from what
// is written.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "mime/date.h"
#include "mime/encoded_word.h"
#include "mime/header.h"
#include "mime/keywords.h"
#include "mime/msgid.h"
#include "mime/received.h"

namespace {

void check_date(std::string_view body) {
    const auto date = mime::parse_date(body);
    if (!date) {
        return;
    }
    const auto again = mime::parse_date(mime::format_date(date->time, date->offset_minutes));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(date->time);
    CHECK(again && again->time == seconds && again->offset_minutes == date->offset_minutes);
}

void check_ids(std::string_view body) {
    const auto ids = mime::parse_message_ids(body);
    CHECK(ids.size() <= 1000);
    for (const std::string& id : ids) {
        CHECK(!id.empty());
    }
}

// Hops and keywords: no property but that they are read, and no more of them than were written.
void check_others(std::string_view body) {
    const mime::Received received = mime::parse_received(body);
    CHECK(received.from.size() + received.with.size() <= 2 * body.size());
    CHECK(mime::parse_keywords(body, 10).size() <= 10);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view block(reinterpret_cast<const char*>(data), size);
    mime::FieldIterator fields(block);
    std::size_t behind = 0;
    while (const auto field = fields.next()) {
        CHECK(field->offset >= behind && block.substr(field->offset).starts_with(field->name));
        CHECK(!field->name.empty() && field->name.find(':') == std::string_view::npos);
        behind = static_cast<std::size_t>(field->body.data() - block.data()) + field->body.size();
        CHECK(behind <= fields.position() && fields.position() <= size);
        CHECK(mime::unfold(field->body).find_first_of("\r\n") == std::string::npos);
        const std::string text = mime::decode_unstructured(field->body);
        CHECK(base::is_utf8(text) && text.find_first_of("\r\n") == std::string::npos);
        check_date(field->body);
        check_ids(field->body);
        check_others(field->body);
    }
    check_date(block);
    check_ids(block);
    return 0;
}
