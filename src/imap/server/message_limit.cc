#include "imap/server/message_limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace imap {

Limited limit_messages(mail::UidSet uids, std::uint64_t most) {
    if (most == 0 || uids.size() <= most) {
        return {std::move(uids), false};
    }
    std::vector<mail::UidSet::Range> kept;
    const auto ranges = uids.ranges();
    for (auto range = ranges.rbegin(); most > 0; ++range) {
        const std::uint64_t count =
            std::min<std::uint64_t>(most, std::uint64_t{range->last} - range->first + 1);
        kept.push_back({static_cast<mail::Uid>(range->last - count + 1), range->last});
        most -= count;
    }
    return {mail::UidSet::from_ranges(std::move(kept)), true};
}

std::uint64_t save_limit(const ServerOptions& options) {
    return options.message_limit != 0 ? options.message_limit : options.save_limit;
}

//  resp-text-code =/ "MESSAGELIMIT" SP message-limit [SP uniqueid]
std::string limit_code(std::uint64_t most, mail::Uid lowest) {
    return fmt::format("MESSAGELIMIT {} {}", most, lowest);
}

Reply tell_limit(Session& session, const Limited& limited, Reply reply) {
    if (!limited.is_cut || reply.status == Reply::Status::kBad) {
        return reply;
    }
    const std::string code = limit_code(session.options().message_limit, limited.lowest());
    if (!reply.code.empty()) {
        session.put(fmt::format("* NO [{}] there are more messages\r\n", code));
        return reply;
    }
    reply.code = code;
    reply.text += ", for the last of the messages only";
    return reply;
}

}  // namespace imap
