// What was kept of uploads goes with the folder or the account that it belongs to.
#include "files/partials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "fakes/files_fixture.h"
#include "files/shares.h"

namespace files {
namespace {

using base::Errc;
using testing::IsEmpty;

class PartialsTest : public fakes::FilesFixture {
  protected:
    PartialsTest() {
        EXPECT_TRUE(store_.change_and_wait([](store::Transaction& change) -> base::Result<> {
            TRY_VOID(add_share(change, {.name = "team", .limits = {}, .grants = {}}));
            return set_grant(change,
                             "team",
                             {.path = "/",
                              .who = {.kind = Principal::Kind::kEveryone, .domain = {}},
                              .rights = kAllRights});
        }));
        restart({.keep_partials = true});
        alice_ = open("alice@crepes.example");
        bob_ = open("bob@crepes.example");
    }

    void cut_off(Tree& tree, const std::string& path) {
        auto upload = run(tree.upload(loop_, path, {}));
        ASSERT_TRUE(upload) << upload.error().text;
        ASSERT_TRUE(run((*upload)->write(loop_, "01234")));
    }

    std::optional<std::uint64_t> kept(Tree& tree, const std::string& path) {
        return run(tree.partial(loop_, path)).value();
    }

    std::shared_ptr<Tree> alice_;
    std::shared_ptr<Tree> bob_;
};

// The server's own copies, SITE COPY and COMB, are whole or not there.
TEST_F(PartialsTest, AreNoneOfCopies) {
    cut_off(*alice_, "/whole");
    {
        const auto upload = run(alice_->upload(
            loop_, "/whole", {.mode = UploadOptions::Mode::kAppend, .resumable = false}));
        ASSERT_TRUE(upload) << upload.error().text;
        ASSERT_TRUE(run((*upload)->write(loop_, "abc")));
    }
    EXPECT_EQ(kept(*alice_, "/whole"), 5U);
    const auto upload = run(alice_->upload(
        loop_, "/whole", {.mode = UploadOptions::Mode::kAppend, .resumable = false}));
    ASSERT_TRUE(run((*upload)->write(loop_, "abc")));
    ASSERT_TRUE(run((*upload)->commit(loop_)));
    EXPECT_EQ(read(*alice_, "/whole"), "abc");
    EXPECT_EQ(run(alice_->usage(loop_))->octets, 3U);

    store(*alice_, "/large", std::string(std::size_t{40} << 20U, 'a'));
    cut_off(*alice_, "/copy");
    int asked = 0;
    EXPECT_FALSE(run(alice_->copy(loop_, "/large", "/copy", [&asked] { return asked++ == 0; })));
    EXPECT_EQ(kept(*alice_, "/copy"), 5U);
    ASSERT_TRUE(run(alice_->copy(loop_, "/whole", "/copy", nullptr)));
    EXPECT_EQ(read(*alice_, "/copy"), "abc");
    EXPECT_EQ(kept(*alice_, "/copy"), std::nullopt);
}

TEST_F(PartialsTest, GoWithTheirFolder) {
    ASSERT_TRUE(run(alice_->make_directory(loop_, "/team/a")));
    ASSERT_TRUE(run(alice_->make_directory(loop_, "/team/ab")));
    cut_off(*alice_, "/team/a/x");
    cut_off(*bob_, "/team/a/x");
    cut_off(*bob_, "/team/ab/x");
    cut_off(*bob_, "/team/x");
    EXPECT_EQ(run(bob_->usage(loop_, "/team"))->octets, 20U);
    ASSERT_TRUE(run(alice_->remove_directory(loop_, "/team/a")));
    EXPECT_EQ(kept(*alice_, "/team/a/x"), std::nullopt);
    EXPECT_EQ(kept(*bob_, "/team/a/x"), std::nullopt);
    EXPECT_EQ(kept(*bob_, "/team/ab/x"), 5U);
    EXPECT_EQ(kept(*bob_, "/team/x"), 5U);
    EXPECT_EQ(run(bob_->usage(loop_, "/team"))->octets, 10U);
    EXPECT_EQ(run(bob_->usage(loop_, "/team"))->files, 3U);
}

TEST_F(PartialsTest, AreNotKeptOnceTheirFolderHasGone) {
    ASSERT_TRUE(run(alice_->make_directory(loop_, "/team/a")));
    {
        auto upload = run(bob_->upload(loop_, "/team/a/x", {}));
        ASSERT_TRUE(upload) << upload.error().text;
        ASSERT_TRUE(run((*upload)->write(loop_, "01234")));
        ASSERT_TRUE(run(alice_->remove_directory(loop_, "/team/a")));
    }
    EXPECT_THAT(names_on_disk("uploads"), IsEmpty());
    EXPECT_EQ(run(bob_->usage(loop_, "/team"))->octets, 0U);
    ASSERT_TRUE(run(alice_->make_directory(loop_, "/team/a")));
    EXPECT_EQ(kept(*bob_, "/team/a/x"), std::nullopt);
}

// What splice(2) had moved when the transfer was ended stands in the file, and was never told.
TEST_F(PartialsTest, HoldWhatWasCounted) {
    const std::string large(100'000, 'x');
    for (int time = 0; time < 2; ++time) {
        auto upload = run(bob_->upload(loop_, "/team/x", {}));
        ASSERT_TRUE(upload) << upload.error().text;
        ASSERT_TRUE(run((*upload)->write(loop_, large)));
        std::size_t more = 0;
        for (const auto& entry : std::filesystem::directory_iterator(root_ + "/uploads")) {
            if (entry.is_regular_file()) {
                std::ofstream(entry.path(), std::ios::app) << large;
                ++more;
            }
        }
        EXPECT_EQ(more, 1U);
        upload->reset();
        EXPECT_EQ(kept(*bob_, "/team/x"), large.size());
        EXPECT_EQ(run(bob_->usage(loop_, "/team"))->octets, large.size());
    }
}

TEST_F(PartialsTest, AreNotKeptOnceTheirAccountHasGone) {
    const account::Address bob = account::parse_address("bob@crepes.example").value();
    const auto bobs = account::find_account(*store_.snapshot(), bob);
    {
        auto own = run(bob_->upload(loop_, "/x", {}));
        auto shared = run(bob_->upload(loop_, "/team/x", {}));
        ASSERT_TRUE(run((*own)->write(loop_, "01234")));
        ASSERT_TRUE(run((*shared)->write(loop_, "01234")));
        ASSERT_TRUE(store_.change_and_wait(
            [&](store::Transaction& change) { return account::remove_account(change, bob); }));
        ASSERT_TRUE(files_->remove_account((*bobs)->id));
    }
    EXPECT_THAT(names_on_disk("uploads"), IsEmpty());
    EXPECT_EQ(run(alice_->usage(loop_, "/team"))->octets, 0U);
}

TEST_F(PartialsTest, GoWithTheirAccount) {
    const auto bobs = account::find_account(*store_.snapshot(),
                                            account::parse_address("bob@crepes.example").value());
    cut_off(*alice_, "/x");
    cut_off(*alice_, "/team/x");
    cut_off(*bob_, "/x");
    cut_off(*bob_, "/team/x");
    EXPECT_EQ(names_on_disk("uploads").size(), 3U);
    bob_.reset();
    ASSERT_TRUE(files_->remove_account((*bobs)->id));
    EXPECT_EQ(names_on_disk("uploads").size(), 2U);
    EXPECT_EQ(kept(*alice_, "/x"), 5U);
    EXPECT_EQ(kept(*alice_, "/team/x"), 5U);
    EXPECT_EQ(run(alice_->usage(loop_, "/team"))->octets, 5U);
    ASSERT_TRUE(store_.change_and_wait([](store::Transaction& change) {
        return account::remove_account(change,
                                       account::parse_address("bob@crepes.example").value());
    }));
    bob_ = open("bob@crepes.example");
    EXPECT_EQ(kept(*bob_, "/x"), std::nullopt);
    EXPECT_EQ(kept(*bob_, "/team/x"), std::nullopt);
}

}  // namespace
}  // namespace files
