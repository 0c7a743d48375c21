#include "mail/thread_tree.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/random.h"

namespace mail {
namespace {

struct Row {
    std::string_view what;
    // "id date subject < reference reference": one message a line, UIDs count from 1.
    std::vector<std::string_view> messages;
    std::string_view references;  // the threads, as (1 2 (3)(4)) with * for what is not there
    std::string_view refs;
};

ThreadMessage message(Uid uid, std::string_view line) {
    ThreadMessage made;
    made.uid = uid;
    const std::size_t mark = line.find('<');
    std::string_view head = line.substr(0, mark);
    std::string_view references =
        mark == std::string_view::npos ? std::string_view{} : line.substr(mark + 1);
    made.keys.message_id = base::split_front(head, ' ');
    made.sent_s = static_cast<std::int64_t>(base::parse_u64(base::split_front(head, ' ')).value());
    made.keys.subject = mime::base_subject(head);
    while (!references.empty()) {
        const std::string_view id = base::split_front(references, ' ');
        if (!id.empty()) {
            made.keys.references.emplace_back(id);
        }
    }
    return made;
}

// Every child in parentheses: (1(2(3))(4)).
std::string text_of(const std::vector<ThreadNode>& nodes) {
    std::string text;
    std::uint32_t open = 0;
    for (const ThreadNode& node : nodes) {
        for (; open > node.depth; --open) {
            text += ')';
        }
        text += node.uid == 0 ? "(*" : fmt::format("({}", node.uid);
        ++open;
    }
    return text + std::string(open, ')');
}

std::string threads(const std::vector<std::string_view>& lines, ThreadAlgorithm algorithm) {
    std::vector<ThreadMessage> messages;
    for (const std::string_view line : lines) {
        messages.push_back(message(static_cast<Uid>(messages.size() + 1), line));
    }
    return text_of(make_threads(std::move(messages), algorithm));
}

TEST(ThreadTree, References) {
    const std::vector<Row> rows = {
        {"nothing", {}, "", ""},
        {"a chain", {"a 1 x", "b 2 Re: x < a", "c 3 Re: x < a b"}, "(1(2(3)))", "(1(2(3)))"},
        {"out of order", {"c 3 Re: x < a b", "a 1 x", "b 2 Re: x < a"}, "(2(3(1)))", "(2(3(1)))"},
        {"siblings by date", {"a 1 x", "b 3 Re: x < a", "c 2 Re: x < a"}, "(1(3)(2))", "(1(3)(2))"},
        {"a missing parent of one", {"b 2 y < a"}, "(1)", "(1)"},
        {"a missing parent of two", {"b 2 y < a", "c 3 y < a"}, "(*(1)(2))", "(*(1)(2))"},
        {"a missing link", {"a 1 x", "c 3 x < a b"}, "(1(2))", "(1(2))"},
        {"a loop", {"a 1 x < b", "b 2 x < a"}, "(2(1))", "(2(1))"},
        {"a loop through others' words",
         {"a 3 x", "b 1 y < a c", "c 2 z < b"},
         "(3(2))(1)",
         "(3(2))(1)"},
        {"itself", {"a 1 x < a"}, "(1)", "(1)"},
        {"one identifier twice", {"a 1 x", "a 2 y", "b 3 x < a"}, "(1(3))(2)", "(2)(1(3))"},
        {"no identifier", {" 1 x", " 2 y"}, "(1)(2)", "(1)(2)"},
        {"same subject, a reply", {"a 1 x", "b 2 Re: x"}, "(1(2))", "(1)(2)"},
        {"same subject, the reply first", {"b 1 Re: x", "a 2 x"}, "(2(1))", "(1)(2)"},
        {"same subject, no reply", {"a 1 x", "b 2 x"}, "(*(1)(2))", "(1)(2)"},
        {"three of one subject", {"a 1 x", "b 2 x", "c 3 x"}, "(*(1)(2)(3))", "(1)(2)(3)"},
        {"a dummy takes its subject",
         {"b 1 x < a", "c 2 x < a", "d 3 x"},
         "(*(1)(2)(3))",
         "(*(1)(2))(3)"},
        {"two dummies",
         {"b 1 x < a", "c 2 x < a", "e 3 x < d", "f 4 x < d"},
         "(*(1)(2)(3)(4))",
         "(*(1)(2))(*(3)(4))"},
        {"empty subjects stay apart", {"a 1 ", "b 2 "}, "(1)(2)", "(1)(2)"},
        {"the latest thread last", {"a 1 x", "b 2 y", "c 3 x < a"}, "(1(3))(2)", "(2)(1(3))"},
        {"subjects in any case", {"a 1 Crêpes", "b 2 RE: CRÊPES"}, "(1(2))", "(1)(2)"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(threads(row.messages, ThreadAlgorithm::kReferences), row.references) << row.what;
        EXPECT_EQ(threads(row.messages, ThreadAlgorithm::kRefs), row.refs) << row.what;
    }
}

TEST(ThreadTree, OrderedSubject) {
    EXPECT_EQ(threads({"a 5 x", "b 2 y", "c 3 Re: x", "d 4 [list] RE: Y"},
                      ThreadAlgorithm::kOrderedSubject),
              "(2(4))(3(1))");
    EXPECT_EQ(threads({}, ThreadAlgorithm::kOrderedSubject), "");
}

// Every message stands in the tree once, whatever the references say; and a chain as long as a
// mailbox takes no more than a moment.
TEST(ThreadTree, LosesNothing) {
    base::SeededRandom random(11);
    for (int round = 0; round < 200; ++round) {
        std::vector<ThreadMessage> messages;
        for (Uid uid = 1; uid <= 40; ++uid) {
            ThreadMessage made;
            made.uid = uid;
            made.sent_s = static_cast<std::int64_t>(random.below(20));
            made.keys.message_id = std::to_string(random.below(50));
            made.keys.subject = mime::base_subject(random.below(2) == 0 ? "a" : "Re: b");
            for (std::uint64_t left = random.below(5); left > 0; --left) {
                made.keys.references.push_back(std::to_string(random.below(50)));
            }
            messages.push_back(std::move(made));
        }
        for (const auto algorithm : {ThreadAlgorithm::kReferences, ThreadAlgorithm::kRefs}) {
            std::vector<Uid> uids;
            for (const ThreadNode& node : make_threads(messages, algorithm)) {
                if (node.uid != 0) {
                    uids.push_back(node.uid);
                }
            }
            std::sort(uids.begin(), uids.end());
            ASSERT_EQ(uids.size(), 40U);
            ASSERT_EQ(std::adjacent_find(uids.begin(), uids.end()), uids.end());
        }
    }
}

TEST(ThreadTree, LongChain) {
    std::vector<ThreadMessage> messages;
    for (Uid uid = 1; uid <= 50'000; ++uid) {
        ThreadMessage made;
        made.uid = uid;
        made.sent_s = uid;
        made.keys.message_id = std::to_string(uid);
        for (Uid back = std::min<Uid>(uid - 1, 20); back > 0; --back) {
            made.keys.references.push_back(std::to_string(uid - back));
        }
        messages.push_back(std::move(made));
    }
    const auto nodes = make_threads(std::move(messages), ThreadAlgorithm::kReferences);
    ASSERT_EQ(nodes.size(), 50'000U);
    EXPECT_EQ(nodes.back(), (ThreadNode{50'000, 49'999}));
}

// Each hangs on another of a chain of messages that are not here; all are siblings in the end.
TEST(ThreadTree, LongChainOfTheAbsent) {
    std::vector<ThreadMessage> messages;
    for (Uid uid = 1; uid <= 50'000; ++uid) {
        ThreadMessage made;
        made.uid = uid;
        made.sent_s = uid;
        made.keys.references = {"x" + std::to_string(uid), "x" + std::to_string(uid + 1)};
        messages.push_back(std::move(made));
    }
    const auto nodes = make_threads(std::move(messages), ThreadAlgorithm::kRefs);
    ASSERT_EQ(nodes.size(), 50'001U);
    EXPECT_EQ(nodes.front(), (ThreadNode{0, 0}));
    EXPECT_EQ(nodes.back(), (ThreadNode{50'000, 1}));
}

}  // namespace
}  // namespace mail
