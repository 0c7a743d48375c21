#include "agent/path_filter.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "agent/glob.h"

namespace agent {
namespace {

constexpr std::int64_t kExpressionOctetsMax = std::int64_t{1} << 20;

re2::StringPiece piece_of(std::string_view text) {
    return {text.data(), text.size()};
}

}  // namespace

base::Result<> PathFilter::Patterns::add(std::string_view expression) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kExpressionOctetsMax);
    auto compiled = std::make_shared<const re2::RE2>(piece_of(expression), options);
    if (!compiled->ok()) {
        return base::fail(
            base::Errc::kSyntax,
            fmt::format("{} is no regular expression: {}", expression, compiled->error()));
    }
    expressions.push_back(std::move(compiled));
    return {};
}

bool PathFilter::Patterns::match(std::string_view path, bool folder) const {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    const bool by_glob = std::any_of(globs.begin(), globs.end(), [&](const std::string& pattern) {
        return glob_matches(pattern, name) || glob_matches(pattern, path);
    });
    if (by_glob || expressions.empty()) {
        return by_glob;
    }
    const std::string whole = std::string(path) + (folder ? "/" : "");
    return std::any_of(expressions.begin(), expressions.end(), [&whole](const auto& expression) {
        return re2::RE2::PartialMatch(whole, *expression);
    });
}

base::Result<> PathFilter::include_expression(std::string_view expression) {
    return included_.add(expression);
}

base::Result<> PathFilter::exclude_expression(std::string_view expression) {
    return excluded_.add(expression);
}

bool PathFilter::passes(std::string_view path, bool folder) const {
    if (included_.match(path, folder)) {
        return true;
    }
    if (excluded_.match(path, folder)) {
        return false;
    }
    // A folder is looked into for what is included.
    return folder || included_.are_none() || !excluded_.are_none();
}

}  // namespace agent
