#include "mail/emails.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "mail/mailbox_editor.h"
#include "mail/records.h"
#include "store/key.h"

namespace mail {
namespace {

using store::KeyReader;
using store::KeyWriter;
using store::RecordReader;
using store::RecordWriter;

constexpr std::uint8_t kVersion = 1;
constexpr EmailId kBlockEmails = 64;
// So many go at once: the whole of what a POP3 session or a person at a mail program deletes.
constexpr std::size_t kReleasedAtOnceMax = 200;
constexpr std::size_t kGarbageEmails = 1000;  // a record
// A scan passes over so many records sooner than it starts anew.
constexpr EmailId kGapMax = 8;
constexpr std::size_t kThreadHashesMax = 32;

std::string copies_key(account::AccountId account, std::uint64_t block) {
    return KeyWriter().raw(account_prefix(KeyTag::kCopies, account)).u64(block).key();
}

std::string thread_key(account::AccountId account, std::uint64_t hash) {
    return KeyWriter().raw(account_prefix(KeyTag::kThread, account)).u64(hash).key();
}

base::Result<std::map<std::uint8_t, std::uint64_t>> decode_copies(std::string_view record) {
    RecordReader reader(record, kVersion);
    std::map<std::uint8_t, std::uint64_t> copies;
    const std::size_t count = reader.count(2);
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint8_t offset = reader.u8();
        copies[offset] = reader.varint();
        if (offset >= kBlockEmails || copies[offset] == 0) {
            return base::fail(base::Errc::kCorrupt, "a count of copies is damaged");
        }
    }
    TRY_VOID(reader.finish());
    return copies;
}

struct Garbage {
    TraceEvent event;
    std::vector<EmailId> emails;
};

std::string encode_garbage(const TraceEvent& event, std::span<const EmailId> emails) {
    RecordWriter writer(kVersion);
    writer.varint(static_cast<std::uint64_t>(event.time.time_since_epoch().count()))
        .text(event.kind)
        .text(event.session)
        .text(event.text)
        .varint(emails.size());
    EmailId before = 0;
    for (const EmailId email : emails) {
        writer.varint(email - before);  // sorted, and an email may stand there twice
        before = email;
    }
    return std::move(writer).record();
}

base::Result<Garbage> decode_garbage(std::string_view record) {
    RecordReader reader(record, kVersion);
    Garbage garbage;
    garbage.event.time =
        base::WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(reader.varint())));
    garbage.event.kind = reader.text();
    garbage.event.session = reader.text();
    garbage.event.text = reader.text();
    garbage.emails.resize(reader.count());
    EmailId before = 0;
    for (EmailId& email : garbage.emails) {
        email = before + reader.varint();
        before = email;
    }
    TRY_VOID(reader.finish());
    return garbage;
}

// The email itself, its reference to the blob, and the thread that only it led to.
base::Result<> erase_email(store::Transaction& change,
                           account::AccountId account,
                           EmailId email,
                           const TraceEvent& event) {
    const std::string key = email_key(account, email);
    TRY(const auto record, change.get(key));
    if (!record) {
        return base::fail(base::Errc::kCorrupt, "a message's email is missing");
    }
    TRY(const EmailRecord decoded, decode_email(*record));
    TRY_VOID(change.release(decoded.blob));
    if (!decoded.queue_id.empty() && !event.kind.empty()) {
        add_trace(change, decoded.queue_id, "", event);
    }
    change.erase(key);
    if (decoded.message_hash == 0) {
        return {};
    }
    const std::string hash = thread_key(account, decoded.message_hash);
    TRY(const auto thread, change.get(hash));
    if (thread) {
        RecordReader reader(*thread, kVersion);
        static_cast<void>(reader.varint());
        if (reader.varint() == email) {
            change.erase(hash);
        }
    }
    return {};
}

base::Result<> drop(store::Transaction& change,
                    account::AccountId account,
                    std::span<const EmailId> emails,
                    const TraceEvent& event) {
    EmailCounts counts(change, account);
    for (const EmailId email : emails) {
        TRY(const bool last, counts.release(email));
        if (last) {
            TRY_VOID(erase_email(change, account, email, event));
        }
    }
    counts.save();
    return {};
}

base::Result<bool> collect_first(store::Transaction& change, const std::string& prefix) {
    std::string key;
    std::string record;
    TRY_VOID(change.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view found_key, std::string_view found) {
            key = found_key;
            record = found;
            return false;
        }));
    if (key.empty()) {
        return true;
    }
    TRY(const account::AccountId account, parse_account(key));
    TRY(const Garbage garbage, decode_garbage(record));
    TRY_VOID(drop(change, account, garbage.emails, garbage.event));
    change.erase(key);
    return false;
}

// Asks the memory for the record behind this one, so that it is there when its turn comes. A list of ten thousand
// emails is more than the processor's caches hold, and answers waited for one line after the other, half of the
// time. Records of one scan lie side by side in a block and are of a size; where the guess is wrong, or nothing
// lies there at all, nothing happens: a prefetch reads nothing and cannot fault.
void prefetch_behind(std::string_view record) {
    constexpr std::size_t kLineOctets = 64;
    constexpr std::size_t kOctetsMax = std::size_t{4} << 10;
    const auto end = reinterpret_cast<std::uintptr_t>(record.data()) + record.size();
    for (std::size_t at = 0; at < std::min(record.size(), kOctetsMax); at += kLineOctets) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): an address that nobody reads
        __builtin_prefetch(reinterpret_cast<const void*>(end + at));
    }
}

// The scan of ids[0 .. n) that stand close together; returns n, or nothing when `visit` ended it.
base::Result<std::optional<std::size_t>> read_run(const store::Reader& reader,
                                                  account::AccountId account,
                                                  std::span<const EmailId> emails,
                                                  const EmailVisitor& visit) {
    std::size_t length = 1;
    while (length < emails.size() && emails[length] > emails[length - 1] &&
           emails[length] - emails[length - 1] <= kGapMax) {
        ++length;
    }
    std::size_t at = 0;
    bool ended = false;
    base::Result<> damage;
    const std::string last = email_key(account, emails[length - 1] + 1);
    TRY_VOID(reader.scan(
        email_key(account, emails[0]), last, [&](std::string_view key, std::string_view record) {
            const EmailId email = KeyReader(key.substr(key.size() - 8)).u64();
            while (at < length && emails[at] < email) {
                ++at;
            }
            if (at == length || emails[at] != email) {
                return true;
            }
            prefetch_behind(record);
            const auto decoded = decode_email(record);
            if (!decoded) {
                damage = base::fail(decoded.error().code, decoded.error().text);
                return false;
            }
            ended = !visit(email, *decoded);
            return !ended;
        }));
    TRY_VOID(std::move(damage));
    return ended ? std::nullopt : std::optional(length);
}

}  // namespace

std::string email_key(account::AccountId account, EmailId email) {
    return KeyWriter().raw(account_prefix(KeyTag::kEmail, account)).u64(email).key();
}

std::string encode(const EmailRecord& email) {
    return RecordWriter(kVersion)
        .raw(email.blob.octets())
        .varint(email.octets)
        .varint(email.thread)
        .u64(email.message_hash)
        .text(email.queue_id)
        .text(email.return_path)
        .text(email.summary)
        .text(email.place)
        .record();
}

base::Result<EmailRecord> decode_email(std::string_view record) {
    RecordReader reader(record, kVersion);
    EmailRecord email;
    const auto blob = store::BlobId::from_octets(reader.raw(email.blob.sha256.size()));
    email.octets = reader.varint();
    email.thread = reader.varint();
    email.message_hash = reader.u64();
    email.queue_id = reader.text();
    email.return_path = reader.text();
    email.summary = reader.text();
    if (!reader.at_end()) {  // older records end here
        email.place = reader.text();
    }
    if (!reader.finish() || !blob) {
        return base::fail(base::Errc::kCorrupt, "an email's record is damaged");
    }
    email.blob = *blob;
    return email;
}

base::Result<> read_emails(const store::Reader& reader,
                           account::AccountId account,
                           std::span<const EmailId> emails,
                           const EmailVisitor& visit) {
    while (!emails.empty()) {
        TRY(const auto read, read_run(reader, account, emails, visit));
        if (!read) {
            break;
        }
        emails = emails.subspan(*read);
    }
    return {};
}

base::Result<EmailId> first_email(const store::Reader& reader,
                                  account::AccountId account,
                                  EmailId from) {
    EmailId found = kNoEmail;
    const std::string prefix = account_prefix(KeyTag::kEmail, account);
    TRY_VOID(reader.scan(email_key(account, from),
                         store::prefix_end(prefix),
                         [&](std::string_view key, std::string_view /*record*/) {
                             found = store::KeyReader(key.substr(prefix.size())).u64();
                             return false;
                         }));
    return found;
}

base::Result<EmailCounts::Block*> EmailCounts::load(EmailId email) {
    const std::uint64_t number = email / kBlockEmails;
    const auto known = blocks_.find(number);
    if (known != blocks_.end()) {
        return &known->second;
    }
    Block block;
    TRY(const auto record, change_.get(copies_key(account_, number)));
    if (record) {
        TRY(block, decode_copies(*record));
    }
    return &blocks_.emplace(number, std::move(block)).first->second;
}

base::Result<> EmailCounts::refer(EmailId email) {
    TRY(Block* const block, load(email));
    ++(*block)[static_cast<std::uint8_t>(email % kBlockEmails)];
    changed_ = true;
    return {};
}

base::Result<bool> EmailCounts::release(EmailId email) {
    TRY(Block* const block, load(email));
    const auto copies = block->find(static_cast<std::uint8_t>(email % kBlockEmails));
    if (copies == block->end()) {
        return true;
    }
    if (--copies->second == 0) {
        block->erase(copies);
    }
    changed_ = true;
    return false;
}

void EmailCounts::save() {
    if (!changed_) {
        return;
    }
    for (const auto& [number, block] : blocks_) {
        if (block.empty()) {
            change_.erase(copies_key(account_, number));
            continue;
        }
        RecordWriter writer(kVersion);
        writer.varint(block.size());
        for (const auto& [offset, copies] : block) {
            writer.u8(offset).varint(copies);
        }
        change_.put(copies_key(account_, number), writer.record());
    }
    changed_ = false;
}

base::Result<> scan_copies(const store::Reader& reader,
                           account::AccountId account,
                           const std::function<void(EmailId, std::uint64_t)>& visit) {
    base::Result<> damage;
    const std::string prefix = account_prefix(KeyTag::kCopies, account);
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view record) {
            KeyReader parts(key.substr(prefix.size()));
            const std::uint64_t block = parts.u64();
            const auto copies = decode_copies(record);
            if (!copies || !parts.finish()) {
                damage = base::fail(base::Errc::kCorrupt, "a count of copies is damaged");
                return false;
            }
            for (const auto& [offset, count] : *copies) {
                visit(block * kBlockEmails + offset, count);
            }
            return true;
        }));
    return damage;
}

base::Result<std::uint64_t> join_thread(store::Transaction& change,
                                        account::AccountId account,
                                        EmailId email,
                                        std::span<const std::uint64_t> hashes) {
    hashes = hashes.subspan(0, std::min(hashes.size(), kThreadHashesMax));
    std::uint64_t thread = email;
    std::vector<std::uint64_t> unknown;
    for (const std::uint64_t hash : hashes) {
        if (hash == 0) {
            continue;  // it has no Message-ID of its own
        }
        TRY(const auto record, change.get(thread_key(account, hash)));
        if (!record) {
            unknown.push_back(hash);
            continue;
        }
        RecordReader reader(*record, kVersion);
        const std::uint64_t known = reader.varint();
        TRY_VOID(reader.finish());
        thread = std::min(thread, known);
    }
    for (const std::uint64_t hash : unknown) {
        // Whose removal forgets it: only the message that bears the Message-ID.
        const EmailId bearer = hash == hashes.front() ? email : 0;
        change.put(thread_key(account, hash),
                   RecordWriter(kVersion).varint(thread).varint(bearer).record());
    }
    return thread;
}

base::Result<EmailId> add_email(store::Transaction& change,
                                AccountEditor& account,
                                const NewEmail& email) {
    const EmailId id = account.counters().next_email++;
    EmailRecord record;
    record.queue_id = email.queue_id;
    record.return_path = email.return_path;
    record.summary = email.summary;
    std::string place;
    if (email.blob != nullptr) {
        TRY(place, change.refer(*email.blob));
        record.blob = email.blob->id();
        record.octets = email.blob->size();
    } else {
        TRY(place, change.refer(email.stored_blob));
        record.blob = email.stored_blob;
        record.octets = email.octets;
    }
    record.place = place;
    record.message_hash = email.thread.empty() ? 0 : email.thread.front();
    TRY(record.thread, join_thread(change, account.id(), id, email.thread));
    change.put(email_key(account.id(), id), encode(record));
    return id;
}

base::Result<> release_emails(store::Transaction& change,
                              account::AccountId account,
                              Modseq modseq,
                              std::vector<EmailId> emails,
                              const TraceEvent& event) {
    if (emails.size() <= kReleasedAtOnceMax) {
        return drop(change, account, emails, event);
    }
    std::sort(emails.begin(), emails.end());
    std::uint32_t number = 0;
    for (std::size_t at = 0; at < emails.size(); at += kGarbageEmails, ++number) {
        const std::size_t count = std::min(kGarbageEmails, emails.size() - at);
        change.put(KeyWriter()
                       .raw(account_prefix(KeyTag::kGarbage, account))
                       .u64(modseq)
                       .u32(number)
                       .key(),
                   encode_garbage(event, std::span(emails).subspan(at, count)));
    }
    return {};
}

base::Result<> abandon_email(store::Transaction& change,
                             account::AccountId account,
                             EmailId email) {
    const std::string key = email_key(account, email);
    TRY(const auto record, change.get(key));
    change.erase(key);
    const auto decoded = decode_email(record.value_or(""));
    if (decoded) {
        const auto released = change.release(decoded->blob);
        if (!released && released.error().code != base::Errc::kNotFound) {
            return base::fail(released.error().code, released.error().text);
        }
    }
    return {};
}

base::Result<> abandon_emails(store::Transaction& change,
                              account::AccountId account,
                              std::span<const EmailId> emails) {
    EmailCounts counts(change, account);
    for (const EmailId email : emails) {
        const auto last = counts.release(email);
        if (!last || *last) {
            TRY_VOID(abandon_email(change, account, email));
        }
    }
    counts.save();
    return {};
}

base::Result<bool> collect_emails(store::Transaction& change) {
    return collect_first(change, prefix(KeyTag::kGarbage));
}

base::Result<> scan_garbage(const store::Reader& reader,
                            account::AccountId account,
                            const std::function<void(std::span<const EmailId>)>& visit) {
    base::Result<> damage;
    const std::string prefix = account_prefix(KeyTag::kGarbage, account);
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view /*key*/, std::string_view record) {
            const auto garbage = decode_garbage(record);
            if (!garbage) {
                damage = base::fail(base::Errc::kCorrupt, "a list of removed messages is damaged");
                return false;
            }
            visit(garbage->emails);
            return true;
        }));
    return damage;
}

}  // namespace mail
