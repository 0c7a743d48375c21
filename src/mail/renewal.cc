// What a store that was brought back from a copy must not give out a second time.
#include <utility>
#include <vector>

#include "mail/mailbox_editor.h"
#include "mail/message_store.h"
#include "mail/records.h"
#include "store/key.h"

namespace mail {
namespace {

// More than an account can have been given between a copy and its return.
constexpr std::uint64_t kSkipped = 1ULL << 24U;
// The same of UIDVALIDITYs, which are seconds but for bursts.
constexpr std::uint32_t kSkippedValidities = 1U << 20U;

base::Result<std::vector<std::pair<std::string, MailboxState>>> load_states(
    const store::Reader& reader, account::AccountId account) {
    std::vector<std::pair<std::string, MailboxState>> states;
    base::Result<> damage;
    const std::string prefix = account_prefix(KeyTag::kState, account);
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view record) {
            auto state = decode_state(record);
            if (!state) {
                damage = base::forward_error(state);
                return false;
            }
            states.emplace_back(key, *state);
            return true;
        }));
    TRY_VOID(std::move(damage));
    return states;
}

}  // namespace

base::Result<> renew_ids(store::Transaction& change,
                         account::AccountId account,
                         base::WallTime now) {
    TRY(AccountEditor editor, AccountEditor::load(change, account));
    editor.counters().modseq += kSkipped;
    editor.counters().next_email += kSkipped;
    editor.counters().next_mailbox += kSkipped;
    editor.counters().uid_validity += kSkippedValidities;
    TRY(auto states, load_states(change, account));
    for (auto& [key, state] : states) {
        state.uid_validity = editor.next_uid_validity(now);
        state.highest_modseq = editor.modseq();
        change.put(key, encode(state));
    }
    editor.save(change);
    return {};
}

}  // namespace mail
