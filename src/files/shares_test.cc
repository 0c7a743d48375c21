// Shares: who sees them, and what each may do with which path.
#include "files/shares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include "fakes/files_fixture.h"
#include "files/records.h"
#include "files/trace.h"
#include "store/key.h"

namespace files {
namespace {

using base::Errc;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class SharesTest : public fakes::FilesFixture {
  protected:
    SharesTest() {
        alice_ = open("alice@crepes.example");
        bob_ = open("bob@crepes.example");
        change([](store::Transaction& change) -> base::Result<> {
            TRY_VOID(add_share(change, {.name = "team", .limits = {}, .grants = {}}));
            return add_share(change, {.name = "pub", .limits = {}, .grants = {}});
        });
        restart({.anonymous_share = "pub"});
        alice_ = open("alice@crepes.example");
        bob_ = open("bob@crepes.example");
    }

    void change(const store::Change& function) {
        const auto done = store_.change_and_wait(function);
        ASSERT_TRUE(done) << done.error().text;
    }

    void grant(std::string_view share,
               std::string_view who,
               std::string_view rights,
               std::string path = "/") {
        change([&](store::Transaction& change) -> base::Result<> {
            Grant grant{.path = path, .who = {}, .rights = 0};
            TRY(grant.who, parse_principal(change, who));
            TRY(grant.rights, parse_rights(rights));
            return set_grant(change, share, grant);
        });
    }

    // The team's share has a disk of its own at `mount`, with a file that is whole; false where nobody may mount.
    bool put_on_small_disk(const std::string& mount) {
        std::filesystem::create_directory(mount);
        if (::mount("tmpfs", mount.c_str(), "tmpfs", 0, "size=256k") != 0) {
            return false;
        }
        grant("team", "everyone", "all");
        store(*alice_, "/team/a", "whole");
        return true;
    }

    base::Errc open_error(Tree& tree, std::string path) {
        const auto opened = run(tree.open(loop_, std::move(path)));
        return opened ? Errc::kEof : opened.error().code;
    }

    std::shared_ptr<Tree> alice_;
    std::shared_ptr<Tree> bob_;
};

TEST_F(SharesTest, AShareIsSeenByThoseWhoHaveRightsInIt) {
    EXPECT_THAT(names(*alice_, "/"), IsEmpty());
    grant("team", "alice@crepes.example", "all");
    EXPECT_THAT(names(*alice_, "/"), UnorderedElementsAre("team"));
    EXPECT_THAT(names(*bob_, "/"), IsEmpty());
    EXPECT_EQ(run(bob_->stat(loop_, "/team")).error().code, Errc::kNotFound);
    store(*alice_, "/team/plan", "whole");
    grant("team", "@crepes.example", "view");
    EXPECT_EQ(read(*bob_, "/team/plan"), "whole");
    EXPECT_EQ(put(*bob_, "/team/plan", "x").error().code, Errc::kDenied);
    EXPECT_EQ(put(*bob_, "/team/other", "x").error().code, Errc::kDenied);
    EXPECT_EQ(run(bob_->remove(loop_, "/team/plan")).error().code, Errc::kDenied);
    EXPECT_EQ(run(bob_->make_directory(loop_, "/team/sub")).error().code, Errc::kDenied);
    EXPECT_EQ(run(bob_->rename(loop_, "/team/plan", "/plan")).error().code, Errc::kDenied);
    change([](store::Transaction& transaction) { return remove_share(transaction, "team"); });
    EXPECT_THAT(names(*alice_, "/"), IsEmpty());
}

TEST_F(SharesTest, OwnFilesDoNotShowBehindAShare) {
    ASSERT_TRUE(run(alice_->make_directory(loop_, "/team")));
    store(*alice_, "/team/mine", "x");
    grant("team", "everyone", "all");
    EXPECT_THAT(names(*alice_, "/"), ElementsAre("team"));
    EXPECT_THAT(names(*alice_, "/team"), IsEmpty());
    EXPECT_EQ(run(alice_->remove_directory(loop_, "/team")).error().code, Errc::kDenied);
    EXPECT_EQ(run(alice_->rename(loop_, "/team", "/other")).error().code, Errc::kDenied);
    EXPECT_EQ(run(alice_->make_directory(loop_, "/team")).error().code, Errc::kExists);
}

TEST_F(SharesTest, WhatIsDroppedCannotBeSeenAgain) {
    grant("pub", "everyone", "all");
    grant("pub", "anonymous", "view");
    ASSERT_TRUE(run(alice_->make_directory(loop_, "/pub/incoming")));
    grant("pub", "anonymous", "drop", "/incoming");
    const auto guest = run(files_->open_anonymous(loop_)).value();
    store(*alice_, "/pub/readme", "welcome");
    EXPECT_EQ(read(*guest, "/readme"), "welcome");
    EXPECT_THAT(names(*guest, "/"), UnorderedElementsAre("readme", "incoming"));
    EXPECT_EQ(put(*guest, "/a", "x").error().code, Errc::kDenied);
    store(*guest, "/incoming/a", "secret");
    EXPECT_EQ(open_error(*guest, "/incoming/a"), Errc::kDenied);
    EXPECT_EQ(run(guest->list(loop_, "/incoming")).error().code, Errc::kDenied);
    EXPECT_EQ(run(guest->stat(loop_, "/incoming/a")).error().code, Errc::kDenied);
    EXPECT_EQ(run(guest->stat(loop_, "/incoming/none")).error().code, Errc::kDenied);
    EXPECT_EQ(run(guest->stat(loop_, "/incoming/a/beneath")).error().code, Errc::kDenied);
    EXPECT_TRUE(run(guest->stat(loop_, "/incoming")));
    EXPECT_EQ(put(*guest, "/incoming/a", "other").error().code, Errc::kExists);
    EXPECT_EQ(run(guest->hash(loop_, "/incoming/a", HashAlgorithm::kMd5, {0, 9})).error().code,
              Errc::kDenied);
    EXPECT_EQ(run(guest->copy(loop_, "/incoming/a", "/incoming/b")).error().code, Errc::kDenied);
    EXPECT_EQ(run(guest->rename(loop_, "/incoming", "/b")).error().code, Errc::kDenied);
    EXPECT_EQ(read(*alice_, "/pub/incoming/a"), "secret");
}

TEST_F(SharesTest, TwoWhoDropOneNameDoNotTakeEachOthersPlace) {
    grant("pub", "anonymous", "drop");
    const auto guest = run(files_->open_anonymous(loop_)).value();
    auto first = run(guest->upload(loop_, "/a", {}));
    auto second = run(guest->upload(loop_, "/a", {}));
    ASSERT_TRUE(first && second);
    ASSERT_TRUE(run((*first)->commit(loop_)));
    EXPECT_EQ(run((*second)->commit(loop_)).error().code, Errc::kExists);
}

TEST_F(SharesTest, TheDeepestGrantDecidesAndThenTheMostParticular) {
    grant("team", "everyone", "view");
    grant("team", "alice@crepes.example", "all");
    ASSERT_TRUE(run(alice_->make_directory(loop_, "/team/a")));
    ASSERT_TRUE(run(alice_->make_directory(loop_, "/team/a/b")));
    store(*alice_, "/team/a/b/c", "x");
    grant("team", "everyone", "none", "/a");
    EXPECT_EQ(run(bob_->stat(loop_, "/team/a")).error().code, Errc::kNotFound);
    EXPECT_EQ(run(alice_->stat(loop_, "/team/a")).error().code, Errc::kNotFound);
    grant("team", "bob@crepes.example", "view", "/a/b");
    EXPECT_EQ(read(*bob_, "/team/a/b/c"), "x");
    EXPECT_EQ(entries(*bob_, "/team").at(0).rights, 0U);
    // A folder takes what lies in it along, so it cannot be moved from under its grants.
    EXPECT_EQ(run(alice_->rename(loop_, "/team/a", "/team/z")).error().code, Errc::kNotFound);
    grant("team", "alice@crepes.example", "all", "/a");
    EXPECT_EQ(run(alice_->rename(loop_, "/team/a", "/team/z")).error().code, Errc::kDenied);
}

TEST_F(SharesTest, MovingBetweenTreesMovesTheCounts) {
    grant("team", "everyone", "all");
    ASSERT_TRUE(run(alice_->make_directory(loop_, "/sub")));
    store(*alice_, "/sub/a", "12345");
    ASSERT_TRUE(run(alice_->rename(loop_, "/sub", "/team/sub")));
    EXPECT_EQ(read(*bob_, "/team/sub/a"), "12345");
    EXPECT_EQ(run(alice_->usage(loop_))->octets, 0U);
    EXPECT_EQ(run(alice_->usage(loop_))->files, 0U);
    EXPECT_EQ(run(alice_->usage(loop_, "/team"))->octets, 5U);
    EXPECT_EQ(run(alice_->usage(loop_, "/team"))->files, 2U);
}

TEST_F(SharesTest, RightsTakenAwayAmidAnUploadCount) {
    for (const auto mode : {UploadOptions::Mode::kReplace, UploadOptions::Mode::kAppend}) {
        grant("team", "everyone", "all");
        store(*alice_, "/team/old", "1234");
        for (const std::string path : {"/team/old", "/team/new"}) {
            grant("team", "everyone", "all");
            auto upload = run(bob_->upload(loop_, path, {.mode = mode}));
            ASSERT_TRUE(upload);
            ASSERT_TRUE(run((*upload)->write(loop_, "bob's")));
            grant("team", "everyone", "view");
            EXPECT_EQ(run((*upload)->commit(loop_)).error().code, Errc::kDenied) << path;
        }
        EXPECT_EQ(read(*bob_, "/team/old"), "1234");
        EXPECT_THAT(names(*bob_, "/team"), ElementsAre("old"));
    }
}

TEST_F(SharesTest, AShareHasAQuotaOfItsOwn) {
    grant("team", "everyone", "all");
    change([](store::Transaction& transaction) {
        return set_share_limits(transaction, "team", {.octets = 4, .files = 2});
    });
    EXPECT_EQ(put(*alice_, "/team/a", "12345").error().code, Errc::kOverQuota);
    store(*alice_, "/team/a", "1234");
    EXPECT_EQ(put(*bob_, "/team/b", "1").error().code, Errc::kOverQuota);
    store(*bob_, "/team/b", "");
    EXPECT_EQ(run(alice_->make_directory(loop_, "/team/c")).error().code, Errc::kOverQuota);
    EXPECT_EQ(put(*alice_, "/team/c", "").error().code, Errc::kOverQuota);
    store(*alice_, "/team/a", "4321");
    ASSERT_TRUE(run(alice_->remove(loop_, "/team/a")));
    store(*bob_, "/team/b", "1234");
}

TEST_F(SharesTest, GrantsAreKeptWithTheirPrincipals) {
    grant("team", "anonymous", "none", "/x");
    grant("team", "bob@crepes.example", "list,append", "/../x//y");
    const auto shares = list_shares(*store_.snapshot()).value();
    ASSERT_EQ(shares.size(), 2U);
    const Share& team = shares[1];
    ASSERT_EQ(team.grants.size(), 2U);
    EXPECT_EQ(team.grants[1].path, "/x/y");
    EXPECT_EQ(format_rights(team.grants[1].rights), "list,append");
    EXPECT_EQ(format_principal(*store_.snapshot(), team.grants[1].who).value(),
              "bob@crepes.example");
    change([&](store::Transaction& transaction) {
        return remove_account_records(transaction, team.grants[1].who.account);
    });
    EXPECT_EQ(find_share(*store_.snapshot(), "team").value()->grants.size(), 1U);
}

struct RightsRow {
    const char* text;
    Rights rights;
};

TEST(Rights, AreReadFromWords) {
    for (const RightsRow& row : {RightsRow{"list,read", kList | kRead},
                                 RightsRow{"view", kList | kRead},
                                 RightsRow{"VIEW,mkdir", kList | kRead | kMakeDirectory},
                                 RightsRow{"drop", kCreate},
                                 RightsRow{"none", 0},
                                 RightsRow{"all", kAllRights}}) {
        EXPECT_EQ(parse_rights(row.text).value(), row.rights) << row.text;
        EXPECT_EQ(parse_rights(format_rights(row.rights)).value(), row.rights) << row.text;
    }
    for (const char* text : {"", "lists", "list,", ",list", "list read"}) {
        EXPECT_EQ(parse_rights(text).error().code, Errc::kInvalid) << text;
    }
}

TEST_F(SharesTest, NamesOfSharesAreSingleNames) {
    for (const char* name : {"", "/", "a/b", "..", ".", ".staffetta-x", "a\n", "\xff"}) {
        const auto added = store_.change_and_wait([&](store::Transaction& transaction) {
            return add_share(transaction, {.name = name, .limits = {}, .grants = {}});
        });
        EXPECT_FALSE(added) << name;
    }
}

// What reads for long asks again, a copy behind 256 KiB, a hash behind 16 MiB.
TEST_F(SharesTest, ReadingEndsWithTheRightToRead) {
    grant("team", "everyone", "all");
    store(*alice_, "/team/big", std::string(std::size_t{17} << 20U, 'x'));
    const auto open = run(bob_->open(loop_, "/team/big")).value();
    EXPECT_TRUE(open->may_be_read());
    const auto revoke = [this] {
        grant("team", "everyone", "list");
        return true;
    };
    EXPECT_EQ(run(bob_->copy(loop_, "/team/big", "/mine", revoke)).error().code, Errc::kDenied);
    EXPECT_THAT(names(*bob_, "/"), ElementsAre("team"));
    EXPECT_FALSE(open->may_be_read());
    grant("team", "everyone", "all");
    EXPECT_TRUE(open->may_be_read());
    EXPECT_EQ(
        run(bob_->hash(loop_, "/team/big", HashAlgorithm::kCrc32, {0, ~std::uint64_t{0}}, revoke))
            .error()
            .code,
        Errc::kDenied);
    grant("team", "everyone", "all");
    change([](store::Transaction& transaction) { return remove_share(transaction, "team"); });
    EXPECT_FALSE(open->may_be_read());
}

TEST_F(SharesTest, TheTraceTellsWhatHappened) {
    grant("team", "everyone", "all");
    bob_->set_actor({.session = "s7", .peer = "192.0.2.1 by FTP"});
    store(*bob_, "/team/a", "12345");
    const auto file = run(alice_->open(loop_, "/team/a"));
    (*file)->note_fetched(5);
    (*file)->note_fetched(5);
    ASSERT_TRUE(run(alice_->rename(loop_, "/team/a", "/team/b")));
    ASSERT_TRUE(run(alice_->remove(loop_, "/team/b")));
    files_->settle();
    const auto traced = find_trace(*store_.snapshot(), "/team/a").value();
    ASSERT_EQ(traced.size(), 1U);
    EXPECT_EQ(traced[0].volume, "team");
    // All in one millisecond of the clock here: they come in their order all the same.
    ASSERT_THAT(traced[0].events,
                ElementsAre(Field(&TraceEvent::kind, "stored"),
                            Field(&TraceEvent::kind, "fetched"),
                            Field(&TraceEvent::kind, "renamed")));
    EXPECT_EQ(traced[0].events[0].session, "s7");
    EXPECT_EQ(traced[0].events[0].text, "5 octets, by bob@crepes.example from 192.0.2.1 by FTP");
    files_->settle();
    EXPECT_EQ(find_trace(*store_.snapshot(), "/b").value().at(0).events.size(), 2U);
    change([&](store::Transaction& transaction) -> base::Result<> {
        TRY(const std::size_t gone,
            expire_trace(transaction, clock_.now() + std::chrono::minutes(1), 100));
        EXPECT_EQ(gone, 5U);
        return {};
    });
    EXPECT_THAT(find_trace(*store_.snapshot(), "/team/a").value(), IsEmpty());
}

TEST_F(SharesTest, WhatIsUnderwayToAShareThatIsRemovedIsRefused) {
    grant("team", "everyone", "all");
    auto upload = run(alice_->upload(loop_, "/team/a", {}));
    ASSERT_TRUE(run((*upload)->write(loop_, "12345")));
    change([](store::Transaction& transaction) { return remove_share(transaction, "team"); });
    EXPECT_EQ(run((*upload)->commit(loop_)).error().code, Errc::kNotFound);
    EXPECT_THAT(names_on_disk("shares/team"), IsEmpty());
}

// What others have stored since, with rights that count no more by then.
TEST_F(SharesTest, WhatIsUnderwayReplacesOnlyWhatItMayStill) {
    using Mode = UploadOptions::Mode;
    for (const Mode mode : {Mode::kReplace, Mode::kAppend}) {
        grant("team", "everyone", "all");
        auto late = run(bob_->upload(loop_, "/team/a", {.mode = mode}));
        ASSERT_TRUE(late) << late.error().text;
        ASSERT_TRUE(run((*late)->write(loop_, "late")));
        store(*alice_, "/team/a", "hers");
        grant("team", "everyone", "drop");
        EXPECT_EQ(run((*late)->commit(loop_)).error().code, Errc::kExists);
        late->reset();
        grant("team", "everyone", "all");
        EXPECT_EQ(read(*alice_, "/team/a"), "hers");
        ASSERT_TRUE(run(alice_->remove(loop_, "/team/a")));
    }
}

TEST_F(SharesTest, WhatAShareHoldsIsKnownBeforeAnybodySeesIt) {
    EXPECT_EQ(files_->share_usage("team")->files, 0U);
    grant("team", "everyone", "all");
    store(*alice_, "/team/a", "12345");
    change([](store::Transaction& transaction) -> base::Result<> {
        TRY_VOID(remove_share(transaction, "team"));
        return add_share(transaction, {.name = "team", .limits = {}, .grants = {}});
    });
    EXPECT_EQ(files_->share_usage("team")->files, 1U);
    EXPECT_EQ(files_->share_usage("team")->octets, 5U);
}

TEST_F(SharesTest, AReadOnlyDiskIsCalledThat) {
    const std::string mount = root_ + "/shares/team";
    if (!put_on_small_disk(mount)) {
        GTEST_SKIP() << "only root mounts";
    }
    ASSERT_EQ(::mount("tmpfs", mount.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=256k"), 0);
    const auto refused = put(*alice_, "/team/a", "other");
    EXPECT_EQ(refused.error().code, Errc::kDenied);
    EXPECT_EQ(refused.error().text, "The disk is read-only.");
    EXPECT_EQ(read(*alice_, "/team/a"), "whole");
    alice_.reset();
    bob_.reset();
    files_.reset();
    EXPECT_EQ(::umount2(mount.c_str(), MNT_DETACH), 0);
}

TEST_F(SharesTest, TheTraceOfAnOlderVersionIsRead) {
    change([](store::Transaction& transaction) -> base::Result<> {
        transaction.put(store::KeyWriter()
                            .raw(prefix(RecordKind::kEvent))
                            .text("/a")
                            .text(share_volume("team"))
                            .u64(1)
                            .text("stored")
                            .raw("s1")
                            .key(),
                        store::RecordWriter(1).text("5 octets").record());
        return add_trace_once(transaction,
                              share_volume("team"),
                              "/a",
                              {.time = base::WallTime(std::chrono::milliseconds(1)),
                               .kind = "fetched",
                               .session = "s2",
                               .text = "5 octets"});
    });
    const auto traced = find_trace(*store_.snapshot(), "/team/a").value();
    ASSERT_EQ(traced.size(), 1U);
    ASSERT_EQ(traced[0].events.size(), 2U);
    EXPECT_THAT(traced[0].events,
                UnorderedElementsAre(Field(&TraceEvent::kind, "stored"),
                                     Field(&TraceEvent::kind, "fetched")));
}

// A share on a disk of its own, which is soon full.
TEST_F(SharesTest, AFullDiskOfItsOwnDamagesNothing) {
    const std::string mount = root_ + "/shares/team";
    if (!put_on_small_disk(mount)) {
        GTEST_SKIP() << "only root mounts";
    }
    EXPECT_EQ(put(*alice_, "/team/a", std::string(300'000, 'x')).error().code, Errc::kNoSpace);
    EXPECT_EQ(put(*alice_, "/team/b", std::string(300'000, 'x')).error().code, Errc::kNoSpace);
    EXPECT_EQ(read(*alice_, "/team/a"), "whole");
    EXPECT_THAT(names(*alice_, "/team"), ElementsAre("a"));
    EXPECT_THAT(names_on_disk("shares/team/.staffetta-uploads"), IsEmpty());
    store(*alice_, "/team/b", std::string(100'000, 'x'));
    // A rename does not cross disks.
    EXPECT_EQ(run(alice_->rename(loop_, "/team/b", "/b")).error().code, Errc::kUnsupported);
    ASSERT_TRUE(run(alice_->copy(loop_, "/team/b", "/b")));
    ASSERT_TRUE(run(alice_->remove(loop_, "/team/b")));
    EXPECT_EQ(run(alice_->usage(loop_, "/team"))->octets, 5U);
    EXPECT_EQ(run(alice_->usage(loop_))->octets, 100'000U);
    alice_.reset();
    bob_.reset();
    files_.reset();
    EXPECT_EQ(::umount2(mount.c_str(), MNT_DETACH), 0);
}

TEST_F(SharesTest, CountsOutliveARestart) {
    grant("team", "everyone", "all");
    store(*alice_, "/team/a", "12345");
    store(*alice_, "/b", "123");
    restart();
    alice_ = open("alice@crepes.example");
    EXPECT_EQ(run(alice_->usage(loop_, "/team"))->octets, 5U);
    EXPECT_EQ(run(alice_->usage(loop_))->octets, 3U);
    EXPECT_EQ(run(alice_->usage(loop_))->files, 1U);
}

}  // namespace
}  // namespace files
