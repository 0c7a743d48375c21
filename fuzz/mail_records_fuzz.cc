// The records of mailboxes and emails, damaged at will: each reader takes what the writers write, and refuses
// the rest without harm. What a page or a set of UIDs is read as survives being written again.
#include <algorithm>

#include "base/check.h"
#include "mail/emails.h"
#include "mail/page_record.h"
#include "mail/records.h"

namespace {

void read_page(mail::Uid number, std::string_view record) {
    const auto page = mail::decode_page(number, record);
    if (!page) {
        return;
    }
    const auto again = mail::decode_page(number, mail::encode(mail::draft_of(**page)));
    CHECK(again.has_value());
    CHECK((*again)->highest_modseq == (*page)->highest_modseq);
    CHECK(std::ranges::equal((*again)->entries, (*page)->entries));
    // One of many is read as it is alone, whatever was read before it.
    mail::PageBlocks blocks(3);
    static_cast<void>(mail::decode_page(number, record.substr(0, record.size() / 2), blocks));
    const auto shared = mail::decode_page(number, record, blocks);
    CHECK(shared && std::ranges::equal((*shared)->entries, (*page)->entries));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view record(reinterpret_cast<const char*>(data), size);
    for (const mail::Uid number : {mail::Uid{0}, mail::Uid{7}, mail::page_of(~mail::Uid{0})}) {
        read_page(number, record);
    }
    if (const auto uids = mail::decode_uids(record)) {
        CHECK(uids->empty() || mail::decode_uids(mail::encode(*uids)).value() == *uids);
    }
    if (const auto state = mail::decode_state(record)) {
        CHECK(mail::decode_state(mail::encode(*state)).value() == *state);
    }
    static_cast<void>(mail::decode_counters(record));
    static_cast<void>(mail::decode_mailbox(record));
    static_cast<void>(mail::decode_names(record));
    static_cast<void>(mail::decode_number(record));
    static_cast<void>(mail::decode_email(record));
    return 0;
}
