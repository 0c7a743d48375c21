#include "app/alias_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "app/administration.h"
#include "app/commands.h"
#include "app/exit_status.h"
#include "app/files.h"

namespace app {
namespace {

using account::AliasEntry;
using account::AliasMember;
using Kind = AliasMember::Kind;

constexpr std::size_t kFileOctetsMax = std::size_t{16} << 20U;
constexpr std::size_t kDepthMax = 8;
constexpr std::size_t kIncludedMax = 1000;
constexpr std::size_t kMembersAtOnce = 5000;  // a request has some 10,000 words at most

// Follows includes, and leaves addresses alone behind.
class Flattener {
  public:
    explicit Flattener(FlatAliases& flat) : flat_(flat) {}

    void add(const AliasEntry& entry, const std::string& path) {
        place_ = fmt::format("{}:{}: {}", path, entry.line, entry.name);
        AliasEntry flattened{entry.line, entry.name, {}};
        add_members(entry.members, std::filesystem::path(path), flattened);
        if (!flattened.members.empty()) {
            flat_.entries.push_back(std::move(flattened));
        }
    }

  private:
    void add_members(const std::vector<AliasMember>& members,
                     const std::filesystem::path& from,
                     AliasEntry& entry) {
        for (const AliasMember& member : members) {
            switch (member.kind) {
                case Kind::kAddress:
                    entry.members.push_back(member);
                    break;
                case Kind::kInclude:
                    include(from.parent_path() / member.text, entry);
                    break;
                case Kind::kProgram:
                    refuse(fmt::format("mail is not given to programs: |{}", member.text));
                    break;
                case Kind::kFile:
                    refuse(fmt::format("mail is not written to files: {}", member.text));
                    break;
                case Kind::kOther:
                    refuse(fmt::format("\"{}\" is no address", member.text));
                    break;
            }
        }
    }

    void include(const std::filesystem::path& path, AliasEntry& entry) {
        const std::filesystem::path normal = path.lexically_normal();
        if (std::find(open_.begin(), open_.end(), normal) != open_.end()) {
            return refuse(fmt::format("{} includes itself", normal.string()));
        }
        if (open_.size() >= kDepthMax || ++included_ > kIncludedMax) {
            return refuse(fmt::format("{} is included too deep or too often", normal.string()));
        }
        const auto text = read_file(normal.string(), kFileOctetsMax);
        if (!text) {
            return refuse(text.error().text);
        }
        open_.push_back(normal);
        add_members(account::parse_included(*text), normal, entry);
        open_.pop_back();
    }

    void refuse(const std::string& why) {
        flat_.refused.push_back(fmt::format("{}: {}", place_, why));
    }

    FlatAliases& flat_;
    std::string place_;
    std::vector<std::filesystem::path> open_;  // being read, each included by the one before
    std::size_t included_ = 0;
};

}  // namespace

base::Result<FlatAliases> read_alias_file(const std::string& path) {
    TRY(const std::string text, read_file(path, kFileOctetsMax));
    const account::AliasFile file = account::parse_alias_file(text);
    FlatAliases flat;
    for (const account::AliasFault& fault : file.faults) {
        flat.refused.push_back(fmt::format("{}:{}: {}", path, fault.line, fault.what));
    }
    Flattener flattener(flat);
    for (const AliasEntry& entry : file.entries) {
        flattener.add(entry, path);
    }
    return flat;
}

int import_aliases_command(const AliasImportOptions& options) {
    const auto flat = read_alias_file(options.path);
    if (!flat) {
        return report(flat.error());
    }
    for (const std::string& sentence : flat->refused) {
        fmt::print(stderr, "staffetta: {}\n", sentence);
    }
    AdminRequest request{.command = "alias import", .arguments = {options.domain}, .options = {}};
    for (const AliasEntry& entry : flat->entries) {
        auto lines = account::format_alias_entry(entry);
        std::move(lines.begin(), lines.end(), std::back_inserter(request.arguments));
    }
    const int status = administer_command(options.config, request);
    return status == kExitOk && !flat->refused.empty() ? int{kExitData} : status;
}

int import_members_command(const ListImportOptions& options) {
    const auto text = read_file(options.path, kFileOctetsMax);
    if (!text) {
        return report(text.error());
    }
    const auto members = account::parse_included(*text);
    for (std::size_t next = 0; next < members.size(); next += kMembersAtOnce) {
        AdminRequest request{
            .command = "list join",
            .arguments = {options.list},
            .options = {{"again", "yes"}, {"owner", options.owners ? "yes" : "no"}}};
        const std::size_t end = std::min(members.size(), next + kMembersAtOnce);
        for (std::size_t i = next; i < end; ++i) {
            request.arguments.push_back(members[i].text);
        }
        if (const int status = administer_command(options.config, request); status != kExitOk) {
            return status;
        }
    }
    return kExitOk;
}

}  // namespace app
