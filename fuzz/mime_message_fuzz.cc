// Any octets as a message: the same structure whole as in pieces, packed and unpacked; its parts put
// together are the message; everything made out of it stays in bounds.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/ascii.h"
#include "mime/bodystructure.h"
#include "mime/compose.h"
#include "mime/describe.h"
#include "mime/downgrade.h"
#include "mime/email_body_part.h"
#include "mime/partial.h"
#include "mime/preview.h"
#include "mime/section.h"
#include "mime/text.h"
#include "mime_invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view message(reinterpret_cast<const char*>(data), size);
    const mime::ParserLimits tight{.depth_max = 4,
                                   .parts_max = 8,
                                   .field_octets_max = 100,
                                   .kept_octets_max = 400,
                                   .defects_max = 2};
    if (!mime::broken_property(message).empty() || !mime::broken_property(message, tight).empty()) {
        std::abort();
    }
    const mime::Structure structure = mime::parse(message);
    for (std::uint32_t i = 0; i < structure.parts.size(); ++i) {
        const mime::Part& part = structure.parts[i];
        static_cast<void>(mime::email_body_part(message, structure, i));
        const std::uint32_t wanted = part.is_message && i != 0 ? part.parent : i;
        if (mime::find_part(structure, mime::part_path(structure, i)) != wanted) {
            std::abort();
        }
    }
    if (const auto unpacked = mime::unpack(message)) {  // as a packed structure it is mere rubbish
        static_cast<void>(mime::pack(*unpacked));
    }
    static_cast<void>(mime::format_body(structure, mime::BodyForm::kBodyStructure));
    static_cast<void>(mime::describe_tree(message, structure));
    static_cast<void>(mime::search_text(message, structure));
    static_cast<void>(mime::make_preview(message, structure));
    static_cast<void>(mime::join_fragments({message, message}));
    static_cast<void>(mime::make_reply(message, structure, {.to = mime::ReplyTo::kAll, .own = {}}));
    const std::string narrow = mime::downgrade(
        message,
        structure,
        {.transport = mime::Transport::k7bit, .headers = mime::HeaderDowngrade::kRfc6857});
    if (!base::is_ascii(narrow)) {
        std::abort();
    }
    for (const mime::Part& part : structure.parts) {
        const auto range = mime::downgraded_range(part);
        if (range &&
            !base::is_ascii(mime::downgrade_range(part,
                                                  mime::slice(message, range->begin, range->end),
                                                  mime::HeaderDowngrade::kRfc6857))) {
            std::abort();
        }
    }
    return 0;
}
