// Content-Type and Content-Disposition: values are UTF-8, numbers bounded, and parameters that are
// written are read back.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "mime/lexer.h"
#include "mime/parameters.h"

namespace {

// A name that RFC 2231 7 allows; others are read and cannot be written.
bool is_name(std::string_view name) {
    return std::all_of(name.begin(), name.end(), [](char c) {
        return mime::is_token_char(c) && c != '*' && c != '\'' && c != '%' && !base::is_8bit(c);
    });
}

void check(const mime::Parameters& parameters) {
    CHECK(parameters.list.size() <= mime::kParametersMax);
    mime::Parameters writable;
    for (const mime::Parameter& parameter : parameters.list) {
        CHECK(base::is_utf8(parameter.value));
        CHECK(parameters.find(parameter.name) == &parameter.value);
        if (is_name(parameter.name) && !parameter.value.empty() && parameter.name.size() < 60) {
            writable.set(parameter.name, parameter.value);
        }
    }
    for (const mime::HeaderForm form : {mime::HeaderForm::kAscii, mime::HeaderForm::kUtf8}) {
        const std::string text = mime::format_parameters(writable, form);
        const mime::Parameters read = mime::parse_parameters(text);
        CHECK(read.list.size() == writable.list.size());
        for (const mime::Parameter& parameter : writable.list) {
            CHECK(read.get(parameter.name) == parameter.value);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    if (const auto type = mime::parse_content_type(body)) {
        CHECK(!type->type.empty() && !type->subtype.empty());
        check(type->parameters);
    }
    check(mime::parse_disposition(body).parameters);
    check(mime::parse_parameters(body));
    return 0;
}
