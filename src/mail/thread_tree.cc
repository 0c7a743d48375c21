#include "mail/thread_tree.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <string_view>
#include <tuple>
#include <utility>

#include "mail/search_fold.h"

namespace mail {
namespace {

using Index = std::uint32_t;
constexpr Index kNone = std::numeric_limits<Index>::max();

// A number for each text, from 0 on; equal ones have the same. By sorting, since who sends mail chooses the texts: a table of
// hashes could be made to collide.
std::vector<Index> number(const std::vector<std::string_view>& texts) {
    std::vector<std::pair<std::size_t, Index>> order;  // hashes first: most are told apart by them
    order.reserve(texts.size());
    for (Index i = 0; i < texts.size(); ++i) {
        order.emplace_back(std::hash<std::string_view>()(texts[i]), i);
    }
    std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
        return a.first != b.first ? a.first < b.first : texts[a.second] < texts[b.second];
    });
    std::vector<Index> numbers(texts.size());
    Index next = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const Index place = order[i].second;
        next += i > 0 && texts[place] != texts[order[i - 1].second] ? 1 : 0;
        numbers[place] = next;
    }
    return numbers;
}

std::vector<Index> number(const std::vector<std::string>& texts) {
    return number(std::vector<std::string_view>(texts.begin(), texts.end()));
}

// RFC 5256 3 ORDEREDSUBJECT
std::vector<ThreadNode> by_subject(const std::vector<ThreadMessage>& messages) {
    std::vector<std::string> subjects;
    subjects.reserve(messages.size());
    for (const ThreadMessage& message : messages) {
        subjects.push_back(unicode_casemap(message.keys.subject.text));
    }
    const std::vector<Index> numbers = number(subjects);
    std::vector<std::vector<const ThreadMessage*>> threads(messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i) {
        threads[numbers[i]].push_back(&messages[i]);
    }
    std::erase_if(threads, [](const auto& thread) { return thread.empty(); });
    const auto is_before = [](const ThreadMessage* a, const ThreadMessage* b) {
        return std::tie(a->sent_s, a->uid) < std::tie(b->sent_s, b->uid);
    };
    for (auto& thread : threads) {
        std::sort(thread.begin(), thread.end(), is_before);
    }
    std::sort(threads.begin(), threads.end(), [&](const auto& a, const auto& b) {
        return is_before(a.front(), b.front());
    });
    std::vector<ThreadNode> nodes;
    for (const auto& thread : threads) {
        for (const ThreadMessage* message : thread) {
            nodes.push_back({message->uid, message == thread.front() ? 0U : 1U});
        }
    }
    return nodes;
}

// RFC 5256 3 REFERENCES, its steps by their numbers.
//
// The RFC links a message's references first and then, against what they said, the message to its parent.
// Here all messages are linked to their parents first: the outcome is the same but for lists of references
// that contradict each other, no link is ever taken back, and so a union-find tells in nearly no time
// whether a link would close a loop.
class Forest {
  public:
    Forest(std::vector<ThreadMessage> messages, bool joins_subjects)
        : messages_(std::move(messages)),
          joins_subjects_(joins_subjects) {}

    std::vector<ThreadNode> run() {
        number_identifiers();
        add_messages();
        link_parents();
        link_references();
        adopt_children();
        prune();
        sort_siblings();
        if (joins_subjects_) {
            join_subjects();
            sort_siblings();
        } else {
            sort_by_latest();
        }
        return flatten();
    }

  private:
    struct Node {
        Index message = kNone;  // into messages_; none: a message that is not here
        Index parent = kNone;
        Index root = kNone;     // union-find: towards the root of its tree
        bool is_first = false;  // it names a parent that its own answers lead to
        std::vector<Index> children;
    };

    Index add_node(Index message) {
        const auto index = static_cast<Index>(nodes_.size());
        nodes_.push_back({.message = message, .parent = kNone, .root = index, .children = {}});
        return index;
    }

    void number_identifiers() {
        std::vector<std::string_view> ids;
        for (const ThreadMessage& message : messages_) {
            first_ids_.push_back(ids.size());
            ids.push_back(message.keys.message_id);
            ids.insert(ids.end(), message.keys.references.begin(), message.keys.references.end());
        }
        ids_ = number(ids);
        by_id_.assign(ids.size(), kNone);
    }

    // Step 1. Of messages that share an identifier the first has it; the others have none.
    void add_messages() {
        for (Index i = 0; i < messages_.size(); ++i) {
            const Index node = add_node(i);
            Index& known = by_id_[ids_[first_ids_[i]]];
            if (!messages_[i].keys.message_id.empty() && known == kNone) {
                known = node;
            }
        }
    }

    // Of a message's n-th reference.
    Index node_of(Index message, std::size_t reference) {
        const Index id = ids_[first_ids_[message] + 1 + reference];
        if (by_id_[id] == kNone) {
            by_id_[id] = add_node(kNone);
        }
        return by_id_[id];
    }

    Index root_of(Index node) {
        while (nodes_[node].root != node) {
            nodes_[node].root = nodes_[nodes_[node].root].root;
            node = nodes_[node].root;
        }
        return node;
    }

    // `child` has no parent yet, so it is the root of its tree: a loop comes about only below itself.
    void link(Index parent, Index child) {
        Node& node = nodes_[child];
        if (node.parent == kNone && !node.is_first && root_of(parent) != child) {
            node.parent = parent;
            node.root = parent;
        }
    }

    // Step 1 B. What others say of a message's parent does not count, even when its own word closes a loop.
    void link_parents() {
        for (Index i = 0; i < messages_.size(); ++i) {
            const std::size_t count = messages_[i].keys.references.size();
            if (count > 0) {
                link(node_of(i, count - 1), i);
                nodes_[i].is_first = nodes_[i].parent == kNone;
            }
        }
    }

    // Step 1 A
    void link_references() {
        for (Index i = 0; i < messages_.size(); ++i) {
            for (std::size_t n = 1; n < messages_[i].keys.references.size(); ++n) {
                const Index parent = node_of(i, n - 1);
                link(parent, node_of(i, n));
            }
        }
    }

    // Step 2
    void adopt_children() {
        for (Index i = 0; i < nodes_.size(); ++i) {
            (nodes_[i].parent == kNone ? roots_ : nodes_[nodes_[i].parent].children).push_back(i);
        }
    }

    [[nodiscard]] bool is_dummy(Index node) const { return nodes_[node].message == kNone; }

    // All nodes below the roots, parents before children.
    [[nodiscard]] std::vector<Index> parents_first() const {
        std::vector<Index> order = roots_;
        for (std::size_t at = 0; at < order.size(); ++at) {
            const auto& children = nodes_[order[at]].children;
            order.insert(order.end(), children.begin(), children.end());
        }
        return order;
    }

    // Step 3: what is not here goes, and its children take its place; at the top only when it is one.
    // Siblings are in any order behind it.
    void prune() {
        const std::vector<Index> order = parents_first();
        std::vector<Index> keepers(nodes_.size());  // who has what was below a node
        for (const Index node : order) {
            const Index parent = nodes_[node].parent;
            nodes_[node].children.clear();
            keepers[node] = parent == kNone || !is_dummy(node) ? node : keepers[parent];
            if (parent != kNone && !is_dummy(node)) {
                nodes_[keepers[parent]].children.push_back(node);
            }
        }
        std::vector<Index> left;
        for (const Index root : roots_) {
            const auto& children = nodes_[root].children;
            if (!is_dummy(root) || children.size() > 1) {
                left.push_back(root);
            } else {
                left.insert(left.end(), children.begin(), children.end());
            }
        }
        roots_ = std::move(left);
    }

    // What a node sorts by: its date, for a dummy its first child's; its UID for equals.
    [[nodiscard]] std::pair<std::int64_t, Uid> date_of(Index node) const {
        while (is_dummy(node)) {
            node = nodes_[node].children.front();
        }
        const ThreadMessage& message = messages_[nodes_[node].message];
        return {message.sent_s, message.uid};
    }

    // Steps 4 and 6; children before their parents, since a dummy sorts by its first child.
    void sort_siblings() {
        const auto is_before = [this](Index a, Index b) { return date_of(a) < date_of(b); };
        const std::vector<Index> order = parents_first();
        for (auto node = order.rbegin(); node != order.rend(); ++node) {
            std::sort(nodes_[*node].children.begin(), nodes_[*node].children.end(), is_before);
        }
        std::sort(roots_.begin(), roots_.end(), is_before);
    }

    // REFS: the thread that was written to last comes last.
    void sort_by_latest() {
        std::vector<std::pair<std::int64_t, Uid>> latest(nodes_.size());
        const std::vector<Index> order = parents_first();
        for (auto node = order.rbegin(); node != order.rend(); ++node) {
            latest[*node] = date_of(*node);
            for (const Index child : nodes_[*node].children) {
                latest[*node] = std::max(latest[*node], latest[child]);
            }
        }
        std::sort(
            roots_.begin(), roots_.end(), [&](Index a, Index b) { return latest[a] < latest[b]; });
    }

    [[nodiscard]] const mime::BaseSubject& subject_of(Index node) const {
        if (is_dummy(node)) {
            node = nodes_[node].children.front();
        }
        return messages_[nodes_[node].message].keys.subject;
    }

    [[nodiscard]] bool is_reply(Index node) const {
        return !is_dummy(node) && subject_of(node).is_reply_or_forward;
    }

    // Step 5
    void join_subjects() {
        std::vector<std::string> subjects;
        subjects.reserve(roots_.size());
        for (const Index root : roots_) {
            subjects.push_back(unicode_casemap(subject_of(root).text));
        }
        const std::vector<Index> numbers = number(subjects);
        std::vector<Index> table(subjects.size(), kNone);
        for (std::size_t i = 0; i < roots_.size(); ++i) {
            const Index root = roots_[i];
            Index& first = table[numbers[i]];
            const bool is_better = first == kNone || (is_dummy(root) && !is_dummy(first)) ||
                                   (is_reply(first) && !is_reply(root));
            if (!subjects[i].empty() && is_better) {
                first = root;
            }
        }
        std::vector<bool> is_gone(nodes_.size() + roots_.size());
        const std::vector<Index> before = roots_;
        for (std::size_t i = 0; i < before.size(); ++i) {
            if (!subjects[i].empty() && table[numbers[i]] != before[i]) {
                join(table[numbers[i]], before[i], is_gone);
            }
        }
        std::erase_if(roots_, [&](Index root) { return is_gone[root]; });
    }

    // Step 5 C: `root` joins `first`, the thread that stands for their subject.
    void join(Index& first, Index root, std::vector<bool>& is_gone) {
        is_gone[root] = true;
        if (is_dummy(first) && is_dummy(root)) {
            auto& children = nodes_[first].children;
            children.insert(
                children.end(), nodes_[root].children.begin(), nodes_[root].children.end());
        } else if (is_dummy(first) || (is_reply(root) && !is_reply(first))) {
            nodes_[first].children.push_back(root);
        } else {
            const Index above = add_node(kNone);
            nodes_[above].children = {first, root};
            is_gone[first] = true;
            roots_.push_back(above);
            first = above;
        }
    }

    [[nodiscard]] std::vector<ThreadNode> flatten() const {
        std::vector<ThreadNode> lines;
        std::vector<std::pair<Index, std::uint32_t>> open;
        for (auto root = roots_.rbegin(); root != roots_.rend(); ++root) {
            open.emplace_back(*root, 0);
        }
        while (!open.empty()) {
            const auto [node, depth] = open.back();
            open.pop_back();
            lines.push_back({is_dummy(node) ? 0 : messages_[nodes_[node].message].uid, depth});
            const auto& children = nodes_[node].children;
            for (auto child = children.rbegin(); child != children.rend(); ++child) {
                open.emplace_back(*child, depth + 1);
            }
        }
        return lines;
    }

    std::vector<ThreadMessage> messages_;
    const bool joins_subjects_;
    std::vector<Node> nodes_;
    std::vector<Index> roots_;
    std::vector<std::size_t>
        first_ids_;             // where a message's own stands in ids_, its references behind it
    std::vector<Index> ids_;    // numbers of identifiers,
    std::vector<Index> by_id_;  // and by them the nodes
};

}  // namespace

std::vector<ThreadNode> make_threads(std::vector<ThreadMessage> messages,
                                     ThreadAlgorithm algorithm) {
    if (algorithm == ThreadAlgorithm::kOrderedSubject) {
        return by_subject(messages);
    }
    return Forest(std::move(messages), algorithm == ThreadAlgorithm::kReferences).run();
}

}  // namespace mail
