#include "smtp/server/sender_domain.h"

#include <algorithm>

namespace smtp {

base::Task<DomainVerdict> look_up_sender_domain(net::Resolver& resolver,
                                                base::Loop& loop,
                                                std::string domain) {
    const net::Answer mail = co_await resolver.lookup(loop, domain, net::RecordType::kMx);
    if (mail.found()) {
        const bool any = std::any_of(mail.mx.begin(), mail.mx.end(), [](const net::MxRecord& mx) {
            return !mx.host.empty();
        });
        co_return any ? DomainVerdict::kExists : DomainVerdict::kTakesNoMail;
    }
    if (mail.status == net::Answer::kNoDomain) {
        co_return DomainVerdict::kDoesNotExist;
    }
    if (mail.temporary()) {
        co_return DomainVerdict::kUnknownForNow;
    }
    bool unsure = false;
    for (const auto type : {net::RecordType::kA, net::RecordType::kAaaa}) {
        const net::Answer address = co_await resolver.lookup(loop, domain, type);
        if (address.found()) {
            co_return DomainVerdict::kExists;
        }
        unsure |= address.temporary();
    }
    co_return unsure ? DomainVerdict::kUnknownForNow : DomainVerdict::kDoesNotExist;
}

}  // namespace smtp
