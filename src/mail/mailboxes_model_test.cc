// Random changes by several actors against a plain model, with failing commits and crashes. After each
// burst: what is in the store is what the model says, a snapshot that followed the commits is the one
// that is read cold, and compare() turns what an actor saw last into what is there now.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/random.h"
#include "fakes/mailbox_fixture.h"
#include "mail/mailboxes.h"

namespace mail {
namespace {

using base::Errc;
using testing::IsEmpty;

constexpr account::AccountId kOwner = 1;
constexpr int kBursts = 150;

struct ModelMessage {
    Uid uid = 0;
    std::uint32_t flags = 0;
    std::set<std::string> keywords;
    std::string body;

    friend bool operator==(const ModelMessage&, const ModelMessage&) = default;
};

struct ModelMailbox {
    bool selectable = true;
    Uid uid_next = 1;
    std::vector<ModelMessage> messages;

    void add(ModelMessage message) {
        message.uid = uid_next++;
        messages.push_back(std::move(message));
    }
};

using Model = std::map<std::string, ModelMailbox>;

// A change that was begun: it ends when the store has it, and then the model follows.
struct Running {
    virtual ~Running() = default;
    [[nodiscard]] virtual bool done() const = 0;
    virtual void finish(Model& model) = 0;
};

template <class T>
struct RunningTask final : Running {
    RunningTask(base::Task<T> begun, std::function<void(const T&, Model&)> follow)
        : task(std::move(begun)),
          apply(std::move(follow)) {
        task.start();
    }

    [[nodiscard]] bool done() const override { return task.done(); }

    void finish(Model& model) override { apply(task.result(), model); }

    base::Task<T> task;
    std::function<void(const T&, Model&)> apply;
};

// What an actor saw when he last looked.
struct Actor {
    std::map<MailboxId, SnapshotPtr> seen;
};

class ModelRun : public fakes::MailboxFixture, public testing::WithParamInterface<int> {
  protected:
    ModelRun() : random_(static_cast<std::uint64_t>(GetParam())) { reopen(); }

    void reopen() { live_ = std::make_unique<Mailboxes>(store_, clock_, pool_); }

    template <class T>
    static std::unique_ptr<Running> begin(base::Task<T> task,
                                          std::function<void(const T&, Model&)> apply) {
        return std::make_unique<RunningTask<T>>(std::move(task), std::move(apply));
    }

    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_.below(bound)); }

    std::string any_mailbox() {
        std::vector<std::string> paths;
        for (const auto& [path, mailbox] : model_) {
            if (mailbox.selectable) {
                paths.push_back(path);
            }
        }
        return paths[below(paths.size())];
    }

    std::string any_name() {
        static const char* const kNames[] = {"a", "b", "a/b", "b/c", "a/b/d", "e", "INBOX/f"};
        return kNames[below(std::size(kNames))];
    }

    UidSet any_uids(const std::string& path) {
        const Uid last = model_[path].uid_next + 2;
        UidSet uids;
        for (std::size_t count = below(4) + 1; count > 0; --count) {
            const Uid first = static_cast<Uid>(below(last)) + 1;
            uids.add(first, first + static_cast<Uid>(below(5)));
        }
        return below(8) == 0 ? UidSet::all() : uids;
    }

    std::vector<std::string> any_keywords() {
        std::vector<std::string> names;
        for (std::size_t count = below(3); count > 0; --count) {
            names.push_back("k" + std::to_string(below(70)));
        }
        return names;
    }

    std::unique_ptr<Running> begin_append();
    std::unique_ptr<Running> begin_deliver();
    std::unique_ptr<Running> begin_store();
    std::unique_ptr<Running> begin_expunge();
    std::unique_ptr<Running> begin_transfer(bool move);
    std::unique_ptr<Running> begin_create();
    std::unique_ptr<Running> begin_rename();
    std::unique_ptr<Running> begin_remove();
    std::unique_ptr<Running> begin_tree_change();
    std::unique_ptr<Running> begin_message_change();
    void burst();
    void crash();
    void look(Actor& actor);
    void check_mailbox(const std::string& path, const ModelMailbox& expected);
    void check_all();

    base::SeededRandom random_;
    Model model_{
        {"INBOX", {}}, {"Archive", {}}, {"Drafts", {}}, {"Junk", {}}, {"Sent", {}}, {"Trash", {}}};
    std::unique_ptr<Mailboxes> live_;
    std::vector<Actor> actors_{3};
    int bodies_ = 0;
};

std::unique_ptr<Running> ModelRun::begin_append() {
    const std::string path = any_mailbox();
    const auto flags = static_cast<std::uint32_t>(below(32));
    const auto keywords = any_keywords();
    std::vector<std::string> bodies;
    for (std::size_t count = below(20) + 1; count > 0; --count) {
        bodies.push_back("body " + std::to_string(bodies_++ % 50));
    }
    return begin<base::Result<Appended>>(
        live_->append(loop_, kOwner, ref(kOwner, path), new_messages(bodies, flags, keywords)),
        [=](const auto& result, Model& model) {
            if (!result) {
                return;
            }
            ModelMailbox& mailbox = model[path];
            EXPECT_EQ(result->uids.first(), mailbox.uid_next);
            EXPECT_EQ(result->uids.size(), bodies.size());
            for (const std::string& octets : bodies) {
                mailbox.add({0, flags, {keywords.begin(), keywords.end()}, octets});
            }
        });
}

std::unique_ptr<Running> ModelRun::begin_deliver() {
    const std::string octets = "Message-ID: <" + std::to_string(bodies_++ % 9) + "@x>\r\n\r\n";
    return begin<base::Result<std::vector<DeliveryOutcome>>>(
        messages_.deliver(loop_, delivery(octets, {recipient(kOwner), recipient(2)}, "q")),
        [=](const auto& result, Model& model) {
            if (result) {
                model["INBOX"].add({0, 0, {}, octets});
            }
        });
}

std::unique_ptr<Running> ModelRun::begin_store() {
    const std::string path = any_mailbox();
    const UidSet uids = any_uids(path);
    FlagChange flags;
    flags.mode = static_cast<StoreMode>(below(3));
    flags.flags = static_cast<std::uint32_t>(below(32));
    flags.keywords = any_keywords();
    if (below(3) == 0) {
        flags.unchanged_since = open(ref(kOwner, path))->highest_modseq() - below(3);
    }
    return begin<base::Result<Stored>>(
        live_->store(loop_, kOwner, ref(kOwner, path), uids, flags),
        [=](const auto& result, Model& model) {
            if (!result) {
                return;
            }
            EXPECT_TRUE(flags.unchanged_since || result->modified.empty());
            EXPECT_EQ(result->modified.subtract(uids), UidSet());
            for (ModelMessage& message : model[path].messages) {
                if (!uids.contains(message.uid) || result->modified.contains(message.uid)) {
                    continue;
                }
                if (flags.mode == StoreMode::kReplace) {
                    message.flags = 0;
                    message.keywords.clear();
                }
                const bool add = flags.mode != StoreMode::kRemove;
                message.flags = add ? message.flags | flags.flags : message.flags & ~flags.flags;
                for (const std::string& name : flags.keywords) {
                    add ? void(message.keywords.insert(name)) : void(message.keywords.erase(name));
                }
            }
        });
}

std::unique_ptr<Running> ModelRun::begin_expunge() {
    const std::string path = any_mailbox();
    const UidSet uids = any_uids(path);
    return begin<base::Result<Expunged>>(
        live_->expunge(loop_, kOwner, ref(kOwner, path), uids),
        [=](const auto& result, Model& model) {
            if (!result) {
                return;
            }
            const auto gone = std::erase_if(model[path].messages, [&](const ModelMessage& message) {
                return uids.contains(message.uid) && (message.flags & kDeleted) != 0;
            });
            EXPECT_EQ(result->uids.size(), gone);
        });
}

std::unique_ptr<Running> ModelRun::begin_transfer(bool move) {
    const std::string from = any_mailbox();
    const std::string to = any_mailbox();
    const UidSet uids = any_uids(from);
    const Ref source = ref(kOwner, from);
    const Ref target = ref(kOwner, to);
    auto task = move ? live_->move(loop_, kOwner, {source, uids, target})
                     : live_->copy(loop_, kOwner, {source, uids, target});
    return begin<base::Result<Copied>>(std::move(task), [=](const auto& result, Model& model) {
        if (!result) {
            return;
        }
        std::vector<ModelMessage> chosen;
        for (const ModelMessage& message : model[from].messages) {
            if (uids.contains(message.uid)) {
                chosen.push_back(message);
            }
        }
        EXPECT_EQ(result->from.size(), chosen.size());
        EXPECT_EQ(result->to.size(), chosen.size());
        if (move) {
            std::erase_if(model[from].messages,
                          [&](const ModelMessage& message) { return uids.contains(message.uid); });
        }
        for (ModelMessage& message : chosen) {
            model[to].add(std::move(message));
        }
    });
}

void make_parents(Model& model, const std::string& path) {
    for (std::size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
        model.try_emplace(path.substr(0, at));
    }
}

std::unique_ptr<Running> ModelRun::begin_create() {
    const std::string path = any_name();
    return begin<base::Result<MailboxInfo>>(
        live_->create(loop_, kOwner, path), [=](const auto& result, Model& model) {
            const auto known = model.find(path);
            const bool there = known != model.end() && known->second.selectable;
            if (result) {
                EXPECT_FALSE(there);
                make_parents(model, path);
                model[path] = {};
            } else if (result.error().code == Errc::kExists) {
                EXPECT_TRUE(there);
            }
        });
}

std::unique_ptr<Running> ModelRun::begin_rename() {
    const std::string from = below(6) == 0 ? "INBOX" : any_name();
    const std::string to = any_name();
    return begin<base::Result<>>(
        live_->rename(loop_, kOwner, from, to), [=](const auto& result, Model& model) {
            if (!result) {
                return;
            }
            make_parents(model, to);
            if (from == "INBOX") {
                ModelMailbox made;
                for (ModelMessage& message : model[from].messages) {
                    made.add(std::move(message));
                }
                model[from].messages.clear();
                model[to] = std::move(made);
                return;
            }
            Model moved;
            for (auto& [path, mailbox] : model) {
                if (path == from || path.starts_with(from + "/")) {
                    moved[to + path.substr(from.size())] = mailbox;
                }
            }
            std::erase_if(model, [&](const auto& row) {
                return row.first == from || row.first.starts_with(from + "/");
            });
            model.merge(moved);
        });
}

std::unique_ptr<Running> ModelRun::begin_remove() {
    const std::string path = any_name();
    return begin<base::Result<>>(
        live_->remove(loop_, kOwner, path), [=](const auto& result, Model& model) {
            if (!result) {
                return;
            }
            const bool parent = std::any_of(model.begin(), model.end(), [&](const auto& row) {
                return row.first.starts_with(path + "/");
            });
            if (parent) {
                model[path] = {false, 1, {}};
            } else {
                EXPECT_EQ(model.erase(path), 1U);
            }
        });
}

std::unique_ptr<Running> ModelRun::begin_tree_change() {
    switch (below(3)) {
        case 0:
            return begin_create();
        case 1:
            return begin_rename();
        default:
            return begin_remove();
    }
}

std::unique_ptr<Running> ModelRun::begin_message_change() {
    switch (below(9)) {
        case 0:
            return begin_append();
        case 1:
        case 2:
            return begin_deliver();
        case 3:
            return begin_expunge();
        case 4:
            return begin_transfer(true);
        case 5:
            return begin_transfer(false);
        default:
            return begin_store();
    }
}

// Some changes at once, in one group or two; now and then the disk refuses. A change of the tree goes
// alone: the model knows mailboxes by names, and others under way would mean the old ones.
void ModelRun::burst() {
    if (below(10) == 0) {
        store_.fail_next_commits(1, Errc::kNoSpace);
    }
    std::vector<std::unique_ptr<Running>> running;
    if (below(6) == 0) {
        running.push_back(begin_tree_change());
    } else {
        for (std::size_t count = below(3) + 1; count > 0; --count) {
            running.push_back(begin_message_change());
        }
    }
    for (const auto& task : running) {
        ASSERT_TRUE(loop_.run_until([&task] { return task->done(); }));
    }
    for (const auto& task : running) {
        task->finish(model_);
    }
}

// The power fails with changes under way; none of them was told to be done.
void ModelRun::crash() {
    std::vector<std::unique_ptr<Running>> running;
    for (std::size_t count = below(3); count > 0; --count) {
        running.push_back(begin_message_change());
    }
    store_.crash();
    reopen();
    actors_.assign(3, {});
}

void ModelRun::check_mailbox(const std::string& path, const ModelMailbox& expected) {
    const Ref where = ref(kOwner, path);
    const auto live = run(live_->open(loop_, where)).value();
    Mailboxes cold_ones(store_, clock_, pool_);
    const auto cold = run(cold_ones.open(loop_, where)).value();
    ASSERT_EQ(live->size(), expected.messages.size()) << path;
    ASSERT_EQ(cold->size(), expected.messages.size()) << path;
    EXPECT_EQ(live->uid_next(), expected.uid_next);
    EXPECT_EQ(live->highest_modseq(), cold->highest_modseq());
    EXPECT_EQ(live->keywords(), cold->keywords());
    EXPECT_EQ(live->head().unseen, cold->head().unseen);
    for (std::size_t i = 0; i < live->size(); ++i) {
        const Entry& entry = live->at(i);
        ASSERT_EQ(entry, cold->at(i));
        ModelMessage message{entry.uid, entry.flags, {}, expected.messages[i].body};
        for (const std::string_view name : live->keyword_names(entry.keywords)) {
            message.keywords.emplace(name);
        }
        ASSERT_EQ(message, expected.messages[i]) << path << " " << entry.uid;
        if (below(20) == 0) {
            EXPECT_EQ(body(kOwner, entry.email), message.body);
        }
    }
}

// compare() on what the actor saw, and the history for whoever was away.
void ModelRun::look(Actor& actor) {
    const auto list = live_->list(kOwner).value();
    for (const MailboxInfo& info : list) {
        if (!info.selectable) {
            continue;
        }
        const auto now = run(live_->open(loop_, info.ref)).value();
        SnapshotPtr& seen = actor.seen[info.ref.mailbox];
        if (seen && seen->uid_validity() == now->uid_validity()) {
            std::map<Uid, Entry> view;
            seen->for_each(0, seen->size(), [&](auto, const Entry& e) { view[e.uid] = e; });
            const UidSet before = seen->uids();
            compare(*seen,
                    *now,
                    {[&](Uid uid) { EXPECT_EQ(view.erase(uid), 1U); },
                     [&](std::size_t, const Entry& e) { view[e.uid] = e; },
                     [&](std::size_t first) {
                         now->for_each(first, now->size(), [&](auto, const Entry& e) {
                             EXPECT_TRUE(view.emplace(e.uid, e).second);
                         });
                     },
                     [](const Page& page) {
                         for (const Entry& e : page.entries) {
                             EXPECT_LE(e.modseq, page.highest_modseq);
                         }
                         return false;
                     }});
            std::map<Uid, Entry> there;
            now->for_each(0, now->size(), [&](auto, const Entry& e) { there[e.uid] = e; });
            EXPECT_EQ(view, there);
            const auto vanished = live_->vanished_since(info.ref, seen->highest_modseq()).value();
            EXPECT_TRUE(vanished.complete);
            EXPECT_EQ(vanished.uids.intersect(before), before.subtract(now->uids()));
        }
        seen = now;
    }
}

void ModelRun::check_all() {
    std::set<std::string> paths;
    const auto list = live_->list(kOwner).value();
    for (const MailboxInfo& info : list) {
        paths.insert(info.path + (info.selectable ? "" : " (level)"));
    }
    std::set<std::string> expected;
    for (const auto& [path, mailbox] : model_) {
        expected.insert(path + (mailbox.selectable ? "" : " (level)"));
    }
    ASSERT_EQ(paths, expected);
    for (const auto& [path, mailbox] : model_) {
        if (mailbox.selectable) {
            ASSERT_NO_FATAL_FAILURE(check_mailbox(path, mailbox));
        }
    }
}

TEST_P(ModelRun, AgreesWithTheModel) {
    SCOPED_TRACE("seed " + std::to_string(GetParam()));
    for (int i = 0; i < kBursts; ++i) {
        ASSERT_NO_FATAL_FAILURE(burst());
        if (below(15) == 0) {
            crash();
        }
        ASSERT_NO_FATAL_FAILURE(check_all());
        look(actors_[below(actors_.size())]);
        if (below(10) == 0) {
            bool done = false;
            ASSERT_TRUE(change([&done](store::Transaction& transaction) -> base::Result<> {
                TRY(done, collect_emails(transaction));
                return {};
            }));
            EXPECT_THAT(findings(), IsEmpty());
        }
        if (HasFailure()) {
            FAIL() << "in burst " << i << " of seed " << GetParam();
        }
    }
    EXPECT_THAT(findings(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelRun, testing::Range(1, 13));

}  // namespace
}  // namespace mail
