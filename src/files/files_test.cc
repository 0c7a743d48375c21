// An account's tree on a real folder of the disk: what it does, and what it refuses.
#include "files/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "account/usage.h"
#include "fakes/files_fixture.h"
#include "files/maintenance.h"

namespace files {
namespace {

using base::Errc;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class FilesTest : public fakes::FilesFixture {
  protected:
    FilesTest() { tree_ = open("alice@crepes.example"); }

    // Folders within folders, all but the last of 200 letters; the path of the innermost, of so many octets.
    std::string make_chain(char letter, std::size_t octets) {
        std::string path;
        while (path.size() < octets) {
            const std::size_t left = octets - path.size() - 1;
            path += '/' + std::string(left < 202 ? left : 200, letter);
            EXPECT_TRUE(run(tree_->make_directory(loop_, path)));
        }
        return path;
    }

    std::shared_ptr<Tree> tree_;
};

TEST_F(FilesTest, AnUploadIsSeenWhenItIsCommitted) {
    auto upload = run(tree_->upload(loop_, "/report.txt", {}));
    ASSERT_TRUE(upload) << upload.error().text;
    ASSERT_TRUE(run((*upload)->write(loop_, "Do you like ketchup?\r\n")));
    EXPECT_THAT(names(*tree_, "/"), IsEmpty());
    EXPECT_EQ(run(tree_->stat(loop_, "/report.txt")).error().code, Errc::kNotFound);
    ASSERT_TRUE(run((*upload)->commit(loop_)));
    EXPECT_THAT(names(*tree_, "/"), UnorderedElementsAre("report.txt"));
    EXPECT_EQ(read(*tree_, "/report.txt"), "Do you like ketchup?\r\n");
}

// The program makes its own files for itself alone; what users make is as they say.
TEST_F(FilesTest, PermissionsAreTheUsersNotTheProgrammes) {
    const mode_t before = ::umask(077);
    const auto upload = [this](UploadOptions options) {
        auto begun = run(tree_->upload(loop_, "/a", options));
        ASSERT_TRUE(begun) << begun.error().text;
        ASSERT_TRUE(run((*begun)->write(loop_, "abc")));
        ASSERT_TRUE(run((*begun)->commit(loop_)));
    };
    const auto mode = [this](const std::string& path) {
        return run(tree_->stat(loop_, path)).value().mode;
    };
    upload({.permissions = 0664});
    EXPECT_EQ(mode("/a"), 0664U);
    ASSERT_TRUE(run(tree_->set_mode(loop_, "/a", 0755)));
    upload({.mode = UploadOptions::Mode::kAppend, .permissions = 0600});
    EXPECT_EQ(mode("/a"), 0755U);
    upload({.permissions = 0600});
    EXPECT_EQ(mode("/a"), 0755U);
    ASSERT_TRUE(run(tree_->make_directory(loop_, "/b", 0775)));
    EXPECT_EQ(mode("/b"), 0775U);
    ::umask(before);
}

TEST_F(FilesTest, AnUploadThatIsDroppedLeavesNothing) {
    {
        auto upload = run(tree_->upload(loop_, "/report.txt", {}));
        ASSERT_TRUE(run((*upload)->write(loop_, "half")));
    }
    EXPECT_THAT(names(*tree_, "/"), IsEmpty());
    EXPECT_THAT(names_on_disk("uploads"), IsEmpty());
    EXPECT_EQ(run(tree_->usage(loop_))->octets, 0U);
}

// Who asks in the last moment finds nothing changed where the file is not wanted, and may change its mind.
TEST_F(FilesTest, AnUploadIsAskedAboutBeforeItGetsItsName) {
    using Mode = UploadOptions::Mode;
    const std::string large(200'000, 'x');
    for (const Mode mode : {Mode::kReplace, Mode::kAppend, Mode::kPatch}) {
        for (const std::string& octets : {std::string("new"), large}) {
            store(*tree_, "/a", "old");
            const UploadOptions options{.mode = mode, .length = octets.size()};
            {
                auto upload = run(tree_->upload(loop_, "/a", options));
                ASSERT_TRUE(upload) << upload.error().text;
                ASSERT_TRUE(run((*upload)->write(loop_, octets)));
                const auto seen_before = [this] { return read(*tree_, "/a") == "old"; };
                const auto dropped =
                    run((*upload)->commit_if(loop_, [&] { return !seen_before(); }, {}));
                ASSERT_TRUE(dropped) << dropped.error().text;
                EXPECT_FALSE(*dropped);
                EXPECT_EQ(read(*tree_, "/a"), "old");
                ASSERT_TRUE(run((*upload)->commit(loop_)));
                EXPECT_EQ(read(*tree_, "/a"), (mode == Mode::kAppend ? "old" : "") + octets);
            }
            store(*tree_, "/a", "old");
            auto upload = run(tree_->upload(loop_, "/a", options));
            ASSERT_TRUE(run((*upload)->write(loop_, octets)));
            EXPECT_FALSE(run((*upload)->commit_if(loop_, [] { return false; }, {})).value());
            upload->reset();
            EXPECT_EQ(read(*tree_, "/a"), "old");
            EXPECT_THAT(names_on_disk("uploads"), IsEmpty());
        }
    }
}

TEST_F(FilesTest, TheLastOfTwoUploadsToOneNameStandsWhole) {
    auto first = run(tree_->upload(loop_, "/a", {}));
    auto second = run(tree_->upload(loop_, "/a", {}));
    ASSERT_TRUE(run((*first)->write(loop_, "first")));
    ASSERT_TRUE(run((*second)->write(loop_, "second")));
    ASSERT_TRUE(run((*second)->commit(loop_)));
    ASSERT_TRUE(run((*first)->commit(loop_)));
    EXPECT_EQ(read(*tree_, "/a"), "first");
    EXPECT_EQ(run(tree_->usage(loop_))->octets, 5U);
    EXPECT_EQ(run(tree_->usage(loop_))->files, 1U);
}

TEST_F(FilesTest, FoldersAreMadeListedRenamedAndRemoved) {
    ASSERT_TRUE(run(tree_->make_directory(loop_, "/sub")));
    EXPECT_EQ(run(tree_->make_directory(loop_, "/sub")).error().code, Errc::kExists);
    store(*tree_, "/sub/a", "1");
    EXPECT_EQ(run(tree_->remove_directory(loop_, "/sub")).error().code, Errc::kInUse);
    ASSERT_TRUE(run(tree_->rename(loop_, "/sub", "/other")));
    EXPECT_EQ(read(*tree_, "/other/a"), "1");
    EXPECT_EQ(run(tree_->remove(loop_, "/other")).error().code, Errc::kInvalid);
    ASSERT_TRUE(run(tree_->remove(loop_, "/other/a")));
    ASSERT_TRUE(run(tree_->remove_directory(loop_, "/other")));
    EXPECT_EQ(run(tree_->remove_directory(loop_, "/")).error().code, Errc::kDenied);
    EXPECT_EQ(run(tree_->usage(loop_))->files, 0U);
}

TEST_F(FilesTest, AFileMakesPlaceForOneThatIsRenamedButAFolderDoesNot) {
    store(*tree_, "/a", "new");
    store(*tree_, "/b", "older");
    ASSERT_TRUE(run(tree_->make_directory(loop_, "/folder")));
    EXPECT_EQ(run(tree_->rename(loop_, "/a", "/folder")).error().code, Errc::kExists);
    ASSERT_TRUE(run(tree_->rename(loop_, "/a", "/b")));
    EXPECT_EQ(read(*tree_, "/b"), "new");
    EXPECT_EQ(run(tree_->usage(loop_))->octets, 3U);
    EXPECT_EQ(run(tree_->usage(loop_))->files, 2U);
    ASSERT_TRUE(run(tree_->rename(loop_, "/b", "/b")));
    EXPECT_EQ(run(tree_->usage(loop_))->octets, 3U);
}

TEST_F(FilesTest, AppendsToWhatIsThereWhenItIsCommitted) {
    store(*tree_, "/log", "one\n");
    auto upload = run(tree_->upload(loop_, "/log", {.mode = UploadOptions::Mode::kAppend}));
    ASSERT_TRUE(run((*upload)->write(loop_, "three\n")));
    auto other = run(tree_->upload(loop_, "/log", {.mode = UploadOptions::Mode::kAppend}));
    ASSERT_TRUE(run((*other)->write(loop_, "two\n")));
    ASSERT_TRUE(run((*other)->commit(loop_)));
    ASSERT_TRUE(run((*upload)->commit(loop_)));
    EXPECT_EQ(read(*tree_, "/log"), "one\ntwo\nthree\n");
    EXPECT_EQ(run(tree_->usage(loop_))->octets, 14U);
    EXPECT_THAT(names_on_disk("uploads"), IsEmpty());
}

TEST_F(FilesTest, ResumesBehindWhatTheFileHolds) {
    store(*tree_, "/a", "0123456789");
    UploadOptions options{.mode = UploadOptions::Mode::kResume, .offset = 4};
    auto upload = run(tree_->upload(loop_, "/a", options));
    ASSERT_TRUE(upload) << upload.error().text;
    EXPECT_EQ((*upload)->offset(), 4U);
    ASSERT_TRUE(run((*upload)->write(loop_, "abc")));
    EXPECT_EQ(read(*tree_, "/a"), "0123456789");
    ASSERT_TRUE(run((*upload)->commit(loop_)));
    EXPECT_EQ(read(*tree_, "/a"), "0123abc");
    options.offset = 100;
    EXPECT_EQ(run(tree_->upload(loop_, "/a", options)).error().code, Errc::kInvalid);
}

TEST_F(FilesTest, AnUploadThatWasCutOffIsResumedWhereThatIsWanted) {
    restart({.keep_partials = true, .quota_octets = 10});
    tree_ = open("alice@crepes.example");
    {
        auto upload = run(tree_->upload(loop_, "/a", {}));
        ASSERT_TRUE(run((*upload)->write(loop_, "01234")));
    }
    EXPECT_THAT(names(*tree_, "/"), IsEmpty());
    EXPECT_EQ(run(tree_->open(loop_, "/a")).error().code, Errc::kNotFound);
    EXPECT_EQ(run(tree_->partial(loop_, "/a")).value(), 5U);
    // It counts, also after a restart.
    restart({.keep_partials = true, .quota_octets = 10});
    tree_ = open("alice@crepes.example");
    EXPECT_EQ(put(*tree_, "/b", "012345").error().code, Errc::kOverQuota);
    UploadOptions options{.mode = UploadOptions::Mode::kResume, .offset = 4};
    auto upload = run(tree_->upload(loop_, "/a", options));
    ASSERT_TRUE(upload) << upload.error().text;
    ASSERT_TRUE(run((*upload)->write(loop_, "abcdef")));
    EXPECT_EQ(run((*upload)->write(loop_, "g")).error().code, Errc::kOverQuota);
    ASSERT_TRUE(run((*upload)->commit(loop_)));
    EXPECT_EQ(read(*tree_, "/a"), "0123abcdef");
    EXPECT_EQ(run(tree_->partial(loop_, "/a")).value(), std::nullopt);
    EXPECT_EQ(run(tree_->usage(loop_))->octets, 10U);
    ASSERT_TRUE(run(tree_->remove(loop_, "/a")));
    store(*tree_, "/b", "0123456789");
}

// As curl -C - does it, behind SIZE.
TEST_F(FilesTest, AppendGoesOnBehindWhatWasKept) {
    restart({.keep_partials = true});
    tree_ = open("alice@crepes.example");
    static_cast<void>(run((*run(tree_->upload(loop_, "/a", {})))->write(loop_, "01234")));
    ASSERT_EQ(run(tree_->partial(loop_, "/a")).value(), 5U);
    {
        auto upload = run(tree_->upload(loop_, "/a", {.mode = UploadOptions::Mode::kAppend}));
        ASSERT_TRUE(upload) << upload.error().text;
        ASSERT_TRUE(run((*upload)->write(loop_, "56")));
    }
    EXPECT_EQ(run(tree_->partial(loop_, "/a")).value(), 7U);
    auto upload = run(tree_->upload(loop_, "/a", {.mode = UploadOptions::Mode::kAppend}));
    ASSERT_TRUE(run((*upload)->write(loop_, "789")));
    ASSERT_TRUE(run((*upload)->commit(loop_)));
    EXPECT_EQ(read(*tree_, "/a"), "0123456789");
    EXPECT_EQ(run(tree_->partial(loop_, "/a")).value(), std::nullopt);
    EXPECT_EQ(run(tree_->usage(loop_))->octets, 10U);
}

TEST_F(FilesTest, NothingIsKeptBesideAFile) {
    restart({.keep_partials = true});
    tree_ = open("alice@crepes.example");
    static_cast<void>(run((*run(tree_->upload(loop_, "/b", {})))->write(loop_, "old kept")));
    store(*tree_, "/a", "0123456789");
    static_cast<void>(run((*run(tree_->upload(loop_, "/a", {})))->write(loop_, "abcde")));
    ASSERT_TRUE(run(tree_->rename(loop_, "/a", "/b")));
    const UploadOptions resume{.mode = UploadOptions::Mode::kResume, .offset = 4};
    {
        auto upload = run(tree_->upload(loop_, "/b", resume));
        ASSERT_TRUE(run((*upload)->write(loop_, "x")));
        ASSERT_TRUE(run((*upload)->commit(loop_)));
    }
    EXPECT_EQ(read(*tree_, "/b"), "0123x");
    EXPECT_EQ(run(tree_->upload(loop_, "/a", resume)).error().code, Errc::kNotFound);
    EXPECT_EQ(run(tree_->usage(loop_))->octets, 5U);
}

TEST_F(FilesTest, WhatDoesNotFitIsNotKept) {
    restart({.keep_partials = true, .quota_octets = 10});
    tree_ = open("alice@crepes.example");
    for (const std::string_view last : {"89a", "89ab"}) {
        auto upload = run(tree_->upload(loop_, "/a", {}));
        ASSERT_TRUE(run((*upload)->write(loop_, "01234567")));
        EXPECT_EQ(run((*upload)->write(loop_, last)).error().code, Errc::kOverQuota);
    }
    EXPECT_EQ(run(tree_->partial(loop_, "/a")).value(), std::nullopt);
    store(*tree_, "/b", "0123456789");
}

// It counts like a file, until an upload from the start needs its room, or its owner gives it up.
TEST_F(FilesTest, WhatWasKeptMakesRoomForItsOwnName) {
    restart({.keep_partials = true, .quota_octets = 10, .quota_files = 1});
    tree_ = open("alice@crepes.example");
    const auto cut_off = [this](std::string_view octets) {
        auto upload = run(tree_->upload(loop_, "/a", {}));
        ASSERT_TRUE(upload) << upload.error().text;
        ASSERT_TRUE(run((*upload)->write(loop_, octets)));
    };
    cut_off("0123456");
    auto usage = run(tree_->usage(loop_)).value();
    EXPECT_EQ(usage.octets, 7U);
    EXPECT_EQ(usage.files, 1U);
    EXPECT_EQ(usage.available, 3U);
    EXPECT_EQ(put(*tree_, "/b", "1").error().code, Errc::kOverQuota);
    EXPECT_EQ(run(tree_->partial(loop_, "/a")).value(), 7U);
    cut_off("01234567");
    EXPECT_EQ(run(tree_->partial(loop_, "/a")).value(), 8U);
    ASSERT_TRUE(run(tree_->forget_partial(loop_, "/a")));
    EXPECT_EQ(run(tree_->partial(loop_, "/a")).value(), std::nullopt);
    EXPECT_EQ(run(tree_->forget_partial(loop_, "/a")).error().code, Errc::kNotFound);
    cut_off("0123456");
    store(*tree_, "/a", "0123456789");
    usage = run(tree_->usage(loop_)).value();
    EXPECT_EQ(usage.octets, 10U);
    EXPECT_EQ(usage.files, 1U);
    EXPECT_THAT(names_on_disk("uploads"), testing::Each(testing::StartsWith("partials-")));
}

TEST_F(FilesTest, WhatWasKeptOfAnUploadIsForgottenAfterAWeek) {
    const auto cut_off = [this](const std::string& path) {
        auto upload = run(tree_->upload(loop_, path, {}));
        ASSERT_TRUE(run((*upload)->write(loop_, "01234")));
    };
    const auto start_again = [this] {
        tree_.reset();
        restart({.keep_partials = true});
        tree_ = open("alice@crepes.example");
    };
    start_again();
    cut_off("/a");
    start_again();
    EXPECT_EQ(run(tree_->partial(loop_, "/a")).value(), 5U);
    // The disk has stamped it with its own time.
    clock_.set_wall(
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()) +
        std::chrono::days(8));
    start_again();
    EXPECT_EQ(run(tree_->partial(loop_, "/a")).value(), std::nullopt);
}

TEST_F(FilesTest, AUniqueNameTakesNobodysPlace) {
    store(*tree_, "/a.txt", "mine");
    auto upload = run(tree_->upload(loop_, "/a.txt", {.mode = UploadOptions::Mode::kUnique}));
    ASSERT_TRUE(run((*upload)->write(loop_, "other")));
    ASSERT_TRUE(run((*upload)->commit(loop_)));
    EXPECT_TRUE((*upload)->path().starts_with("/a.txt."));
    EXPECT_EQ(read(*tree_, "/a.txt"), "mine");
    EXPECT_EQ(read(*tree_, (*upload)->path()), "other");
}

TEST_F(FilesTest, AnUploadNeedsItsFolder) {
    EXPECT_EQ(run(tree_->upload(loop_, "/none/a", {})).error().code, Errc::kNotFound);
    store(*tree_, "/file", "");
    EXPECT_EQ(run(tree_->upload(loop_, "/file/a", {})).error().code, Errc::kInvalid);
    ASSERT_TRUE(run(tree_->make_directory(loop_, "/folder")));
    EXPECT_EQ(run(tree_->upload(loop_, "/folder", {})).error().code, Errc::kExists);
    EXPECT_EQ(run(tree_->upload(loop_, "/", {})).error().code, Errc::kExists);
}

TEST_F(FilesTest, AFileThatIsOpenStaysWhatItWas) {
    store(*tree_, "/a", "old");
    const auto file = run(tree_->open(loop_, "/a"));
    store(*tree_, "/a", "newer");
    std::string octets(10, '\0');
    EXPECT_EQ(run((*file)->read(loop_, 0, octets)).value(), 3U);
    EXPECT_EQ(octets.substr(0, 3), "old");
    EXPECT_EQ(run((*file)->read(loop_, 3, octets)).value(), 0U);
}

TEST_F(FilesTest, ModesAndTimesAreKept) {
    store(*tree_, "/a", "x");
    const base::WallTime time(std::chrono::milliseconds(1234567890123));
    ASSERT_TRUE(run(tree_->set_modified(loop_, "/a", time)));
    ASSERT_TRUE(run(tree_->set_mode(loop_, "/a", 0040)));
    const auto entry = run(tree_->stat(loop_, "/a"));
    EXPECT_EQ(entry->modified, time);
    EXPECT_EQ(entry->mode, 0640U);
    EXPECT_EQ(entry->owner, "alice");
    EXPECT_EQ(entry->group, "crepes.example");
}

TEST_F(FilesTest, TwoAccountsSeeNothingOfEachOther) {
    const auto other = open("bob@crepes.example");
    store(*tree_, "/a", "alice's");
    EXPECT_THAT(names(*other, "/"), IsEmpty());
    EXPECT_EQ(run(other->open(loop_, "/a")).error().code, Errc::kNotFound);
}

// What a file will replace is counted for it; but only what it replaces in the end.
TEST_F(FilesTest, AFileThatGoesMeanwhileGivesNoRoom) {
    restart({.quota_octets = 10});
    tree_ = open("alice@crepes.example");
    ASSERT_TRUE(put(*tree_, "/a", "12345678"));
    {
        const auto upload = run(tree_->upload(loop_, "/a", {}));
        ASSERT_TRUE(upload);
        ASSERT_TRUE(run((*upload)->write(loop_, "12345678")));
        ASSERT_TRUE(run(tree_->rename(loop_, "/a", "/b")));
        EXPECT_EQ(run((*upload)->commit(loop_)).error().code, Errc::kOverQuota);
    }
    EXPECT_EQ(run(tree_->stat(loop_, "/a")).error().code, Errc::kNotFound);
    EXPECT_EQ(run(tree_->usage(loop_, "/"))->octets, 8U);
    EXPECT_TRUE(put(*tree_, "/b", "1234567890"));
}

TEST_F(FilesTest, FilesTakeWhatMailLeavesOfTheQuota) {
    const account::AccountId id = add("green@crepes.example", 10);
    std::uint64_t mail = 4;
    const auto other = [&mail](const store::Reader&, account::AccountId) { return mail; };
    restart({.other_octets = other});
    const auto tree = open("green@crepes.example");
    EXPECT_EQ(put(*tree, "/a", "1234567").error().code, Errc::kOverQuota);
    store(*tree, "/a", "123456");
    EXPECT_EQ(run(tree->usage(loop_))->octets_limit, 6U);
    files_->settle();
    EXPECT_EQ(account::outside_octets(*store_.snapshot(), id).value(), 6U);
    // What makes place counts as room.
    store(*tree, "/a", "654321");
    mail = 10;
    EXPECT_EQ(put(*tree, "/b", "1").error().code, Errc::kOverQuota);
    ASSERT_TRUE(run(tree->remove(loop_, "/a")));
    files_->settle();
    EXPECT_EQ(account::outside_octets(*store_.snapshot(), id).value(), 0U);
    mail = 0;
    store(*tree, "/a", "123");
    restart();
    EXPECT_EQ(account::outside_octets(*store_.snapshot(), id).value(), 0U);
    restart({.other_octets = other});
    EXPECT_EQ(account::outside_octets(*store_.snapshot(), id).value(), 3U);
}

TEST_F(FilesTest, AFullDiskIsNoticedBeforeTheReserveIsTouched) {
    restart({.reserve_octets = UINT64_MAX});
    tree_ = open("alice@crepes.example");
    EXPECT_EQ(put(*tree_, "/a", "1").error().code, Errc::kNoSpace);
    EXPECT_THAT(names(*tree_, "/"), IsEmpty());
    EXPECT_THAT(names_on_disk("uploads"), IsEmpty());
    EXPECT_EQ(run(tree_->usage(loop_))->available, 0U);
}

TEST_F(FilesTest, WhatWasAnnouncedIsRefusedAtOnceWhereItDoesNotFit) {
    restart({.quota_octets = 100});
    tree_ = open("alice@crepes.example");
    EXPECT_EQ(run(tree_->upload(loop_, "/a", {.announced = 101})).error().code, Errc::kOverQuota);
    restart();
    tree_ = open("alice@crepes.example");
    EXPECT_EQ(run(tree_->upload(loop_, "/a", {.announced = 1ULL << 60U})).error().code,
              Errc::kNoSpace);
    EXPECT_THAT(names_on_disk("uploads"), IsEmpty());
}

TEST_F(FilesTest, ACheckMendsTheCounts) {
    store(*tree_, "/a", "123");
    std::filesystem::copy(root_ + "/accounts/1/a", root_ + "/accounts/1/b");
    std::filesystem::create_directory(root_ + "/accounts/77");
    std::filesystem::create_directory(root_ + "/shares/old");
    const auto report = files_->check();
    ASSERT_TRUE(report);
    EXPECT_EQ(report->findings.size(), 2U);
    EXPECT_THAT(report->mended,
                testing::ElementsAre("files: alice@crepes.example: 3 octets in 1 files were "
                                     "counted; there are 6 in 2"));
    EXPECT_EQ(run(tree_->usage(loop_))->octets, 6U);
    EXPECT_TRUE(files_->check()->mended.empty());
}

// What a crash is to the next start: the trees were never closed.
TEST_F(FilesTest, CountsAreOldBehindACrashUntilTheyAreChecked) {
    store(*tree_, "/a", "123");
    EXPECT_FALSE(files_->counts_are_old());
    std::filesystem::copy(root_ + "/accounts/1/a", root_ + "/accounts/1/b");
    {
        const auto next = Files::start({.root = root_}, store_, pool_, clock_, random_).value();
        EXPECT_TRUE(next->counts_are_old());
        next->end_check();
        EXPECT_EQ(next->check().error().code, Errc::kUnavailable);
    }
    // Closed without a whole check: they are still what the crash left.
    const auto next = Files::start({.root = root_}, store_, pool_, clock_, random_).value();
    EXPECT_TRUE(next->counts_are_old());
    EXPECT_EQ(next->check()->mended.size(), 1U);
    EXPECT_FALSE(next->counts_are_old());
}

TEST_F(FilesTest, CountsOfTreesThatWereClosedAreTaken) {
    store(*tree_, "/a", "123");
    tree_.reset();
    files_.reset();
    const auto next = Files::start({.root = root_}, store_, pool_, clock_, random_).value();
    EXPECT_FALSE(next->counts_are_old());
}

TEST_F(FilesTest, ABackupHoldsEverythingAndComesBack) {
    ASSERT_TRUE(run(tree_->make_directory(loop_, "/sub")));
    store(*tree_, "/sub/a", "123");
    const base::WallTime time(std::chrono::seconds(1234567890));
    ASSERT_TRUE(run(tree_->set_modified(loop_, "/sub/a", time)));
    std::filesystem::create_symlink("a", root_ + "/accounts/1/sub/link");
    ASSERT_TRUE(files_->backup(root_ + "/copy"));
    ASSERT_TRUE(run(tree_->remove(loop_, "/sub/a")));
    ASSERT_TRUE(files_->remove_account(1));
    EXPECT_THAT(names_on_disk("accounts"), IsEmpty());
    EXPECT_THAT(names_on_disk("uploads"), IsEmpty());
    ASSERT_TRUE(copy_tree(root_ + "/copy", root_));
    tree_.reset();
    restart();
    tree_ = open("alice@crepes.example");
    EXPECT_EQ(read(*tree_, "/sub/a"), "123");
    EXPECT_EQ(run(tree_->stat(loop_, "/sub/a"))->modified, time);
    EXPECT_THAT(names(*tree_, "/sub"), UnorderedElementsAre("a", "link"));
}

// A rename takes along what lies in a folder; nothing may get out of reach by it.
TEST_F(FilesTest, NothingIsRenamedToWhereNoPathLeads) {
    const std::string deep = make_chain('a', kPathOctetsMax - 1000);
    const std::string inner = make_chain('b', 1000);
    const auto rename = [&](const std::string& from, const std::string& to) {
        return run(tree_->rename(loop_, from, to));
    };
    const std::string top = inner.substr(0, inner.find('/', 1));
    EXPECT_EQ(rename(top, deep + top + "b").error().code, Errc::kTooLong);
    ASSERT_TRUE(rename(top, deep + top));
    EXPECT_EQ(run(tree_->stat(loop_, deep + inner))->kind, Kind::kDirectory);
    const std::string outer = deep.substr(0, deep.find('/', 1));
    EXPECT_EQ(rename(outer, outer + "a").error().code, Errc::kTooLong);
    EXPECT_TRUE(rename(deep + top, "/b"));
    EXPECT_TRUE(rename(outer, outer + "a"));
}

TEST_F(FilesTest, LinksAreNoWayToWhereNoPathLeads) {
    restart({.links = Links::kInside});
    tree_ = open("alice@crepes.example");
    const std::string deep = make_chain('a', kPathOctetsMax - 1000);
    make_chain('b', 1001);
    ASSERT_TRUE(run(tree_->symlink(loop_, deep.substr(1), "/link")));
    const std::string folder = '/' + std::string(200, 'b');
    EXPECT_EQ(run(tree_->rename(loop_, folder, "/link" + folder)).error().code, Errc::kTooLong);
    EXPECT_TRUE(run(tree_->make_directory(loop_, "/link/c")));
    EXPECT_TRUE(run(tree_->rename(loop_, "/link/c", "/link" + folder)));
}

TEST_F(FilesTest, WhatLiesDeeperThanPathsReachIsCountedCopiedAndRemoved) {
    const std::string deep = make_chain('a', kPathOctetsMax - 1000);
    const std::string inner = make_chain('b', kPathOctetsMax - 1000);
    store(*tree_, inner + "/file", "12345");
    const std::string top = inner.substr(0, inner.find('/', 1));
    const std::string home = root_ + "/accounts/1";
    std::filesystem::rename(home + top, home + deep + "/b");
    const Usage before = run(tree_->usage(loop_)).value();
    const auto expect_sound = [&] {
        const auto checked = files_->check();
        ASSERT_TRUE(checked) << checked.error().text;
        EXPECT_EQ(checked->octets, 5U);
        EXPECT_EQ(checked->files, before.files);
        EXPECT_THAT(checked->mended, IsEmpty());
    };
    expect_sound();
    const auto copied = files_->backup(root_ + "/copy");
    ASSERT_TRUE(copied) << copied.error().text;
    ASSERT_TRUE(files_->remove_account(1));
    EXPECT_THAT(names_on_disk("accounts"), IsEmpty());
    EXPECT_THAT(names_on_disk("uploads"), IsEmpty());
    ASSERT_TRUE(copy_tree(root_ + "/copy", root_));
    tree_.reset();
    restart();
    tree_ = open("alice@crepes.example");
    expect_sound();
    ASSERT_TRUE(run(tree_->rename(loop_, deep + "/b", "/b")));
    EXPECT_EQ(read(*tree_, "/b" + inner.substr(top.size()) + "/file"), "12345");
    ASSERT_TRUE(files_->remove_account(1));
    const base::UniqueFd root(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(remove_tree(root.get(), "copy"));
}

// What a restore that ended early has left makes place, and none of it leads the next one out.
TEST_F(FilesTest, ALinkInAFoldersPlaceIsNotFollowed) {
    const std::string outside = root_ + "/outside";
    for (const char* const folder : {"/outside", "/from", "/from/sub", "/to"}) {
        std::filesystem::create_directory(root_ + folder);
    }
    std::filesystem::permissions(outside, std::filesystem::perms::owner_all);
    std::filesystem::permissions(root_ + "/from/sub", std::filesystem::perms::all);
    std::filesystem::create_directory_symlink(outside, root_ + "/to/sub");
    EXPECT_EQ(copy_tree(root_ + "/from", root_ + "/to").error().code, Errc::kExists);
    EXPECT_TRUE(copy_tree(root_ + "/from", root_ + "/to", Existing::kReplaced));
    EXPECT_TRUE(std::filesystem::is_directory(std::filesystem::symlink_status(root_ + "/to/sub")));
    EXPECT_EQ(std::filesystem::status(outside).permissions(), std::filesystem::perms::owner_all);
}

struct HashCase {
    HashAlgorithm algorithm;
    const char* of_abc;
};

// RFC 1321 A.5, FIPS 180-4's examples, and the CRC of ISO 3309.
TEST_F(FilesTest, HashesOfWholeFilesAndOfRanges) {
    store(*tree_, "/abc", "abc");
    store(*tree_, "/xabcy", "xabcy");
    for (const HashCase& row : {
             HashCase{HashAlgorithm::kCrc32, "352441c2"},
             HashCase{HashAlgorithm::kMd5, "900150983cd24fb0d6963f7d28e17f72"},
             HashCase{HashAlgorithm::kSha1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
             HashCase{HashAlgorithm::kSha256,
                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
             HashCase{HashAlgorithm::kSha512,
                      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
         }) {
        EXPECT_EQ(run(tree_->hash(loop_, "/abc", row.algorithm, {0, UINT64_MAX})).value(),
                  row.of_abc);
        EXPECT_EQ(run(tree_->hash(loop_, "/xabcy", row.algorithm, {1, 4})).value(), row.of_abc);
    }
}

TEST_F(FilesTest, LongWorkEndsOnceNobodyWantsItAnyMore) {
    const std::string octets(std::size_t{40} << 20U, 'a');
    store(*tree_, "/big", octets);
    for (const int patience : {0, 1}) {
        int asked = 0;
        const auto wanted = [&asked, patience] { return asked++ < patience; };
        const auto hash =
            run(tree_->hash(loop_, "/big", HashAlgorithm::kCrc32, {0, octets.size()}, wanted));
        EXPECT_EQ(hash.error().code, Errc::kUnavailable);
        EXPECT_EQ(std::exchange(asked, 0), patience + 1);
        EXPECT_EQ(run(tree_->copy(loop_, "/big", "/copy", wanted)).error().code,
                  Errc::kUnavailable);
        EXPECT_EQ(asked, patience + 1);
    }
    EXPECT_THAT(names(*tree_, "/"), UnorderedElementsAre("big"));
    EXPECT_THAT(names_on_disk("uploads"), IsEmpty());
}

// What is done in one piece is done before anybody could ask.
TEST_F(FilesTest, ShortWorkIsDoneWhoeverWaits) {
    store(*tree_, "/abc", "abc");
    const auto never = [] { return false; };
    EXPECT_EQ(run(tree_->hash(loop_, "/abc", HashAlgorithm::kCrc32, {0, 3}, never)).value(),
              "352441c2");
    EXPECT_TRUE(run(tree_->copy(loop_, "/abc", "/copy", never)));
}

TEST_F(FilesTest, OnlyTheFileThatIsMeantIsRemoved) {
    store(*tree_, "/part", "abc");
    const Entry meant = run(tree_->stat(loop_, "/part")).value();
    store(*tree_, "/other", "def");
    ASSERT_TRUE(run(tree_->rename(loop_, "/other", "/part")));
    EXPECT_EQ(run(tree_->remove(loop_, "/part", meant)).error().code, Errc::kNotFound);
    EXPECT_EQ(read(*tree_, "/part"), "def");
    const Entry now = run(tree_->stat(loop_, "/part")).value();
    EXPECT_TRUE(run(tree_->remove(loop_, "/part", now)));
    EXPECT_THAT(names(*tree_, "/"), IsEmpty());
}

}  // namespace
}  // namespace files
