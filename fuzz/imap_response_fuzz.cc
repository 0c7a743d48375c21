// A server's answers as a client reads them: whatever comes, an answer that is understood can be written again,
// and then says the same; and a cut one waits for the rest.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "imap/grammar/response.h"
#include "imap/grammar/writer.h"

namespace {

using imap::ResponseItem;

void write(std::string& out, const std::vector<ResponseItem>& items, bool first) {
    std::uint32_t depth = 0;
    for (const ResponseItem& item : items) {
        for (; depth > item.depth; --depth) {
            out += ')';
            first = false;
        }
        out += first ? "" : " ";
        first = item.kind == ResponseItem::Kind::kList;
        if (item.kind == ResponseItem::Kind::kList) {
            out += '(';
            ++depth;
        } else if (item.kind == ResponseItem::Kind::kString) {
            imap::append_literal(out, item.text);
        } else {
            out += item.kind == ResponseItem::Kind::kNil ? "NIL" : item.text;
        }
    }
    out.append(depth, ')');
}

std::string write(const imap::Response& response) {
    using Kind = imap::Response::Kind;
    std::string out = response.kind == Kind::kContinue ? "+"
                      : response.kind == Kind::kTagged ? response.tag
                                                       : "*";
    out += response.number ? " " + std::to_string(*response.number) : "";
    out += response.name.empty() ? "" : " " + response.name;
    write(out, response.items, false);
    if (response.kind == Kind::kData) {
        return out;
    }
    out += ' ';
    if (!response.code.empty()) {
        out += '[';
        write(out, response.code, true);
        out += "] ";
    }
    return out + response.text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto first = imap::first_response(input);
    CHECK(!first || (*first <= size && input.substr(0, *first).ends_with("\r\n")));
    CHECK(!first || !imap::first_response(input.substr(0, *first - 1)));
    const auto response = imap::parse_response(first ? input.substr(0, *first - 2) : input);
    if (!response) {
        CHECK(response.error().code == base::Errc::kSyntax);
        return 0;
    }
    const auto again = imap::parse_response(write(*response));
    CHECK(again && *again == *response);
    return 0;
}
