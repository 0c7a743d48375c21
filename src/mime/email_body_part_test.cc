// EmailBodyPart: RFC 8621 4.1.4.
#include "mime/email_body_part.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "mime/parser.h"
#include "mime/section.h"

namespace mime {
namespace {

std::string dump(const EmailBodyPart& part) {
    const auto text = [](const std::optional<std::string>& value) {
        return value.value_or("null");
    };
    return fmt::format("{} {} {} {} {} {} {} {} {} [{}]",
                       text(part.part_id),
                       part.type,
                       part.size,
                       text(part.name),
                       text(part.charset),
                       text(part.disposition),
                       text(part.cid),
                       part.language ? fmt::format("{}", fmt::join(*part.language, ",")) : "null",
                       text(part.location),
                       fmt::join(part.sub_parts, ","));
}

std::vector<std::string> tree(std::string_view message) {
    const Structure structure = parse(message);
    std::vector<std::string> parts;
    for (std::uint32_t index = 0; index < structure.parts.size(); ++index) {
        if (index == 0 || !structure.parts[index].is_message) {
            parts.push_back(dump(email_body_part(message, structure, index)));
        }
    }
    return parts;
}

TEST(EmailBodyPartTest, ShowsATree) {
    const std::vector<std::string> parts = tree(
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\n\r\nplain\r\n"
        "--b\r\nContent-Type: text/html; charset=ISO-8859-1\r\nContent-Language: de, en\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\nContent-Location: "
        "http://x/\r\n\r\n<p>=E9=\r\n\r\n"
        "--b\r\nContent-Type: multipart/related; boundary=c\r\n\r\n"
        "--c\r\nContent-Type: image/png; name*=utf-8''%C3%BC.png\r\nContent-ID: <1@x>\r\n"
        "Content-Transfer-Encoding: base64\r\nContent-Disposition: INLINE\r\n\r\nQUJD\r\nREU=\r\n"
        "--c\r\nContent-Type: text/plain\r\n\r\nno charset\r\n--c--\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nhello\r\n--b--\r\n");
    const std::vector<std::string> expected = {
        "null multipart/mixed 499 null null null null null null [1,2,3,6]",
        "1 text/plain 5 null us-ascii null null null null []",
        "2 text/html 4 null ISO-8859-1 null null de,en http://x/ []",
        "null multipart/related 202 null null null null null null [4,5]",
        "3.1 image/png 5 ü.png null inline 1@x null null []",
        "3.2 text/plain 10 null null null null null null []",
        "4 message/rfc822 20 null null null null null null []"};
    EXPECT_EQ(fmt::format("{}", fmt::join(parts, "\n")),
              fmt::format("{}", fmt::join(expected, "\n")));
}

TEST(EmailBodyPartTest, NamesPartsSoThatTheyAreFound) {
    for (const char* message : {"\r\nhello",
                                "Content-Type: multipart/mixed; boundary=b\r\n\r\nno parts\r\n",
                                "Content-Type: message/rfc822\r\n\r\na: b\r\n\r\nx"}) {
        const Structure structure = parse(message);
        const EmailBodyPart part = email_body_part(message, structure, 0);
        const auto section = parse_section(part.part_id.value());
        EXPECT_EQ(find_part(structure, section->path), 0U) << message;
    }
}

}  // namespace
}  // namespace mime
