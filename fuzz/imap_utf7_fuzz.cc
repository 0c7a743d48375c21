// Modified UTF-7: what is written is read back, and one name has one spelling. Patterns match themselves.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "imap/grammar/mailbox_name.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (base::is_utf8(input)) {
        const auto back = imap::decode_utf7(imap::encode_utf7(input));
        CHECK(back && *back == input);
    }
    static_cast<void>(imap::decode_utf7(input));
    const auto name = imap::decode_mailbox(input, imap::NameForm::kUtf7);
    if (name) {
        const auto again = imap::decode_mailbox(imap::encode_utf7(*name), imap::NameForm::kUtf7);
        CHECK(again && *again == *name);
        CHECK(imap::MailboxPattern("*").matches(*name));
        CHECK(imap::MailboxPattern(*name).matches(*name) ||
              name->find_first_of("*%") != std::string::npos);
    }
    const std::size_t middle = input.size() / 2;
    if (input.size() < 2000) {
        static_cast<void>(
            imap::MailboxPattern(input.substr(0, middle)).matches(input.substr(middle)));
    }
    return 0;
}
