// For tests: emails in memory, a mailbox of them, and what a search should find, computed the plain way.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/check.h"
#include "mail/email_source.h"
#include "mail/search.h"
#include "mail/search_fold.h"
#include "mail/search_text.h"
#include "mail/snapshot.h"
#include "mail/summary.h"
#include "mime/date.h"
#include "mime/parser.h"

namespace mail {

struct ModelEmail {
    std::string octets;
    std::string summary;  // empty: none was made
    std::uint64_t thread = 0;
};

class ModelSource final : public EmailSource {
  public:
    std::map<EmailId, ModelEmail> emails;
    std::set<EmailId> damaged;
    std::function<void()> on_open = [] {};
    mutable std::size_t bodies_opened = 0;
    mutable std::size_t records_read = 0;
    mutable std::size_t asked_for = 0;  // ids, there or not

    [[nodiscard]] base::Result<> read_emails(std::span<const EmailId> ids,
                                             const EmailVisitor& visit) const override {
        asked_for += ids.size();
        for (const EmailId id : ids) {
            const auto found = emails.find(id);
            if (found == emails.end()) {
                continue;
            }
            ++records_read;
            EmailRecord record;
            record.thread = found->second.thread;
            record.summary = found->second.summary;
            if (!visit(id, record)) {
                break;
            }
        }
        return {};
    }

    [[nodiscard]] base::Result<EmailId> first_email(EmailId from) const override {
        const auto found = emails.lower_bound(from);
        return found == emails.end() ? kNoEmail : found->first;
    }

    [[nodiscard]] base::Result<std::unique_ptr<store::BlobReader>> open_body(
        EmailId email) const override {
        const auto found = emails.find(email);
        if (found == emails.end()) {
            return base::fail(base::Errc::kNotFound, "the email has gone");
        }
        on_open();
        if (damaged.contains(email)) {
            return base::fail(base::Errc::kCorrupt, "its octets cannot be reached");
        }
        ++bodies_opened;
        return std::make_unique<Body>(found->second.octets);
    }

  private:
    class Body final : public store::BlobReader {
      public:
        explicit Body(std::string octets) : octets_(std::move(octets)) {}

        [[nodiscard]] std::uint64_t size() const override { return octets_.size(); }

        [[nodiscard]] base::Task<base::Result<std::size_t>> read(base::Loop& /*loop*/,
                                                                 std::uint64_t offset,
                                                                 std::span<char> into) override {
            const std::size_t got = std::min<std::size_t>(into.size(), octets_.size() - offset);
            std::memcpy(into.data(), octets_.data() + offset, got);
            co_return got;
        }

      private:
        std::string octets_;
    };
};

// A snapshot of `entries`, ascending by UID.
inline SnapshotPtr make_snapshot(std::vector<Entry> entries, std::vector<std::string> keywords) {
    SnapshotHead head;
    head.ref = {1, kInbox};
    head.messages = entries.size();
    head.keywords = std::move(keywords);
    std::map<Uid, PageDraft> pages;
    for (const Entry& entry : entries) {
        head.uid_next = entry.uid + 1;
        PageDraft& page = pages[page_of(entry.uid)];
        page.number = page_of(entry.uid);
        page.entries.push_back(entry);
    }
    std::vector<PagePtr> list;
    for (auto& [number, page] : pages) {
        list.push_back(make_page(page));
    }
    return std::make_shared<const Snapshot>(std::move(head), std::move(list));
}

// Judges one message with all of it at hand.
class SearchModel {
  public:
    SearchModel(const ModelSource& source, const Snapshot& snapshot, const SearchOptions& options)
        : source_(source),
          snapshot_(snapshot),
          options_(options) {}

    [[nodiscard]] std::vector<Uid> find(const SearchKey& key) const {
        std::vector<Uid> found;
        snapshot_.for_each(0, snapshot_.size(), [&](std::size_t /*index*/, const Entry& entry) {
            if (matches(key, entry)) {
                found.push_back(entry.uid);
            }
        });
        return found;
    }

  private:
    [[nodiscard]] bool matches(const SearchKey& key, const Entry& entry) const {
        const auto child = [&](const SearchKey& of) { return matches(of, entry); };
        switch (key.kind) {
            case SearchKind::kAnd:
                return std::all_of(key.children.begin(), key.children.end(), child);
            case SearchKind::kOr:
                return std::any_of(key.children.begin(), key.children.end(), child);
            case SearchKind::kNot:
                return !child(key.children.front());
            case SearchKind::kHeader:
            case SearchKind::kBody:
            case SearchKind::kText:
            case SearchKind::kThreadId:
            case SearchKind::kSentBefore:
            case SearchKind::kSentOn:
            case SearchKind::kSentSince:
                return matches_email(key, source_.emails.at(entry.email));
            default:
                return matches_entry(key, entry);
        }
    }

    [[nodiscard]] bool matches_email(const SearchKey& key, const ModelEmail& email) const {
        if (key.kind == SearchKind::kThreadId) {
            return email.thread == key.number;
        }
        const mime::Structure structure = mime::parse(email.octets);
        const std::string_view header = mime::header_of(email.octets, structure.root());
        if (key.kind == SearchKind::kSentBefore || key.kind == SearchKind::kSentOn ||
            key.kind == SearchKind::kSentSince) {
            return was_sent(key, header);
        }
        const std::string needle = search_fold(key.text);
        if (key.kind == SearchKind::kHeader) {
            mime::FieldIterator fields(header);
            while (const auto field = fields.next()) {
                if (base::iequals(field->name, key.field) &&
                    folded_value(*field).find(needle) != std::string::npos) {
                    return true;
                }
            }
            return false;
        }
        std::string text = body_search_text(email.octets, structure, options_.in_attachments);
        if (key.kind == SearchKind::kText) {
            text += kSearchPieceEnd;
            append_header_text(text, header);
        }
        return text.find(needle) != std::string::npos;
    }

    // The day as the first Date that can be read has it, in its own zone.
    [[nodiscard]] static bool was_sent(const SearchKey& key, std::string_view header) {
        std::optional<mime::Date> date;
        mime::FieldIterator fields(header);
        while (const auto field = fields.next()) {
            if (!date && base::iequals(field->name, "Date")) {
                date = mime::parse_date(field->body);
            }
        }
        if (!date) {
            return false;
        }
        const auto day = std::chrono::floor<std::chrono::days>(
            date->time + std::chrono::minutes(date->offset_minutes));
        return key.kind == SearchKind::kSentBefore ? day < key.day
               : key.kind == SearchKind::kSentOn   ? day == key.day
                                                   : day >= key.day;
    }

    [[nodiscard]] static std::chrono::sys_days day_of(std::int64_t seconds) {
        return std::chrono::floor<std::chrono::days>(
            std::chrono::sys_seconds(std::chrono::seconds(seconds)));
    }

    [[nodiscard]] bool matches_entry(const SearchKey& key, const Entry& entry) const {
        const std::chrono::sys_days received = day_of(entry.received_s);
        const std::chrono::sys_days saved = day_of(entry.saved_s);
        const auto age =
            std::chrono::floor<std::chrono::seconds>(options_.now).time_since_epoch().count() -
            entry.received_s;
        switch (key.kind) {
            case SearchKind::kUids:
                return key.uids->contains(entry.uid);
            case SearchKind::kFlag:
                return (entry.flags & key.flag) != 0;
            case SearchKind::kKeyword: {
                const auto names = snapshot_.keyword_names(entry.keywords);
                return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
                    return base::iequals(name, key.text);
                });
            }
            case SearchKind::kBefore:
                return received < key.day;
            case SearchKind::kOn:
                return received == key.day;
            case SearchKind::kSince:
                return received >= key.day;
            case SearchKind::kSavedBefore:
                return saved < key.day;
            case SearchKind::kSavedOn:
                return saved == key.day;
            case SearchKind::kSavedSince:
                return saved >= key.day;
            case SearchKind::kOlder:
                return age >= static_cast<std::int64_t>(key.number);
            case SearchKind::kYounger:
                return age <= static_cast<std::int64_t>(key.number);
            case SearchKind::kRecent:
                return options_.recent.contains(entry.uid);
            case SearchKind::kEmailId:
                return entry.email == key.number;
            case SearchKind::kLarger:
                return entry.octets > key.number;
            case SearchKind::kSmaller:
                return entry.octets < key.number;
            case SearchKind::kModseq:
                return entry.modseq >= key.number;
            case SearchKind::kAll:
            case SearchKind::kSaveDateSupported:
                return true;
            default:
                CHECK(!"the model does not know this key");
                return false;
        }
    }

    const ModelSource& source_;
    const Snapshot& snapshot_;
    const SearchOptions& options_;
};

}  // namespace mail
