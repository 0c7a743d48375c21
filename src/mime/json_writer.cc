#include "mime/json_writer.h"

#include <fmt/core.h>

#include <utility>

#include "mime/charset.h"

namespace mime {

void JsonWriter::open(char bracket, bool inlined) {
    begin_value();
    const bool is_inlined = inlined || (!levels_.empty() && levels_.back().inlined);
    out_ += bracket;
    levels_.push_back({bracket == '{' ? '}' : ']', is_inlined, true});
}

void JsonWriter::close() {
    const Level level = levels_.back();
    levels_.pop_back();
    if (!level.inlined && !level.is_empty) {
        new_line();
    }
    out_ += level.close;
}

void JsonWriter::key(std::string_view name) {
    begin_value();
    quote(name);
    out_ += ": ";
    behind_key_ = true;
}

void JsonWriter::string(std::string_view text) {
    begin_value();
    quote(text);
}

void JsonWriter::number(std::uint64_t value) {
    begin_value();
    out_ += std::to_string(value);
}

void JsonWriter::boolean(bool value) {
    begin_value();
    out_ += value ? "true" : "false";
}

void JsonWriter::member(std::string_view name, std::string_view text) {
    key(name);
    string(text);
}

void JsonWriter::member(std::string_view name, std::uint64_t value) {
    key(name);
    number(value);
}

std::string JsonWriter::take() {
    out_ += '\n';
    return std::move(out_);
}

// What stands between the value before and the next one.
void JsonWriter::begin_value() {
    if (std::exchange(behind_key_, false) || levels_.empty()) {
        return;
    }
    Level& level = levels_.back();
    if (!std::exchange(level.is_empty, false)) {
        out_ += level.inlined ? ", " : ",";
    }
    if (!level.inlined) {
        new_line();
    }
}

void JsonWriter::new_line() {
    out_ += '\n';
    out_.append(levels_.size() * 2, ' ');
}

void JsonWriter::quote(std::string_view text) {
    out_ += '"';
    for (const char c : scrub_utf8(text)) {
        switch (c) {
            case '"':
                out_ += "\\\"";
                break;
            case '\\':
                out_ += "\\\\";
                break;
            case '\n':
                out_ += "\\n";
                break;
            case '\r':
                out_ += "\\r";
                break;
            case '\t':
                out_ += "\\t";
                break;
            default:
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
                    out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
                } else {
                    out_ += c;
                }
        }
    }
    out_ += '"';
}

}  // namespace mime
