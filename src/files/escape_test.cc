// Ways out of a tree: by spelling, by links at each level, by races, by names that no file has. None may
// lead anywhere; what lies outside is looked at after each test.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>

#include "fakes/files_fixture.h"
#include "files/shares.h"

namespace files {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using testing::Contains;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr std::string_view kSecret = "the secret of somebody else";

class EscapeTest : public fakes::FilesFixture, public testing::WithParamInterface<Links> {
  protected:
    EscapeTest() {
        restart({.links = GetParam()});
        tree_ = open("alice@crepes.example");
        home_ = root_ + "/accounts/1";
        outside_ = root_ + "/outside";
        fs::create_directories(outside_ + "/folder");
        std::ofstream(outside_ + "/secret") << kSecret;
        before_ = look_outside();
    }

    // Names, contents and modes of all that is not the account's.
    std::vector<std::string> look_outside() const {
        std::vector<std::string> seen;
        for (const auto& entry : fs::recursive_directory_iterator(root_)) {
            const std::string path = entry.path().string();
            if (path.starts_with(home_ + "/") || path.starts_with(root_ + "/uploads/")) {
                continue;
            }

            struct stat status {};

            ::lstat(path.c_str(), &status);
            seen.push_back(path + " " + std::to_string(status.st_mode) + " " +
                           std::to_string(status.st_ino) + " " +
                           std::to_string(S_ISREG(status.st_mode) ? status.st_mtim.tv_nsec : 0));
        }
        std::sort(seen.begin(), seen.end());
        return seen;
    }

    ~EscapeTest() override { EXPECT_EQ(look_outside(), before_); }

    // Everything that can be done with a path. Nothing of it may show or change what lies outside.
    void try_everything(const std::string& path) {
        SCOPED_TRACE(path);
        const auto entry = run(tree_->stat(loop_, path));
        if (entry) {
            EXPECT_NE(entry->inode, inode_of(outside_));
            EXPECT_NE(entry->inode, inode_of(outside_ + "/secret"));
            EXPECT_NE(entry->inode, inode_of("/etc/passwd"));
        }
        EXPECT_NE(read(*tree_, path), kSecret);
        const auto listing = run(tree_->list(loop_, path));
        if (listing) {
            const std::vector<Entry> batch = run((*listing)->next(loop_)).value();
            for (const Entry& found : batch) {
                EXPECT_NE(found.name, "secret");
                EXPECT_NE(found.name, "passwd");
            }
        }
        change_everything(path);
    }

    void change_everything(const std::string& path) {
        const std::string inner = child(path, "new");
        (void)put(*tree_, inner, "x");
        (void)run(tree_->upload(loop_, inner, {.mode = UploadOptions::Mode::kAppend}));
        (void)run(tree_->make_directory(loop_, child(path, "made")));
        (void)run(tree_->remove(loop_, child(path, "secret")));
        (void)run(tree_->remove_directory(loop_, child(path, "folder")));
        (void)run(tree_->rename(loop_, child(path, "secret"), "/taken"));
        (void)run(tree_->set_mode(loop_, child(path, "secret"), 0777));
        (void)run(tree_->set_modified(loop_, child(path, "secret"), base::WallTime()));
        (void)run(tree_->copy(loop_, child(path, "secret"), "/copied"));
        (void)run(tree_->symlink(loop_, outside_, child(path, "link")));
        EXPECT_NE(read(*tree_, "/taken"), kSecret);
        EXPECT_NE(read(*tree_, "/copied"), kSecret);
    }

    static ino_t inode_of(const std::string& path) {
        struct stat status {};

        return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
    }

    std::shared_ptr<Tree> tree_;
    std::string home_;
    std::string outside_;
    std::vector<std::string> before_;
};

INSTANTIATE_TEST_SUITE_P(Links,
                         EscapeTest,
                         testing::Values(Links::kRefuse, Links::kInside),
                         [](const auto& row) {
                             return row.param == Links::kRefuse ? "Refused" : "Inside";
                         });

// Some two thousand spellings: each way up, once and again, from each start to each goal.
TEST_P(EscapeTest, NoSpellingLeadsOut) {
    ASSERT_TRUE(run(tree_->make_directory(loop_, "/a")));
    ASSERT_TRUE(run(tree_->make_directory(loop_, "/a/b")));
    const std::vector<std::string> ups = {"..",
                                          "./..",
                                          "../.",
                                          "..//",
                                          "...",
                                          ".. ",
                                          " ..",
                                          "..\\",
                                          "..%2f",
                                          "%2e%2e",
                                          "..;",
                                          "..\t",
                                          "\xC0\xAE.",
                                          "\xE0\x80\xAE.",
                                          "\xC0\xAE\xC0\xAE",
                                          "\xE2\x80\xA5",
                                          "\xEF\xBC\x8E\xEF\xBC\x8E",
                                          "\xE2\x80\xA4\xE2\x80\xA4",
                                          "..\xC0\xAF",
                                          "..\xEF\xBC\x8F",
                                          "..\xE2\x88\x95",
                                          "a/../../..",
                                          ".\xCC\x80.",
                                          "~",
                                          "\xFF..",
                                          "..\x01"};
    std::size_t tried = 0;
    for (const std::string cwd : {"/", "/a", "/a/b"}) {
        for (const std::string start : {"", "/", "a/", "/a/b/", "//", "./"}) {
            for (const std::string& up : ups) {
                for (const std::string goal : {"/outside", "/../../outside", "/../../../../etc"}) {
                    const auto path = join(cwd, start + up + goal);
                    ++tried;
                    if (path) {
                        const auto entry = run(tree_->stat(loop_, *path));
                        EXPECT_FALSE(entry) << *path;
                    }
                }
                if (const auto path = join(cwd, start + up)) {
                    EXPECT_NE(run(tree_->stat(loop_, *path)).map([](const Entry& entry) {
                        return entry.inode;
                    }),
                              inode_of(root_));
                }
            }
        }
    }
    EXPECT_GT(tried, 1000U);
}

TEST_P(EscapeTest, NoLinkLeadsOutAtAnyLevel) {
    const base::UniqueFd held(::open(outside_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::string magic = "/proc/self/fd/" + std::to_string(held.get());
    const std::vector<std::string> targets = {outside_,
                                              "/",
                                              "/etc",
                                              "..",
                                              "../..",
                                              "../../outside",
                                              magic,
                                              "/proc/self/cwd",
                                              "a/../..",
                                              "../../../outside",
                                              "/proc/self/root" + outside_,
                                              "self",
                                              ".",
                                              "../../../../outside"};
    std::string level = home_;
    std::string shown;
    for (int depth = 0; depth < 4; ++depth) {
        for (std::size_t i = 0; i < targets.size(); ++i) {
            const std::string link = level + "/l" + std::to_string(i);
            fs::create_symlink(targets[i], link);
            try_everything(shown + "/l" + std::to_string(i));
            try_everything(shown + "/l" + std::to_string(i) + "/outside");
            try_everything(shown + "/l" + std::to_string(i) + "/secret");
        }
        shown += "/d";
        level += "/d";
        fs::create_directory(level);
    }
    fs::create_symlink("self", home_ + "/self");
    try_everything("/self");
    fs::create_symlink(outside_ + "/secret", home_ + "/file");
    try_everything("/file");
    // An upload to the name of a link takes the link's place, not that of what it names.
    ASSERT_TRUE(put(*tree_, "/file", "mine"));
    EXPECT_EQ(read(*tree_, "/file"), "mine");
}

// Another process swaps a folder for a link to the outside and back, as fast as it can.
TEST_P(EscapeTest, NoRaceLeadsOut) {
    fs::create_directory(home_ + "/a");
    std::ofstream(home_ + "/a/secret") << "mine";
    fs::create_symlink(outside_, home_ + "/b");
    std::atomic<bool> stop = false;
    std::atomic<int> swaps = 0;
    std::thread swapping([&] {
        while (!stop) {
            ::renameat2(AT_FDCWD,
                        (home_ + "/a").c_str(),
                        AT_FDCWD,
                        (home_ + "/b").c_str(),
                        RENAME_EXCHANGE);
            ++swaps;
        }
    });
    int read_own = 0;
    for (int i = 0; i < 2000 || swaps < 1000; ++i) {
        const std::string octets = read(*tree_, "/a/secret");
        EXPECT_NE(octets, kSecret);
        read_own += octets == "mine" ? 1 : 0;
        (void)run(tree_->set_mode(loop_, "/a/secret", 0600));
        (void)run(tree_->set_modified(loop_, "/a/secret", base::WallTime()));
        (void)run(tree_->upload(loop_, "/a/new", {}));
        const auto listing = run(tree_->list(loop_, "/a"));
        if (listing) {
            const std::vector<Entry> batch = run((*listing)->next(loop_)).value();
            for (const Entry& entry : batch) {
                EXPECT_NE(entry.name, "folder");
            }
        }
        if (i % 100 == 0) {
            (void)put(*tree_, "/a/x", "x");
            (void)run(tree_->make_directory(loop_, "/a/made"));
            (void)run(tree_->remove_directory(loop_, "/a/made"));
            (void)run(tree_->rename(loop_, "/a/x", "/a/y"));
            (void)run(tree_->remove(loop_, "/a/y"));
        }
    }
    stop = true;
    swapping.join();
    EXPECT_GT(read_own, 0);
}

TEST_P(EscapeTest, SpecialFilesAreNotOpened) {
    ASSERT_EQ(::mkfifo((home_ + "/fifo").c_str(), 0600), 0);
    const base::UniqueFd opened(::inotify_init1(IN_NONBLOCK));
    ASSERT_GE(::inotify_add_watch(opened.get(), (home_ + "/fifo").c_str(), IN_OPEN), 0);
    EXPECT_EQ(run(tree_->open(loop_, "/fifo")).error().code, Errc::kInvalid);
    EXPECT_EQ(run(tree_->set_modified(loop_, "/fifo", {})).error().code, Errc::kInvalid);
    EXPECT_EQ(run(tree_->set_created(loop_, "/fifo", {})).error().code, Errc::kInvalid);
    EXPECT_EQ(run(tree_->set_mode(loop_, "/fifo", 0600)).error().code, Errc::kInvalid);
    std::array<char, 1000> events{};
    EXPECT_EQ(::read(opened.get(), events.data(), events.size()), -1);  // none came
    EXPECT_EQ(run(tree_->stat(loop_, "/fifo"))->kind, Kind::kFifo);
    EXPECT_EQ(run(tree_->stat(loop_, "/fifo"))->rights & (kRead | kAppend), 0U);
    EXPECT_EQ(run(tree_->list(loop_, "/fifo")).error().code, Errc::kInvalid);
}

TEST_P(EscapeTest, OnlyFilesGrow) {
    ASSERT_EQ(::mkfifo((home_ + "/fifo").c_str(), 0600), 0);
    store(*tree_, "/a", "mine");
    fs::create_symlink("a", home_ + "/link");
    fs::create_symlink("nowhere", home_ + "/broken");
    using Mode = UploadOptions::Mode;
    for (const Mode mode : {Mode::kAppend, Mode::kResume, Mode::kPatch}) {
        const auto begin = [&](const std::string& path) {
            return run(tree_->upload(loop_, path, {.mode = mode, .length = 1}));
        };
        EXPECT_EQ(begin("/fifo").error().code, Errc::kInvalid);
        EXPECT_EQ(begin("/broken").error().code, Errc::kDenied);
        auto upload = begin("/link");
        if (GetParam() == Links::kRefuse) {
            EXPECT_EQ(upload.error().code, Errc::kDenied);
            continue;
        }
        ASSERT_TRUE(upload) << upload.error().text;
        ASSERT_TRUE(run((*upload)->write(loop_, "M")));
        ASSERT_TRUE(run((*upload)->commit(loop_)));
    }
    EXPECT_TRUE(fs::is_symlink(home_ + "/link"));
    const bool followed = GetParam() == Links::kInside;
    EXPECT_EQ(read(*tree_, "/a"), followed ? "M" : "mine");
}

TEST_P(EscapeTest, LinksInsideAreFollowedWhereThatIsWanted) {
    store(*tree_, "/a", "mine");
    ASSERT_TRUE(run(tree_->make_directory(loop_, "/sub")));
    const auto made = run(tree_->symlink(loop_, "../a", "/sub/link"));
    if (GetParam() == Links::kRefuse) {
        EXPECT_EQ(made.error().code, Errc::kUnsupported);
        fs::create_symlink("../a", home_ + "/sub/link");
        EXPECT_EQ(run(tree_->open(loop_, "/sub/link")).error().code, Errc::kDenied);
        EXPECT_EQ(run(tree_->stat(loop_, "/sub/link"))->kind, Kind::kLink);
    } else {
        ASSERT_TRUE(made) << made.error().text;
        EXPECT_EQ(read(*tree_, "/sub/link"), "mine");
        EXPECT_EQ(run(tree_->stat(loop_, "/sub/link"))->kind, Kind::kFile);
    }
    EXPECT_EQ(entries(*tree_, "/sub").at(0).target, "../a");
    ASSERT_TRUE(run(tree_->remove(loop_, "/sub/link")));
    EXPECT_EQ(read(*tree_, "/a"), "mine");
}

// A link may not lend its own folder's rights to what it leads to.
TEST_P(EscapeTest, NoLinkLeadsPastRights) {
    ASSERT_TRUE(store_.change_and_wait([](store::Transaction& change) -> base::Result<> {
        TRY_VOID(add_share(change, {.name = "team", .limits = {}, .grants = {}}));
        Grant grant;
        grant.rights = kAllRights;
        TRY_VOID(set_grant(change, "team", grant));
        grant.path = "/closed";
        grant.rights = kCreate;
        return set_grant(change, "team", grant);
    }));
    ASSERT_TRUE(run(tree_->stat(loop_, "/team")));
    const std::string share = root_ + "/shares/team";
    fs::create_directory(share + "/closed");
    std::ofstream(share + "/closed/secret") << kSecret;
    fs::create_directory(share + "/open");
    fs::create_symlink("../closed", share + "/open/link");
    fs::create_symlink("../closed/secret", share + "/open/file");
    EXPECT_NE(read(*tree_, "/team/open/link/secret"), kSecret);
    EXPECT_NE(read(*tree_, "/team/open/file"), kSecret);
    EXPECT_FALSE(run(tree_->list(loop_, "/team/open/link")));
    EXPECT_FALSE(run(tree_->remove(loop_, "/team/open/link/secret")));
    EXPECT_FALSE(run(tree_->rename(loop_, "/team/open/link/secret", "/team/open/mine")));
    before_ = look_outside();
}

struct NameRow {
    std::string argument;
    Errc code;  // kEof: it is fine
};

TEST(Names, ThatNoFileMayHave) {
    using namespace std::string_literals;
    const NameRow rows[] = {
        {"a\0b"s, Errc::kInvalid},
        {"a\rb", Errc::kInvalid},
        {"a\nb", Errc::kInvalid},
        {"\xC0\x80", Errc::kInvalid},          // overlong NUL
        {"\xC0\xAF", Errc::kInvalid},          // overlong slash
        {"\xE0\x80\xAF", Errc::kInvalid},      //
        {"\xF0\x80\x80\xAF", Errc::kInvalid},  //
        {"\xED\xA0\x80", Errc::kInvalid},      // a surrogate
        {"\xF4\x90\x80\x80", Errc::kInvalid},  // past U+10FFFF
        {"\xE2\x82", Errc::kInvalid},          // cut off
        {"\x80", Errc::kInvalid},
        {"caf\xE9", Errc::kInvalid},  // ISO 8859-1
        {".staffetta-x", Errc::kInvalid},
        {"sub/.staffetta-uploads/x", Errc::kInvalid},
        {std::string(255, 'x'), Errc::kEof},
        {std::string(256, 'x'), Errc::kTooLong},
        {std::string(128, 'x') + std::string(128, '/') + "..", Errc::kEof},
        {std::string(5000, '/'), Errc::kTooLong},
        {".staffetta", Errc::kEof},
        {"...", Errc::kEof},
        {"a\tb\x7f\x1b", Errc::kEof},
        {"Gr\xC3\xBC\xC3\x9F"
         "e",
         Errc::kEof},
    };
    for (const NameRow& row : rows) {
        const auto joined = join("/", row.argument);
        EXPECT_EQ(joined ? Errc::kEof : joined.error().code, row.code) << row.argument;
    }
}

struct JoinRow {
    const char* cwd;
    const char* argument;
    const char* path;
};

TEST(Names, AreJoined) {
    const JoinRow rows[] = {
        {"/", "", "/"},
        {"/a/b", "", "/a/b"},
        {"/a/b", ".", "/a/b"},
        {"/a/b", "..", "/a"},
        {"/a/b", "../..", "/"},
        {"/a/b", "../../../..", "/"},
        {"/a/b", "/c", "/c"},
        {"/a/b", "c//d/", "/a/b/c/d"},
        {"/a/b", "c/./../d", "/a/b/d"},
        {"/", "e\xCC\x81", "/\xC3\xA9"},
        {"/", "-la", "/-la"},
    };
    for (const JoinRow& row : rows) {
        EXPECT_EQ(join(row.cwd, row.argument).value(), row.path) << row.argument;
    }
}

class SpellingTest : public fakes::FilesFixture {
  protected:
    SpellingTest() {
        tree_ = open("alice@crepes.example");
        home_ = root_ + "/accounts/1";
    }

    void write(const std::string& on_disk, std::string_view octets) const {
        std::ofstream(home_ + "/" + on_disk) << octets;
    }

    std::shared_ptr<Tree> tree_;
    std::string home_;
};

TEST_F(SpellingTest, AFileIsFoundHoweverTheDiskSpellsIt) {
    fs::create_directory(home_ + "/u\xCC\x88");  // ü as macOS writes it
    write("u\xCC\x88/e\xCC\x81.txt", "one");
    EXPECT_EQ(read(*tree_, "/\xC3\xBC/\xC3\xA9.txt"), "one");
    EXPECT_THAT(names(*tree_, "/"), ElementsAre("\xC3\xBC"));
    EXPECT_THAT(names(*tree_, "/\xC3\xBC"), ElementsAre("\xC3\xA9.txt"));
    // What is stored under that name takes its place, and does not stand beside it.
    store(*tree_, "/\xC3\xBC/\xC3\xA9.txt", "two");
    EXPECT_EQ(entries(*tree_, "/\xC3\xBC").size(), 1U);
    EXPECT_EQ(read(*tree_, "/\xC3\xBC/\xC3\xA9.txt"), "two");
    ASSERT_TRUE(run(tree_->rename(loop_, "/\xC3\xBC/\xC3\xA9.txt", "/\xC3\xBC/a")));
    ASSERT_TRUE(run(tree_->remove(loop_, "/\xC3\xBC/a")));
    ASSERT_TRUE(run(tree_->remove_directory(loop_, "/\xC3\xBC")));
}

TEST_F(SpellingTest, NamesInOtherEncodingsAreShownAndFound) {
    write("caf\xE9", "latin");
    write("a\nb", "broken");
    write("o\xCC\x88\xC3\xB6", "mixed");
    EXPECT_THAT(names(*tree_, "/"),
                UnorderedElementsAre("caf\xEF\xBF\xBD",
                                     "a\xEF\xBF\xBD"
                                     "b",
                                     "\xC3\xB6\xC3\xB6"));
    EXPECT_EQ(read(*tree_, "/caf\xEF\xBF\xBD"), "latin");
    EXPECT_EQ(read(*tree_,
                   "/a\xEF\xBF\xBD"
                   "b"),
              "broken");
    EXPECT_EQ(read(*tree_, "/\xC3\xB6\xC3\xB6"), "mixed");
    ASSERT_TRUE(run(tree_->remove(loop_, "/caf\xEF\xBF\xBD")));
    EXPECT_EQ(names(*tree_, "/").size(), 2U);
}

TEST_F(SpellingTest, OwnNamesAreNeverShown) {
    fs::create_directory(home_ + "/.staffetta-uploads");
    write(".staffetta-upload-1", "x");
    write(".hidden", "x");
    EXPECT_THAT(names(*tree_, "/"), ElementsAre(".hidden"));
}

}  // namespace
}  // namespace files
