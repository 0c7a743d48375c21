// What tests of files share: trees on a folder of their own on the real disk, over a store in memory.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "account/directory.h"
#include "base/pool.h"
#include "base/random.h"
#include "fakes/fake_loop.h"
#include "files/files.h"
#include "store/memory_store.h"

namespace fakes {

class FilesFixture : public testing::Test {
  protected:
    FilesFixture() {
        std::string pattern = testing::TempDir() + "files-XXXXXX";
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        root_ = pattern;
        EXPECT_TRUE(store_.change_and_wait([](store::Transaction& change) {
            return account::add_domain(change, "crepes.example");
        }));
        restart();
    }

    ~FilesFixture() override {
        files_.reset();
        std::filesystem::remove_all(root_);
    }

    // A new server over the same disk.
    void restart(files::Options options = {}) {
        files_.reset();
        options.root = root_;
        auto started = files::Files::start(std::move(options), store_, pool_, clock_, random_);
        ASSERT_TRUE(started) << started.error().text;
        files_ = std::move(*started);
    }

    account::AccountId add(std::string_view address, std::uint64_t quota_octets = 0) {
        account::AccountId id = 0;
        EXPECT_TRUE(store_.change_and_wait([&](store::Transaction& change) -> base::Result<> {
            account::Account account;
            TRY(account.address, account::parse_address(address));
            account.quota_octets = quota_octets;
            TRY(id, account::add_account(change, account));
            return {};
        }));
        return id;
    }

    // The account's tree; the account is added where it is new.
    std::shared_ptr<files::Tree> open(std::string_view address) {
        const auto known =
            account::find_account(*store_.snapshot(), account::parse_address(address).value());
        return run(files_->open_tree(loop_, *known ? (*known)->id : add(address))).value();
    }

    template <class T>
    T run(base::Task<T> task) {
        task.start();
        EXPECT_TRUE(loop_.run_until([&task] { return task.done(); }));
        return task.result();
    }

    base::Result<> put(files::Tree& tree, std::string path, std::string_view octets) {
        auto upload = run(tree.upload(loop_, std::move(path), {}));
        if (!upload) {
            return base::forward_error(upload);
        }
        TRY_VOID(run((*upload)->write(loop_, octets)));
        return run((*upload)->commit(loop_));
    }

    void store(files::Tree& tree, const std::string& path, std::string_view octets) {
        const auto stored = put(tree, path, octets);
        EXPECT_TRUE(stored) << path << ": " << stored.error().text;
    }

    std::string read(files::Tree& tree, const std::string& path) {
        const auto file = run(tree.open(loop_, path));
        if (!file) {
            return "unreadable: " + file.error().text;
        }
        std::string octets((*file)->entry().size, '\0');
        EXPECT_TRUE(run((*file)->read(loop_, 0, octets)));
        return octets;
    }

    std::vector<files::Entry> entries(files::Tree& tree, const std::string& path) {
        std::vector<files::Entry> all;
        const auto listing = run(tree.list(loop_, path));
        if (!listing) {
            ADD_FAILURE() << path << ": " << listing.error().text;
            return all;
        }
        while (true) {
            auto batch = run((*listing)->next(loop_));
            EXPECT_TRUE(batch);
            if (!batch || batch->empty()) {
                return all;
            }
            std::move(batch->begin(), batch->end(), std::back_inserter(all));
        }
    }

    std::vector<std::string> names(files::Tree& tree, const std::string& path) {
        std::vector<std::string> all;
        for (const files::Entry& entry : entries(tree, path)) {
            all.push_back(entry.name);
        }
        return all;
    }

    // What really stands in a folder below the root.
    std::vector<std::string> names_on_disk(const std::string& folder) {
        std::vector<std::string> all;
        for (const auto& entry : std::filesystem::directory_iterator(root_ + "/" + folder)) {
            all.push_back(entry.path().filename().string());
        }
        return all;
    }

    FakeClock clock_;
    FakeLoop loop_{clock_};
    base::SeededRandom random_{1};
    store::MemoryStore store_;
    base::Pool pool_{0, 1};
    std::string root_;
    std::unique_ptr<files::Files> files_;
};

}  // namespace fakes
