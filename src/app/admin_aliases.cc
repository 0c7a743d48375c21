// `staffetta alias`: addresses that stand for others, one by one or from a file.
#include <fmt/format.h>

#include <utility>

#include "account/alias_file.h"
#include "account/directory.h"
#include "app/admin_members.h"
#include "app/administration.h"

namespace app {
namespace {

using base::Result;

// One entry of a file as it would be set.
struct Imported {
    std::string name;
    std::vector<account::Address> members;
    std::string refusal;  // why it could not be, so far
};

// `bob` is bob at the domain that was given; an address stays.
Result<account::Address> complete(const std::string& name, const std::string& domain) {
    if (name.find('@') != std::string::npos) {
        return account::parse_address(name);
    }
    return account::parse_address(account::Address{name, domain}.to_string());
}

Result<Imported> read_entry(const account::AliasEntry& entry, const std::string& domain) {
    Imported imported;
    TRY(const account::Address name, complete(entry.name, domain));
    imported.name = name.to_string();
    for (const account::AliasMember& member : entry.members) {
        TRY(imported.members.emplace_back(), complete(member.text, domain));
    }
    return imported;
}

// Names may stand for names further below, so those that are refused are tried again as long as that
// helps: once for each level of nesting.
std::size_t set_all(store::Transaction& change, std::vector<Imported>& waiting) {
    std::size_t taken = 0;
    std::size_t before = waiting.size() + 1;
    while (waiting.size() < before) {
        before = waiting.size();
        std::vector<Imported> refused;
        for (Imported& entry : waiting) {
            const auto set = account::set_alias(change, entry.name, entry.members);
            if (!set) {
                entry.refusal = set.error().text;
                refused.push_back(std::move(entry));
            }
        }
        taken += waiting.size() - refused.size();
        waiting = std::move(refused);
    }
    return taken;
}

std::string report_refused(std::size_t taken, const std::vector<Imported>& refused) {
    std::string text = fmt::format("{} aliases taken, {} refused", taken, refused.size());
    for (const Imported& entry : refused) {
        text += fmt::format("\n{}: {}", entry.name, entry.refusal);
    }
    return text;
}

}  // namespace

Administration::Outcome Administration::alias_set(const AdminRequest& request) const {
    TRY(auto members, members_of(request));
    const std::size_t count = members.size();
    auto change = [alias = request.arguments[0],
                   members = std::move(members)](store::Transaction& transaction) {
        return account::set_alias(transaction, alias, members);
    };
    TRY_VOID(store_.change_and_wait(std::move(change)));
    return fmt::format(
        "alias {} stands for {} address{}\n", request.arguments[0], count, count == 1 ? "" : "es");
}

Administration::Outcome Administration::alias_remove(const AdminRequest& request) const {
    TRY_VOID(store_.change_and_wait([alias = request.arguments[0]](store::Transaction& change) {
        return account::remove_alias(change, alias);
    }));
    return fmt::format("alias {} removed\n", request.arguments[0]);
}

Administration::Outcome Administration::alias_show(const AdminRequest& request) const {
    TRY(const auto members, account::expand(*store_.snapshot(), request.arguments[0]));
    std::string text;
    for (const account::Address& member : members) {
        text += member.to_string() + "\n";
    }
    return text;
}

Administration::Outcome Administration::alias_list(const AdminRequest& request) const {
    TRY(const auto aliases, account::list_aliases(*store_.snapshot(), request.arguments[0]));
    std::string text;
    for (const account::Alias& alias : aliases) {
        text += alias.name() + " ";
        for (const account::Address& member : alias.members) {
            text += " " + member.to_string();
        }
        text += "\n";
    }
    return text;
}

// The domain, then the lines of a file without includes.
Administration::Outcome Administration::alias_import(const AdminRequest& request) const {
    const std::string& domain = request.arguments.front();
    std::string text;
    for (std::size_t i = 1; i < request.arguments.size(); ++i) {
        text += request.arguments[i] + "\n";
    }
    std::vector<Imported> entries;
    std::vector<Imported> unreadable;
    for (const account::AliasEntry& entry : account::parse_alias_file(text).entries) {
        auto imported = read_entry(entry, domain);
        if (imported) {
            entries.push_back(std::move(*imported));
        } else {
            unreadable.push_back({entry.name, {}, imported.error().text});
        }
    }
    std::vector<Imported> refused;
    std::size_t taken = 0;
    TRY_VOID(store_.change_and_wait([&](store::Transaction& change) -> Result<> {
        TRY(const bool ours, account::is_local_domain(change, domain));
        if (!ours) {
            return base::fail(base::Errc::kNotFound, fmt::format("there is no domain {}", domain));
        }
        refused = entries;
        taken = set_all(change, refused);
        return {};
    }));
    refused.insert(refused.end(), unreadable.begin(), unreadable.end());
    if (!refused.empty()) {
        return base::fail(base::Errc::kInvalid, report_refused(taken, refused));
    }
    return fmt::format("{} aliases taken\n", taken);
}

}  // namespace app
