// SORT and THREAD, by number and by UID (RFC 5256 3, RFC 5957, RFC 5267 3).
#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "imap/grammar/search.h"
#include "imap/server/handlers.h"
#include "imap/server/search_answer.h"
#include "imap/server/session.h"
#include "mail/search.h"

namespace imap {

using base::Task;

Task<Handled> on_sort(Session& session, const Request& request) {
    auto arguments = parse_sort(request.arguments);
    if (!arguments) {
        co_return refuse_search(session, request, arguments.error());
    }
    const bool has_modseq = arguments->program.has_modseq;
    auto found = co_await run_search(session, request, std::move(arguments->program));
    if (!found) {
        co_return std::move(found.error());
    }
    auto sorted = co_await session.await(request,
                                         mail::sort(session.loop(),
                                                    session.mailboxes(),
                                                    session.view().told(),
                                                    std::move(*found),
                                                    std::move(arguments->keys)));
    if (!sorted) {
        co_return refuse_search(session, request, sorted.error());
    }
    SearchResult result{std::move(*sorted), arguments->returns, has_modseq};
    CO_TRY_VOID(co_await answer_search(session, request, "SORT", std::move(result)));
    co_return ok("that is all");
}

namespace {

// For each node how many children it has.
std::vector<std::uint32_t> count_children(const std::vector<mail::ThreadNode>& nodes) {
    std::vector<std::uint32_t> children(nodes.size());
    std::vector<std::size_t> path;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        path.resize(nodes[i].depth);
        if (!path.empty()) {
            ++children[path.back()];
        }
        path.push_back(i);
    }
    return children;
}

//  thread-list    = "(" (thread-members / thread-nested) ")"
//  thread-members = nz-number *(SP nz-number) [SP thread-nested]
//  thread-nested  = 2*thread-list
// An only child follows its parent; several stand in parentheses each. The number of a message that is
// not there is left out.
std::string thread_text(const std::vector<mail::ThreadNode>& nodes, const View& view, bool is_uid) {
    struct Open {
        std::size_t node = 0;
        bool has_parenthesis = false;
        std::uint32_t children_told = 0;
    };

    const auto children = count_children(nodes);
    std::string text;
    std::vector<Open> path;
    const auto close_down_to = [&](std::size_t depth) {
        for (; path.size() > depth; path.pop_back()) {
            text += path.back().has_parenthesis ? ")" : "";
        }
    };
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        close_down_to(nodes[i].depth);
        const bool alone = path.empty() || children[path.back().node] > 1;
        const bool first = !path.empty() && path.back().children_told++ == 0;
        if (first && nodes[path.back().node].uid != 0) {
            text += ' ';
        }
        text += alone ? "(" : "";
        if (nodes[i].uid != 0) {
            const auto number = numbers_of(view, {nodes[i].uid}, is_uid).front();
            fmt::format_to(std::back_inserter(text), "{}", number);
        }
        path.push_back({i, alone, 0});
    }
    close_down_to(0);
    return text;
}

}  // namespace

Task<Handled> on_thread(Session& session, const Request& request) {
    auto arguments = parse_thread(request.arguments);
    if (!arguments) {
        co_return refuse_search(session, request, arguments.error());
    }
    auto found = co_await run_search(session, request, std::move(arguments->program));
    if (!found) {
        co_return std::move(found.error());
    }
    const auto threads = co_await session.await(request,
                                                mail::thread(session.loop(),
                                                             session.mailboxes(),
                                                             session.view().told(),
                                                             std::move(*found),
                                                             arguments->algorithm));
    if (!threads) {
        co_return reply_of(threads.error());
    }
    const std::string text = thread_text(*threads, session.view(), request.is_uid());
    session.put(fmt::format("* THREAD{}{}\r\n", text.empty() ? "" : " ", text));
    co_return ok("that is all");
}

}  // namespace imap
