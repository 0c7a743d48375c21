#include "mail/sort_order.h"

#include <algorithm>

#include "mail/search_fold.h"
#include "mime/address.h"
#include "mime/header.h"
#include "mime/thread.h"

namespace mail {
namespace {

// The first address of a field; nothing when there is none.
std::optional<mime::Address> first_address(std::string_view fields, std::string_view name) {
    const auto field = mime::find_field(fields, name);
    if (!field) {
        return std::nullopt;
    }
    auto list = mime::parse_address_list(field->body, 1);
    if (list.addresses.empty()) {
        return std::nullopt;
    }
    return std::move(list.addresses.front());
}

// RFC 5256 3: addr-mailbox, which for a group is its name (RFC 9051 7.5.2).
std::string mailbox_name(std::string_view fields, std::string_view name) {
    const auto address = first_address(fields, name);
    if (!address) {
        return {};
    }
    if (const auto* const group = std::get_if<mime::Group>(&*address)) {
        return group->name;
    }
    return std::get<mime::Mailbox>(*address).local;
}

// RFC 5957 3: the display name, else mailbox@host.
std::string display_name(std::string_view fields, std::string_view name) {
    const auto address = first_address(fields, name);
    if (!address) {
        return {};
    }
    if (const auto* const group = std::get_if<mime::Group>(&*address)) {
        return group->name;
    }
    const auto& mailbox = std::get<mime::Mailbox>(*address);
    return mailbox.name.empty() ? mailbox.address() : mailbox.name;
}

std::string text_of(SortKind kind, std::string_view fields) {
    switch (kind) {
        case SortKind::kCc:
            return mailbox_name(fields, "Cc");
        case SortKind::kFrom:
            return mailbox_name(fields, "From");
        case SortKind::kTo:
            return mailbox_name(fields, "To");
        case SortKind::kDisplayFrom:
            return display_name(fields, "From");
        case SortKind::kDisplayTo:
            return display_name(fields, "To");
        case SortKind::kSubject:
            return mime::thread_keys(fields).subject.text;
        default:
            return {};
    }
}

bool is_text(SortKind kind) {
    return kind != SortKind::kArrival && kind != SortKind::kDate && kind != SortKind::kSize;
}

}  // namespace

SortItem make_sort_item(const std::vector<SortKey>& keys,
                        const Entry& entry,
                        std::int64_t sent_s,
                        std::string_view fields) {
    SortItem item;
    item.uid = entry.uid;
    for (const SortKey& key : keys) {
        item.numbers.push_back(key.kind == SortKind::kArrival ? entry.received_s
                               : key.kind == SortKind::kDate  ? sent_s
                               : key.kind == SortKind::kSize
                                   ? static_cast<std::int64_t>(entry.octets)
                                   : 0);
        item.texts.push_back(is_text(key.kind) ? unicode_casemap(text_of(key.kind, fields))
                                               : std::string());
    }
    return item;
}

bool wants_header(const std::vector<SortKey>& keys) {
    return std::any_of(keys.begin(), keys.end(), [](const SortKey& key) {
        return is_text(key.kind) || key.kind == SortKind::kDate;
    });
}

std::vector<Uid> in_order(const std::vector<SortKey>& keys, std::vector<SortItem> items) {
    const auto is_before = [&keys](const SortItem& a, const SortItem& b) {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const int order = a.numbers[i] != b.numbers[i] ? (a.numbers[i] < b.numbers[i] ? -1 : 1)
                                                           : a.texts[i].compare(b.texts[i]);
            if (order != 0) {
                return (order < 0) != keys[i].reverse;
            }
        }
        return a.uid < b.uid;
    };
    std::sort(items.begin(), items.end(), is_before);
    std::vector<Uid> uids;
    uids.reserve(items.size());
    for (const SortItem& item : items) {
        uids.push_back(item.uid);
    }
    return uids;
}

std::int64_t sent_or_received_s(const Summary& summary, const Entry& entry) {
    if (!summary.sent()) {
        return entry.received_s;
    }
    const auto sent = std::chrono::floor<std::chrono::seconds>(summary.sent()->time);
    return sent.time_since_epoch().count();
}

}  // namespace mail
