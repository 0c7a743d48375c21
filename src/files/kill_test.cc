// A server that is killed while people store files: what it acknowledged is there whole afterwards, and
// nothing that is there is part of a file.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <map>
#include <thread>

#include "fakes/files_fixture.h"
#include "fakes/waiting_loop.h"
#include "files/hash.h"

namespace files {
namespace {

constexpr unsigned kWriters = 3;
constexpr int kRounds = 12;
constexpr std::size_t kPieceOctets = 20'000;

// A file that says of itself whether it is whole: its name, a number of pieces, and their hash behind them.
std::string body(const std::string& name, unsigned generation) {
    std::string octets = name + " " + std::to_string(generation) + "\n";
    const unsigned pieces = 1 + generation % 7;
    for (unsigned i = 0; i < pieces; ++i) {
        octets += std::string(kPieceOctets, static_cast<char>('a' + (generation + i) % 26));
    }
    Hasher hasher(HashAlgorithm::kSha256);
    hasher.update(octets);
    return octets + "\n" + hasher.finish();
}

bool is_whole(const std::string& octets) {
    const std::size_t line = octets.rfind('\n');
    if (line == std::string::npos) {
        return false;
    }
    Hasher hasher(HashAlgorithm::kSha256);
    hasher.update(std::string_view(octets).substr(0, line));
    return hasher.finish() == octets.substr(line + 1);
}

unsigned generation_of(const std::string& octets) {
    const std::size_t space = octets.find(' ');
    unsigned generation = 0;
    std::from_chars(octets.data() + space + 1, octets.data() + octets.size(), generation);
    return generation;
}

class KillTest : public fakes::FilesFixture {
  protected:
    // Stores files over and over, and writes a line for each that is acknowledged. Never returns.
    [[noreturn]] void serve(int acknowledged, unsigned round) {
        base::Pool pool(4, 1000);
        const auto files = Files::start({.root = root_}, store_, pool, clock_, random_).value();
        std::array<std::thread, kWriters> writers;
        for (unsigned writer = 0; writer < kWriters; ++writer) {
            writers[writer] =
                std::thread([&, writer] { store_for_ever(*files, acknowledged, writer, round); });
        }
        for (std::thread& writer : writers) {
            writer.join();
        }
        ::_exit(1);
    }

    static void store_for_ever(Files& files, int acknowledged, unsigned writer, unsigned round) {
        fakes::WaitingLoop loop;
        const auto tree = loop.run(files.open_tree(loop, 1)).value();
        for (unsigned i = 0;; ++i) {
            const std::string name = std::to_string(writer) + "-" + std::to_string(i % 5);
            const unsigned generation = round * 100'000 + i;
            const std::string octets = body(name, generation);
            const auto upload = loop.run(tree->upload(loop, "/" + name, {})).value();
            for (std::size_t at = 0; at < octets.size(); at += kPieceOctets) {
                (void)loop.run(
                    upload->write(loop, std::string_view(octets).substr(at, kPieceOctets)));
            }
            if (loop.run(upload->commit(loop))) {
                const std::string line = name + " " + std::to_string(generation) + "\n";
                (void)!::write(acknowledged, line.data(), line.size());
            }
        }
    }

    // The newest generation of each name that was acknowledged before the child was killed.
    std::map<std::string, unsigned> run_and_kill(unsigned round) {
        std::array<int, 2> pipe{};
        EXPECT_EQ(::pipe(pipe.data()), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(pipe[0]);
            serve(pipe[1], round);
        }
        ::close(pipe[1]);
        FILE* lines = ::fdopen(pipe[0], "r");
        std::map<std::string, unsigned> acknowledged;
        std::array<char, 100> line{};
        unsigned count = 0;
        while (std::fgets(line.data(), line.size(), lines) != nullptr) {
            const std::string_view text = line.data();
            const std::size_t space = text.find(' ');
            unsigned generation = 0;
            std::from_chars(text.data() + space + 1, text.data() + text.size(), generation);
            acknowledged[std::string(text.substr(0, space))] = generation;
            if (++count == 10 + round) {
                ::kill(child, SIGKILL);
            }
        }
        std::fclose(lines);
        ::waitpid(child, nullptr, 0);
        EXPECT_GE(count, 10U);
        return acknowledged;
    }
};

TEST_F(KillTest, WhatWasAcknowledgedIsWholeAndNothingElseIsThere) {
    add("alice@crepes.example");
    files_.reset();
    std::map<std::string, unsigned> acknowledged;
    for (unsigned round = 0; round < kRounds; ++round) {
        for (const auto& [name, generation] : run_and_kill(round)) {
            acknowledged[name] = generation;
        }
        restart();
        EXPECT_TRUE(names_on_disk("uploads").empty());
        const auto tree = open("alice@crepes.example");
        std::map<std::string, unsigned> found;
        for (const std::string& name : names(*tree, "/")) {
            const std::string octets = read(*tree, "/" + name);
            EXPECT_TRUE(is_whole(octets)) << name;
            found[name] = generation_of(octets);
        }
        for (const auto& [name, generation] : acknowledged) {
            // One that was stored and not yet acknowledged may have taken its place.
            EXPECT_GE(found[name], generation) << name;
        }
        EXPECT_TRUE(files_->check()->findings.empty());
        files_.reset();
    }
}

}  // namespace
}  // namespace files
