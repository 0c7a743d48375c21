// A message's summary: however the message is cut it is the same, it survives packing, and octets that are
// no summary are refused or read without harm.
#include "base/check.h"
#include "mail/kept_fields.h"
#include "mail/summarizer.h"
#include "mail/summary.h"
#include "mime/envelope.h"
#include "mime/section.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view octets(reinterpret_cast<const char*>(data), size);
    const mail::Summary whole = mail::summarize(octets);
    mail::Summarizer pieces;
    for (std::size_t at = 0; at < octets.size(); at += 11) {
        pieces.feed(octets.substr(at, 11));
    }
    CHECK(pieces.finish().packed() == whole.packed());
    const auto structure = mail::Summary::unpack(whole.packed())->structure();
    CHECK(structure.has_value());
    // What was formatted once is what would be formatted now.
    for (const auto form : {mime::HeaderForm::kAscii, mime::HeaderForm::kUtf8}) {
        CHECK(!whole.has_all_fields() ||
              mail::format_envelope(whole, form) == mime::format_envelope(whole.fields(), form));
        CHECK(mail::format_body(whole, mime::BodyForm::kBodyStructure, form) ==
              mime::format_body(*structure, mime::BodyForm::kBodyStructure, form));
    }
    // Fields out of the summary are those of the header.
    const std::vector<std::string> names = {"From", "Subject", "X-Odd"};
    const mail::FieldChoice choice(names);
    const auto fields = choice.of(whole);
    CHECK(!fields ||
          *fields == mime::select_fields(octets.substr(0, whole.header_octets()), names, false));
    const auto stranger = mail::Summary::unpack(std::string(octets));
    if (stranger) {
        static_cast<void>(stranger->structure());
        static_cast<void>(mail::format_envelope(*stranger));
        static_cast<void>(choice.of(*stranger));
    }
    return 0;
}
