// Prints the tree of a message from standard input, with nothing but the MIME library:
//
//     example_read_message <message.eml
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "mime/encoded_word.h"
#include "mime/header.h"
#include "mime/parser.h"
#include "mime/text.h"

namespace {

// Pieces may be of any size, so the message need not be in memory to learn its structure; here it is
// kept for the contents of the parts.
mime::Structure read_message(std::string& message) {
    mime::Parser parser;
    std::array<char, 4096> buffer{};
    while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), stdin)) {
        parser.feed({buffer.data(), count});
        message.append(buffer.data(), count);
    }
    return parser.finish();
}

}  // namespace

int main() {
    std::string message;
    const mime::Structure structure = read_message(message);
    if (const auto subject = mime::find_field(structure.root().envelope, "Subject")) {
        fmt::print("{}\n", mime::decode_unstructured(subject->body));
    }
    std::vector<std::size_t> depths;  // parts come in order, parents before their children
    for (const mime::Part& part : structure.parts) {
        depths.push_back(part.parent == mime::kNoPart ? 0 : depths[part.parent] + 1);
        const std::string name(mime::file_name_of(part));
        fmt::print("{:{}}{}/{}", "", depths.back() * 2, part.type.type, part.type.subtype);
        if (part.children.empty()) {
            fmt::print(", {} octets", mime::decoded_content(message, part).size());
        }
        fmt::print("{}{}\n", name.empty() ? "" : ", ", name);
    }
}
