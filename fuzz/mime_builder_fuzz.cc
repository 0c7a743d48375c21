// A draft made of any octets: what the builder writes is a message without defects that reads back as what
// went in, and no text breaks out of its field.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "mime/builder.h"
#include "mime/charset.h"
#include "mime/text.h"
#include "mime_invariants.h"

namespace {

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

}  // namespace

// The input, cut at NULs: name, address, subject, text, HTML, file name, file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto next = [&rest] { return base::split_front(rest, '\0'); };
    mime::Draft draft;
    const std::string name(next());
    const std::string local(next());
    draft.from = {mime::Mailbox{name, local, "x.example"}};
    draft.to = {mime::Group{name, {mime::Mailbox{"", local, "y.example"}}}};
    draft.subject = next();
    draft.text = mime::scrub_utf8(next());
    draft.html = mime::scrub_utf8(next());
    draft.flowed = size % 2 == 1;
    mime::Attachment& file = draft.attachments.emplace_back();
    file.name = next();
    file.type = "application/octet-stream";
    file.content = rest;
    file.description = name;

    base::SeededRandom random(size);
    const auto message = mime::build_message(draft, random);
    if (!message) {
        check(message.error().code == base::Errc::kUnsupported && !base::is_ascii(local));
        const auto utf8 = mime::build_message(draft, random, {.form = mime::HeaderForm::kUtf8});
        check(utf8 ? mime::broken_property(*utf8).empty() : !base::is_utf8(local));
        return 0;
    }
    check(mime::broken_property(*message).empty());
    check(base::is_ascii(*message));
    const mime::Structure structure = mime::parse(*message);
    check(structure.defects_count == 0);
    const mime::Part& attached = structure.parts.back();
    check(attached.type.is("application", "octet-stream"));
    check(mime::decoded_content(*message, attached) == file.content);
    if (!draft.flowed && !draft.text.empty()) {
        const mime::Part& text = structure.parts[draft.html.empty() ? 1 : 2];
        check(mime::decoded_content(*message, text) == mime::to_crlf(draft.text));
    }
    return 0;
}
