#include "agent/twins.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

// The one of `paths`, all of one form, that stands for all where the target has only one of them.
const std::string& first_of(const std::vector<std::string>& paths,
                            const std::string& form,
                            const Tree& target) {
    const auto there = std::find_if(
        paths.begin(), paths.end(), [&](const auto& path) { return target.contains(path); });
    if (there != paths.end()) {
        return *there;
    }
    const auto composed = std::find(paths.begin(), paths.end(), form);
    return composed != paths.end() ? *composed : paths.front();
}

}  // namespace

std::map<std::string, std::string> find_twins(const Tree& source, const Tree& target) {
    std::map<std::string, std::vector<std::string>> by_form;
    for (const auto& [path, entry] : source) {
        if (entry.type == ftp::EntryType::kFile && !base::is_ascii(path)) {
            by_form[composed_form(path)].push_back(path);
        }
    }
    std::map<std::string, std::string> twins;
    for (const auto& [form, paths] : by_form) {
        const std::string& first = first_of(paths, form, target);
        for (const std::string& path : paths) {
            if (path != first && !target.contains(path)) {
                twins.emplace(path, first);
            }
        }
    }
    return twins;
}

std::string SentNames::take(const std::string& path) {
    if (base::is_ascii(path)) {
        return "";
    }
    const auto [before, is_new] = by_form_.emplace(composed_form(path), path);
    return is_new || before->second == path ? "" : before->second;
}

std::string SentNames::other_source(const std::string& path, const std::string& local) const {
    const auto found = sources_.find(path);
    return found == sources_.end() || found->second == local ? "" : found->second;
}

namespace {

// MDTM asks about any kind of file in any type; SIZE is for who does not know it. 550 of either: there is none.
base::Task<base::Result<bool>> is_there(ftp::Client& client, std::string path) {
    const auto time = co_await client.modified(path);
    if (time) {
        co_return true;
    }
    Errc why = time.error().code;
    if (why == Errc::kUnsupported || why == Errc::kSyntax) {
        const auto size = co_await client.size(path);
        if (size) {
            co_return true;
        }
        why = size.error().code;
    }
    if (why == Errc::kNotFound) {
        co_return false;
    }
    co_return fail(why, "");
}

// Both stand in one folder under their own names.
base::Task<bool> are_both_listed(ftp::Client& client, std::string path, std::string other) {
    const std::size_t name_at = path.rfind('/') + 1;
    if (path.substr(0, name_at) != other.substr(0, other.rfind('/') + 1)) {
        co_return false;
    }
    const auto entries = co_await client.list(path.substr(0, name_at));
    const auto lists = [&](std::string_view name) {
        return std::any_of(entries->begin(), entries->end(), [&](const ftp::RemoteEntry& entry) {
            return entry.name == name;
        });
    };
    co_return entries&& lists(path.substr(name_at)) && lists(other.substr(name_at));
}

}  // namespace

base::Task<base::Result<>> expect_no_twin(ftp::Client& client,
                                          std::string path,
                                          std::string other) {
    const auto found = co_await is_there(client, path);
    if (found) {
        const bool two = !*found || co_await are_both_listed(client, path, other);
        if (two) {
            co_return base::Result<>();
        }
    } else if (!client.is_connected()) {
        co_return fail(found.error().code, "the server hung up");
    }
    const bool there = found.has_value();
    const Errc why = there ? Errc::kExists : found.error().code;
    co_return fail(
        why,
        fmt::format(
            "{}: not sent, since {} {}, another file here whose name differs in the form of "
            "its letters only (Unicode's NFC and NFD)",
            path,
            there ? "at the server it is the same file as"
                  : "the server does not say whether it is the same file as",
            other));
}

}  // namespace agent
