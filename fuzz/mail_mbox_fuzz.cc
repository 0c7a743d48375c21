// A file as mbox: reading ends, messages lie in the file one after another, and what is written of one is
// read back as it was.
#include "base/check.h"
#include "mail/mbox.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view file(reinterpret_cast<const char*>(data), size);
    mail::MboxReader reader(file);
    std::size_t at = 0;
    while (const auto message = reader.next()) {
        CHECK(reader.position() > at && reader.position() <= file.size());
        at = reader.position();
        const mail::MboxContent content = mail::read_content(*message);
        const std::string written = mail::format_mbox(
            content.octets, message->sender, base::WallTime{}, content.flags, content.keywords);
        mail::MboxReader again(written);
        const auto first = again.next();
        CHECK(first.has_value() && !again.next().has_value());
        CHECK(mail::read_content(*first).flags == content.flags);
    }
    return 0;
}
