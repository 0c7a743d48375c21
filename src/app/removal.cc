#include "app/removal.h"

#include "files/shares.h"
#include "mail/message_store.h"

namespace app {
namespace {

base::Result<> finish(store::Store& store,
                      files::Files* files,
                      account::AccountId id,
                      std::size_t messages_max) {
    if (files != nullptr) {
        TRY_VOID(files->remove_account(id));
    }
    bool done = false;
    const auto remove_some = [&](store::Transaction& change) -> base::Result<> {
        TRY(done, mail::remove_account_mail(change, id, messages_max));
        if (done) {
            TRY_VOID(files::remove_account_records(change, id));
            account::end_removal(change, id);
        }
        return {};
    };
    while (!done) {
        TRY_VOID(store.change_and_wait(remove_some));
    }
    return {};
}

}  // namespace

base::Result<> remove_account_whole(store::Store& store,
                                    files::Files* files,
                                    const account::Address& address,
                                    std::size_t messages_max) {
    account::AccountId id = 0;
    TRY_VOID(store.change_and_wait([&](store::Transaction& change) -> base::Result<> {
        TRY(id, account::begin_removal(change, address));
        return {};
    }));
    return finish(store, files, id, messages_max);
}

base::Result<> finish_removals(store::Store& store, files::Files* files, std::size_t messages_max) {
    TRY(const auto ids, account::list_removals(*store.snapshot()));
    for (const account::AccountId id : ids) {
        TRY_VOID(finish(store, files, id, messages_max));
    }
    return {};
}

}  // namespace app
