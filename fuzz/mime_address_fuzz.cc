// Address lists: whatever the text, names and addresses are UTF-8 on one line, and what is written
// from a list of sound domains is read back as the same list.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "mime/address.h"
#include "mime/lexer.h"

namespace {

bool is_clean(std::string_view text) {
    return base::is_utf8(text) && text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

// Domains that no standard knows are shown as they came; they cannot be written.
bool is_writable(const mime::Mailbox& mailbox) {
    const std::string& domain = mailbox.domain;
    return domain.empty() || mime::is_dot_atom(domain) ||
           (domain.starts_with('[') && domain.find_first_of("]\\") == domain.size() - 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    const mime::AddressList list = mime::parse_address_list(body);
    bool writable = true;
    for (const mime::Mailbox& mailbox : mime::mailboxes(list)) {
        writable = writable && is_writable(mailbox);
        CHECK(is_clean(mailbox.name) && is_clean(mailbox.local) && is_clean(mailbox.domain));
        CHECK(!(mailbox == mime::Mailbox{}));
    }
    for (const mime::HeaderForm form : {mime::HeaderForm::kAscii, mime::HeaderForm::kUtf8}) {
        const std::string text = mime::format_address_list(list.addresses, form);
        CHECK(is_clean(text));
        CHECK(!writable || mime::parse_address_list(text).addresses == list.addresses);
    }
    const mime::AddressList few = mime::parse_address_list(body, 2);
    CHECK(few.addresses.size() <= 3);
    return 0;
}
