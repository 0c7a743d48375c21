// The handlers of the command table, a file a group.
#pragma once

#include "imap/server/commands.h"

namespace imap {

// any_state.cc
base::Task<Handled> on_capability(Session& session, const Request& request);
base::Task<Handled> on_id(Session& session, const Request& request);
base::Task<Handled> on_logout(Session& session, const Request& request);
base::Task<Handled> on_noop(Session& session, const Request& request);  // and CHECK
// login.cc
base::Task<Handled> on_authenticate(Session& session, const Request& request);
base::Task<Handled> on_login(Session& session, const Request& request);
base::Task<Handled> on_starttls(Session& session, const Request& request);
base::Task<Handled> on_unauthenticate(Session& session, const Request& request);
// compress.cc
base::Task<Handled> on_compress(Session& session, const Request& request);
// enable.cc
base::Task<Handled> on_enable(Session& session, const Request& request);
// mailboxes.cc
base::Task<Handled> on_create(Session& session, const Request& request);
base::Task<Handled> on_delete(Session& session, const Request& request);
base::Task<Handled> on_namespace(Session& session, const Request& request);
base::Task<Handled> on_rename(Session& session, const Request& request);
base::Task<Handled> on_subscribe(Session& session, const Request& request);
base::Task<Handled> on_unsubscribe(Session& session, const Request& request);
// list.cc
base::Task<Handled> on_list(Session& session, const Request& request);
base::Task<Handled> on_lsub(Session& session, const Request& request);
base::Task<Handled> on_status(Session& session, const Request& request);
// select.cc
base::Task<Handled> on_close(Session& session, const Request& request);
base::Task<Handled> on_examine(Session& session, const Request& request);
base::Task<Handled> on_expunge(Session& session, const Request& request);
base::Task<Handled> on_select(Session& session, const Request& request);
base::Task<Handled> on_unselect(Session& session, const Request& request);
// append.cc
base::Task<Handled> on_append(Session& session, const Request& request);  // and REPLACE
// acl.cc
base::Task<Handled> on_deleteacl(Session& session, const Request& request);
base::Task<Handled> on_getacl(Session& session, const Request& request);
base::Task<Handled> on_listrights(Session& session, const Request& request);
base::Task<Handled> on_myrights(Session& session, const Request& request);
base::Task<Handled> on_setacl(Session& session, const Request& request);
// metadata.cc
base::Task<Handled> on_getmetadata(Session& session, const Request& request);
base::Task<Handled> on_setmetadata(Session& session, const Request& request);
// quota.cc
base::Task<Handled> on_getquota(Session& session, const Request& request);
base::Task<Handled> on_getquotaroot(Session& session, const Request& request);
base::Task<Handled> on_setquota(Session& session, const Request& request);
// fetch.cc
base::Task<Handled> on_fetch(Session& session, const Request& request);
// store.cc
base::Task<Handled> on_store(Session& session, const Request& request);
// copy.cc
base::Task<Handled> on_copy(Session& session, const Request& request);
base::Task<Handled> on_move(Session& session, const Request& request);
// search.cc
base::Task<Handled> on_search(Session& session, const Request& request);
// sort.cc
base::Task<Handled> on_sort(Session& session, const Request& request);
base::Task<Handled> on_thread(Session& session, const Request& request);
// notify.cc
base::Task<Handled> on_notify(Session& session, const Request& request);
// idle.cc
base::Task<Handled> on_idle(Session& session, const Request& request);

}  // namespace imap
