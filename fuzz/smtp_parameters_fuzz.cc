// Parameters of MAIL and RCPT, xtext and replies: what parses is printed, and parses to the same again.
#include <cstdint>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "smtp/grammar/parameters.h"
#include "smtp/grammar/reply_parser.h"
#include "smtp/grammar/xtext.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (const auto mail = smtp::parse_mail_parameters(input)) {
        const auto again = smtp::parse_mail_parameters(smtp::format_parameters(*mail));
        CHECK(again && *again == *mail);
    }
    if (const auto rcpt = smtp::parse_rcpt_parameters(input)) {
        const auto again = smtp::parse_rcpt_parameters(smtp::format_parameters(*rcpt));
        CHECK(again && *again == *rcpt);
    }
    CHECK(smtp::decode_xtext(smtp::encode_xtext(input)) == input);
    smtp::ReplyParser replies;
    std::string_view rest = input;
    while (!rest.empty()) {
        const auto fed = replies.feed(base::split_front(rest, '\n'));
        if (!fed) {
            break;
        }
        if (*fed) {
            const smtp::Reply reply = replies.take();
            CHECK(reply.code >= 200 && reply.code <= 599);
        }
    }
    return 0;
}
