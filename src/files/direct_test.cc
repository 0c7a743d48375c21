// Large uploads, which go past the page cache: whole at each length, kept where they were cut off, and as they always were
// where there is no memory for them or the file system refuses.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "fakes/files_fixture.h"
#include "fakes/waiting_loop.h"
#include "files/direct_buffers.h"
#include "files/direct_file.h"

namespace files {
namespace {

using base::Errc;

constexpr std::size_t kMiB = std::size_t{1} << 20U;

// No two blocks of it are alike.
std::string body(std::size_t octets) {
    std::string text;
    text.reserve(octets + 32);
    while (text.size() < octets) {
        text += std::to_string(text.size()) + " Do you like ketchup?\n";
    }
    text.resize(octets);
    return text;
}

class DirectTest : public fakes::FilesFixture {
  protected:
    DirectTest() { start({}); }

    void start(Options options) {
        tree_.reset();
        restart(std::move(options));
        tree_ = open("alice@crepes.example");
    }

    // What a receiver does with `octets`: into room() where there is some, else by write(), in pieces of `piece`. How
    // many of them went into a room past the page cache.
    std::size_t receive(Upload& upload, std::string_view octets, std::size_t piece = 100'000) {
        std::size_t into_room = 0;
        while (!octets.empty()) {
            std::size_t taken = std::min({octets.size(), piece});
            if (upload.until_room() > 0) {
                taken = std::min<std::size_t>(taken, upload.until_room());
                EXPECT_TRUE(run(upload.write(loop_, octets.substr(0, taken))));
            } else {
                auto room = run(upload.room(loop_));
                EXPECT_TRUE(room) << room.error().text;
                if (!room) {
                    return into_room;
                }
                taken = std::min(taken, room->size());
                EXPECT_TRUE(upload.reserve(taken));
                std::copy_n(octets.begin(), taken, room->begin());
                if (taken > 0) {
                    upload.fill(loop_, taken);
                }
                into_room +=
                    upload.fd() >= 0 ? taken : 0;  // not the first, which wait for their file
            }
            octets.remove_prefix(taken);
        }
        return into_room;
    }

    std::unique_ptr<Upload> begin(UploadOptions options = {}) {
        auto upload = run(tree_->upload(loop_, "/a", options));
        EXPECT_TRUE(upload) << upload.error().text;
        return std::move(*upload);
    }

    [[nodiscard]] struct stat status_on_disk(const std::string& name) const {
        struct stat status {};

        EXPECT_EQ(::stat((root_ + "/accounts/1/" + name).c_str(), &status), 0);
        return status;
    }

    std::shared_ptr<Tree> tree_;
};

TEST_F(DirectTest, ALargeFileIsWholeWhateverItsLength) {
    const std::string octets = body(6 * kMiB);
    for (const std::size_t length :
         {kMiB, kMiB + 1, kMiB + 4095, 2 * kMiB, 3 * kMiB - 1, 5 * kMiB + 4097}) {
        const auto upload = begin();
        receive(*upload, std::string_view(octets).substr(0, length));
        EXPECT_EQ(upload->offset(), length);
        ASSERT_TRUE(run(upload->commit(loop_)));
        EXPECT_TRUE(read(*tree_, "/a") == octets.substr(0, length)) << length;
        EXPECT_EQ(run(tree_->usage(loop_))->octets, length);
    }
}

TEST_F(DirectTest, OnlyWhatIsBehindTheFirstPartGoesPastThePageCache) {
    const auto upload = begin();
    EXPECT_EQ(receive(*upload, body(3 * kMiB)), 2 * kMiB);
}

// Blocks are asked for ahead; those that were not needed go back.
TEST_F(DirectTest, AFileTakesNoMoreOfTheDiskThanItNeeds) {
    const auto upload = begin();
    receive(*upload, body(3 * kMiB + 5));
    ASSERT_TRUE(run(upload->commit(loop_)));
    EXPECT_EQ(status_on_disk("a").st_size, 3 * kMiB + 5);
    EXPECT_LE(status_on_disk("a").st_blocks * 512, 4 * kMiB);
}

TEST_F(DirectTest, WhatIsKeptOfAnUploadThatWasCutOffEndsWhereItEnded) {
    start({.keep_partials = true});
    const std::string octets = body(4 * kMiB);
    for (const std::size_t length : {2 * kMiB, 2 * kMiB + 1, 3 * kMiB - 511}) {
        receive(*begin(), std::string_view(octets).substr(0, length));
        EXPECT_EQ(run(tree_->partial(loop_, "/a")).value(), length);
        {
            const auto upload = begin({.mode = UploadOptions::Mode::kResume, .offset = length - 7});
            receive(*upload, std::string_view(octets).substr(length - 7));
            ASSERT_TRUE(run(upload->commit(loop_)));
        }
        EXPECT_TRUE(read(*tree_, "/a") == octets);
        ASSERT_TRUE(run(tree_->remove(loop_, "/a")));
    }
}

TEST_F(DirectTest, WhatIsDroppedLeavesNothing) {
    receive(*begin(), body(3 * kMiB + 1));
    EXPECT_TRUE(names_on_disk("uploads").empty());
    EXPECT_EQ(run(tree_->usage(loop_))->octets, 0U);
}

TEST_F(DirectTest, AppendsAndPutsIntoTheMiddle) {
    const std::string octets = body(5 * kMiB);
    store(*tree_, "/a", std::string_view(octets).substr(0, 1000));
    {
        const auto upload = begin({.mode = UploadOptions::Mode::kAppend});
        receive(*upload, std::string_view(octets).substr(1000));
        ASSERT_TRUE(run(upload->commit(loop_)));
    }
    EXPECT_TRUE(read(*tree_, "/a") == octets);
    const std::string other(2 * kMiB + 3, 'x');
    {
        const auto upload =
            begin({.mode = UploadOptions::Mode::kPatch, .offset = 17, .length = other.size()});
        receive(*upload, other);
        ASSERT_TRUE(run(upload->commit(loop_)));
    }
    EXPECT_TRUE(read(*tree_, "/a") ==
                octets.substr(0, 17) + other + octets.substr(17 + other.size()));
}

TEST_F(DirectTest, AfterAPauseItGoesOnThroughThePageCacheAndThenPastItAgain) {
    const std::string octets = body(40 * kMiB);
    const std::string_view rest = octets;
    const auto upload = begin();
    receive(*upload, rest.substr(0, 2 * kMiB + 77));
    ASSERT_TRUE(run(upload->drain(loop_)));
    ASSERT_TRUE(run(upload->drain(loop_)));
    EXPECT_EQ(upload->offset(), 2 * kMiB + 77);
    EXPECT_GT(upload->until_room(), 8 * kMiB);
    EXPECT_GT(receive(*upload, rest.substr(2 * kMiB + 77), kMiB), 16 * kMiB);
    ASSERT_TRUE(run(upload->commit(loop_)));
    EXPECT_TRUE(read(*tree_, "/a") == octets);
}

TEST_F(DirectTest, WriteMayComeInBetween) {
    const std::string octets = body(3 * kMiB);
    const auto upload = begin();
    receive(*upload, std::string_view(octets).substr(0, 2 * kMiB + 77));
    ASSERT_TRUE(run(upload->write(loop_, std::string_view(octets).substr(2 * kMiB + 77))));
    EXPECT_GT(upload->until_room(), 0U);
    ASSERT_TRUE(run(upload->commit(loop_)));
    EXPECT_TRUE(read(*tree_, "/a") == octets);
}

TEST_F(DirectTest, WithoutMemoryForItAnUploadIsWhatItWas) {
    start({.direct_octets = 0});
    const std::string octets = body(3 * kMiB);
    const auto upload = begin();
    EXPECT_EQ(receive(*upload, octets), 0U);
    ASSERT_TRUE(run(upload->commit(loop_)));
    EXPECT_TRUE(read(*tree_, "/a") == octets);
}

TEST_F(DirectTest, ManyUploadsShareTheBudgetAndGiveItBack) {
    start({.direct_octets = 2 * DirectBuffer::kOctets});
    const std::string octets = body(2 * kMiB);
    const auto upload_to = [&](const std::string& path) {
        return run(tree_->upload(loop_, path, {})).value();
    };
    const auto first = upload_to("/1");
    EXPECT_EQ(receive(*first, octets), kMiB);
    const auto second = upload_to("/2");
    EXPECT_EQ(receive(*second, octets), 0U);
    ASSERT_TRUE(run(first->commit(loop_)));
    ASSERT_TRUE(run(second->commit(loop_)));
    {
        const auto dropped = upload_to("/3");
        EXPECT_EQ(receive(*dropped, octets.substr(0, 2 * kMiB - 1)), kMiB - 1);
    }
    EXPECT_EQ(receive(*upload_to("/4"), octets), kMiB);
    EXPECT_TRUE(read(*tree_, "/1") == octets);
    EXPECT_TRUE(read(*tree_, "/2") == octets);
}

// The disk's end, as far as a process may ask for one.
TEST_F(DirectTest, WhatTheDiskDoesNotTakeIsToldAndWhatItTookIsKept) {
    start({.keep_partials = true});
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    rlimit small = before;
    small.rlim_cur = 3 * kMiB;
    const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &small);
    const std::string octets = body(5 * kMiB);
    {
        const auto upload = begin();
        receive(*upload, std::string_view(octets).substr(0, 3 * kMiB + 100));
        EXPECT_FALSE(run(upload->commit(loop_)));
        EXPECT_EQ(upload->offset(), 3 * kMiB);
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    ::signal(SIGXFSZ, ignored);
    EXPECT_TRUE(names(*tree_, "/").empty());
    EXPECT_EQ(run(tree_->partial(loop_, "/a")).value(), 3 * kMiB);
    const auto upload = begin({.mode = UploadOptions::Mode::kResume, .offset = 3 * kMiB});
    receive(*upload, std::string_view(octets).substr(3 * kMiB));
    ASSERT_TRUE(run(upload->commit(loop_)));
    EXPECT_TRUE(read(*tree_, "/a") == octets);
}

// Several threads write, whoever sends goes on meanwhile, and one of them goes away in between.
TEST_F(DirectTest, OnManyThreads) {
    tree_.reset();
    files_.reset();
    fakes::WaitingLoop loop;  // still there when the pool has ended: what was abandoned answers too
    base::Pool pool(4, 1000);
    const auto files =
        Files::start({.root = root_, .keep_partials = true}, store_, pool, clock_, random_).value();
    const auto tree = loop.run(files->open_tree(loop, 1)).value();
    const std::string octets = body(20 * kMiB + 123);
    const auto send = [&](Upload& upload, std::string_view left) {
        while (!left.empty()) {
            if (upload.until_room() > 0) {
                const auto piece = left.substr(0, upload.until_room());
                EXPECT_TRUE(loop.run(upload.write(loop, piece)));
                left.remove_prefix(piece.size());
                continue;
            }
            const auto room = loop.run(upload.room(loop)).value();
            if (room.empty()) {
                continue;
            }
            const std::size_t taken = std::min(room.size(), left.size());
            std::copy_n(left.begin(), taken, room.begin());
            upload.fill(loop, taken);
            left.remove_prefix(taken);
        }
    };
    {
        const auto upload = loop.run(tree->upload(loop, "/a", {})).value();
        send(*upload, octets);
        ASSERT_TRUE(loop.run(upload->commit(loop)));
    }
    const auto file = loop.run(tree->open(loop, "/a")).value();
    std::string stored(file->entry().size, '\0');
    ASSERT_TRUE(loop.run(file->read(loop, 0, stored)));
    EXPECT_TRUE(stored == octets);
    for (std::size_t i = 0; i < 20; ++i) {
        auto upload = loop.run(tree->upload(loop, "/b", {})).value();
        send(*upload, std::string_view(octets).substr(0, 2 * kMiB + i));
        ASSERT_TRUE(loop.run(upload->drain(loop)));
        upload.reset();
        ASSERT_EQ(loop.run(tree->partial(loop, "/b")).value(), 2 * kMiB + i);
    }
    {
        const auto upload = loop.run(tree->upload(loop, "/b", {})).value();
        send(*upload, std::string_view(octets).substr(0, 7 * kMiB + 7));
    }
    while (loop.run(tree->partial(loop, "/b")).value() != 7 * kMiB + 7) {
    }
}

// Four buffers to a page, one page kept for the next upload.
TEST(DirectBuffersTest, NeverMoreThanTheBudget) {
    const auto buffers = std::make_shared<DirectBuffers>(9 * DirectBuffer::kOctets);
    std::vector<std::shared_ptr<DirectBuffer>> taken;
    for (int i = 0; i < 9; ++i) {
        EXPECT_EQ(buffers->are_scarce(), i > 4);
        taken.push_back(buffers->take());
        ASSERT_NE(taken.back(), nullptr);
        EXPECT_EQ(
            reinterpret_cast<std::uintptr_t>(taken.back()->octets().data()) % DirectBuffer::kOctets,
            0U);
        std::ranges::fill(taken.back()->octets(), static_cast<char>('a' + i));
    }
    EXPECT_EQ(buffers->take(), nullptr);
    for (int i = 0; i < 9; ++i) {
        EXPECT_EQ(std::ranges::count(taken[static_cast<std::size_t>(i)]->octets(),
                                     static_cast<char>('a' + i)),
                  std::ptrdiff_t{DirectBuffer::kOctets});
    }
    taken.erase(taken.begin() + 3);
    EXPECT_NE(buffers->take(), nullptr);
    taken.clear();
    EXPECT_EQ(buffers->in_use(), 0U);
    EXPECT_NE(buffers->take(), nullptr);
}

// A disk that does as each test says.
class DirectFileTest : public testing::Test {
  protected:
    DirectFileTest() {
        std::string pattern = testing::TempDir() + "direct-XXXXXX";
        cached_ = base::UniqueFd(::mkstemp(pattern.data()));
        name_ = pattern;
        calls = 0;
    }

    ~DirectFileTest() override { ::unlink(name_.c_str()); }

    std::unique_ptr<DirectFile> open(DirectFile::PutAt put) {
        return DirectFile::open(AT_FDCWD, name_, cached_.get(), put);
    }

    std::string written(std::size_t octets) {
        std::string text(octets, '\0');
        EXPECT_EQ(::pread(cached_.get(), text.data(), octets, 0), octets);
        return text;
    }

    static inline int calls = 0;
    std::string name_;
    base::UniqueFd cached_;
    std::shared_ptr<DirectBuffers> buffers_ = std::make_shared<DirectBuffers>(kMiB);
    std::shared_ptr<DirectBuffer> buffer_ = buffers_->take();
};

TEST_F(DirectFileTest, WhatTheFileSystemRefusesGoesThroughThePageCache) {
    // The first blocks go, then it refuses what is not of the page cache's pieces.
    const auto file = open([](int fd, const void* octets, std::size_t count, off_t at) -> ssize_t {
        if (++calls == 1) {
            return ::pwrite(fd, octets, 8192, at);
        }
        if (count > 32768) {
            errno = EINVAL;
            return -1;
        }
        return ::pwrite(fd, octets, count, at);
    });
    ASSERT_NE(file, nullptr);
    const std::string octets = body(DirectBuffer::kOctets);
    std::ranges::copy(octets, buffer_->octets().begin());
    file->write(buffer_->octets(), 0);
    EXPECT_FALSE(file->failure());
    EXPECT_TRUE(file->is_refused());
    EXPECT_TRUE(written(octets.size()) == octets);
}

TEST_F(DirectFileTest, SaysFromWhereOnOctetsAreMissing) {
    const auto file = open([](int fd, const void* octets, std::size_t count, off_t at) -> ssize_t {
        if (++calls == 1) {
            errno = EINTR;
            return -1;
        }
        if (calls > 2) {
            errno = ENOSPC;
            return -1;
        }
        return ::pwrite(fd, octets, std::min<std::size_t>(count, 8192), at);
    });
    ASSERT_NE(file, nullptr);
    file->write(buffer_->octets(), DirectBuffer::kOctets);
    ASSERT_TRUE(file->failure());
    EXPECT_EQ(file->failure()->error.code, Errc::kNoSpace);
    EXPECT_EQ(file->failure()->at, DirectBuffer::kOctets + 8192);
    file->write(buffer_->octets(), 0);
    file->write(buffer_->octets(), 2 * DirectBuffer::kOctets);
    EXPECT_EQ(file->failure()->at, 0U);
}

}  // namespace
}  // namespace files
